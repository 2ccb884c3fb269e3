/**
 * The one place where units are read and written: times, sizes, counts. Pure functions over text; what a bound means is
 * the caller's business.
 */

import { MAX_WEIGHT, MAX_WEIGHT_DECIMALS } from './lane-table.js';

/** What reading a text gave: a value, or what the text would have had to be. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly takes: string };

/** Units of time, largest first, in ms. */
const TIME_UNITS_MS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
/** Units of size in octets. KB is 1,000 and KiB 1,024 (IEC 80000-13). */
const SIZE_UNITS_BYTES: readonly (readonly [unit: string, bytes: number])[] = [
  ['MiB', 1_048_576],
  ['MB', 1_000_000],
  ['KiB', 1024],
  ['KB', 1000],
  ['B', 1],
];

const TIME = /^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/;
const TIME_PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
const SIZE = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/;
const WEIGHT = new RegExp(`^\\d{1,7}(?:\\.\\d{1,${String(MAX_WEIGHT_DECIMALS)}})?$`);
const WHOLE_NUMBER = /^\d+$/;

/**
 * Reads a time: `250ms`, `10s`, `1.5h`, `1m30s`. Larger units come first, each at most once; a unit is required.
 *
 * @param text - as written
 * @param minMs - smallest value that is taken, ms
 * @param maxMs - largest value that is taken, ms
 * @returns whole ms
 */
export function parseDurationMs(text: string, minMs: number, maxMs: number): Reading<number> {
  const takes = `takes a time from ${formatDuration(minMs)} to ${formatDuration(maxMs)} with its unit (ms, s, m, h), such as 10s or 1m30s`;
  if (!TIME.test(text)) return { ok: false, takes };
  let sumMs = 0;
  let lastUnitMs = Infinity;
  for (const [, amount = '', unit = ''] of text.matchAll(TIME_PART)) {
    const unitMs = TIME_UNITS_MS.find(([name]) => name === unit)?.[1] ?? Infinity;
    if (unitMs >= lastUnitMs) return { ok: false, takes };
    lastUnitMs = unitMs;
    sumMs += Number(amount) * unitMs;
  }
  return withinWhole(sumMs, minMs, maxMs, takes);
}

/** Seconds in the units that rates may have. */
const RATE_UNITS_SEC: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600 };

/** Reads a rate: `200/s`, `0.5/s`, `30/min`, `1000/h`. A unit is required. @returns per second */
export function parseRatePerSec(text: string, min: number, max: number): Reading<number> {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\/(s|min|m|h)$/.exec(text) ?? [];
  const perSec = Number(amount) / (RATE_UNITS_SEC[unit] ?? Number.NaN);
  if (perSec >= min && perSec <= max) return { ok: true, value: perSec };
  return {
    ok: false,
    takes: `takes a rate of at most ${String(max)}/s with its unit, such as 200/s, 30/min or 1000/h`,
  };
}

/**
 * Reads a percentage: `30` or `30%`.
 *
 * @param min - smallest value that is taken; the largest is 100
 * @returns whole percent
 */
export function parsePercent(text: string, min: number): Reading<number> {
  const percent = Number(/^(\d{1,3})%?$/.exec(text)?.[1] ?? Number.NaN);
  if (percent >= min && percent <= 100) return { ok: true, value: percent };
  return { ok: false, takes: `takes a percentage from ${String(min)} to 100` };
}

/** Reads a weight: a number above 0, with a few decimals at most, so that weights can be divided exactly. */
export function parseWeight(text: string): Reading<number> {
  const weight = WEIGHT.test(text) ? Number(text) : 0;
  if (weight > 0 && weight <= MAX_WEIGHT) return { ok: true, value: weight };
  const takes = `takes a number above 0 and up to ${String(MAX_WEIGHT)} with at most ${String(MAX_WEIGHT_DECIMALS)} decimals`;
  return { ok: false, takes };
}

/**
 * Reads a size: `1024`, `512B`, `10KB` (10,000), `10KiB` (10,240), `1.5MiB`. Without a unit it is octets.
 *
 * @param text - as written
 * @param minBytes - smallest value that is taken
 * @param maxBytes - largest value that is taken
 * @returns whole octets
 */
export function parseSizeBytes(text: string, minBytes: number, maxBytes: number): Reading<number> {
  const takes = `takes a size from ${formatSize(minBytes)} to ${formatSize(maxBytes)} in octets or with a unit (B, KB, KiB, MB, MiB)`;
  const match = SIZE.exec(text);
  const unit = match?.[2] === '' ? 'B' : match?.[2];
  const unitBytes = SIZE_UNITS_BYTES.find(([name]) => name === unit)?.[1];
  if (match === null || unitBytes === undefined) return { ok: false, takes };
  return withinWhole(Number(match[1]) * unitBytes, minBytes, maxBytes, takes);
}

/**
 * Reads a count: decimal digits and nothing else.
 *
 * @param value - as written, or a number from a program
 * @param min - smallest value that is taken
 * @param max - largest value that is taken
 */
export function parseCount(value: string | number, min: number, max: number): Reading<number> {
  const takes = `takes a whole number from ${min} to ${max}`;
  if (typeof value === 'string' && !WHOLE_NUMBER.test(value)) return { ok: false, takes };
  const count = Number(value);
  return Number.isSafeInteger(count) && count >= min && count <= max
    ? { ok: true, value: count }
    : { ok: false, takes };
}

/** A time in its largest units: `1m30s`, `250ms`, `0s`. The inverse of {@link parseDurationMs}. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [unit, unitMs] of TIME_UNITS_MS) {
    const amount = Math.floor(rest / unitMs);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * unitMs;
  }
  return text === '' ? '0s' : text;
}

/** A size in the largest unit that it fills exactly: `1KiB`, `64MiB`, `1500B`. The inverse of {@link parseSizeBytes}. */
export function formatSize(bytes: number): string {
  const whole = SIZE_UNITS_BYTES.find(([unit, unitBytes]) => unit !== 'KB' && unit !== 'MB' && bytes % unitBytes === 0);
  const [unit, unitBytes] = bytes === 0 || whole === undefined ? (['B', 1] as const) : whole;
  return `${bytes / unitBytes}${unit}`;
}

/** Fractions of a unit are fine as long as a whole number of the smallest one comes out (0.1 s is 100 ms). */
function withinWhole(value: number, min: number, max: number, takes: string): Reading<number> {
  const whole = Math.round(value);
  const isWhole = Math.abs(value - whole) < 1e-6;
  return isWhole && whole >= min && whole <= max ? { ok: true, value: whole } : { ok: false, takes };
}
