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
const CR_OCTET = 0x0d;
const PAD_OCTET = 0x78;
const PAD_FIELD = Buffer.from('X-Postrush-Pad: x', 'latin1');
const PAD_END = Buffer.from(CRLF, 'latin1');
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
  /** As much padding as a message may need, in lines; null: all values have one length. */
  readonly #padding: Buffer | null;

  constructor(fields: readonly HeaderTemplate[], data: TemplateData) {
    this.#fields = compileFields(fields, data);
    const { minLength, maxLength } = this.#fields;
    this.#padding = minLength === maxLength ? null : paddingOf(maxLength - minLength);
    this.length = maxLength + (this.#padding === null ? 0 : PAD_FIELD.length + PAD_END.length);
  }

  /**
   * Writes the fields.
   *
   * @returns the index behind the last octet
   */
  write(target: Buffer, offset: number, context: RenderContext): number {
    let end = this.#fields.write(target, offset, context);
    const padding = this.#padding;
    if (padding === null) return end;
    target.set(PAD_FIELD, end);
    end += PAD_FIELD.length;
    const missing = this.length - PAD_END.length - (end - offset);
    padding.copy(target, end, 0, missing);
    end += missing;
    // A fold that has no text behind it, or ends in its middle, is none.
    for (let at = end - 1; at >= end - FOLD.length && at >= end - missing; at--) {
      if (target[at] === CR_OCTET) target.fill(PAD_OCTET, at, end);
    }
    target.set(PAD_END, end);
    return end + PAD_END.length;
  }
}

function paddingOf(length: number): Buffer {
  const line = 'x'.repeat(PAD_LINE) + FOLD;
  return Buffer.from(line.repeat(Math.ceil(length / line.length)).slice(0, length), 'latin1');
}
