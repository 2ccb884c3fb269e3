/** Reads CSV as RFC 4180 has it, with LF line ends as well. Knows no columns and keeps nothing. */

/** Where a file breaks the rules of CSV. Never quotes it: what it holds may be secret. */
export interface CsvProblem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** What ends a value that is not quoted, or has no place in it. */
const SPECIAL = /[",\r\n]/g;

/**
 * Hands over record after record. Empty lines are none.
 *
 * @param onRecord - gets the values of a record, and the line in which it begins
 * @returns what is wrong, where reading ended; null: nothing is
 */
export function readCsv(text: string, onRecord: (values: string[], line: number) => void): CsvProblem | null {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const firstLine = line;
    const values: string[] = [];
    for (;;) {
      let end: number;
      if (text[at] === '"') {
        end = closingQuote(text, at + 1);
        if (end < 0) return { line, problem: 'a quote is not closed' };
        const quoted = text.slice(at + 1, end++);
        for (let lf = quoted.indexOf('\n'); lf >= 0; lf = quoted.indexOf('\n', lf + 1)) line++;
        values.push(quoted.replaceAll('""', '"'));
      } else {
        SPECIAL.lastIndex = at;
        end = SPECIAL.exec(text)?.index ?? text.length;
        values.push(text.slice(at, end));
      }
      at = end;
      if (text[at] !== ',') break;
      at++;
    }
    if (text.startsWith('\r\n', at)) at += 2;
    else if (text[at] === '\n') at++;
    else if (at < text.length) return { line, problem: 'a value is followed by neither a comma nor a line end' };
    if (values.length > 1 || values[0] !== '') onRecord(values, firstLine);
    line++;
  }
  return null;
}

/** Index of the quote that ends a value, in which two in a row stand for one; -1: there is none. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
