/** From flags and files to what `check` does, or to everything that is wrong with them. Sends nothing. */
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { resolveCheckPlan } from '../plan/check-plan.js';
import type { CheckOptions, CheckPlan, LimitSearch } from '../plan/check-plan.js';
import { CHECK_FLAGS } from './check-flags.js';
import type { GivenFlags, Invocation } from './command-line.js';
import { readCertificateFile } from './read-files.js';
import { STDOUT_PATH, resultPathProblem } from './result-file.js';
import { longName } from './run-flags.js';

/** Everything about a check that is known before it starts. */
export interface CheckSettings {
  readonly plan: CheckPlan;
  /** Where the result goes as JSON; null: nowhere. */
  readonly jsonPath: string | null;
}

/** Takes the place of a file that cannot be read, so that the options around it are still checked. */
const ANY_CERTIFICATE = '-----BEGIN CERTIFICATE-----';

/**
 * Checks everything that can be checked before the first connection.
 *
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function prepareCheck({ target, flags, problems }: Extract<Invocation, { kind: 'check' }>): CheckSettings {
  const issues: ConfigIssue[] = [...problems];
  const options = readOptions(flags, issues);
  const json = flags.get('--json');
  const jsonPath = typeof json === 'string' ? json : null;
  const jsonProblem = jsonPath === null || jsonPath === STDOUT_PATH ? null : resultPathProblem(jsonPath);
  if (jsonProblem !== null) issues.push({ path: '--json', message: jsonProblem, received: jsonPath ?? '' });
  if (target === null && problems.length === 0) issues.push({ path: 'TARGET', message: 'is missing: whom to check' });
  const limits = limitsOf(flags, issues);
  try {
    const plan = resolveCheckPlan({ ...options, target: target ?? 'smtp://127.0.0.1' }, limits);
    if (issues.length === 0) return { plan, jsonPath };
  } catch (error) {
    if (!(error instanceof PostrushError) || error.code !== 'E_CONFIG') throw error;
    issues.push(...error.issues);
  }
  throw new PostrushError('E_CONFIG', 'flags or files are unusable', { issues });
}

function readOptions(flags: GivenFlags, issues: ConfigIssue[]): Omit<CheckOptions, 'target'> {
  const options: Record<string, unknown> = {};
  for (const flag of CHECK_FLAGS) {
    const value = flags.get(longName(flag));
    if (value === undefined || flag.option === null) continue;
    options[flag.option] = flag.kind === 'file' ? readPem(longName(flag), String(value), issues) : value;
  }
  return options;
}

function readPem(name: string, path: string, issues: ConfigIssue[]): string {
  const reading = readCertificateFile(path);
  if ('octets' in reading) return new TextDecoder().decode(reading.octets);
  issues.push({ path: name, message: `${path} ${reading.problem}` });
  return ANY_CERTIFICATE;
}

function limitsOf(flags: GivenFlags, issues: ConfigIssue[]): LimitSearch {
  const value = flags.get('--limits');
  if (value === undefined) return 'none';
  if (value === true) return 'envelope';
  if (value === 'messages') return 'messages';
  issues.push({ path: '--limits', message: 'takes nothing, or messages', received: String(value) });
  return 'none';
}
