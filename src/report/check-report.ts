/** What a check found out, for people: 80 columns, every value in words. Knows the result and not how it came about. */
import { limitTitle } from './check-limits.js';
import type { CheckResult } from './check-schema.js';
import { cleanText, wrap } from './clean-text.js';
import { createPaint, type Style } from './paint.js';
import { formatBytes, formatCount, formatCounted, formatLatency, formatSeconds } from './quantities.js';
import { LABEL_WIDTH, heading, labelled, piece, printLine, type ReportLine } from './report-line.js';
import type { TextReportOptions } from './text-report.js';

const MIN_WIDTH = 80;
const MAX_WIDTH = 120;
/** A server may offer more keywords than anyone wants to read. */
const MOST_LINES = 8;
const NAME_WIDTH = 30;
const CODE_WIDTH = 6;
const TIME_WIDTH = 8;

type Paragraph = readonly [label: string, text: string | null, style?: Style];

/** The whole report, ending in a line end. No line is wider than `width`, or 80 columns when that is more. */
export function renderCheckReport(result: CheckResult, { color, width }: TextReportOptions): string {
  const columns = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(width)));
  const sections = [
    paragraphs(serverParagraphs(result), columns),
    paragraphs(tlsParagraphs(result), columns),
    paragraphs(promiseParagraphs(result), columns),
    commandLines(result, columns),
    timeLines(result),
    limitLines(result, columns),
    paragraphs(endParagraphs(result), columns),
  ];
  const paint = createPaint(color);
  const lines = sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : [[], ...section]));
  return lines.map((line) => printLine(line, columns, paint) + '\n').join('');
}

function paragraphs(all: readonly Paragraph[], width: number): ReportLine[] {
  return all.flatMap(([label, text, style]) =>
    text === null ? [] : labelled(label, cleanText(text), width, style, MOST_LINES),
  );
}

function serverParagraphs({ target, greeting, hello, extensions }: CheckResult): Paragraph[] {
  return [
    ['Target', target.url],
    ['Address', addressText(target)],
    ['Greeting', quoted(greeting)],
    ['Hello', helloText(hello)],
    ['Offers', hello.verb === 'HELO' ? null : list(extensions.before, 'no extensions')],
    ['After TLS', extensions.afterTls === null ? null : changeText(extensions)],
  ];
}

function addressText({ address, addresses }: CheckResult['target']): string {
  const others = addresses.filter((one) => one !== address);
  if (others.length === 0) return `${address}, the only one`;
  return `${address}; the name also stands for ${others.join(', ')}`;
}

function helloText({ verb, ehloRefusal }: CheckResult['hello']): string {
  if (ehloRefusal === null) return `${verb} is accepted`;
  return `EHLO is refused with '${quoted(ehloRefusal)}', HELO is accepted: an old server without extensions`;
}

/** What a server offers after TLS beside what it offered before. */
function changeText({ added, removed }: CheckResult['extensions']): string {
  return [
    'the same',
    ...(added.length === 0 ? [] : [`with ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`without ${removed.join(', ')}`]),
  ].join(', ');
}

function tlsParagraphs({ tls, auth }: CheckResult): Paragraph[] {
  const begin = {
    none: 'not offered: everything is sent in clear',
    starttls: 'offered by STARTTLS',
    implicit: 'from the start',
  }[tls.begin];
  const agreed = [
    `agreed on ${tls.protocol ?? ''}`,
    `cipher ${tls.cipher ?? 'unknown'}`,
    `key exchange ${tls.group ?? 'not told by this Node'}`,
  ];
  return [
    ['TLS', tls.problem === null ? begin : `${begin}, but the server ${tls.problem}`, styleOf(tls.problem === null)],
    ['', tls.protocol === null ? null : agreed.join(', ')],
    ['Versions', tls.versions.length === 0 ? null : versionsText(tls.versions)],
    [
      'Certificate',
      tls.protocol === null || tls.certificate !== null ? null : 'none, or one that cannot be read',
      'doubtful',
    ],
    ...certificateParagraphs(tls.certificate),
    ['AUTH', authText(auth, tls.begin), auth.offeredInClear ? 'doubtful' : 'plain'],
  ];
}

function versionsText(versions: CheckResult['tls']['versions']): string {
  const of = (outcome: string): string[] => versions.filter((one) => one.outcome === outcome).map((one) => one.version);
  const parts: [string, string[]][] = [
    ['takes', of('accepted')],
    ['refuses', of('refused')],
    ['this Node cannot offer', of('unavailable')],
    ['no clear answer to', of('unknown')],
  ];
  return parts.flatMap(([verb, names]) => (names.length === 0 ? [] : [`${verb} ${names.join(', ')}`])).join('; ');
}

function certificateParagraphs(certificate: CheckResult['tls']['certificate']): Paragraph[] {
  if (certificate === null) return [];
  const { subject, issuer, names, key, validUntil, daysLeft, problems, checkedName } = certificate;
  const days = daysLeft === null ? '' : daysLeft < 0 ? ', which is over' : `, ${formatCounted(daysLeft, 'day')} left`;
  const name = checkedName === '' ? '' : `, and the name is ${checkedName}`;
  return [
    ['Certificate', `for ${subject}${names === '' ? '' : ` (${names})`}, issued by ${issuer}, ${key}`],
    ['', `valid until ${validUntil.slice(0, 10)}${days}`, styleOf(daysLeft !== null && daysLeft >= 0)],
    problems.length === 0
      ? ['', `it verifies: the chain leads to a root that is trusted${name}`]
      : ['', `it does not verify: ${problems.join('; ')}`, 'doubtful'],
  ];
}

function authText(
  { before, afterTls, offeredInClear }: CheckResult['auth'],
  begin: CheckResult['tls']['begin'],
): string {
  const inside = afterTls ?? (begin === 'implicit' ? before : []);
  if (before.length === 0 && inside.length === 0) return 'not offered';
  if (begin === 'implicit') return `${before.join(', ')} inside TLS`;
  const clear = offeredInClear ? `${before.join(', ')} in clear, where a password can be read` : 'none in clear';
  if (afterTls === null) return clear;
  return `${clear}; ${list(inside, 'none')} inside TLS`;
}

function promiseParagraphs({ pipelining, size, enhancedCodes }: CheckResult): Paragraph[] {
  return [
    ['Pipelining', pipeliningText(pipelining), styleOf(pipelining.works !== false)],
    ['SIZE', sizeText(size)],
    ['Codes', enhancedText(enhancedCodes), styleOf(enhancedCodes.consistent)],
  ];
}

function pipeliningText({ offered, works, sent, codes }: CheckResult['pipelining']): string {
  if (!offered) return 'not offered: one command at a time';
  if (works === null) return 'offered, not tried';
  const group = formatCounted(sent.length, 'command');
  if (works) return `offered, and works: ${group} in one write got their replies in order (${codes.join(', ')})`;
  return `offered, but does not work: ${group} in one write (${sent.map(verbOf).join(', ')}) got ${list(codes.map(String), 'nothing')}`;
}

function sizeText({ declared, maxBytes }: CheckResult['size']): string {
  if (!declared) return 'not declared';
  if (maxBytes === null || maxBytes === 0) return 'offered without a fixed limit';
  return `messages up to ${maxBytes} octets (${formatBytes(maxBytes)})`;
}

function enhancedText({ offered, replies, without }: CheckResult['enhancedCodes']): string {
  const missing = `missing from the replies ${without.join(', ')}`;
  if (!offered)
    return without.length === replies
      ? 'no enhanced status codes'
      : `enhanced status codes are not offered, and ${missing}`;
  if (without.length === 0) return `enhanced status codes, on all ${formatCount(replies)} replies that can have one`;
  return `enhanced status codes are offered, but ${missing}`;
}

/** The first reply to each command. */
function commandLines({ commands }: CheckResult, width: number): ReportLine[] {
  if (commands.length === 0) return [];
  return [
    heading('Commands', 'code  what the server said, and what the code means'),
    ...commands.map(({ command, reply, meaning }) => [
      piece(command.padEnd(LABEL_WIDTH)),
      piece(String(reply.code).padEnd(CODE_WIDTH), reply.code >= 400 ? 'doubtful' : 'plain'),
      piece(clipTo(cleanText(`'${reply.text}' (${meaning})`), width - LABEL_WIDTH - CODE_WIDTH)),
    ]),
  ];
}

function timeLines({ times }: CheckResult): ReportLine[] {
  const rows: [string, number | null, string][] = [
    ['connect', times.connectUs, 'until the connection was established'],
    ['tls', times.tlsUs, 'the TLS handshake'],
    ['greeting', times.greetingUs, 'until the greeting'],
    ['hello', times.helloUs, 'EHLO, HELO or LHLO'],
    ['starttls', times.starttlsUs, 'STARTTLS, without the handshake'],
    ['mail', times.mailUs, 'MAIL'],
    ['rset', times.rsetUs, 'RSET'],
    ['noop', times.noop?.medianUs ?? null, noopText(times.noop)],
    ['quit', times.quitUs, 'QUIT'],
  ];
  const known = rows.filter(([, us]) => us !== null);
  if (known.length === 0) return [];
  return [
    heading('Times', 'of one command each; the round trip is that of noop'),
    ...known.map(([name, us, meaning]) => [
      piece(name.padEnd(LABEL_WIDTH)),
      piece(formatLatency(us).padEnd(TIME_WIDTH)),
      piece(meaning, 'faint'),
    ]),
  ];
}

function noopText(noop: CheckResult['times']['noop']): string {
  if (noop === null) return '';
  return `NOOP, a round trip: median of ${noop.count}, from ${formatLatency(noop.minUs)} to ${formatLatency(noop.maxUs)}`;
}

function limitLines({ limits }: CheckResult, width: number): ReportLine[] {
  if (limits === null) return [];
  const room = width - NAME_WIDTH;
  return [
    heading('Limits', limits.length === 0 ? 'none looked for yet' : 'what happened when there were more and more'),
    ...limits.flatMap(({ name, outcome, text, reply }) =>
      wrap(cleanText(reply === null ? text : `${text}: '${reply.text}'`), room, 3).map((part, index) => [
        piece((index === 0 ? limitTitle(name) : '').padEnd(NAME_WIDTH)),
        piece(part, outcome === 'found' ? 'strong' : 'plain'),
      ]),
    ),
  ];
}

function endParagraphs({ notes, traffic, lastedSec, complete, limits }: CheckResult): Paragraph[] {
  const mail = traffic.messages === 0 ? 'no mail' : formatCounted(traffic.messages, 'message');
  const sent = `${formatCounted(traffic.sessions, 'session')}, ${formatCounted(traffic.commands, 'command')}, ${mail}, in ${formatSeconds(lastedSec)}`;
  return [
    ...notes.map((note, index): Paragraph => [index === 0 ? 'Noted' : '', `the server ${note}`, 'doubtful']),
    ['Traffic', limits === null ? `${sent}; limits were not looked for` : sent],
    ['Stopped', complete ? null : 'before its end: what is missing above was not asked', 'bad'],
  ];
}

function quoted({ code, text }: CheckResult['greeting']): string {
  return text === '' ? String(code) : `${code} ${text}`;
}

function verbOf(command: string): string {
  return command.split(' ')[0] ?? command;
}

function list(words: readonly string[], none: string): string {
  return words.length === 0 ? none : words.join(', ');
}

function styleOf(isFine: boolean): Style {
  return isFine ? 'plain' : 'doubtful';
}

function clipTo(text: string, width: number): string {
  return wrap(text, width, 1)[0] ?? '';
}
