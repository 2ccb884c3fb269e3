/** The size of the message under way, for the SIZE parameter of MAIL (RFC 1870 §3). */
import type { RenderContext } from '../data/render-context.js';
import { writeNumber } from '../data/value-writers.js';
import type { ValueWriter } from '../data/value-writers.js';
import type { MessageSource } from './message-source.js';

/** Digits of the largest size. */
const MAX_DIGITS = 16;

/** Writes how many octets the chosen message has. */
export class MessageSize implements ValueWriter {
  readonly isConstant = false;
  readonly minLength = 1;
  readonly maxLength = MAX_DIGITS;
  readonly #messages: () => MessageSource;

  constructor(messages: () => MessageSource) {
    this.#messages = messages;
  }

  write(target: Buffer, offset: number, { number }: RenderContext): number {
    return writeNumber(target, offset, this.#messages().messageOf(number).sizeBytes, 1);
  }
}
