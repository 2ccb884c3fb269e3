/** Checks servers with the built engine. */
import { expect } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { resolveCheckPlan, type CheckOptions, type LimitSearch } from '../../src/plan/check-plan.js';
import { checkJsonSchema, type CheckResult } from '../../src/report/check-schema.js';
import type { RunningSink, SinkOptions, SinkStats } from '../../src/sink/sink.js';
import { checkTarget } from './integration-build.js';
import { openSink } from './integration-run.js';

const validate = new Ajv2020({ allErrors: true }).compile(checkJsonSchema());
/** How long the sink may take to notice that the last connection is gone. */
const SETTLE_MS = 500;
/** Commands that the sink counts under a name of its own. */
const OTHER_STEPS = new Set(['greeting', 'session', 'transfer', 'connect', 'tls', 'endOfData', 'content']);

/** Checks a server; the result fits its schema. */
export async function check(
  target: string,
  options: Partial<CheckOptions> = {},
  limits: LimitSearch = 'none',
  stop?: AbortSignal,
): Promise<CheckResult> {
  const result = await checkTarget(resolveCheckPlan({ target, ...options }, limits), { stop });
  const written = JSON.parse(JSON.stringify(result)) as object;
  expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
  return result;
}

/** Checks a sink of its own: the sink has seen as much as the check says that it sent. */
export async function checkSink(
  sinkOptions: SinkOptions = {},
  options: Partial<CheckOptions> = {},
  limits: LimitSearch = 'none',
): Promise<{ result: CheckResult; sink: RunningSink; stats: SinkStats }> {
  const sink = await openSink(sinkOptions);
  const result = await check(sink.url, options, limits);
  const deadline = Date.now() + SETTLE_MS;
  while (sink.stats().open > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  const stats = sink.stats();
  const seen = Object.entries(stats.commands).reduce((sum, [step, n]) => sum + (OTHER_STEPS.has(step) ? 0 : n), 0);
  expect({ sessions: result.traffic.sessions, commands: result.traffic.commands, open: 0 }).toEqual({
    sessions: stats.connections,
    commands: seen,
    open: stats.open,
  });
  return { result, sink, stats };
}
