/** From steps as they are written to the tree of steps. What is written has been judged by the schema before. */
import type { Delay } from '../delay.js';
import type { Capture, Recipients, ReplyExpectation, ScriptStep } from '../plan/script-steps.js';
import { parseDurationMs, parseSizeBytes } from '../plan/units.js';
import { STEP_KINDS } from './step-schema.js';
import type { WrittenExpectation, WrittenMap, WrittenPause, WrittenStep } from './step-schema.js';

/** The tree of a list of steps. */
export function scriptTree(written: readonly WrittenStep[]): readonly ScriptStep[] {
  return written.map((step) => treeOf(typeof step === 'string' ? { [step]: null } : step));
}

/** The word that makes a step what it is. */
function kindOf(step: WrittenStep): (typeof STEP_KINDS)[number] {
  return typeof step === 'string' ? step : (STEP_KINDS.find((kind) => Object.hasOwn(step, kind)) ?? 'noop');
}

function treeOf(step: WrittenMap): ScriptStep {
  const answered = { expect: expectationOf(step.expect), captures: capturesOf(step.capture) };
  const kind = kindOf(step);
  switch (kind) {
    case 'connect':
      return { kind, awaitsGreeting: step.connect?.greeting ?? true, ...answered };
    case 'ehlo':
    case 'helo':
    case 'lhlo':
      return { kind, name: step[kind] ?? null, ...answered };
    case 'starttls':
      return { kind, ...answered };
    case 'auth': {
      const {
        mechanism = null,
        user = null,
        password = null,
      } = typeof step.auth === 'string' ? { mechanism: step.auth } : (step.auth ?? {});
      return { kind, mechanism, user, password, ...answered };
    }
    case 'mail': {
      const { from, parameters = '' } = typeof step.mail === 'string' ? { from: step.mail } : (step.mail ?? {});
      return { kind, from: from === undefined ? null : withoutBrackets(from), parameters, ...answered };
    }
    case 'rcpt':
      return { kind, ...recipientsOf(step.rcpt ?? {}), ...answered };
    case 'data':
      return { kind, sendsContent: step.data?.content ?? true, ...answered };
    case 'bdat':
      return { kind, chunkBytes: bytesOf(step.bdat ?? ''), ...answered };
    case 'rset':
    case 'quit':
      return { kind, argument: '', ...answered };
    case 'noop':
    case 'vrfy':
    case 'expn':
    case 'help':
      return { kind, argument: step[kind] ?? '', ...answered };
    case 'raw':
      return { kind, text: step.raw ?? '', ...answered };
    case 'pause':
      return { kind, delay: delayOf(step.pause ?? '0s') };
    case 'repeat': {
      const { count, steps } = step.repeat ?? { count: 1, steps: [] };
      const { min, max } = typeof count === 'number' ? { min: count, max: count } : count;
      return { kind, min, max, steps: scriptTree(steps) };
    }
    case 'choose':
      return {
        kind,
        branches: (step.choose ?? []).map(({ weight, steps }) => ({ weight, steps: scriptTree(steps) })),
      };
    case 'drop':
      return { kind, how: step.drop ?? null };
  }
}

function recipientsOf(written: NonNullable<WrittenMap['rcpt']>): { recipients: Recipients; parameters: string } {
  if (typeof written === 'string' || Array.isArray(written))
    return { recipients: { addresses: listOf(written) }, parameters: '' };
  const { count, to, parameters = '' } = written;
  if (count === undefined && to !== undefined) return { recipients: { addresses: listOf(to) }, parameters };
  const template = typeof to === 'string' ? withoutBrackets(to) : null;
  return { recipients: { count: count ?? null, to: template }, parameters };
}

function listOf(written: string | readonly string[]): readonly string[] {
  return (typeof written === 'string' ? [written] : written).map(withoutBrackets);
}

function withoutBrackets(path: string): string {
  return path.replace(/^<(.*)>$/, '$1');
}

function expectationOf(written: WrittenExpectation | undefined): ReplyExpectation | null {
  if (written === undefined) return null;
  const isShort = typeof written !== 'object' || Array.isArray(written);
  const { codes = [], enhanced = null, pattern = null, otherwise = 'count' } = isShort ? { codes: written } : written;
  return {
    codes: (Array.isArray(codes) ? codes : [codes]).map(String),
    enhanced,
    pattern,
    otherwise: otherwise === 'stop-run' ? 'stopRun' : otherwise,
  };
}

function capturesOf(written: WrittenMap['capture']): readonly Capture[] {
  if (written === undefined) return [];
  return Array.isArray(written) ? written : [written];
}

function delayOf(written: WrittenPause): Delay {
  if (typeof written === 'string') return msOf(written);
  const longest = written.max === undefined ? {} : { maxMs: msOf(written.max) };
  switch (written.shape) {
    case 'uniform':
      return { shape: 'uniform', minMs: msOf(written.min), maxMs: msOf(written.max) };
    case 'exponential':
      return { shape: 'exponential', meanMs: msOf(written.mean), ...longest };
    case 'logNormal':
      return { shape: 'logNormal', medianMs: msOf(written.median), sigma: written.sigma, ...longest };
  }
}

function msOf(time: string): number {
  const reading = parseDurationMs(time, 0, Number.MAX_SAFE_INTEGER);
  return reading.ok ? reading.value : 0;
}

function bytesOf(size: string | number): number | null {
  const reading = parseSizeBytes(String(size), 0, Number.MAX_SAFE_INTEGER);
  return reading.ok ? reading.value : null;
}
