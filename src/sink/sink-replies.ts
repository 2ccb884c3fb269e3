/** The replies of a sink that behaves (RFC 5321 §4.2.2, §4.3.2; enhanced codes of RFC 3463). */
import type { ListenAddress } from './listen-address.js';
import { MECHANISM_NAMES } from './sasl/mechanisms.js';
import type { MechanismName } from './sasl/mechanisms.js';
import type { CountedReply, ReplyBook } from './reply-book.js';
import type { SinkSettings } from './sink-options.js';

/** What a sink offers in EHLO, and so performs. */
export interface SinkExtensions {
  /** LHLO in place of EHLO, and a reply per recipient behind the content (RFC 2033 §4). */
  readonly isLmtp: boolean;
  readonly isEsmtp: boolean;
  readonly pipelining: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly eightBitMime: boolean;
  readonly size: boolean;
  readonly smtpUtf8: boolean;
  readonly chunking: boolean;
  readonly dsn: boolean;
  readonly vrfy: boolean;
  readonly expn: boolean;
  readonly help: boolean;
  readonly startTls: boolean;
  /** The mechanisms of AUTH; without any there is no AUTH. */
  readonly mechanisms: readonly MechanismName[];
  /** They are there inside TLS only. */
  readonly authNeedsTls: boolean;
}

/** Whether replies carry enhanced status codes: at all addresses or at none, since they share their replies. */
export function hasEnhancedCodes({ withhold }: SinkSettings): boolean {
  return !withhold.includes('ENHANCEDSTATUSCODES') && !withhold.includes('EHLO');
}

/** What remains on offer under these settings at one address. */
export function extensionsOf(settings: SinkSettings, { isLmtp, implicitTls }: ListenAddress): SinkExtensions {
  const isEsmtp = isLmtp || !settings.withhold.includes('EHLO');
  const offers = (keyword: string): boolean => isEsmtp && !settings.withhold.includes(keyword);
  return {
    isLmtp,
    isEsmtp,
    pipelining: offers('PIPELINING'),
    enhancedStatusCodes: hasEnhancedCodes(settings),
    eightBitMime: offers('8BITMIME'),
    size: offers('SIZE'),
    smtpUtf8: offers('SMTPUTF8'),
    chunking: offers('CHUNKING'),
    dsn: offers('DSN'),
    vrfy: !settings.withhold.includes('VRFY'),
    expn: !settings.withhold.includes('EXPN'),
    help: !settings.withhold.includes('HELP'),
    startTls: offers('STARTTLS') && settings.tls !== null && !implicitTls,
    mechanisms: offers('AUTH') ? mechanismsOf(settings).filter(offers) : [],
    authNeedsTls: settings.authNeedsTls,
  };
}

/** Those that there is something to verify with. */
function mechanismsOf({ users, tls }: SinkSettings): readonly MechanismName[] {
  const hasUsers = Object.keys(users).length > 0;
  return MECHANISM_NAMES.filter((name) => (name === 'EXTERNAL' ? tls?.clientCa !== undefined : hasUsers));
}

/** What is left of the mechanisms outside TLS. */
export function mechanismsInClear({ mechanisms, authNeedsTls }: SinkExtensions): readonly MechanismName[] {
  return authNeedsTls ? [] : mechanisms.filter((name) => name !== 'EXTERNAL');
}

function protocolOf({ isLmtp, isEsmtp }: SinkExtensions): string {
  if (isLmtp) return 'LMTP';
  return isEsmtp ? 'ESMTP' : 'SMTP';
}

/** The replies that every session needs again and again. */
export type SinkReplies = Readonly<Record<keyof ReturnType<typeof sinkReplies>, CountedReply>>;

/** Makes them for one sink. */
export function sinkReplies(book: ReplyBook, settings: SinkSettings, extensions: SinkExtensions) {
  const { name } = settings;
  return {
    greeting: book.line('greeting', 220, '', `${name} ${protocolOf(extensions)} postrush`),
    helo: book.line('ehlo', 250, '', name),
    ehlo: book.verbatim('ehlo', ehloOctets(settings, extensions, false)),
    ehloInTls: book.verbatim('ehlo', ehloOctets(settings, extensions, true)),
    readyForTls: book.line('starttls', 220, '2.0.0', 'ready to start TLS'),
    authenticated: book.line('auth', 235, '2.7.0', 'authenticated'),
    credentialsWrong: book.line('auth', 535, '5.7.8', 'credentials are wrong'),
    authCancelled: book.line('auth', 501, '5.7.0', 'authentication cancelled'),
    authSyntax: book.line('auth', 501, '5.5.2', 'cannot decode this'),
    initialResponseUnwanted: book.line('auth', 501, '5.5.4', 'this mechanism begins with a challenge'),
    authMechanism: book.line('auth', 504, '5.5.4', 'mechanism not offered'),
    authInClear: book.line('auth', 538, '5.7.11', 'encryption is required, say STARTTLS'),
    authTwice: book.line('auth', 503, '5.5.1', 'already authenticated'),
    mailOk: book.line('mail', 250, '2.1.0', 'sender ok'),
    authFirst: book.line('mail', 530, '5.7.0', 'authentication required'),
    senderNotAscii: book.line('mail', 553, '5.6.7', 'non-ASCII address without SMTPUTF8'),
    senderSyntax: book.line('mail', 501, '5.1.7', 'bad reverse-path'),
    declaredTooBig: book.line('mail', 552, '5.3.4', 'message too big'),
    messageLimit: book.line('mail', 452, '4.5.3', 'too many messages in this session'),
    messageLimitClosing: book.line('mail', 421, '4.7.0', 'too many messages in this session, closing'),
    rcptOk: book.line('rcpt', 250, '2.1.5', 'recipient ok'),
    recipientNotAscii: book.line('rcpt', 553, '5.6.7', 'non-ASCII address without SMTPUTF8'),
    recipientSyntax: book.line('rcpt', 501, '5.1.3', 'bad forward-path'),
    recipientLimit: book.line('rcpt', 452, '4.5.3', 'too many recipients'),
    dataGo: book.line('data', 354, '', 'end data with <CRLF>.<CRLF>'),
    dataWithoutRecipients: book.line('data', 554, '5.5.1', 'no valid recipients'),
    chunkOk: book.line('bdat', 250, '2.0.0', 'chunk received'),
    chunkSyntax: book.line('bdat', 501, '5.5.4', 'BDAT takes a number of octets, and perhaps LAST; closing'),
    chunkTooBig: book.line('bdat', 552, '5.3.4', 'message too big'),
    messageOk: book.line('endOfData', 250, '2.0.0', 'message accepted'),
    messageTooBig: book.line('endOfData', 552, '5.3.4', 'message too big'),
    messageWithoutRecipients: book.line('endOfData', 554, '5.5.1', 'no valid recipients'),
    resetOk: book.line('rset', 250, '2.0.0', 'reset'),
    noopOk: book.line('noop', 250, '2.0.0', 'nothing done'),
    vrfyOk: book.line('vrfy', 252, '2.5.2', 'send some mail, and see'),
    expnOk: book.line('expn', 252, '2.5.2', 'send some mail, and see'),
    help: book.line(
      'help',
      214,
      '2.0.0',
      `${extensions.isLmtp ? 'LHLO' : 'EHLO HELO'} STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT`,
    ),
    bye: book.line('quit', 221, '2.0.0', 'bye'),
    unrecognised: book.line('unknown', 500, '5.5.2', 'command not recognised'),
    bareLineFeed: book.line('unknown', 500, '5.5.2', 'a line ends with CRLF, not with a bare LF'),
    lineTooLong: book.line('unknown', 500, '5.5.2', 'line too long'),
    lineEndless: book.line('unknown', 500, '5.5.2', 'line too long, closing'),
    injection: book.line('starttls', 421, '4.7.0', 'data behind STARTTLS, closing'),
    idle: book.line('session', 421, '4.4.2', 'nothing came for too long, closing'),
    nothing: book.verbatim('session', ''),
  };
}

function ehloOctets(settings: SinkSettings, extensions: SinkExtensions, isSecure: boolean): string {
  const { startTls } = extensions;
  const mechanisms = isSecure ? extensions.mechanisms : mechanismsInClear(extensions);
  const lines = [settings.name];
  if (extensions.pipelining) lines.push('PIPELINING');
  if (extensions.size) lines.push(`SIZE ${String(settings.maxSize)}`);
  if (extensions.eightBitMime) lines.push('8BITMIME');
  if (extensions.smtpUtf8) lines.push('SMTPUTF8');
  if (extensions.chunking) lines.push('CHUNKING');
  if (extensions.dsn) lines.push('DSN');
  if (extensions.vrfy) lines.push('VRFY');
  if (extensions.expn) lines.push('EXPN');
  if (extensions.help) lines.push('HELP');
  if (extensions.enhancedStatusCodes) lines.push('ENHANCEDSTATUSCODES');
  if (mechanisms.length > 0) lines.push(`AUTH ${mechanisms.join(' ')}`);
  if (startTls && !isSecure) lines.push('STARTTLS');
  return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
}
