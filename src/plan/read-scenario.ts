/**
 * Reads what shapes sessions and messages: one scenario out of the options that describe it. The rules between those
 * options live here.
 */
import { parseAddressList } from './address-list.js';
import { ipOctets } from './ip-address.js';
import type { MessagePlan, ProxyPlan, ScenarioPlan, SessionPlan, TimeoutPlan } from './load-plan.js';
import { isMailDomain } from './mail-address.js';
import { MAX_MESSAGE_BYTES, minMessageBytes, withCrlfLines } from './message-content.js';
import type { HeaderTexts } from './message-content.js';
import { listOf } from './option-reader.js';
import type { OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { readAuth } from './read-auth.js';
import { readExtensions } from './read-extensions.js';
import { readRetry } from './read-retry.js';
import { readSession } from './read-session.js';
import { readTls } from './read-tls.js';
import { messagesIn, sendsMail } from './script-counts.js';
import { captureNames } from './script-texts.js';
import type { ParsedTarget } from './target.js';
import { TemplateRules, isTemplate } from './template-rules.js';
import type { TemplateSurroundings } from './template-rules.js';
import { formatSize, parseCount, parseDurationMs, parseSizeBytes } from './units.js';

/** Bounds of counts. They keep products exact (messages × recipients < 2^53). */
const MAX_MESSAGES_PER_SESSION = 1_000_000_000_000;
const MAX_RECIPIENTS = 1000;
const MAX_ADDRESSES = 1_000_000_000;
/** The range of the histograms: a longer wait could not be told. */
const MAX_TIMEOUT_MS = 3_600_000;
/** RFC 5322 §2.1.1 allows lines of 998 octets. */
const MAX_SUBJECT_LENGTH = 900;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** What clients are, as far as it concerns their sessions. */
export interface LoadModel {
  /** Clients arrive by plan. */
  readonly isOpen: boolean;
  /** Messages arrive, for sessions that are kept open. */
  readonly isReusing: boolean;
}

/** Reads a scenario for its targets, which are of one kind: all of them begin with TLS or none does. */
export function readScenario(
  reader: OptionReader,
  targets: readonly [ParsedTarget, ...ParsedTarget[]],
  data: Pick<TemplateSurroundings, 'feeders' | 'functions'>,
  load: LoadModel,
): Omit<ScenarioPlan, 'name' | 'weight'> {
  const allowDomains = readAllowDomains(reader);
  const isUtf8 = reader.flag('smtpUtf8');
  const rules = new TemplateRules({ ...data, allowDomains, isUtf8 }, captureNames(reader.tree('steps') ?? []));
  const from = readAddress(reader, 'from', rules);
  const to = readAddress(reader, 'to', rules);
  const recipients = readRecipients(reader, to);
  const tls = readTls(reader, targets[0]);
  const auth = readAuth(reader, tls);
  const extensions = readExtensions(reader, tls);
  const session = readSession(reader, { tls, auth, content: extensions, rules });
  return {
    tls,
    auth,
    pipelining: reader.choice('pipelining', DEFAULTS.pipelining, ['auto', 'on', 'off', 'across', 'force']),
    localAddresses: readAddresses(reader, 'localAddresses', targets),
    proxy: readProxy(reader, targets),
    close: readClose(reader, targets),
    session,
    extensions,
    messagesPerSession: readMessagesPerSession(reader, session.steps, load),
    ...recipients,
    from,
    to,
    helo: readHelo(reader, rules),
    message: readMessage(reader, { from, to, addresses: recipients.addresses }, rules),
    retry: readRetry(reader, sendsMail(session.steps)),
    timeoutsMs: readTimeouts(reader),
  };
}

function readMessagesPerSession(
  reader: OptionReader,
  steps: SessionPlan['steps'],
  { isOpen, isReusing }: LoadModel,
): number | null {
  if (isReusing && steps !== null)
    reader.refuse('reuse', 'is for the standard session, and this one has steps of its own');
  if (steps !== null && sendsMail(steps)) return messagesIn(steps);
  const text = reader.written('messagesPerSession');
  if (text === null) return isReusing ? null : DEFAULTS.messagesPerSession;
  if (text === 'all') {
    if (isOpen && !isReusing) {
      reader.refuse('messagesPerSession', 'takes a number where clients arrive by plan: all needs --reuse', text);
    }
    return null;
  }
  const reading = parseCount(text, 1, MAX_MESSAGES_PER_SESSION);
  if (reading.ok) return reading.value;
  reader.refuse('messagesPerSession', `${reading.takes}, or all`, text);
  return DEFAULTS.messagesPerSession;
}

function readRecipients(reader: OptionReader, to: string): Pick<ScenarioPlan, 'recipients' | 'addresses'> {
  const recipients = reader.count('recipients', DEFAULTS.recipients, 1, MAX_RECIPIENTS);
  const addresses = reader.count('addresses', DEFAULTS.addresses, 1, MAX_ADDRESSES);
  if (recipients > 1 && !to.includes('%d') && !isTemplate(to)) {
    reader.refuse('recipients', 'needs %d in --to when a message has more than one recipient', String(recipients));
  }
  if (addresses < recipients) {
    reader.refuse('addresses', `takes at least as many as --rcpt (${recipients})`, String(addresses));
  }
  return { recipients, addresses };
}

/** A path of the envelope, without brackets. */
function readAddress(reader: OptionReader, key: 'from' | 'to', rules: TemplateRules): string {
  const text = reader.text(key, DEFAULTS[key]);
  const path = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
  const problem =
    path === '' && key === 'to' ? 'takes an address: only the sender may be empty' : rules.addressProblem(path);
  if (problem === null) return path;
  reader.refuse(key, problem, text);
  return DEFAULTS[key];
}

function readHelo(reader: OptionReader, rules: TemplateRules): string {
  const text = reader.text('helo', DEFAULTS.helo);
  const isLiteral = /^\[[A-Za-z0-9:.-]+\]$/.test(text) && text.length <= 255;
  const problem = isTemplate(text) ? rules.textProblem(text) : null;
  if (problem !== null) reader.refuse('helo', problem, text);
  if (!isTemplate(text) && !isLiteral && !isMailDomain(text)) {
    reader.refuse('helo', 'takes a domain or an address literal such as [127.0.0.1]', text);
  }
  return text;
}

function readMessage(reader: OptionReader, envelope: Omit<HeaderTexts, 'subject'>, rules: TemplateRules): MessagePlan {
  const subject = reader.text('subject', DEFAULTS.subject);
  const problem = rules.textProblem(subject);
  if (problem !== null) reader.refuse('subject', problem, subject);
  if (!PRINTABLE_ASCII.test(subject) || subject.length > MAX_SUBJECT_LENGTH) {
    reader.refuse('subject', `takes printable ASCII on one line, at most ${MAX_SUBJECT_LENGTH} octets`, subject);
  }
  const corpus = null;
  if (!reader.has('message')) {
    // How long headers with values can get shows when messages are made.
    const isFixed = ![envelope.from, envelope.to, subject].some(isTemplate);
    const minBytes = isFixed ? minMessageBytes({ ...envelope, subject }) : 1;
    return { sizeBytes: readSizeBytes(reader, minBytes), content: null, subject, corpus };
  }
  if (reader.has('size')) reader.refuse('size', 'contradicts --message, which has a size of its own');
  if (reader.has('subject')) reader.refuse('subject', 'contradicts --message, which has a subject of its own');
  const given = reader.octets('message');
  if (given === null) return { sizeBytes: 0, content: '', subject, corpus };
  const octets = withCrlfLines(given);
  if (octets.length === 0) reader.refuse('message', 'takes a message, and this one is empty');
  if (octets.length > MAX_MESSAGE_BYTES) {
    reader.refuse('message', `takes a message of at most ${formatSize(MAX_MESSAGE_BYTES)}`, `${octets.length} octets`);
  }
  return { sizeBytes: octets.length, content: Buffer.from(octets.buffer).toString('latin1'), subject, corpus };
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

/** A list of addresses, of the target's IP version as far as that is known already. */
function readAddresses(
  reader: OptionReader,
  key: 'localAddresses' | 'proxySources',
  targets: readonly ParsedTarget[],
): readonly string[] {
  const texts = reader.list(key);
  if (texts.length === 0) return texts;
  const list = parseAddressList(texts);
  const received = texts.join(',');
  if ('problem' in list) reader.refuse(key, list.problem, received);
  else if (targets.some(({ path }) => path !== null))
    reader.refuse(key, 'needs a host as TARGET: a unix socket has no addresses');
  else {
    const other = targets.map(({ host }) => familyOf(host)).find((family) => family !== null && family !== list.family);
    if (other !== undefined) reader.refuse(key, `takes addresses of the target's IP version (IPv${other})`, received);
  }
  return texts;
}

/** IP version of an address; null: it is a name. */
function familyOf(host: string): 4 | 6 | null {
  const octets = ipOctets(host);
  return octets === null ? null : octets.length === 4 ? 4 : 6;
}

function readProxy(reader: OptionReader, targets: readonly ParsedTarget[]): ProxyPlan | null {
  const version = reader.choice('proxy', null, ['v1', 'v2']);
  const sources = readAddresses(reader, 'proxySources', targets);
  if (!reader.has('proxy') && reader.has('proxySources'))
    reader.refuse('proxySources', 'needs --proxy v1 or --proxy v2');
  if (version === null) return null;
  if (targets.some(({ path }) => path !== null))
    reader.refuse('proxy', 'needs a host as TARGET: its header names two addresses', version);
  return { version, sources };
}

function readClose(reader: OptionReader, targets: readonly ParsedTarget[]): ScenarioPlan['close'] {
  const close = reader.choice('close', DEFAULTS.close, ['fin', 'rst']);
  if (close === 'rst' && targets.some(({ path }) => path !== null))
    reader.refuse('close', 'needs TCP: a unix socket has no reset', close);
  return close;
}

function readAllowDomains(reader: OptionReader): readonly string[] {
  const domains = reader.list('allowDomains');
  for (const domain of domains) {
    if (!isMailDomain(domain, true)) reader.refuse('allowDomains', 'takes a domain', domain);
  }
  return domains;
}
