/** What a server says it can do: the keywords of its EHLO reply (RFC 5321 §4.1.1.1) as bit flags. Knows no commands. */
import { EQUALS, HTAB, NINE, SP, ZERO } from './ascii.js';

/** Service extensions, as bits of {@link ServerExtensions.flags}. */
export const Extension = {
  /** RFC 3207 */
  starttls: 1,
  /** RFC 4954 */
  auth: 2,
  /** RFC 2920 */
  pipelining: 4,
  /** RFC 1870 */
  size: 8,
  /** RFC 6152 */
  eightBitMime: 16,
  /** RFC 2034 */
  enhancedStatusCodes: 32,
  /** RFC 3030 */
  chunking: 64,
  /** RFC 6531 */
  smtpUtf8: 128,
  /** RFC 3461 */
  dsn: 256,
  /** RFC 8689 */
  requireTls: 512,
  /** Postfix: whom the session speaks for. */
  xclient: 1024,
  /** Postfix: where the messages come from. */
  xforward: 2048,
} as const;

/** SASL mechanisms, as bits of {@link ServerExtensions.authMechanisms}. */
export const AuthMechanism = {
  /** RFC 4616 */
  plain: 1,
  /** draft-murchison-sasl-login */
  login: 2,
  /** RFC 2195 */
  cramMd5: 4,
  /** RFC 2831 */
  digestMd5: 8,
  /** RFC 5802 */
  scramSha1: 16,
  /** RFC 7677 */
  scramSha256: 32,
  /** RFC 7628 */
  oauthBearer: 64,
  /** Google's predecessor of OAUTHBEARER */
  xoauth2: 128,
  /** RFC 4422, appendix A */
  external: 256,
  /** RFC 4752 */
  gssapi: 512,
} as const;

/** A word in upper case, as octets, with the bit it stands for. */
interface Word {
  readonly octets: Uint8Array;
  readonly bit: number;
}

const word = (text: string, bit: number): Word => ({ octets: new TextEncoder().encode(text), bit });

const KEYWORDS: readonly Word[] = [
  word('PIPELINING', Extension.pipelining),
  word('SIZE', Extension.size),
  word('STARTTLS', Extension.starttls),
  word('AUTH', Extension.auth),
  word('ENHANCEDSTATUSCODES', Extension.enhancedStatusCodes),
  word('8BITMIME', Extension.eightBitMime),
  word('DSN', Extension.dsn),
  word('SMTPUTF8', Extension.smtpUtf8),
  word('CHUNKING', Extension.chunking),
  word('REQUIRETLS', Extension.requireTls),
  word('XCLIENT', Extension.xclient),
  word('XFORWARD', Extension.xforward),
];

const MECHANISMS: readonly Word[] = [
  word('PLAIN', AuthMechanism.plain),
  word('LOGIN', AuthMechanism.login),
  word('CRAM-MD5', AuthMechanism.cramMd5),
  word('DIGEST-MD5', AuthMechanism.digestMd5),
  word('SCRAM-SHA-1', AuthMechanism.scramSha1),
  word('SCRAM-SHA-256', AuthMechanism.scramSha256),
  word('OAUTHBEARER', AuthMechanism.oauthBearer),
  word('XOAUTH2', AuthMechanism.xoauth2),
  word('EXTERNAL', AuthMechanism.external),
  word('GSSAPI', AuthMechanism.gssapi),
];

/** The keywords of {@link Extension} bits. */
export function extensionNames(bits: number): string[] {
  return KEYWORDS.filter(({ bit }) => (bits & bit) !== 0).map(({ octets }) => new TextDecoder().decode(octets));
}

/** What one server offers on one connection. Forget it when TLS begins (RFC 3207 §4.2). */
export class ServerExtensions {
  /** {@link Extension} bits. */
  flags: number;
  /** {@link AuthMechanism} bits; mechanisms that are not known here have none. */
  authMechanisms: number;
  /** Largest message in octets (RFC 1870 §4): -1 none declared, 0 the server says that it has no fixed limit. */
  sizeLimit: number;

  constructor() {
    this.flags = 0;
    this.authMechanisms = 0;
    this.sizeLimit = -1;
  }

  /** Forgets everything. */
  clear(): void {
    this.flags = 0;
    this.authMechanisms = 0;
    this.sizeLimit = -1;
  }

  /**
   * Takes in one line of an EHLO reply; not the first one, which is the server's name. Unknown keywords are passed
   * over.
   *
   * @param buffer - holds the line's text, without code and line end, at [start, end)
   */
  addLine(buffer: Uint8Array, start: number, end: number): void {
    const keywordStart = skipBlanks(buffer, start, end);
    const keywordEnd = skipWord(buffer, keywordStart, end);
    const bit = find(KEYWORDS, buffer, keywordStart, keywordEnd);
    this.flags |= bit;
    if (bit === Extension.size) {
      this.sizeLimit = readSize(buffer, keywordEnd, end);
    } else if (bit === Extension.auth) {
      this.#addMechanisms(buffer, keywordEnd, end);
    }
  }

  /**
   * Takes `=` for a blank: "AUTH=LOGIN" is the form of the drafts before RFC 2554, which some servers send beside the
   * right one, or alone.
   */
  #addMechanisms(buffer: Uint8Array, start: number, end: number): void {
    let position = skipBlanks(buffer, start, end);
    while (position < end) {
      const wordEnd = skipWord(buffer, position, end);
      this.authMechanisms |= find(MECHANISMS, buffer, position, wordEnd);
      position = skipBlanks(buffer, Math.max(wordEnd, position + 1), end);
    }
  }
}

function isBlank(octet: number | undefined): boolean {
  return octet === SP || octet === HTAB;
}

function skipBlanks(buffer: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && isBlank(buffer[position])) position++;
  return position;
}

/** Index behind the word at `start`: words end at blanks and at `=`. */
function skipWord(buffer: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && !isBlank(buffer[position]) && buffer[position] !== EQUALS) position++;
  return position;
}

/** The bit of the word at [start, end), in whatever case; 0 when it is not in the list. */
function find(words: readonly Word[], buffer: Uint8Array, start: number, end: number): number {
  for (let index = 0; index < words.length; index++) {
    const candidate = words[index] as Word;
    if (candidate.octets.length === end - start && matches(candidate.octets, buffer, start)) return candidate.bit;
  }
  return 0;
}

function matches(upperCase: Uint8Array, buffer: Uint8Array, start: number): boolean {
  for (let index = 0; index < upperCase.length; index++) {
    const octet = buffer[start + index] as number;
    const isLowerCase = octet >= 0x61 && octet <= 0x7a;
    if ((isLowerCase ? octet - 0x20 : octet) !== upperCase[index]) return false;
  }
  return true;
}

/**
 * The number behind SIZE; -1 when there is none or something else stands there. RFC 1870 allows 20 digits, more than a
 * double holds.
 */
function readSize(buffer: Uint8Array, start: number, end: number): number {
  let position = skipBlanks(buffer, start, end);
  if (position === end) return -1;
  let value = 0;
  for (; position < end && !isBlank(buffer[position]); position++) {
    const octet = buffer[position] as number;
    if (octet < ZERO || octet > NINE) return -1;
    value = Math.min(value * 10 + (octet - ZERO), Number.MAX_SAFE_INTEGER);
  }
  return value;
}
