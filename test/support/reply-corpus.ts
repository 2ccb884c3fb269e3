/** What servers say: good, odd and hostile; with what a parser must make of it, and ways to cut it into chunks. */
import { MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES, MAX_SAMPLE_CHARACTERS } from '../../src/protocol/reply-parser.js';
import type { MalformedKind, ReplyParser, ReplySink } from '../../src/protocol/reply-parser.js';
import { formatEnhanced } from '../../src/protocol/reply-codes.js';

/** One thing a server may send. */
export interface CorpusEntry {
  readonly name: string;
  /** Latin1: one character per octet. */
  readonly sent: string;
  /** See {@link RecordingSink.events}, without the lines. */
  readonly events: readonly string[];
  /** Whether it ends within a reply, so that what follows it belongs to it. */
  readonly isOpen: boolean;
}

const entry = (name: string, sent: string, ...events: string[]): CorpusEntry => ({ name, sent, events, isOpen: false });
const open = (name: string, sent: string, ...events: string[]): CorpusEntry => ({ name, sent, events, isOpen: true });

/** A line that has exactly as many octets as wanted, CRLF included. */
const lineOf = (octets: number): string => `250 ${'x'.repeat(octets - 6)}\r\n`;
const SAMPLE_OF_X = 'x'.repeat(MAX_SAMPLE_CHARACTERS);

const WELL_FORMED: readonly CorpusEntry[] = [
  entry('a greeting', '220 mail.example.test ESMTP ready\r\n', '220 - x1 "mail.example.test ESMTP ready"'),
  entry('an enhanced code', '250 2.1.0 Ok\r\n', '250 2.1.0 x1 "2.1.0 Ok"'),
  entry('an enhanced code of many digits', '550 5.710.999 no\r\n', '550 5.710.999 x1 "5.710.999 no"'),
  entry('an enhanced code and nothing else', '250 2.0.0\r\n', '250 2.0.0 x1 "2.0.0"'),
  entry('a temporary failure', '451 4.7.1 greylisted\r\n', '451 4.7.1 x1 "4.7.1 greylisted"'),
  entry('a permanent failure', '550 5.1.1 <a@b.test>: unknown\r\n', '550 5.1.1 x1 "5.1.1 <a@b.test>: unknown"'),
  entry(
    'an intermediate reply',
    '354 End data with <CR><LF>.<CR><LF>\r\n',
    '354 - x1 "End data with <CR><LF>.<CR><LF>"',
  ),
  entry('an AUTH challenge', '334 VXNlcm5hbWU6\r\n', '334 - x1 "VXNlcm5hbWU6"'),
  entry('an empty AUTH challenge', '334 \r\n', '334 - x1 ""'),
  entry('a preliminary reply', '150 wait\r\n', '150 - x1 "wait"'),
  entry('the lowest code', '100 x\r\n', '100 - x1 "x"'),
  entry('the highest code', '599 x\r\n', '599 - x1 "x"'),
  entry('two lines', '250-first\r\n250 last\r\n', '250 - x2 "last"'),
  entry(
    'an EHLO reply',
    '250-mail.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n',
    '250 - x5 "8BITMIME"',
  ),
  entry('an enhanced code in every line', '550-5.1.1 no\r\n550 5.1.1 such\r\n', '550 5.1.1 x2 "5.1.1 such"'),
  entry('different enhanced codes: the first counts', '550-5.1.1 no\r\n550 5.7.1 x\r\n', '550 5.1.1 x2 "5.7.1 x"'),
  entry('an enhanced code in the last line alone', '550-no\r\n550-\r\n550 5.2.2 full\r\n', '550 5.2.2 x3 "5.2.2 full"'),
  entry(
    'a pipelined group',
    '250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 no\r\n354 go\r\n',
    '250 2.1.0 x1 "2.1.0 Ok"',
    '250 2.1.5 x1 "2.1.5 Ok"',
    '550 5.1.1 x1 "5.1.1 no"',
    '354 - x1 "go"',
  ),
  entry(
    'a multiline reply between single ones',
    '220 a\r\n250-b\r\n250 2.0.0 c\r\n221 d\r\n',
    '220 - x1 "a"',
    '250 2.0.0 x2 "2.0.0 c"',
    '221 - x1 "d"',
  ),
];

const ODD: readonly CorpusEntry[] = [
  entry('a code alone', '250\r\n', '250 - x1 ""'),
  entry('a code alone with a bare LF', '250\n', '250 - x1 ""'),
  entry('a code and a space', '250 \r\n', '250 - x1 ""'),
  entry('a code, a space and a bare LF', '250 \n', '250 - x1 ""'),
  entry('a hyphen and nothing else', '250-\r\n250 \r\n', '250 - x2 ""'),
  entry('a hyphen and a bare LF', '250-\n250 x\n', '250 - x2 "x"'),
  entry('a multiline reply that ends with a code alone', '250-a\r\n250\r\n', '250 - x2 ""'),
  entry('a multiline reply that ends with a code alone and a bare LF', '250-a\n250\n', '250 - x2 ""'),
  entry('bare LFs', '250-a\n250 2.0.0 b\n', '250 2.0.0 x2 "2.0.0 b"'),
  entry('mixed line ends', '250-a\n250-b\r\n250 c\n', '250 - x3 "c"'),
  entry('a lone CR in the text', '250 a\rb\r\n', '250 - x1 "a\rb"'),
  entry('two CRs before the LF', '250 a\r\r\n', '250 - x1 "a\r"'),
  entry('a text of one CR', '250 \r\r\n', '250 - x1 "\r"'),
  entry('a CR that begins the text', '250 \rx\r\n', '250 - x1 "\rx"'),
  entry('a NUL in the text', '250 a\0b\r\n', '250 - x1 "a\0b"'),
  entry('octets above 127', '250 \xe4\xff\x80\r\n', '250 - x1 "\xe4\xff\x80"'),
  entry('UTF-8', '250 \xc3\xa4\r\n', '250 - x1 "\xc3\xa4"'),
  entry('several spaces', '250   Ok\r\n', '250 - x1 "  Ok"'),
  entry('spaces at the end', '250 Ok  \r\n', '250 - x1 "Ok  "'),
  entry('a tab in the text', '250 \tOk\r\n', '250 - x1 "\tOk"'),
  entry('a second digit beyond the grammar', '290 x\r\n', '290 - x1 "x"'),
  entry('a text that looks like a reply', '250 250 Ok\r\n', '250 - x1 "250 Ok"'),
  entry('a text that begins with a hyphen', '250 -Ok\r\n', '250 - x1 "-Ok"'),
  entry('an enhanced code of another class', '250 5.1.1 x\r\n', '250 - x1 "5.1.1 x"'),
  entry('an enhanced code behind an intermediate code', '354 3.0.0 x\r\n', '354 - x1 "3.0.0 x"'),
  entry('an enhanced code of two numbers', '250 2.1 x\r\n', '250 - x1 "2.1 x"'),
  entry('an enhanced code of four numbers', '250 2.1.0.0 x\r\n', '250 - x1 "2.1.0.0 x"'),
  entry('an enhanced code of too many digits', '250 2.1.0000 x\r\n', '250 - x1 "2.1.0000 x"'),
  entry('an enhanced code with leading zeros', '250 2.001.005 x\r\n', '250 2.1.5 x1 "2.001.005 x"'),
  entry('an enhanced code without its subject', '250 2..0 x\r\n', '250 - x1 "2..0 x"'),
  entry('an enhanced code without its detail', '250 2.10. x\r\n', '250 - x1 "2.10. x"'),
  entry('an enhanced code glued to a word', '250 2.1.0Ok\r\n', '250 - x1 "2.1.0Ok"'),
  entry('an enhanced code behind two spaces', '250  2.1.0 Ok\r\n', '250 - x1 " 2.1.0 Ok"'),
  entry('an address where an enhanced code could be', '220 2.example.test\r\n', '220 - x1 "2.example.test"'),
  entry('a text longer than a sample', `250 ${'x'.repeat(200)}\r\n`, `250 - x1 "${SAMPLE_OF_X}"`),
  entry('a line of 512 octets', lineOf(512), `250 - x1 "${SAMPLE_OF_X}"`),
  entry('a line of 513 octets', lineOf(513), `250 - x1 "${SAMPLE_OF_X}"`),
  entry('a line as long as the cap', lineOf(MAX_REPLY_LINE_OCTETS), `250 - x1 "${SAMPLE_OF_X}"`),
  entry(
    'as many lines as the limit allows',
    `${'250-x\r\n'.repeat(MAX_REPLY_LINES - 1)}250 y\r\n`,
    `250 - x${MAX_REPLY_LINES} "y"`,
  ),
  open('nothing', ''),
  open('half a code', '25'),
  open('a code without a line end', '250'),
  open('a line without a line end', '250 Ok'),
  open('a line that ends in CR', '250 Ok\r'),
  open('a code that ends in CR', '250\r'),
  open('a multiline reply without its last line', '250-a\r\n'),
  open('a reply and the beginning of the next', '250 Ok\r\n354 g', '250 - x1 "Ok"'),
];

const HOSTILE: readonly CorpusEntry[] = [
  entry('an empty line', '\r\n', 'malformed ""'),
  entry('a bare LF', '\n', 'malformed ""'),
  entry('an empty line between replies', '250 a\r\n\r\n250 b\r\n', '250 - x1 "a"', 'malformed ""'),
  entry('a web server', 'HTTP/1.1 400 Bad Request\r\n', 'malformed "HTTP/1.1 400 Bad Request"'),
  entry('a POP3 server', '+OK ready\r\n', 'malformed "+OK ready"'),
  entry('an IMAP server', '* OK ready\r\n', 'malformed "* OK ready"'),
  entry('an SSH server', 'SSH-2.0-x\r\n', 'malformed "SSH-2.0-x"'),
  entry('a TLS alert', '\x15\x03\x01\x00\x02\x02\x28', 'malformed "\x15\x03\x01\x00\x02\x02\x28"'),
  entry('a first digit of 0', '050 x\r\n', 'malformed "050 x"'),
  entry('a first digit of 6', '650 x\r\n', 'malformed "650 x"'),
  entry('a letter for the second digit', '2a0 x\r\n', 'malformed "2a0 x"'),
  entry('a letter for the third digit', '25a x\r\n', 'malformed "25a x"'),
  entry('a line end within the code', '25\r\n', 'malformed "25"'),
  entry('a bare LF within the code', '2\n', 'malformed "2"'),
  entry('a code of four digits', '2500 x\r\n', 'malformed "2500 x"'),
  entry('a tab for the separator', '250\tOk\r\n', 'malformed "250\tOk"'),
  entry('a letter for the separator', '250Ok\r\n', 'malformed "250Ok"'),
  entry('a colon for the separator', '250: Ok\r\n', 'malformed "250: Ok"'),
  entry('a NUL for the separator', '250\0Ok\r\n', 'malformed "250\0Ok"'),
  entry('a lone CR behind the code', '250\rOk\r\n', 'malformed "250\rOk"'),
  entry('a space before the code', ' 250 Ok\r\n', 'malformed " 250 Ok"'),
  entry('a NUL before the code', '\x00250 Ok\r\n', 'malformed "\x00250 Ok"'),
  entry('a byte order mark', '\xef\xbb\xbf220 x\r\n', 'malformed "\xef\xbb\xbf220 x"'),
  entry('lines with different codes', '250-a\r\n251 b\r\n', 'malformed "251 b"'),
  entry('different codes of different classes', '250-a\r\n250-b\r\n550 c\r\n', 'malformed "550 c"'),
  entry('a continued text without a code', '250-a\r\nb\r\n', 'malformed "b"'),
  entry('a reply, garbage and a reply', '250 a\r\nnonsense\r\n250 b\r\n', '250 - x1 "a"', 'malformed "nonsense"'),
  entry('garbage longer than a sample', 'z'.repeat(400), `malformed "${'z'.repeat(MAX_SAMPLE_CHARACTERS)}"`),
  entry('a line one octet above the cap', lineOf(MAX_REPLY_LINE_OCTETS + 1), `overlong "250 ${'x'.repeat(156)}"`),
  entry('a line that never ends', `250 ${'x'.repeat(9_000)}`, `overlong "250 ${'x'.repeat(156)}"`),
  entry('a line of spaces that never ends', `250${' '.repeat(9_000)}`, `overlong "250${' '.repeat(157)}"`),
  entry('a reply that goes on at the limit', '250-x\r\n'.repeat(MAX_REPLY_LINES), 'limit "250-x"'),
  entry('one line above the limit', '250-x\r\n'.repeat(MAX_REPLY_LINES + 1), 'limit "250-x"'),
];

/** Everything. */
export const REPLY_CORPUS: readonly CorpusEntry[] = [...WELL_FORMED, ...ODD, ...HOSTILE];

/** Writes down what a parser reports. */
export class RecordingSink implements ReplySink {
  /**
   * A reply as `code enhanced xLines "text of the last line"`, where no enhanced code is `-`; what cannot be understood
   * as `kind "sample"`; a line as `line code number "text"`.
   */
  readonly events: string[] = [];

  onReplyLine(parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void {
    const text = Buffer.from(buffer.subarray(start, end)).toString('latin1');
    this.events.push(`line ${parser.code} ${parser.lineCount} "${text}"`);
  }

  onReply(parser: ReplyParser): void {
    const enhanced = formatEnhanced(parser.enhanced) ?? '-';
    this.events.push(`${parser.code} ${enhanced} x${parser.lineCount} "${parser.text()}"`);
  }

  onMalformed(_parser: ReplyParser, kind: MalformedKind, sample: string): void {
    this.events.push(`${kind} "${sample}"`);
  }
}

/** How to make the parser that is looked at. */
export type ParserFactory = (sink: ReplySink) => ReplyParser;

/**
 * Feeds a fresh parser and returns its events. Every chunk comes in the same buffer, which is overwritten afterwards,
 * as a connection does it.
 *
 * @param cuts - indices at which a new chunk begins, ascending
 */
export function eventsOf(create: ParserFactory, sent: string, cuts: readonly number[]): string[] {
  const sink = new RecordingSink();
  const parser = create(sink);
  parser.wantsLines = true;
  const shared = Buffer.alloc(sent.length);
  let from = 0;
  for (const to of [...cuts, sent.length]) {
    const length = shared.write(sent.slice(from, to), 'latin1');
    parser.execute(shared, length);
    shared.fill(0x39, 0, length);
    from = to;
  }
  return sink.events;
}

/** An event after which the parser has halted. */
const COMPLAINT = /^(malformed|overlong|limit) "/;

/** A sample shows what had arrived by then, so smaller chunks may make it shorter; all else must be the same. */
function areSameEvents(whole: readonly string[], cut: readonly string[]): boolean {
  return (
    whole.length === cut.length &&
    whole.every((event, index) => {
      const other = cut[index] ?? '';
      return event === other || (COMPLAINT.test(event) && event.startsWith(other.slice(0, -1)));
    })
  );
}

/**
 * Parses the whole corpus in every way that there is: each entry whole, octet by octet, cut at every place, and with
 * every other entry behind it.
 *
 * @returns what went wrong, one sentence at a time
 */
export function* faultsInCorpus(create: ParserFactory): Generator<string> {
  const wholes = REPLY_CORPUS.map(({ sent }) => eventsOf(create, sent, []));
  for (const [index, { name, sent, events }] of REPLY_CORPUS.entries()) {
    const whole = wholes[index]!;
    const seen = whole.filter((event) => !event.startsWith('line '));
    if (JSON.stringify(seen) !== JSON.stringify(events)) yield fault(`${name}, whole`, events, seen);
    const byOctet = eventsOf(create, sent, placesToCut(sent.length, Infinity));
    if (!areSameEvents(whole, byOctet)) yield fault(`${name}, octet by octet`, whole, byOctet);
    for (const place of placesToCut(sent.length, 600)) {
      const cut = eventsOf(create, sent, [place]);
      if (!areSameEvents(whole, cut)) yield fault(`${name}, cut at ${place}`, whole, cut);
    }
  }
  for (const [index, { name, sent, events, isOpen }] of REPLY_CORPUS.entries()) {
    if (isOpen) continue;
    const isHalted = COMPLAINT.test(events.at(-1)!);
    for (const [otherIndex, other] of REPLY_CORPUS.entries()) {
      const both = isHalted ? wholes[index]! : [...wholes[index]!, ...wholes[otherIndex]!];
      const together = eventsOf(create, sent + other.sent, []);
      // A complaint's sample may reach into what follows it.
      if (!areSameEvents(together, both)) yield fault(`${name}, then ${other.name}`, both, together);
      const apart = eventsOf(create, sent + other.sent, [sent.length]);
      if (!areSameEvents(both, apart)) yield fault(`${name}, then ${other.name} in its own chunk`, both, apart);
    }
  }
}

const fault = (what: string, wanted: readonly string[], seen: readonly string[]): string =>
  `${what}: wanted ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`;

/** Every place where a text can be cut; far from both ends of a very long one, every 61st does. */
function placesToCut(length: number, fromEnds: number): number[] {
  const places = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  return places.filter((place) => place < fromEnds || length - place < fromEnds || place % 61 === 0);
}
