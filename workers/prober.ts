/** Opens the sessions of a check, one at a time, and keeps the books over what goes out. Knows no findings. */
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { assertNever } from '../src/assert.js';
import type { CheckReply, CheckTask, LossReason } from '../src/messages/check-record.js';
import type { CheckPlan } from '../src/plan/check-plan.js';
import type { TargetPlan, TimeoutPlan } from '../src/plan/load-plan.js';
import { formatDuration } from '../src/plan/units.js';
import {
  isLoss,
  ProbeSession,
  type ProbeLoss,
  type ProbeReply,
  type ProbeObserver,
  type ProbePlace,
} from './probe-session.js';

/** A session that can be talked to, or one sentence on why there is none. */
export type ReadySession = ProbeSession | { readonly problem: string };

/** What sessions have in common, and what they add up to. */
export class Prober implements ProbeObserver {
  readonly plan: CheckPlan;
  readonly timeoutsMs: TimeoutPlan;
  sessions = 0;
  commands = 0;
  messages = 0;
  codedReplies = 0;
  /** The word that the server takes for a greeting. */
  helloVerb: 'EHLO' | 'HELO' | 'LHLO';
  /** Whether the server begins TLS when asked to, whatever comes of it. */
  beginsTls: boolean;
  /** Whether STARTTLS is offered and works, so that sessions use it. */
  usesStartTls = false;
  readonly #place: ProbePlace;
  readonly #stop: AbortSignal;
  /** Every session that is not over. */
  readonly #open = new Set<ProbeSession>();
  readonly #uncoded = new Set<string>();
  #context: SecureContext | null = null;

  constructor({ plan, address }: Pick<CheckTask, 'plan' | 'address'>, stop: AbortSignal) {
    this.plan = plan;
    this.#stop = stop;
    stop.addEventListener('abort', () => {
      for (const session of [...this.#open]) session.leave();
    });
    this.timeoutsMs = plan.session.timeoutsMs;
    this.helloVerb = plan.session.target.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
    this.beginsTls = this.isImplicitTls;
    this.#place = placeOf(address, plan.session.target);
  }

  /** Whether the user has had enough. */
  isStopped(): boolean {
    return this.#stop.aborted;
  }

  get isImplicitTls(): boolean {
    return this.plan.session.tls.mode === 'implicit';
  }

  /** Replies without an enhanced status code, such as `RSET 250`, each once. */
  get uncoded(): string[] {
    return [...this.#uncoded];
  }

  /** Name for SNI, and for the certificate; empty: the target is an address. */
  get serverName(): string {
    const { tls, target } = this.plan.session;
    return tls.serverName ?? (isIP(target.host) === 0 ? target.host : '');
  }

  /** What the certificate must be made out to; empty: nothing is known to ask for. */
  get checkedName(): string {
    return this.plan.session.tls.serverName ?? this.plan.session.target.host;
  }

  /** A connection that is not open yet. */
  newSession(): ProbeSession {
    const session = new ProbeSession(this.#place, this);
    this.#open.add(session);
    if (this.#stop.aborted) session.leave();
    return session;
  }

  /** TLS as this Node does it by itself. */
  get context(): SecureContext {
    this.#context ??= this.contextWith({});
    return this.#context;
  }

  /** @throws Error of OpenSSL when it cannot do what `options` ask for */
  contextWith(options: SecureContextOptions): SecureContext {
    const { caPem } = this.plan.session.tls;
    return createSecureContext({ ...options, ...(caPem === null ? {} : { ca: caPem }) });
  }

  hello(): string {
    return `${this.helloVerb} ${this.plan.session.helo}`;
  }

  /** An address of the plan with a number in place of `%d`. */
  address(which: 'from' | 'to', index: number): string {
    return this.plan.session[which].replaceAll('%d', String(index));
  }

  mail(index = 1): string {
    return `MAIL FROM:<${this.address('from', index)}>`;
  }

  /** Connects, is greeted, begins TLS as the server wants it, and says hello. */
  async openReady(): Promise<ReadySession> {
    const session = this.newSession();
    const { ehlo, starttls } = this.timeoutsMs;
    const problem =
      (await this.#reachGreeting(session)) ??
      (await this.#expect(session, this.hello(), ehlo)) ??
      (this.usesStartTls
        ? ((await this.#expect(session, 'STARTTLS', starttls)) ??
          (await this.#secure(session)) ??
          (await this.#expect(session, this.hello(), ehlo)))
        : null);
    if (problem === null) return session;
    session.drop();
    return { problem };
  }

  /**
   * Connects and waits for the greeting, whatever it says.
   *
   * @param within - shortens deadlines
   */
  async awaitGreeting(session: ProbeSession, within: (timeoutMs: number) => number): Promise<ProbeReply | ProbeLoss> {
    const { connect, tls, greeting } = this.timeoutsMs;
    const connected = await session.connect(within(connect));
    if (isLoss(connected)) return connected;
    if (this.isImplicitTls) {
      const { context, serverName } = this;
      const secured = await session.secure({ context, serverName }, within(tls));
      if (isLoss(secured)) return secured;
    }
    return session.greeting(within(greeting));
  }

  onLost(session: ProbeSession): void {
    this.#open.delete(session);
  }

  onConnected(): void {
    this.sessions++;
  }

  onCommand(): void {
    this.commands++;
  }

  /** RFC 2034 §3: all but the greeting, the replies to EHLO and HELO, and those of class 3. */
  onReply(verb: string, reply: CheckReply): void {
    const isExempt = ['greeting', 'EHLO', 'HELO', 'LHLO'].includes(verb) || Math.floor(reply.code / 100) === 3;
    if (isExempt) return;
    this.codedReplies++;
    if (reply.enhanced === null) this.#uncoded.add(`${verb} ${reply.code}`);
  }

  async #reachGreeting(session: ProbeSession): Promise<string | null> {
    const greeting = await this.awaitGreeting(session, (timeoutMs) => timeoutMs);
    if (isLoss(greeting)) return lossSentence(greeting, 'the beginning of another session');
    return isPositive(greeting) ? null : `greeted another session with '${quote(greeting)}'`;
  }

  async #secure(session: ProbeSession): Promise<string | null> {
    const secured = await session.secure({ context: this.context, serverName: this.serverName }, this.timeoutsMs.tls);
    return isLoss(secured) ? lossSentence(secured, 'the TLS handshake') : null;
  }

  async #expect(session: ProbeSession, line: string, timeoutMs: number): Promise<string | null> {
    const verb = line.split(' ')[0] ?? line;
    const answer = await session.say(line, timeoutMs);
    if (isLoss(answer)) return lossSentence(answer, verb);
    return isPositive(answer) ? null : `answered ${verb} of another session with '${quote(answer)}'`;
  }
}

/** Whether a reply says yes. */
export function isPositive({ code }: Pick<CheckReply, 'code'>): boolean {
  return code >= 200 && code < 300;
}

/** `452 4.5.3 too many recipients`. */
export function quote({ code, text }: Pick<CheckReply, 'code' | 'text'>): string {
  return text === '' ? String(code) : `${code} ${text}`;
}

/**
 * What went wrong, as the end of a sentence that begins with the target.
 *
 * @param at - what was under way: a command, `the greeting`, `the TLS handshake`
 */
export function lossSentence(loss: ProbeLoss, at: string): string {
  const said = loss.text === '' ? '' : `: ${loss.text}`;
  switch (loss.reason) {
    case 'refused':
      return 'refused the connection: nothing listens there';
    case 'unreachable':
      return `cannot be reached${said}`;
    case 'localLimit':
      return `cannot be connected to${said}`;
    case 'reset':
      return `reset the connection at ${at}`;
    case 'closed':
      return loss.farewell === null
        ? `closed the connection at ${at}`
        : `closed the connection at ${at} with '${quote(loss.farewell)}'`;
    case 'timeout':
      return `gave no answer to ${at} within ${formatDuration(loss.afterMs)}`;
    case 'tls':
      return `and postrush agreed on no TLS session${said}`;
    case 'malformed':
      return `sent what is no SMTP reply at ${at}: '${loss.text}'`;
    case 'overlong':
      return `sent a reply line without end at ${at}`;
    case 'endless':
      return `sent a reply without end at ${at}`;
    case 'unasked':
      return `keeps sending replies that nothing asked for, at ${at}: '${loss.text}'`;
    case 'injected':
      return 'sent data in clear behind the 220 of STARTTLS, which somebody on the way may have put there';
    case 'stopped':
      return `was left at ${at}`;
    default:
      return assertNever(loss.reason);
  }
}

/** What to try about it. */
export function lossAdvice(reason: LossReason, isTls: boolean): string {
  switch (reason) {
    case 'refused':
      return 'start the server, or check the port';
    case 'unreachable':
      return 'check the address and the network';
    case 'localLimit':
      return 'raise the limit of open files or local ports of this machine';
    case 'timeout':
      return 'check the server, or give it longer with --timeout';
    case 'tls':
    case 'reset':
    case 'closed':
      return isTls ? 'check that this port speaks TLS from the start' : 'see whether it is an SMTP server';
    default:
      return 'see whether it is an SMTP server';
  }
}

function placeOf(address: CheckTask['address'], { port }: TargetPlan): ProbePlace {
  if (address.family === null) return { path: address.address };
  return { host: address.address, port, family: address.family };
}
