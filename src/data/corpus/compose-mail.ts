/** MIME messages with text, HTML and attachments, by nodemailer's MailComposer. Without what differs from message to message. */
import MailComposer from 'nodemailer/lib/mail-composer';
import { SeededRandom } from '../../seeded-random.js';
import { fillerText } from './filler-text.js';
import { parseMail } from './mail-file.js';
import type { MailParts } from './mail-file.js';

/** Text as it is, or invented text of so many octets. */
export type ComposedText = string | { readonly bytes: number };

/** A file that goes with a message. */
export interface ComposedAttachment {
  readonly name: string;
  /** Media type; null: by the name. */
  readonly type: string | null;
  /** Octets as they are, or so many random ones. */
  readonly content: Uint8Array | { readonly bytes: number };
}

/** A message to compose. At least one of its parts is there. */
export interface ComposedMail {
  readonly text: ComposedText | null;
  readonly html: ComposedText | null;
  readonly attachments: readonly ComposedAttachment[];
  /** Invented text has words in UTF-8; it is encoded in 7 bits. */
  readonly isUnicode: boolean;
}

/** Headers that say what a message consists of; all others are written per message. */
const MIME_FIELDS = new Set(['mime-version', 'content-type', 'content-transfer-encoding']);

/** How large the parts are together before they are encoded, in octets. */
export function composedBytes({ text, html, attachments }: ComposedMail): number {
  const bytesOf = (part: ComposedText | Uint8Array | null): number => {
    if (part === null) return 0;
    if (typeof part === 'string') return Buffer.byteLength(part);
    return 'bytes' in part ? part.bytes : part.length;
  };
  return [text, html, ...attachments.map(({ content }) => content)].reduce<number>(
    (sum, part) => sum + bytesOf(part),
    0,
  );
}

/**
 * Composes a message.
 *
 * @param variant - invented parts differ from variant to variant; the same seed and variant give the same octets
 */
export async function composeMail(mail: ComposedMail, seed: number, variant: number): Promise<MailParts> {
  const { text, html, attachments, isUnicode } = mail;
  let stream = variant * (attachments.length + 2);
  const textOf = (part: ComposedText): string =>
    typeof part === 'string' ? part : fillerText(part.bytes, seed, stream++, isUnicode).toString('utf8');
  const composer = new MailComposer({
    ...(text === null ? {} : { text: textOf(text) }),
    ...(html === null ? {} : { html: htmlOf(html, textOf) }),
    attachments: attachments.map(({ name, type, content }) => ({
      filename: name,
      ...(type === null ? {} : { contentType: type }),
      content: 'bytes' in content ? randomOctets(content.bytes, seed, stream++) : Buffer.from(content),
    })),
    boundaryPrefix: 'postrush',
    baseBoundary: `${(seed >>> 0).toString(16)}-${variant}`,
    newline: 'win',
    // Neither is needed for the octets; without them nothing is read of the clock, of chance or of the host's name.
    date: 'Thu, 01 Jan 2026 00:00:00 +0000',
    messageId: '<postrush@postrush.test>',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const octets = await composer.compile().build();
  const { fields, body } = parseMail(octets);
  return { fields: fields.filter(({ name }) => MIME_FIELDS.has(name)), body };
}

/** Invented text becomes paragraphs. */
function htmlOf(html: ComposedText, textOf: (part: ComposedText) => string): string {
  if (typeof html === 'string') return html;
  const paragraphs = textOf(html).split('\r\n\r\n');
  return `<!DOCTYPE html><html><body>\r\n<p>${paragraphs.join('</p>\r\n<p>')}</p>\r\n</body></html>\r\n`;
}

function randomOctets(length: number, seed: number, stream: number): Buffer {
  const octets = Buffer.alloc(length);
  const random = new SeededRandom(seed, stream);
  for (let index = 0; index < length; index++) octets[index] = random.next() * 256;
  return octets;
}
