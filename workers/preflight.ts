/**
 * One polite session before the load: greet, secure, authenticate, quit. It never sends MAIL. What it learns describes
 * the target; what goes wrong becomes one sentence and the run does not begin.
 */
import { LoadWindow } from '../src/metrics/load-window.js';
import { RunClock, monotonicUs } from '../src/clock.js';
import type { PreflightResult, PreflightTask, TlsDescription } from '../src/messages/coordinator-worker.js';
import { ERROR_KIND_NAMES } from '../src/metrics/outcome.js';
import { listedAddresses } from '../src/plan/address-list.js';
import type { LanePlan } from '../src/plan/lane-plan.js';
import { sendsMail } from '../src/plan/script-counts.js';
import { ServerExtensions, extensionNames } from '../src/protocol/extensions.js';
import { Step, STEP_NAMES } from '../src/protocol/steps.js';
import { compilePreflightScript, requiredExtensions } from '../src/scenario/compile-script.js';
import { loadFunctions } from '../src/scenario/load-functions.js';
import { WorkerData } from '../src/scenario/lane-data.js';
import { connectionTools } from './connection-tools.js';
import { DeadlineWheel, WHEEL_TICK_US } from './deadline-wheel.js';
import { firstMissingAddress } from './local-addresses.js';
import { Outbox } from './outbox.js';
import { Recorder } from './recorder.js';
import { ReplyEcho } from './reply-echo.js';
import { SessionActor } from './session-actor.js';
import { SmtpConnection } from './smtp-connection.js';
import type { SessionObserver, SessionOwner } from './session-state.js';

/** A server that is busy for a moment is asked again this often. */
const GREETING_TRIES = 3;
const RETRY_PAUSE_MS = 1_000;
/** Replies to AUTH that ask for encryption (RFC 4954 §6, RFC 3207 §4, RFC 5248 §2.4). */
const TLS_WANTED = [523, 530, 538];
const COMMAND_STEPS = [Step.ehlo, Step.starttls, Step.auth, Step.xclient, Step.quit];

/** One session runs into no limit, and its octets are counted nowhere. */
const NO_HOOKS = {
  onHeard: null,
  onQueued: null,
  onLimit: () => undefined,
  onHeaderSent: () => undefined,
  onHandshake: () => undefined,
};

/** The first thing that went wrong. */
interface Refusal {
  readonly step: number;
  readonly code: number;
  readonly kind: number;
  readonly text: string;
}

/** What one session showed. */
class Findings implements SessionObserver {
  greeting: string | null = null;
  keywords: string[] = [];
  keywordsAfterTls: string[] | null = null;
  tls: TlsDescription | null = null;
  authMechanism: string | null = null;
  refusal: Refusal | null = null;
  commands = 0;

  onGreeting(code: number, text: string): void {
    this.greeting = `${String(code)} ${text}`;
  }

  onKeyword(text: string): void {
    // With implicit TLS there is no "before", so what is offered inside it stands under `keywords`.
    if (this.keywordsAfterTls !== null) this.keywordsAfterTls.push(text);
    else this.keywords.push(text);
  }

  onTls(tls: TlsDescription): void {
    this.tls = tls;
    if (this.greeting !== null) this.keywordsAfterTls = [];
  }

  onAuth(mechanism: string): void {
    this.authMechanism = mechanism;
  }

  onRefused(step: number, code: number, kind: number, text: string): void {
    this.refusal ??= { step, code, kind, text };
  }
}

/** Asks the target politely whether the load can begin. */
export async function preflight(task: PreflightTask): Promise<PreflightResult> {
  const { localAddresses } = task.lane;
  const missing = localAddresses.length === 0 ? null : await firstMissingAddress(listedAddresses(localAddresses));
  if (missing !== null) return missingAddress(missing);
  let connections = 0;
  let commands = 0;
  for (;;) {
    const findings = await oneSession(task);
    connections++;
    commands += findings.commands;
    const { refusal } = findings;
    const isBusy = refusal?.step === Step.greeting && refusal.code >= 400 && refusal.code < 500;
    if (isBusy && connections < GREETING_TRIES) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      continue;
    }
    const [problem, advice] = explain(refusal, findings, task.lane, connections);
    return {
      ok: problem === '',
      isConnected: refusal?.step !== Step.connect,
      problem,
      advice,
      connections,
      commands,
      greeting: findings.greeting,
      keywords: findings.keywords,
      keywordsAfterTls: findings.keywordsAfterTls,
      tls: findings.tls,
      authMechanism: findings.authMechanism,
    };
  }
}

/** Not a connection was tried: another address of the target would make no difference. */
function missingAddress(address: string): PreflightResult {
  return {
    ok: false,
    isConnected: true,
    problem: `cannot be connected to from ${address}: this machine does not have that address`,
    advice: 'give it to an interface, or leave it out of --local-address',
    connections: 0,
    commands: 0,
    greeting: null,
    keywords: [],
    keywordsAfterTls: null,
    tls: null,
    authMechanism: null,
  };
}

async function oneSession(task: PreflightTask): Promise<Findings> {
  const { lane, feeders, address } = task;
  const data = new WorkerData(feeders, await loadFunctions(task.functions), lane);
  const findings = new Findings();
  const clock = new RunClock(monotonicUs());
  const recorder = new Recorder(new LoadWindow(0));
  const wheel = new DeadlineWheel(clock.nowUs());
  const timer = setInterval(() => {
    wheel.tick(clock.nowUs());
  }, WHEEL_TICK_US / 1e3);
  return new Promise((resolve) => {
    const owner: SessionOwner = {
      hasMessage: () => false,
      takeMessage: () => -1,
      retried: null,
      planned: null,
      onGreeted: () => undefined,
      onStopAsked: () => undefined,
      onConnectSettled: () => undefined,
      onSessionEnded: () => {
        clearInterval(timer);
        const { sent } = recorder.phaseOf(0);
        findings.commands = COMMAND_STEPS.reduce((sum, step) => sum + (sent[step] as number), 0);
        resolve(findings);
      },
    };
    const tools = {
      script: compilePreflightScript(lane, data),
      recorder,
      retries: null,
      wheel,
      outbox: new Outbox(),
      clock,
      observer: findings,
      echo: new ReplyEcho(lane),
    };
    const session = new SessionActor(tools, owner);
    session.attach(
      new SmtpConnection(connectionTools(lane, address, clock, NO_HOOKS, { describeTls: true }), session, 0),
    );
    session.begin(-1, clock.nowUs());
  });
}

/** What went wrong, and what to try; both empty when nothing did. */
function explain(refusal: Refusal | null, findings: Findings, lane: LanePlan, tries: number): [string, string] {
  if (refusal !== null && refusal.step !== Step.quit) {
    return refusal.kind === -1 ? explainReply(refusal, lane, tries) : explainError(refusal, lane);
  }
  const offered = findings.keywordsAfterTls ?? findings.keywords;
  if (lane.pipelining === 'on' && !offered.some((keyword) => keyword.toUpperCase().startsWith('PIPELINING'))) {
    return [
      'does not offer PIPELINING, which --pipelining on asks for',
      'try --pipelining auto, or force to send groups all the same',
    ];
  }
  const missing = missingExtensions(lane, offered);
  if (missing.length > 0) {
    return [
      `does not offer ${missing.join(', ')}, which the messages of this run need`,
      'leave the flag out, or see whether it is offered inside TLS only (--tls required)',
    ];
  }
  return ['', ''];
}

/** Keywords that the plan asks for and the server does not offer. */
function missingExtensions(lane: LanePlan, offered: readonly string[]): string[] {
  if (!sendsMail(lane.session.steps)) return [];
  const extensions = new ServerExtensions();
  for (const keyword of offered) {
    const line = Buffer.from(keyword, 'latin1');
    extensions.addLine(line, 0, line.length);
  }
  return extensionNames(requiredExtensions(lane) & ~extensions.flags);
}

function explainReply({ step, code, text }: Refusal, lane: LanePlan, tries: number): [string, string] {
  const reply = `'${String(code)} ${text}'`;
  switch (step) {
    case Step.greeting:
      if (code < 500) return [`greeted ${String(tries)} times with ${reply}`, 'try again when the server is less busy'];
      return [`refuses sessions: it greeted with ${reply}`, 'see whether this machine may talk to it'];
    case Step.auth:
      if (TLS_WANTED.includes(code)) return [`wants TLS before AUTH: ${reply}`, 'try --tls required'];
      if ((lane.auth?.accounts ?? null) !== null) {
        return [`refused the credentials: ${reply}`, 'check the first account of --credentials, and --auth'];
      }
      return [`refused the credentials: ${reply}`, 'check --user, the password and --auth'];
    case Step.starttls:
      return [`refused STARTTLS: ${reply}`, 'try --tls opportunistic or off'];
    case Step.xclient:
      return [`refused XCLIENT: ${reply}`, 'see whether it trusts this machine, or leave out --xclient'];
    default:
      return [`answered ${STEP_NAMES[step] ?? 'us'} with ${reply}`, 'see whether it is an SMTP server'];
  }
}

function explainError({ step, kind, text }: Refusal, lane: LanePlan): [string, string] {
  const name = ERROR_KIND_NAMES[kind] ?? 'closed';
  if (step === Step.auth && (name === 'malformed' || name === 'unexpectedCode')) {
    return [`does not authenticate as it should: ${text}`, 'see whether it is the right server, or try another --auth'];
  }
  const isUnix = lane.target.path !== null;
  switch (name) {
    case 'refused':
      return [
        'refused the connection: nothing listens there',
        `start the server, or check the ${isUnix ? 'path' : 'port'}`,
      ];
    case 'unreachable':
      return [`cannot be reached: ${text}`, isUnix ? 'check the path' : 'check the address and the network'];
    case 'tlsNotOffered':
      return [
        'does not offer STARTTLS, which --tls required asks for',
        'try --tls opportunistic, or smtps:// for TLS from the start',
      ];
    case 'authNotOffered':
      return [
        `does not offer what --auth asks for: ${text}`,
        'try --auth auto, or --tls required: many servers offer AUTH only inside TLS',
      ];
    case 'tls':
      return [`and postrush agreed on no TLS session: ${reasonOf(text)}`, tlsAdvice(text, lane)];
    case 'timeout':
      return [
        `gave no answer to ${STEP_NAMES[step] ?? 'us'} before the deadline`,
        `check the server, or give it longer with --timeout ${STEP_NAMES[step] ?? ''}=T`,
      ];
    case 'limit':
      if (step !== Step.connect) return ['sends a reply without end', 'see whether it is an SMTP server'];
      return [`cannot be connected to: ${text}`, 'raise the limit of open files or local ports of this machine'];
    default:
      return [
        `broke off at ${STEP_NAMES[step] ?? 'the session'} (${name}): ${text}`,
        'see whether it is an SMTP server',
      ];
  }
}

/** What OpenSSL says between its numbers, file names and line ends; other texts as they are. */
function reasonOf(text: string): string {
  return /:SSL routines:[^:]*:([^:]+)/.exec(text)?.[1] ?? text.trim();
}

function tlsAdvice(text: string, lane: LanePlan): string {
  // TLS 1.2 has no alert of its own for a certificate that is missing.
  if (/alert (certificate required|bad certificate|unknown ca|handshake failure)/i.test(text)) {
    return 'see whether it wants a certificate of ours (--tls-cert, --tls-key), and which';
  }
  const { minVersion, maxVersion, ciphers, groups } = lane.tls;
  const isNarrow = minVersion === maxVersion || ciphers !== null || groups !== null;
  if (isNarrow && /alert|no ciphers|no protocols|unsupported protocol|key share/i.test(text)) {
    return 'ask for less with --tls-min, --tls-max, --tls-ciphers and --tls-groups';
  }
  if (/alert protocol version|unsupported protocol/i.test(text)) {
    return 'postrush speaks TLSv1.2 and TLSv1.3, and `postrush check` tells what this server takes';
  }
  if (/SSL routines|wrong version|packet length/i.test(text)) return 'check that this port speaks TLS from the start';
  if (text.includes("does not match certificate's")) return 'give the name in the certificate with --tls-servername';
  if (lane.tls.verify) return "give the server's CA with --tls-ca, or switch the check off with --tls-insecure";
  return 'check that the port speaks TLS';
}
