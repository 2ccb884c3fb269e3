/** Numbers with their units, as people read them. All of bounded length, so that columns hold. */

/** What stands where there is no value. */
export const NO_VALUE = '-';

const US_PER_MS = 1_000;
const US_PER_SEC = 1_000_000;

const LARGE_UNITS = [
  { size: 1e15, suffix: 'P' },
  { size: 1e12, suffix: 'T' },
  { size: 1e9, suffix: 'G' },
  { size: 1e6, suffix: 'M' },
  { size: 1e3, suffix: 'k' },
] as const;

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const BYTE_STEP = 1024;

/** Three significant digits without an exponent: 1.24, 12.4, 124. */
function threeDigits(value: number): string {
  // The bounds are where rounding would add a digit: 9.996 is 10.0, not 10.00.
  if (value < 9.995) return value.toFixed(2);
  if (value < 99.95) return value.toFixed(1);
  return value.toFixed(0);
}

/** A latency of at most 6 columns: `850µs`, `1.24ms`, `12.4ms`, `1.20s`; up to one hour. */
export function formatLatency(us: number | null): string {
  if (us === null) return NO_VALUE;
  if (us < 999.5) return `${us.toFixed(0)}µs`;
  if (us < 999.5 * US_PER_MS) return `${threeDigits(us / US_PER_MS)}ms`;
  return `${threeDigits(us / US_PER_SEC)}s`;
}

/** A count with thousands separators; shortened to `123M` when that is wider than `width` columns. */
export function formatCount(value: number, width = Infinity): string {
  const full = groupThousands(value.toFixed(0));
  if (full.length <= width) return full;
  const unit = LARGE_UNITS.find(({ size }) => value >= size);
  return unit === undefined ? full : `${threeDigits(value / unit.size)}${unit.suffix}`;
}

/** `1 message`, `2 messages`. */
export function formatCounted(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A rate per second without its unit: one decimal below a thousand. */
export function formatRate(perSec: number): string {
  if (perSec >= 1e12) return formatCount(perSec, 8);
  return groupThousands(perSec < 999.95 ? perSec.toFixed(1) : perSec.toFixed(0));
}

/** A share (0 to 1) as a percentage; never rounded to 0 or 100 unless it is exactly that. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1%';
  if (share < 1 && share >= 0.9995) return '>99.9%';
  return `${(share * 100).toFixed(share === 0 || share >= 1 ? 0 : 1)}%`;
}

/** `part` of `whole` as a percentage; nothing of nothing has none. */
export function formatShareOf(part: number, whole: number): string {
  return whole === 0 ? NO_VALUE : formatShare(part / whole);
}

/** Octets in binary units: `512 B`, `10.0 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= BYTE_STEP && unit < BYTE_UNITS.length - 1) {
    value /= BYTE_STEP;
    unit++;
  }
  const digits = unit === 0 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  return `${digits} ${BYTE_UNITS[unit] ?? ''}`;
}

/** A span of time in seconds: `0.35 s`, `10 s`, `10.2 s`, `3,600 s`. */
export function formatSeconds(sec: number): string {
  if (Number.isInteger(sec)) return `${formatCount(sec)} s`;
  return `${sec < 9.995 ? sec.toFixed(2) : sec < 999.95 ? sec.toFixed(1) : formatCount(sec)} s`;
}

function groupThousands(digits: string): string {
  const point = digits.indexOf('.');
  const whole = point === -1 ? digits : digits.slice(0, point);
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (point === -1 ? '' : digits.slice(point));
}
