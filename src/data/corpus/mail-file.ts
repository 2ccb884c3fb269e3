/** Takes messages from files apart: header fields and body, and the messages of an mbox. */
import { withCrlfLines } from '../../plan/message-content.js';

/** A file, or one of the messages in it. */
export interface MailFile {
  /** For what is said of it. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/** A message taken apart. All lines end in CRLF. */
export interface MailParts {
  readonly fields: readonly MailField[];
  readonly body: Buffer;
}

/** A header field. */
export interface MailField {
  /** In lower case. */
  readonly name: string;
  /** All its lines as they were, with the line end. */
  readonly octets: Buffer;
}

/** RFC 5322 §2.2, and space before the colon as in §4.5.8. */
const FIELD = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/;
const CRLF = Buffer.from('\r\n', 'latin1');
/** What begins every message of an mbox. */
const MBOX_LINE = Buffer.from('From ', 'latin1');

/** Whether octets are an mbox: a message has no such first line. */
export function isMbox(octets: Uint8Array): boolean {
  return Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, MBOX_LINE.length)).equals(MBOX_LINE);
}

/**
 * The messages of an mbox (RFC 4155), with what `>From ` stands for (mboxrd). Only a line behind an empty one begins a
 * message, so that a `From ` that someone forgot to quote is most often left alone.
 */
export function splitMbox({ name, octets: given }: MailFile): MailFile[] {
  const octets = withCrlfLines(given);
  const mbox = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const separator = Buffer.concat([CRLF, CRLF, MBOX_LINE]);
  const starts = [0];
  for (let at = mbox.indexOf(separator); at !== -1; at = mbox.indexOf(separator, at + 1)) {
    starts.push(at + CRLF.length * 2);
  }
  return starts.map((start, index) => {
    const textStart = mbox.indexOf(CRLF, start) + CRLF.length;
    let text = mbox.toString('latin1', textStart, starts[index + 1] ?? mbox.length);
    // The empty line before the next message belongs to the mbox.
    if (/(^|\r\n)\r\n$/.test(text)) text = text.slice(0, -CRLF.length);
    const octets = Buffer.from(text.replace(/^>(>*From )/gm, '$1'), 'latin1');
    return { name: `${name}#${index + 1}`, octets };
  });
}

/** Takes a message apart. What does not look like a header begins the body, so that any text is a message. */
export function parseMail(given: Uint8Array): MailParts {
  const octets = withCrlfLines(given);
  const mail = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const fields: { name: string; start: number; end: number }[] = [];
  let at = 0;
  while (at < mail.length) {
    const end = mail.indexOf(CRLF, at) + CRLF.length;
    if (end - at === CRLF.length) {
      at = end;
      break;
    }
    const last = fields.at(-1);
    if (last !== undefined && (mail[at] === 0x20 || mail[at] === 0x09)) last.end = end;
    else {
      // No name of a field is longer; a body of one endless line need not become a string.
      const name = FIELD.exec(mail.toString('latin1', at, Math.min(end, at + 998)))?.[1];
      if (name === undefined) break;
      fields.push({ name: name.toLowerCase(), start: at, end });
    }
    at = end;
  }
  return {
    fields: fields.map(({ name, start, end }) => ({ name, octets: mail.subarray(start, end) })),
    body: mail.subarray(at),
  };
}
