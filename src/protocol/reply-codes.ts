/** What reply codes mean, in words short enough for a row of a report. */
export { formatEnhanced } from './enhanced-status.js';

/** Placeholder replaced in the next commit. */
export function meaningOfReply(code: number, enhanced: number): string {
  return enhanced === 0 ? String(code) : `${String(code)} ${String(enhanced)}`;
}
