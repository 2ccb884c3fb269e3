/**
 * Objectives as people write them: `endOfData.p99 < 250ms`, `message.p95 < 1s over 30s after 1m`, `deferred.rate < 0.1%`,
 * `newsletter/rcpt.p99 < 20ms`. Pure: text in, an objective or the place of the mistake out.
 */
import { LatencyKey } from '../metrics/interval-record.js';
import { ERROR_KIND_NAMES, ErrorKind, OUTCOME_NAMES, Outcome } from '../metrics/outcome.js';
import { nearestWord } from '../nearest-word.js';
import { parseDurationMs } from '../plan/units.js';
import { STEP_NAMES, Step } from '../protocol/steps.js';

/** What may stand in an objective, for people who mistyped one. */
export const OBJECTIVE_GRAMMAR =
  "[SCENARIO/]METRIC OPERATOR VALUE [over TIME] [after TIME] [if any], such as 'endOfData.p99 < 250ms over 30s'";

const OPERATORS = ['<=', '>=', '==', '!=', '<', '>'] as const;
/** How a value is compared with its bound. */
export type Operator = (typeof OPERATORS)[number];

/** What an objective is about. */
export type Metric =
  /** A percentile (0 to 100), or another figure of a latency. */
  | { readonly kind: 'latency'; readonly key: number; readonly figure: number | 'mean' | 'min' | 'max' }
  /** Messages by what became of them. */
  | { readonly kind: 'messages'; readonly outcome: Outcome | 'attempted' | 'dropped' }
  /** Replies with codes from `low` to `high`. */
  | { readonly kind: 'replies'; readonly low: number; readonly high: number }
  /** Commands that failed, of one kind or of any. */
  | { readonly kind: 'errors'; readonly error: number | null }
  | { readonly kind: 'sessions'; readonly what: 'started' | 'completed' | 'failed' };

/** What values are measured in: µs, percent, per second, or things. */
export type ObjectiveUnit = 'us' | '%' | '/s' | 'count';

/** What a run is to achieve. */
export interface Objective {
  /** As written, without blanks around it. */
  readonly expression: string;
  /** Name of the scenario that it is about; null: the whole run. */
  readonly scenario: string | null;
  readonly metric: Metric;
  readonly operator: Operator;
  /** In `unit`. */
  readonly bound: number;
  readonly unit: ObjectiveUnit;
  /** Must hold in each stretch of this length, ms; null: over the whole. */
  readonly overMs: number | null;
  /** The first so many ms of the measured time do not count. */
  readonly afterMs: number;
  /** Met where there is nothing to measure. */
  readonly allowsNone: boolean;
}

/** Why a text is no objective. */
export interface ObjectiveProblem {
  readonly message: string;
  /** Where, counted in characters from 0. */
  readonly at: number;
}

/** Names of latencies; the same as in the result. */
const LATENCY_KEYS: ReadonlyMap<string, number> = new Map<string, number>([
  ...STEP_NAMES.filter((name) => name !== 'session').map((name) => [name, Step[name]] as const),
  ...Object.entries(LatencyKey),
]);
const COUNTED = [...OUTCOME_NAMES, 'attempted', 'dropped'] as const;
const SESSION_COUNTS = ['started', 'completed', 'failed'] as const;
const MAX_MS = 500 * 3_600_000;
const MAX_PERCENTILE_DECIMALS = 3;

/** Reads an objective. @param scenarios - names of those that the run has */
export function parseObjective(text: string, scenarios: readonly string[]): Objective | ObjectiveProblem {
  const match = /^(\s*)(?:([^<>=!]+?)\/)?([A-Za-z0-9.]*)(\s*)(<=|>=|==|!=|<|>|)(\s*)(\S*)(.*)$/s.exec(text);
  const [, lead = '', scenario, name = '', gap = '', operator = '', space = '', value = '', rest = ''] = match ?? [];
  const nameAt = lead.length + (scenario === undefined ? 0 : scenario.length + 1);
  const operatorAt = nameAt + name.length + gap.length;
  const valueAt = operatorAt + operator.length + space.length;
  if (scenario !== undefined && !scenarios.includes(scenario)) {
    return { message: `there is no scenario ${scenario}: ${listed(scenarios, scenario)}`, at: lead.length };
  }
  const metric = parseMetric(name);
  if ('message' in metric) return { message: metric.message, at: nameAt + metric.at };
  if (!OPERATORS.some((one) => one === operator)) return { message: `expects ${OPERATORS.join(', ')}`, at: operatorAt };
  const bound = parseBound(metric.metric, metric.isRate, value);
  if (typeof bound === 'string') return { message: bound, at: valueAt };
  const end = parseEnd(rest, valueAt + value.length);
  if ('message' in end) return end;
  return {
    expression: text.trim(),
    scenario: scenario ?? null,
    metric: metric.metric,
    operator: operator as Operator,
    ...bound,
    ...end,
  };
}

function listed(words: readonly string[], word: string): string {
  const near = nearestWord(word, words);
  return near === null ? `it takes ${words.join(', ')}` : `did you mean ${near}?`;
}

type ParsedMetric = { readonly metric: Metric; readonly isRate: boolean } | ObjectiveProblem;

function parseMetric(name: string): ParsedMetric {
  const [first = '', ...parts] = name.split('.');
  const behind = parts.join('.');
  const at = first.length + 1;
  const key = LATENCY_KEYS.get(first);
  if (key !== undefined) {
    const figure = parseFigure(behind);
    if (figure !== null) return { metric: { kind: 'latency', key, figure }, isRate: false };
    return { message: `takes a percentile such as ${first}.p99, or mean, min, max`, at };
  }
  const [second = '', third = ''] = parts;
  switch (first) {
    case 'replies': {
      const range = parseCodes(second);
      if (range === null || parts.length > 2)
        return { message: 'takes a code or its class: replies.421, replies.4yz', at };
      return withRate({ kind: 'replies', ...range }, third, at + second.length + 1);
    }
    case 'errors': {
      if (second === '' || second === 'rate' || second === 'count')
        return withRate({ kind: 'errors', error: null }, second, at);
      const kind = ERROR_KIND_NAMES.find((each) => each === second);
      if (kind === undefined) return { message: `knows no error ${second}: ${listed(ERROR_KIND_NAMES, second)}`, at };
      return withRate({ kind: 'errors', error: ErrorKind[kind] }, third, at + second.length + 1);
    }
    case 'sessions': {
      const what = SESSION_COUNTS.find((each) => each === second);
      if (what === undefined) return { message: `takes sessions.${SESSION_COUNTS.join(', sessions.')}`, at };
      return withRate({ kind: 'sessions', what }, third, at + second.length + 1);
    }
    default: {
      const counted = COUNTED.find((each) => each === first);
      if (counted === undefined) return { message: metricList(first), at: 0 };
      const outcome = counted === 'attempted' || counted === 'dropped' ? counted : Outcome[counted];
      return withRate({ kind: 'messages', outcome }, behind, at);
    }
  }
}

/** Behind a count stands nothing, `count` or `rate`. */
function withRate(metric: Metric, word: string, at: number): ParsedMetric {
  if (word === '' || word === 'count') return { metric, isRate: false };
  if (word === 'rate') return { metric, isRate: true };
  return { message: 'takes rate, count or nothing there', at };
}

function metricList(word: string): string {
  const near = nearestWord(word, [...LATENCY_KEYS.keys(), ...COUNTED, 'replies', 'errors', 'sessions']);
  if (near !== null) return `knows no metric ${word}: did you mean ${near}?`;
  return (
    `knows no metric ${word === '' ? 'there' : word}: it takes a latency (${[...LATENCY_KEYS.keys()].join(', ')}) with .p99, .mean or .max, ` +
    `or a count (${COUNTED.join(', ')}, replies.421, errors, errors.timeout, sessions.failed), with .rate for a share or per second`
  );
}

function parseFigure(text: string): number | 'mean' | 'min' | 'max' | null {
  if (text === 'mean' || text === 'min' || text === 'max') return text;
  // p999 and p9999 are those of the result; p99.9 says the same.
  const [, digits = '', decimals = ''] = /^p(\d{1,2}|99\d{1,2})(?:\.(\d+))?$/.exec(text) ?? [];
  if (digits === '' || decimals.length > MAX_PERCENTILE_DECIMALS) return null;
  const isShort = digits.length <= 2;
  const percentile = isShort ? Number(`${digits}.${decimals}0`) : Number(`${digits.slice(0, 2)}.${digits.slice(2)}`);
  return percentile > 0 && percentile < 100 && (isShort || decimals === '') ? percentile : null;
}

function parseCodes(text: string): { low: number; high: number } | null {
  if (/^[2-5]yz$/.test(text)) return { low: Number(text[0]) * 100, high: Number(text[0]) * 100 + 99 };
  return /^[2-5]\d\d$/.test(text) ? { low: Number(text), high: Number(text) } : null;
}

/** The bound with its unit, or what it would have had to be. */
function parseBound(metric: Metric, isRate: boolean, text: string): { bound: number; unit: ObjectiveUnit } | string {
  if (metric.kind === 'latency') {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m)$/.exec(text) ?? [];
    const us = { us: 1, µs: 1, ms: 1e3, s: 1e6, m: 6e7 }[unit];
    if (amount === undefined || us === undefined) return 'expects a time such as 250ms (us, ms, s, m)';
    return { bound: Number(amount) * us, unit: 'us' };
  }
  if (!isRate) {
    return /^\d+$/.test(text)
      ? { bound: Number(text), unit: 'count' }
      : 'expects a whole number; with .rate a share (0.1%) or a rate (5/s)';
  }
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(%|\/s)$/.exec(text) ?? [];
  if (amount === undefined) return 'expects a share such as 0.1% or a rate such as 500/s';
  if (unit === '%' && Number(amount) > 100) return 'expects a share of at most 100%';
  if (unit === '%' && metric.kind === 'sessions' && metric.what === 'started') return 'expects a rate such as 50/s';
  return { bound: Number(amount), unit: unit === '%' ? '%' : '/s' };
}

/** What stands behind the bound. */
function parseEnd(
  text: string,
  offset: number,
): Pick<Objective, 'overMs' | 'afterMs' | 'allowsNone'> | ObjectiveProblem {
  const end = { overMs: null as number | null, afterMs: 0, allowsNone: false };
  const words = [...text.matchAll(/\S+/g)].map((word) => ({ text: word[0], at: offset + word.index }));
  for (let index = 0; index < words.length; index += 2) {
    const [word, next] = [words[index], words[index + 1]];
    if (word === undefined) break;
    if (word.text === 'if' && next?.text === 'any') {
      end.allowsNone = true;
      continue;
    }
    if (word.text !== 'over' && word.text !== 'after')
      return { message: "expects 'over TIME', 'after TIME' or 'if any'", at: word.at };
    const reading = next === undefined ? null : parseDurationMs(next.text, word.text === 'over' ? 1000 : 0, MAX_MS);
    if (next === undefined || reading?.ok !== true || reading.value % 1000 !== 0) {
      return { message: 'expects a time in whole seconds such as 30s', at: next?.at ?? offset + text.trimEnd().length };
    }
    if (word.text === 'over') end.overMs = reading.value;
    else end.afterMs = reading.value;
  }
  return end;
}

/** Two objectives that no run can meet together; null: there are none. Indices into the list. */
export function contradiction(objectives: readonly Objective[]): readonly [number, number] | null {
  for (const [index, one] of objectives.entries()) {
    for (const [other, two] of objectives.slice(0, index).entries()) {
      if (aboutOf(one) === aboutOf(two) && !canBothHold(one, two)) return [other, index];
    }
  }
  return null;
}

function aboutOf({ scenario, metric, unit, overMs, afterMs }: Objective): string {
  return JSON.stringify([scenario, metric, unit, overMs, afterMs]);
}

function canBothHold(one: Objective, two: Objective): boolean {
  const [a, b] = [rangeOf(one), rangeOf(two)];
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  if (low !== high) return low < high;
  // A single value is left: both must let it be.
  return [one, two].every(({ operator, bound }) => meets(operator, low, bound));
}

function rangeOf({ operator, bound }: Objective): { low: number; high: number } {
  if (operator === '==') return { low: bound, high: bound };
  if (operator === '!=') return { low: -Infinity, high: Infinity };
  return operator.startsWith('<') ? { low: 0, high: bound } : { low: bound, high: Infinity };
}

/** Whether a value is as the operator wants it to its bound. */
export function meets(operator: Operator, value: number, bound: number): boolean {
  switch (operator) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '==':
      return value === bound;
    case '!=':
      return value !== bound;
  }
}
