/** A line of a file with a mark under a place in it. */

/** Longer lines are shown in part. */
const MAX_WIDTH = 72;
/** What stands in such a line is not for every screen. */
const SECRET = /password|secret|token/i;

/**
 * Makes a frame of two lines.
 *
 * @param text - the whole file
 * @param offset - of the place
 * @param line - its line, from 1
 * @param column - its column, from 1
 * @returns null: there is nothing to show, or nothing that may be shown
 */
export function codeFrame(text: string, offset: number, line: number, column: number): string | null {
  const begin = offset - (column - 1);
  const end = text.slice(begin).search(/\r?\n|\r/);
  const content = end === -1 ? text.slice(begin) : text.slice(begin, begin + end);
  if (content.trim() === '' || SECRET.test(content)) return null;
  const left = column > MAX_WIDTH ? column - MAX_WIDTH / 2 : 0;
  const shown = content.slice(left, left + MAX_WIDTH).replaceAll('\t', ' ');
  const margin = `${String(line)} | `;
  return `${margin}${shown}\n${' '.repeat(margin.length - 2)}| ${' '.repeat(column - 1 - left)}^`;
}
