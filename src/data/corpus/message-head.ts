/** The header fields that differ from message to message, as templates that write as many octets for every message. */
import type { RenderContext } from '../render-context.js';
import { checkTemplate, compileTemplate } from '../template.js';
import type { Template } from '../template.js';
import type { TemplateData, TemplateNames } from '../template-variables.js';

/** A header field. */
export interface HeaderTemplate {
  readonly name: string;
  /** May hold variables. */
  readonly value: string;
}

/** Something wrong with a header field. */
export interface HeaderProblem {
  /** Which field of the list. */
  readonly index: number;
  /** Index in its value. */
  readonly offset: number;
  readonly message: string;
}

/** RFC 5322 §2.1.1, without the CRLF. */
const LONGEST_LINE = 998;
/** RFC 5322 §2.2 */
const NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const CRLF = '\r\n';
const PAD_FIELD = 'X-Postrush-Pad: x';
const PAD_END = CRLF;
/** A line of padding beside its fold. */
const PAD_LINE = 76;
const FOLD = `${CRLF} `;

/** Everything that is wrong with fields. */
export function headProblems(fields: readonly HeaderTemplate[], names: TemplateNames): HeaderProblem[] {
  return fields.flatMap(({ name, value }, index) => {
    if (!NAME.test(name))
      return [{ index, offset: 0, message: 'has to be the name of a header field, without its colon' }];
    return checkTemplate(value, names).map(({ offset, message }) => ({ index, offset, message }));
  });
}

/** Compiles fields that have passed {@link headProblems}. */
export function compileFields(fields: readonly HeaderTemplate[], data: TemplateData): Template {
  return compileTemplate(
    fields.flatMap(({ name, value }) => [
      Buffer.from(`${name}: `, 'latin1'),
      { text: value, place: `header ${name.toLowerCase()}` },
      Buffer.from(CRLF, 'latin1'),
    ]),
    data,
  );
}

/** Which fields may become longer than a line can be; their names. */
export function tooLongFields(fields: readonly HeaderTemplate[], data: TemplateData): string[] {
  return fields
    .filter((field) => compileFields([field], data).maxLength > LONGEST_LINE + CRLF.length)
    .map(({ name }) => name);
}

/** Fields of a worker. Where values differ in length, a field of padding makes up for it. */
export class MessageHead {
  /** Octets of every writing. */
  readonly length: number;
  readonly #fields: Template;
  /** Whether values differ in length. */
  readonly #isPadded: boolean;
  /** The field of padding, by its octets; made when it is first needed. */
  readonly #padding: Buffer[] = [];

  constructor(fields: readonly HeaderTemplate[], data: TemplateData) {
    this.#fields = compileFields(fields, data);
    const { minLength, maxLength } = this.#fields;
    this.#isPadded = minLength < maxLength;
    this.length = maxLength + (this.#isPadded ? PAD_FIELD.length + PAD_END.length : 0);
  }

  /**
   * Writes the fields.
   *
   * @returns the index behind the last octet
   */
  write(target: Buffer, offset: number, context: RenderContext): number {
    const end = this.#fields.write(target, offset, context);
    if (!this.#isPadded) return end;
    const missing = this.length - (end - offset);
    target.set((this.#padding[missing] ??= paddingOf(missing)), end);
    return offset + this.length;
  }
}

/** The field of padding with so many octets. */
function paddingOf(length: number): Buffer {
  const missing = length - PAD_FIELD.length - PAD_END.length;
  const line = 'x'.repeat(PAD_LINE) + FOLD;
  let text = line.repeat(Math.ceil(missing / line.length)).slice(0, missing);
  // A fold that has no text behind it, or ends in its middle, is none.
  text = text.replace(/\r?\n? ?$/, (fold) => 'x'.repeat(fold.length));
  return Buffer.from(PAD_FIELD + text + PAD_END, 'latin1');
}
