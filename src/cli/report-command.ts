/** `postrush report`: the report of a run from its directory. */
import { PostrushError, type ConfigIssue } from '../errors.js';
import { renderQuietLine, renderTextReport } from '../report/text-report.js';
import { rebuildRun } from '../rebuild.js';
import type { Invocation } from './command-line.js';
import { ExitCode } from './exit-codes.js';
import { STDOUT_PATH, jsonText, resultPathProblem } from './result-file.js';
import { publishFiles, type Surroundings } from './run-command.js';
import { usesColor } from './terminal.js';

/**
 * Rebuilds a report and prints it.
 *
 * @returns the exit code: pass, whatever the verdict of the run was
 * @throws PostrushError `E_CONFIG` when there is no run
 */
export async function reportCommand(
  { paths, json, junit, isQuiet }: Extract<Invocation, { kind: 'report' }>,
  { stdout, stderr, environment }: Surroundings,
): Promise<ExitCode> {
  const issues: ConfigIssue[] = [];
  for (const more of paths.slice(1))
    issues.push({ path: more, message: 'is one directory too many: report takes one' });
  for (const [name, path] of Object.entries({ '--json': json, '--junit': junit })) {
    const problem = path === null || path === STDOUT_PATH ? null : resultPathProblem(path);
    if (problem !== null) issues.push({ path: name, message: problem, received: path ?? '' });
  }
  if (issues.length > 0) throw new PostrushError('E_CONFIG', 'the command line is unusable', { issues });
  const { result, notes } = rebuildRun(paths[0] ?? '');
  for (const note of notes) stderr.tell(`postrush: ${note}\n`);
  const color = usesColor(stdout.isTerminal, environment);
  if (json === STDOUT_PATH) await stdout.write(jsonText(result));
  else
    await stdout.write(isQuiet ? renderQuietLine(result) : renderTextReport(result, { color, width: stdout.columns }));
  await publishFiles(result, json === STDOUT_PATH ? null : json, junit);
  return ExitCode.pass;
}
