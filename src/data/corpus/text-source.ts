/**
 * Messages of invented text. They share a few long texts: a message is the end of one of them, so that a thousand sizes
 * take no more memory than the largest.
 */
import type { CorpusSource } from './corpus-plan.js';
import type { CorpusBlock, CorpusWriter } from './corpus-writer.js';
import { dkimField } from './dkim-signature.js';
import type { DkimKey } from './dkim-signature.js';
import { fillerText } from './filler-text.js';
import { sizeProblem, sizesOf } from './size-distribution.js';
import type { SizeDistribution } from './size-distribution.js';

/** Sizes that stand for a continuous distribution. */
const SIZES = 1_008;
/** The same where each costs a signature, a few ms. */
const SIGNED_SIZES = 112;
/** Different texts, as far as they fit into `TEXT_BYTES`. */
const MAX_TEXTS = 16;
const TEXT_BYTES = 16 * 1_048_576;
/** The shortest text: a line end. */
const LEAST_TEXT = 2;
const UNICODE_FIELDS = Buffer.from(
  'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n',
  'latin1',
);
const CRLF = Buffer.from('\r\n', 'latin1');
const LF = 0x0a;
const DOT = 0x2e;

/** Invented text as a user asks for it. */
export type TextOptions = Extract<CorpusSource, { kind: 'text' }>;

/**
 * What is wrong with sizes; null: nothing.
 *
 * @param headBytes - octets before the text
 * @param roomBytes - octets that the corpus may still have
 */
export function textProblem({ size }: TextOptions, headBytes: number, roomBytes: number): string | null {
  return sizeProblem(size, headBytes + LEAST_TEXT, headBytes + Math.max(0, roomBytes));
}

/** Texts in the making. */
export class TextSource {
  readonly #size: SizeDistribution;
  readonly #isUnicode: boolean;
  /** Fields of every message that are signed with it. */
  readonly #fields: Buffer;
  readonly #dkim: DkimKey | null;
  readonly #seed: number;

  constructor({ size, isUnicode }: TextOptions, constantFields: Buffer, dkim: DkimKey | null, seed: number) {
    this.#size = size;
    this.#isUnicode = isUnicode;
    this.#fields = Buffer.concat([constantFields, isUnicode ? UNICODE_FIELDS : Buffer.alloc(0), CRLF]);
    this.#dkim = dkim;
    this.#seed = seed;
  }

  /** Octets between the head of a message and its text. */
  async ownBytes(): Promise<number> {
    // Every signature of a key is as long as any other.
    return (await this.#own(() => CRLF)).length;
  }

  /** @param headBytes - octets before the text */
  async addTo(writer: CorpusWriter, head: number, headBytes: number): Promise<void> {
    const count = this.#dkim === null ? SIZES : SIGNED_SIZES;
    const sizes = sizesOf(this.#size, count, headBytes + LEAST_TEXT);
    const longest = Math.max(...sizes.map(({ bytes }) => bytes)) - headBytes;
    const textCount = Math.min(MAX_TEXTS, Math.max(1, Math.floor(TEXT_BYTES / longest)));
    const texts: { octets: Buffer; block: CorpusBlock }[] = [];
    for (let index = 0; index < textCount; index++) {
      const octets = fillerText(longest, this.#seed, index, this.#isUnicode);
      texts.push({ octets, block: writer.block(octets, true) });
    }
    // Sizes of their own have one text each; where there are few, every size has all texts.
    const rounds = sizes.length < textCount ? textCount : 1;
    for (const [index, { bytes, weight }] of sizes.entries()) {
      for (let round = 0; round < rounds; round++) {
        const text = texts[(index + round) % textCount] as (typeof texts)[number];
        const start = longest - (bytes - headBytes);
        const skipped = safeStart(text.octets, start);
        const padding = Buffer.alloc(skipped - start, 'x');
        const own = await this.#own(() => Buffer.concat([padding, text.octets.subarray(skipped)]));
        const ownEnd = Buffer.concat([own, padding]);
        writer.add({ head, own: ownEnd, block: text.block, skipped, weight: weight / rounds });
      }
    }
  }

  /** The fields of a message with its signature. */
  async #own(bodyOf: () => Buffer): Promise<Buffer> {
    if (this.#dkim === null) return this.#fields;
    return Buffer.concat([await dkimField(Buffer.concat([this.#fields, bodyOf()]), this.#dkim), this.#fields]);
  }
}

/** Where a text can begin: not within a character or line end, and with a dot only behind padding. */
function safeStart(text: Buffer, start: number): number {
  let at = start;
  const isWithin = (octet: number | undefined): boolean =>
    octet === LF || (octet !== undefined && octet >= 0x80 && octet < 0xc0) || (octet === DOT && at === start);
  while (at < text.length && isWithin(text[at])) at++;
  return at;
}
