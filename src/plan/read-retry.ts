/** Reads when deferred messages are tried again: `30s`, or `after=30s,factor=2,max=10m,attempts=5,jitter=20%`. */
import type { RetryPlan } from './load-plan.js';
import { listOf } from './option-reader.js';
import type { OptionReader } from './option-reader.js';
import { parseCount, parseDurationMs, parsePercent } from './units.js';
import type { Reading } from './units.js';

/** A timer of Node holds 31 bits of ms, 596 hours. */
const MAX_WAIT_MS = 500 * 3_600_000;
const MAX_ATTEMPTS = 1_000;
const MAX_FACTOR = 100;

/** What holds where nothing is said. */
const USUAL = { afterMs: 30_000, factor: 2, maxMs: 600_000, attempts: 5, jitterPercent: 20 } as const;

const readFactor = (text: string): Reading<number> => {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= 1 && value <= MAX_FACTOR
    ? { ok: true, value }
    : { ok: false, takes: `takes a factor from 1 to ${String(MAX_FACTOR)}` };
};
const readWait = (text: string): Reading<number> => parseDurationMs(text, 1, MAX_WAIT_MS);

/** What may be said, and how it is read. */
const PARTS = {
  after: { field: 'afterMs', read: readWait },
  factor: { field: 'factor', read: readFactor },
  max: { field: 'maxMs', read: readWait },
  attempts: { field: 'attempts', read: (text: string) => parseCount(text, 2, MAX_ATTEMPTS) },
  jitter: { field: 'jitterPercent', read: (text: string) => parsePercent(text, 0) },
} as const satisfies Record<string, { field: keyof RetryPlan; read: (text: string) => Reading<number> }>;

/** Reads it. @returns null: nothing is tried twice */
export function readRetry(reader: OptionReader, hasMail: boolean): RetryPlan | null {
  const text = reader.text('retry', null);
  if (text === null || text === 'off') return null;
  if (!hasMail) reader.refuse('retry', 'is for sessions that send mail', text);
  const plan: { -readonly [Field in keyof RetryPlan]: number } = { ...USUAL };
  for (const [index, part] of text.split(',').entries()) {
    const [, name = 'after', value = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(part) ?? [];
    const known =
      Object.hasOwn(PARTS, name) && (index === 0 || part.includes('=')) ? PARTS[name as keyof typeof PARTS] : null;
    if (known === null) {
      reader.refuse(
        'retry',
        `takes a time, or ${listOf(Object.keys(PARTS).map((each) => `${each}=`))} with commas between`,
        part,
      );
      continue;
    }
    const reading = known.read(value);
    if (reading.ok) plan[known.field] = reading.value;
    else reader.refuse('retry', `${name} ${reading.takes}`, value);
  }
  return { ...plan, maxMs: Math.max(plan.maxMs, plan.afterMs) };
}
