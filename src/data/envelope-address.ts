/** Addresses of the envelope: templates in which `%d` is the number of the sender or recipient, as in `--from` and `--to`. */
import type { RenderContext } from './render-context.js';
import { Template, compileTemplate } from './template.js';
import { parseTemplate } from './template-syntax.js';
import type { TemplateData } from './template-variables.js';
import type { ValueWriter } from './value-writers.js';
import { writeNumber } from './value-writers.js';

/** The place of the number. */
const NUMBER_MARK = '%d';

/** Whose address it is. */
export type AddressRole = 'sender' | 'recipient';

/**
 * Compiles an address.
 *
 * @param text - has passed `checkTemplate`
 * @param place - where it stands; see `TemplateSource`
 * @param addresses - numbers wrap after this many
 */
export function compileAddress(
  text: string,
  place: string,
  role: AddressRole,
  addresses: number,
  data: TemplateData,
): Template {
  const number = new AddressNumber(role, addresses);
  const writers: ValueWriter[] = [];
  for (const [index, { text: piece, words }] of parseTemplate(text).pieces.entries()) {
    const parts = words === null ? piece.split(NUMBER_MARK) : [piece];
    for (const [turn, part] of parts.entries()) {
      if (turn > 0) writers.push(number);
      if (part !== '') writers.push(compileTemplate([{ text: part, place: `${place}/${index}` }], data));
    }
  }
  return new Template(writers);
}

/** From 1: the number of the message, or i·R + 1 … i·R + R for the R recipients of message i, wrapping. */
class AddressNumber implements ValueWriter {
  readonly isConstant: boolean;
  readonly minLength = 1;
  readonly maxLength: number;
  readonly #role: AddressRole;
  readonly #addresses: number;

  constructor(role: AddressRole, addresses: number) {
    this.isConstant = addresses === 1;
    this.maxLength = String(addresses).length;
    this.#role = role;
    this.#addresses = addresses;
  }

  write(target: Buffer, offset: number, { number, index, count }: RenderContext): number {
    const value = this.#role === 'sender' ? number : number * count + index;
    return writeNumber(target, offset, (value % this.#addresses) + 1, 1);
  }
}
