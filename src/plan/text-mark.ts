/** Shows the place of a mistake in a text of the user's. Pure. */

/** Longer texts are cut around the place. */
const SHOWN_LENGTH = 70;

/** The text around a place, and a line with a mark under it. @param at - counted from 0 */
export function markedAt(text: string, at: number): string {
  const start = Math.max(0, Math.min(at - SHOWN_LENGTH / 2, text.length - SHOWN_LENGTH));
  const shown = text.slice(start, start + SHOWN_LENGTH).replace(/\s/g, ' ');
  return `  ${shown}\n  ${' '.repeat(at - start)}^`;
}
