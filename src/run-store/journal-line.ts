/**
 * A line of a journal: an event as JSON, which says first what kind it is and whose. Long ones are packed, since a record of many
 * lanes is mostly zeros and names of fields: `{"type":…,"workerId":…,"packed":…}` with the whole event as JSON, raw deflate
 * (RFC 1951), base64.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Lines of more octets are packed. Most records of seconds are shorter, and can be read by anyone. */
const PACK_OCTETS = 64 * 1024;
/** Almost all that there is to gain, in a fraction of the time. */
const LEVEL = 1;
/** What is longer, packed or not, is none of ours. */
export const MAX_LINE_OCTETS = 64 * 1024 * 1024;

/** The line of an event, with its end. */
export function journalLine(event: object): Buffer {
  const text = JSON.stringify(event);
  // No character takes less than one octet: most lines need no second look.
  if (text.length <= PACK_OCTETS / 3 || Buffer.byteLength(text) <= PACK_OCTETS) return Buffer.from(`${text}\n`);
  const { type, workerId } = new JournalLine(text);
  const packed = deflateRawSync(text, { level: LEVEL }).toString('base64');
  return Buffer.from(`${JSON.stringify({ type, workerId, packed })}\n`);
}

/** One line as it was read, which need not be parsed to see what it is. */
export class JournalLine {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** What kind of event it is; empty: it does not say so where it should. */
  get type(): string {
    return /^\{"type":"(\w+)"/.exec(this.#text)?.[1] ?? '';
  }

  /** Whose record it holds; -1: it does not say so where it should. */
  get workerId(): number {
    return Number(/^[^[]{1,80}?"workerId":(\d+)/.exec(this.#text)?.[1] ?? -1);
  }

  /** What it says; null: it is torn. */
  parse(): Record<string, unknown> | null {
    const event = parsed(this.#text);
    if (typeof event?.['packed'] !== 'string') return event;
    try {
      const text = inflateRawSync(Buffer.from(event['packed'], 'base64'), { maxOutputLength: MAX_LINE_OCTETS });
      return parsed(text.toString('utf8'));
    } catch {
      // Whole to the eye, and yet not what was written.
      return null;
    }
  }
}

/** An object in JSON; null: it is none, or torn. */
export function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // The program was ended while it wrote.
    return null;
  }
}
