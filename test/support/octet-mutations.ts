/** Ways to spoil a text of octets, and arbitraries for them. */
import fc from 'fast-check';

/** `at` and `to` are taken modulo the length; `octet` is what is put in or flipped. */
export interface Mutation {
  readonly how: 'flip' | 'insert' | 'delete' | 'double' | 'swap' | 'cut';
  readonly at: number;
  readonly to: number;
  readonly octet: number;
}

/** Any octet, as a Latin-1 character. */
export const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
/** Octets that parsers of replies look at twice. */
const telling = fc.constantFrom('2', '5', '0', '3', '4', '1', ' ', '-', '\r', '\n', '\r\n', '\0', '.', '\xff');
/** Octets without any order; half of the time those of which replies are made. */
export const noise = fc.oneof(
  fc.string({ unit: octet, minLength: 1, maxLength: 60 }),
  fc.string({ unit: telling, minLength: 1, maxLength: 60 }),
);

/** A mutation. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  how: fc.constantFrom('flip', 'insert', 'delete', 'double', 'swap', 'cut'),
  at: fc.nat(400),
  to: fc.nat(400),
  octet: fc.integer({ min: 1, max: 255 }),
});

/** The text with one thing spoilt. */
export function mutated(text: string, { how, at, to, octet: value }: Mutation): string {
  if (text === '') return text;
  const [start, end] = [at % text.length, to % text.length].toSorted((a, b) => a - b) as [number, number];
  const [head, middle, tail] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  switch (how) {
    case 'flip':
      return head + String.fromCharCode(text.charCodeAt(start) ^ value) + text.slice(start + 1);
    case 'insert':
      return head + String.fromCharCode(value) + text.slice(start);
    case 'delete':
      return head + tail;
    case 'double':
      return head + middle + middle + tail;
    case 'swap':
      return tail + middle + head;
    default:
      return head;
  }
}
