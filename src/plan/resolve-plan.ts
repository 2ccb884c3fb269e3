/**
 * Turns what a user wrote into a complete plan, or into every problem with it. The rules between options live here.
 * Pure: files have been read before, names are resolved after.
 */
import { PostrushError } from '../errors.js';
import { checkPinnedAddresses, isAllowedDomain, isReservedDomain } from './address-safety.js';
import { parseAddressList } from './address-list.js';
import { ipOctets, isIp } from './ip-address.js';
import type {
  ClientCertificate,
  LoadPlan,
  MessagePlan,
  ProxyPlan,
  TimeoutPlan,
  TlsMode,
  TlsPlan,
} from './load-plan.js';
import { isMailDomain, parseMailAddress } from './mail-address.js';
import { MAX_MESSAGE_BYTES, minMessageBytes, withCrlfLines } from './message-content.js';
import type { HeaderTexts } from './message-content.js';
import { OptionReader, listOf } from './option-reader.js';
import { DEFAULTS } from './options.js';
import type { LoadTestOptions } from './options.js';
import { readAuth } from './read-auth.js';
import { readExtensions } from './read-extensions.js';
import { readSession } from './read-session.js';
import { messagesIn, sendsMail } from './session-steps.js';
import { isHostName, parseTarget } from './target.js';
import type { ParsedTarget } from './target.js';
import { readTlsSettings } from './tls-settings.js';
import { formatSize, parseCount, parseDurationMs, parseSizeBytes } from './units.js';

/** Bounds of counts. They keep products exact (messages × recipients < 2^53) and machines alive. */
const MAX_SESSIONS = 100_000;
const MAX_MESSAGES = 1_000_000_000_000;
const MAX_RECIPIENTS = 1000;
const MAX_ADDRESSES = 1_000_000_000;
const MAX_WORKERS = 256;
const MAX_CONNECT_LIMIT = 65_535;
const MAX_SEED = 0xffff_ffff;
/** A timer of Node holds 31 bits of ms, 596 hours. */
const MAX_DURATION_MS = 500 * 3_600_000;
/** The range of the histograms: a longer wait could not be told. */
const MAX_TIMEOUT_MS = 3_600_000;
/** RFC 5322 §2.1.1 allows lines of 998 octets. */
const MAX_SUBJECT_LENGTH = 900;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Makes the plan of a run.
 *
 * @param options - what the user wrote
 * @param cores - how many workers to use at most when the user did not say
 * @returns the plan, frozen through and through
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function resolvePlan(options: LoadTestOptions, cores: number): LoadPlan {
  const reader = new OptionReader(options);
  const target = readTarget(reader);
  const { url, protocol, host, port, path } = target;
  const sessions = reader.count('sessions', DEFAULTS.sessions, 1, MAX_SESSIONS);
  const allowDomains = readAllowDomains(reader);
  const isUtf8 = reader.flag('smtpUtf8');
  const from = readAddress(reader, 'from', allowDomains, isUtf8);
  const to = readAddress(reader, 'to', allowDomains, isUtf8);
  const recipients = readRecipients(reader, to);
  const tls = readTls(reader, target);
  const auth = readAuth(reader, tls);
  const session = readSession(reader, tls, auth);
  const plan: LoadPlan = {
    target: { url, protocol, host, port, path },
    tls,
    auth,
    pipelining: reader.choice('pipelining', DEFAULTS.pipelining, ['auto', 'on', 'off', 'across', 'force']),
    localAddresses: readAddresses(reader, 'localAddresses', target),
    proxy: readProxy(reader, target),
    close: readClose(reader, target),
    sessions,
    ...readEnd(reader, sendsMail(session.steps)),
    session,
    extensions: readExtensions(reader, tls),
    messagesPerSession: readMessagesPerSession(reader, session.steps),
    ...recipients,
    from,
    to,
    helo: readHelo(reader),
    message: readMessage(reader, { from, to, addresses: recipients.addresses }),
    timeoutsMs: readTimeouts(reader),
    warmupMs: reader.durationMs('warmup', DEFAULTS.warmupMs, 0, MAX_DURATION_MS),
    drainMs: reader.durationMs('drain', DEFAULTS.drainMs, 0, MAX_DURATION_MS),
    giveUpMs: reader.durationMs('giveUp', DEFAULTS.giveUpMs, 1, MAX_DURATION_MS),
    seed: reader.count('seed', DEFAULTS.seed, 0, MAX_SEED),
    workers: readWorkers(reader, sessions, cores),
    connectLimit: reader.count('connectLimit', DEFAULTS.connectLimit, 1, MAX_CONNECT_LIMIT),
    allowTargets: readAllowTargets(reader),
    authClear: reader.flag('authClear'),
  };
  const unsafe = isIp(host) ? checkPinnedAddresses(plan, [host]) : [];
  const issues = [...reader.issues, ...unsafe];
  if (issues.length > 0) {
    const list = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new PostrushError('E_CONFIG', `these options are unusable: ${list}`, { issues });
  }
  return deepFreeze(plan);
}

/** Stands in for a target that could not be read, so that the other options are still checked. */
const NO_TARGET: ParsedTarget = { url: '', protocol: 'smtp', host: '', port: 0, path: null, implicitTls: false };

function readTarget(reader: OptionReader): ParsedTarget {
  const text = reader.text('target', '');
  const target = parseTarget(text);
  if (!('problem' in target)) return target;
  // What stands before an @ may be a password.
  reader.refuse('target', target.problem, text.includes('@') || text === '' ? undefined : text);
  return NO_TARGET;
}

function readTls(reader: OptionReader, target: ParsedTarget): TlsPlan {
  const asked = reader.choice('tls', null, ['off', 'opportunistic', 'required']);
  if (target.implicitTls && asked === 'off') {
    reader.refuse('tls', 'contradicts smtps://, which is TLS from the start: leave one of the two out', asked);
  } else if (target.implicitTls && asked !== null) {
    reader.refuse('tls', 'is for STARTTLS, and smtps:// is TLS from the start already: leave --tls out', asked);
  }
  const mode: TlsMode = target.implicitTls ? 'implicit' : (asked ?? DEFAULTS.tls);
  const caPem = reader.text('tlsCa', null);
  if (caPem !== null && !caPem.includes('-----BEGIN CERTIFICATE-----')) {
    reader.refuse('tlsCa', 'takes a PEM file, and this one holds no certificate');
  }
  const serverName = reader.text('tlsServername', null);
  if (serverName !== null && !isHostName(serverName)) reader.refuse('tlsServername', 'takes a host name', serverName);
  const isInsecure = reader.flag('tlsInsecure');
  if (isInsecure && caPem !== null) {
    reader.refuse('tlsInsecure', 'contradicts --tls-ca: without verification there is nothing to trust');
  }
  const clientCertificate = readClientCertificate(reader);
  if (mode === 'off') {
    const needs = 'needs TLS: give --tls required, --tls opportunistic or smtps://';
    if (caPem !== null) reader.refuse('tlsCa', needs);
    if (serverName !== null) reader.refuse('tlsServername', needs);
    if (isInsecure) reader.refuse('tlsInsecure', needs);
    if (clientCertificate !== null) reader.refuse('tlsCert', needs);
  }
  return { mode, verify: !isInsecure, serverName, caPem, clientCertificate, ...readTlsSettings(reader, mode) };
}

/** What the client shows when the server asks who it is. */
function readClientCertificate(reader: OptionReader): ClientCertificate | null {
  const certPem = reader.text('tlsCert', null);
  const keyPem = reader.text('tlsKey', null);
  if (certPem !== null && !certPem.includes('-----BEGIN CERTIFICATE-----')) {
    reader.refuse('tlsCert', 'takes a PEM file, and this one holds no certificate');
  }
  if (keyPem !== null && !/-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/.test(keyPem)) {
    reader.refuse('tlsKey', 'takes a PEM file, and this one holds no private key');
  }
  if (certPem !== null && keyPem === null) reader.refuse('tlsCert', 'needs --tls-key');
  if (keyPem !== null && certPem === null) reader.refuse('tlsKey', 'needs --tls-cert');
  return certPem === null || keyPem === null ? null : { certPem, keyPem };
}

/** When the run ends. */
function readEnd(reader: OptionReader, hasMail: boolean): Pick<LoadPlan, 'durationMs' | 'messages' | 'connections'> {
  const messages = reader.count('messages', null, 1, MAX_MESSAGES);
  const connections = reader.count('connections', null, 1, MAX_MESSAGES);
  if (messages !== null && !hasMail) {
    reader.refuse('messages', 'ends no run whose sessions send no mail: give -d or --connections');
  }
  if (connections !== null && hasMail) {
    reader.refuse('connections', 'is for sessions that send no mail: give -m for messages');
  }
  const fallback = reader.has('messages') || reader.has('connections') ? null : DEFAULTS.durationMs;
  return { durationMs: reader.durationMs('duration', fallback, 1, MAX_DURATION_MS), messages, connections };
}

function readMessagesPerSession(reader: OptionReader, steps: LoadPlan['session']['steps']): number | null {
  if (steps !== null && sendsMail(steps)) return messagesIn(steps);
  const text = reader.written('messagesPerSession');
  if (text === null) return DEFAULTS.messagesPerSession;
  if (text === 'all') return null;
  const reading = parseCount(text, 1, MAX_MESSAGES);
  if (reading.ok) return reading.value;
  reader.refuse('messagesPerSession', `${reading.takes}, or all`, text);
  return DEFAULTS.messagesPerSession;
}

function readRecipients(reader: OptionReader, to: string): Pick<LoadPlan, 'recipients' | 'addresses'> {
  const recipients = reader.count('recipients', DEFAULTS.recipients, 1, MAX_RECIPIENTS);
  const addresses = reader.count('addresses', DEFAULTS.addresses, 1, MAX_ADDRESSES);
  if (recipients > 1 && !to.includes('%d')) {
    reader.refuse('recipients', 'needs %d in --to when a message has more than one recipient', String(recipients));
  }
  if (addresses < recipients) {
    reader.refuse('addresses', `takes at least as many as --rcpt (${recipients})`, String(addresses));
  }
  return { recipients, addresses };
}

/** A path of the envelope, without brackets. */
function readAddress(
  reader: OptionReader,
  key: 'from' | 'to',
  allowDomains: readonly string[],
  isUtf8: boolean,
): string {
  const text = reader.text(key, DEFAULTS[key]);
  const address = parseMailAddress(text, isUtf8);
  if ('takes' in address) {
    reader.refuse(key, address.takes, text);
    return DEFAULTS[key];
  }
  if (address.path === '' && key === 'to') {
    reader.refuse(key, 'takes an address: only the sender may be empty', text);
    return DEFAULTS[key];
  }
  const strange = address.domains.find((domain) => !isReservedDomain(domain) && !isAllowedDomain(domain, allowDomains));
  if (strange !== undefined) {
    const consent = strange.replace(/^.*%d[^.]*\.?/, '');
    reader.refuse(
      key,
      `names ${strange}, a domain that is not reserved for tests: if mail may go there, give --allow-domain ${consent}`,
      text,
    );
  }
  return address.path;
}

function readHelo(reader: OptionReader): string {
  const text = reader.text('helo', DEFAULTS.helo);
  const isLiteral = /^\[[A-Za-z0-9:.-]+\]$/.test(text) && text.length <= 255;
  if (!isLiteral && !isMailDomain(text)) {
    reader.refuse('helo', 'takes a domain or an address literal such as [127.0.0.1]', text);
  }
  return text;
}

function readMessage(reader: OptionReader, envelope: Omit<HeaderTexts, 'subject'>): MessagePlan {
  const subject = reader.text('subject', DEFAULTS.subject);
  if (!PRINTABLE_ASCII.test(subject) || subject.length > MAX_SUBJECT_LENGTH) {
    reader.refuse('subject', `takes printable ASCII on one line, at most ${MAX_SUBJECT_LENGTH} octets`, subject);
  }
  if (!reader.has('message')) {
    return { sizeBytes: readSizeBytes(reader, minMessageBytes({ ...envelope, subject })), content: null, subject };
  }
  if (reader.has('size')) reader.refuse('size', 'contradicts --message, which has a size of its own');
  if (reader.has('subject')) reader.refuse('subject', 'contradicts --message, which has a subject of its own');
  const given = reader.octets('message');
  if (given === null) return { sizeBytes: 0, content: '', subject };
  const octets = withCrlfLines(given);
  if (octets.length === 0) reader.refuse('message', 'takes a message, and this one is empty');
  if (octets.length > MAX_MESSAGE_BYTES) {
    reader.refuse('message', `takes a message of at most ${formatSize(MAX_MESSAGE_BYTES)}`, `${octets.length} octets`);
  }
  return { sizeBytes: octets.length, content: Buffer.from(octets.buffer).toString('latin1'), subject };
}

function readSizeBytes(reader: OptionReader, minBytes: number): number {
  const text = reader.written('size');
  if (text === null) return Math.max(DEFAULTS.messageBytes, minBytes);
  const reading = parseSizeBytes(text, minBytes, MAX_MESSAGE_BYTES);
  if (reading.ok) return reading.value;
  const isTooSmall = parseSizeBytes(text, 0, minBytes).ok;
  reader.refuse('size', isTooSmall ? `takes at least ${minBytes} octets: the headers need them` : reading.takes, text);
  return DEFAULTS.messageBytes;
}

/** Deadlines: the general ones first, those of single steps over them, whatever their order. */
function readTimeouts(reader: OptionReader): TimeoutPlan {
  const { timeoutConnectMs, timeoutEndOfDataMs, timeoutOtherMs } = DEFAULTS;
  const timeouts: Record<keyof TimeoutPlan, number> = {
    connect: timeoutConnectMs,
    tls: timeoutOtherMs,
    greeting: timeoutOtherMs,
    ehlo: timeoutOtherMs,
    starttls: timeoutOtherMs,
    auth: timeoutOtherMs,
    xclient: timeoutOtherMs,
    xforward: timeoutOtherMs,
    mail: timeoutOtherMs,
    rcpt: timeoutOtherMs,
    data: timeoutOtherMs,
    bdat: timeoutOtherMs,
    transfer: timeoutOtherMs,
    endOfData: timeoutEndOfDataMs,
    rset: timeoutOtherMs,
    noop: timeoutOtherMs,
    vrfy: timeoutOtherMs,
    expn: timeoutOtherMs,
    help: timeoutOtherMs,
    raw: timeoutOtherMs,
    quit: timeoutOtherMs,
  };
  const steps = Object.keys(timeouts) as (keyof TimeoutPlan)[];
  const single = new Map<keyof TimeoutPlan, number>();
  for (const text of reader.list('timeouts')) {
    const [, name, time = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(text) ?? [];
    const reading = parseDurationMs(time, 1, MAX_TIMEOUT_MS);
    const named = steps.find((step) => step === name);
    if (name !== undefined && named === undefined) reader.refuse('timeouts', `knows the steps ${listOf(steps)}`, text);
    else if (!reading.ok) reader.refuse('timeouts', `${reading.takes}, or step=time`, text);
    else if (named !== undefined) single.set(named, reading.value);
    else for (const step of steps) timeouts[step] = reading.value;
  }
  for (const [step, ms] of single) timeouts[step] = ms;
  return timeouts;
}

function readWorkers(reader: OptionReader, sessions: number, cores: number): number {
  const workers = reader.count('workers', null, 1, MAX_WORKERS);
  if (workers === null) return Math.max(1, Math.min(cores, sessions, MAX_WORKERS));
  if (workers > sessions)
    reader.refuse('workers', `takes at most as many as --sessions (${sessions})`, String(workers));
  return workers;
}

/** A list of addresses, of the target's IP version as far as that is known already. */
function readAddresses(
  reader: OptionReader,
  key: 'localAddresses' | 'proxySources',
  target: ParsedTarget,
): readonly string[] {
  const texts = reader.list(key);
  if (texts.length === 0) return texts;
  const list = parseAddressList(texts);
  const received = texts.join(',');
  if ('problem' in list) reader.refuse(key, list.problem, received);
  else if (target.path !== null) reader.refuse(key, 'needs a host as TARGET: a unix socket has no addresses');
  else {
    const octets = ipOctets(target.host);
    const family = octets === null ? list.family : octets.length === 4 ? 4 : 6;
    if (family !== list.family) {
      reader.refuse(key, `takes addresses of the target's IP version (IPv${family})`, received);
    }
  }
  return texts;
}

function readProxy(reader: OptionReader, target: ParsedTarget): ProxyPlan | null {
  const version = reader.choice('proxy', null, ['v1', 'v2']);
  const sources = readAddresses(reader, 'proxySources', target);
  if (!reader.has('proxy') && reader.has('proxySources'))
    reader.refuse('proxySources', 'needs --proxy v1 or --proxy v2');
  if (version === null) return null;
  if (target.path !== null) reader.refuse('proxy', 'needs a host as TARGET: its header names two addresses', version);
  return { version, sources };
}

function readClose(reader: OptionReader, target: ParsedTarget): LoadPlan['close'] {
  const close = reader.choice('close', DEFAULTS.close, ['fin', 'rst']);
  if (close === 'rst' && target.path !== null) reader.refuse('close', 'needs TCP: a unix socket has no reset', close);
  return close;
}

function readAllowTargets(reader: OptionReader): readonly string[] {
  const hosts = reader.list('allowTargets');
  for (const host of hosts) {
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (!isIp(bare) && !isHostName(bare)) reader.refuse('allowTargets', 'takes a host name or address, no port', host);
  }
  return hosts;
}

function readAllowDomains(reader: OptionReader): readonly string[] {
  const domains = reader.list('allowDomains');
  for (const domain of domains) {
    if (!isMailDomain(domain, true)) reader.refuse('allowDomains', 'takes a domain', domain);
  }
  return domains;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
