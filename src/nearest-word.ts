/** Which known word was probably meant by an unknown one. Knows no words. */

/** Letters that may differ between the two. */
const TYPING_ERRORS_MAX = 3;
/** Nobody mistypes a longer word, and comparing costs the product of both lengths. */
const LONGEST_WORD = 100;

/**
 * The most similar word, whatever its case.
 *
 * @returns null: none is similar
 */
export function nearestWord(unknown: string, known: readonly string[]): string | null {
  if (unknown.length > LONGEST_WORD) return null;
  let nearest: string | null = null;
  let least = TYPING_ERRORS_MAX + 1;
  for (const word of known) {
    const distance = distanceOf(unknown.toLowerCase(), word.toLowerCase());
    // With more errors than letters that are right it is a guess.
    if (distance < least && distance * 2 <= Math.max(unknown.length, word.length)) {
      nearest = word;
      least = distance;
    }
  }
  return nearest;
}

/** Letters to insert, delete or replace between two words, and neighbours to swap (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
