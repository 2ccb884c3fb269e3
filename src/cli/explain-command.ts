/** `postrush explain`: what `run` would do with the same words. */
import { availableParallelism } from 'node:os';
import { explainPlan } from '../explain.js';
import { renderExplanation } from '../report/explain-report.js';
import { ExitCode } from './exit-codes.js';
import type { Surroundings } from './run-command.js';
import { prepareRun } from './run-settings.js';
import type { RunWords } from './run-settings.js';
import { usesColor } from './terminal.js';

/**
 * Explains a run. Environment variables count as they do for `run`, but for those of its output.
 *
 * @returns the exit code
 * @throws PostrushError `E_CONFIG` for whatever would keep the run from beginning
 */
export async function explainCommand(words: RunWords, { stdout, environment }: Surroundings): Promise<ExitCode> {
  const { plan, targets } = await prepareRun(words, environment, availableParallelism());
  const explanation = await explainPlan(plan, targets.length === 0);
  const color = usesColor(stdout.isTerminal, environment);
  await stdout.write(renderExplanation(explanation, { color, width: stdout.columns }));
  return ExitCode.pass;
}
