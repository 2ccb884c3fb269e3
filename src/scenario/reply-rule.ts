/** What a script expects of a reply, and takes out of it. Compiled once; knows no session. */
import type { Capture, Otherwise, ReplyExpectation } from '../plan/script-steps.js';

/** Codes have three digits. */
const CODES = 1000;
const CLASS = 1_000_000;
const SUBJECT = 1_000;
const ANY = -1;

/** Octets of a captured value, at most: no line of a reply is longer (RFC 5321 §4.5.3.1.5). */
const LONGEST_CAPTURE = 512;

/** A value to take out of a reply. */
interface CompiledCapture {
  /** Where it goes among the values of a session. */
  readonly index: number;
  readonly pattern: RegExp;
}

/** The rule for the replies to one step. */
export class ReplyRule {
  /** What is expected, in the words of reports. */
  readonly expected: string;
  /** What to do about another reply; null: any reply will do. */
  readonly otherwise: Otherwise | null;
  /** The reply to the content counts, and that to DATA or to a chunk only when it ends the message. */
  readonly isOfContent: boolean;
  /** The step waits for all replies before it, and nothing is sent before its own. */
  readonly isAlone: boolean;
  /** The text of the reply is needed. */
  readonly readsText: boolean;

  /** 1 for each code that is expected; null: any is. */
  readonly #codes: Uint8Array | null;
  readonly #enhanced: readonly [number, number, number] | null;
  readonly #pattern: RegExp | null;
  readonly #captures: readonly CompiledCapture[];

  /** @param indexOf - where a value goes by its name */
  constructor(
    expect: ReplyExpectation | null,
    captures: readonly Capture[],
    { isOfContent, indexOf }: { isOfContent: boolean; indexOf: (name: string) => number },
  ) {
    this.otherwise = expect?.otherwise ?? null;
    this.isOfContent = isOfContent;
    this.expected = expect === null ? '' : wordsOf(expect);
    this.#codes = expect === null || expect.codes.length === 0 ? null : codesOf(expect.codes);
    this.#enhanced = typeof expect?.enhanced === 'string' ? enhancedOf(expect.enhanced) : null;
    this.#pattern = typeof expect?.pattern === 'string' ? new RegExp(expect.pattern, 'u') : null;
    this.#captures = captures.map(({ name, pattern }) => ({ index: indexOf(name), pattern: new RegExp(pattern, 'u') }));
    this.readsText = this.#pattern !== null || captures.length > 0;
    const isCounted = this.otherwise === null || this.otherwise === 'count' || this.otherwise === 'stopRun';
    this.isAlone = this.readsText || !isCounted;
  }

  /**
   * Whether a reply is what is expected.
   *
   * @param enhanced - packed as the parser has it; 0: none
   * @param lines - its texts, where the rule reads them
   */
  accepts(code: number, enhanced: number, lines: readonly string[]): boolean {
    if (this.#codes !== null && this.#codes[code] !== 1) return false;
    if (this.#enhanced !== null && !isOfKind(enhanced, this.#enhanced)) return false;
    const pattern = this.#pattern;
    return pattern === null || lines.some((line) => pattern.test(line));
  }

  /** Takes the values out of a reply. What is not found stays as it was. */
  capture(lines: readonly string[], values: (Uint8Array | null)[]): void {
    for (const { index, pattern } of this.#captures) {
      for (const line of lines) {
        const found = pattern.exec(line);
        if (found === null) continue;
        values[index] = Buffer.from((found[1] ?? found[0]).slice(0, LONGEST_CAPTURE), 'latin1');
        break;
      }
    }
  }
}

function codesOf(texts: readonly string[]): Uint8Array {
  const codes = new Uint8Array(CODES);
  for (const text of texts) {
    if (text.endsWith('yz')) codes.fill(1, Number(text[0]) * 100, Number(text[0]) * 100 + 100);
    else codes[Number(text)] = 1;
  }
  return codes;
}

function enhancedOf(text: string): [number, number, number] {
  const [kind = ANY, subject = ANY, detail = ANY] = text.split('.').map((part) => (part === 'x' ? ANY : Number(part)));
  return [kind, subject, detail];
}

function isOfKind(enhanced: number, [kind, subject, detail]: readonly [number, number, number]): boolean {
  if (enhanced === 0) return false;
  return (
    (kind === ANY || kind === Math.floor(enhanced / CLASS)) &&
    (subject === ANY || subject === Math.floor((enhanced % CLASS) / SUBJECT)) &&
    (detail === ANY || detail === enhanced % SUBJECT)
  );
}

/** `250 2yz, 5.1.x, /greylist/` */
function wordsOf({ codes, enhanced, pattern }: ReplyExpectation): string {
  const parts = [codes.join(' '), enhanced ?? '', pattern === null ? '' : `/${pattern}/`];
  return parts.filter((part) => part !== '').join(', ');
}
