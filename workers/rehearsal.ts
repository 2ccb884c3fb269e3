/**
 * A session without a network: the same script and actor as in a load, an in-memory session of the sink as server, and a
 * clock that moves only while both would wait. What was said is written down.
 */
import { LoadWindow } from '../src/metrics/load-window.js';
import { isIP } from 'node:net';
import { ManualClock } from '../src/clock.js';
import { assert } from '../src/assert.js';
import type { DialogueRecord, Rehearsed, RehearsalTask, SessionCost } from '../src/messages/dialogue-record.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import { authSteps } from '../src/plan/step-auth.js';
import { lanePlan, type LanePlan } from '../src/plan/lane-plan.js';
import { surelySendsMail } from '../src/plan/script-counts.js';
import { Extension } from '../src/protocol/extensions.js';
import { compileLoadScript } from '../src/scenario/compile-script.js';
import { DropHow, type AuthScript, type CompiledScript } from '../src/scenario/compiled-script.js';
import { loadFunctions } from '../src/scenario/load-functions.js';
import { LaneData, WorkerData } from '../src/scenario/lane-data.js';
import type { SessionAccounts } from '../src/scenario/session-accounts.js';
import { MemorySession, type SinkAnswer } from '../src/sink/memory-session.js';
import type { SinkOptions } from '../src/sink/sink-options.js';
import { DeadlineWheel, WHEEL_TICK_US } from './deadline-wheel.js';
import { DialogueNotes } from './dialogue-notes.js';
import { Outbox } from './outbox.js';
import { proxyHeaders } from './proxy-headers.js';
import { Recorder } from './recorder.js';
import { ReplyEcho } from './reply-echo.js';
import { SessionActor } from './session-actor.js';
import type { Connection, SessionOwner } from './session-state.js';

/** More than that is never told: scripts can be long. */
const MOST_ENTRIES = 2_000;
/** Everything that the server could count is within its limits. */
const PLENTY = 1_000_000_000;
const TLS_VERSION = 'TLSv1.3';
const TLS_CIPHER = 'TLS_AES_256_GCM_SHA384';

/** Plays sessions from their first octet to their last. */
export async function rehearse({
  plan,
  scenario: index,
  sessions,
  messages,
  hidesSecrets,
}: RehearsalTask): Promise<Rehearsed> {
  const scenario = plan.scenarios[index];
  assert(scenario !== undefined && sessions > 0, 'there is something to rehearse');
  const usual = lanePlan(scenario, plan.targets[0], plan);
  // A sample does what is right.
  const lane = usual.auth === null ? usual : { ...usual, auth: { ...usual.auth, wrongPercent: 0 } };
  const script = compileLoadScript(
    lane,
    new LaneData(lane, new WorkerData(plan.feeders, await loadFunctions(plan.functions), plan)),
  );
  const dialogues = Array.from({ length: sessions }, (_, session) =>
    new Rehearsal({ lane, script, session, messages, hidesSecrets }).play(),
  );
  const meanOf = (key: keyof SessionCost): number => dialogues.reduce((sum, each) => sum + each[key], 0) / sessions;
  return {
    dialogue: dialogues.find((each) => each.messages > 0) ?? (dialogues[0] as DialogueRecord),
    mean: {
      messages: meanOf('messages'),
      octetsSent: meanOf('octetsSent'),
      contents: meanOf('contents'),
      contentOctets: meanOf('contentOctets'),
      octetsReceived: meanOf('octetsReceived'),
      roundTrips: meanOf('roundTrips'),
      pausedMs: meanOf('pausedMs'),
    },
  };
}

/** One session. */
interface Part extends Pick<RehearsalTask, 'messages' | 'hidesSecrets'> {
  readonly lane: LanePlan;
  readonly script: CompiledScript;
  readonly session: number;
}

class Rehearsal implements Connection, SessionOwner {
  readonly place: number;
  readonly session: number;
  readonly turn: number;
  readonly visit = 0;
  readonly isDrained = true;
  readonly wantsTls = true;
  readonly retried = null;
  readonly planned = null;
  isSecure = false;

  readonly #lane: LanePlan;
  readonly #dialogue: DialogueNotes;
  readonly #clock = new ManualClock();
  readonly #wheel = new DeadlineWheel(0);
  readonly #actor: SessionActor;
  readonly #server: MemorySession;
  readonly #firstMessage: number;
  readonly #mostMessages: number;
  /** What the client has written and the server not yet heard. */
  #written: Buffer[] = [];
  /** Things to do once nobody is at work: a connection never calls back while it is called. */
  #due: (() => void)[] = [];
  #messages = 0;
  #roundTrips = 0;
  #isOpen = false;
  #isOver = false;
  /** What the session says it knows: the server believes it. */
  #secret = '';

  constructor({ lane, script, session, messages, hidesSecrets }: Part) {
    this.#lane = lane;
    this.session = session;
    this.place = session % lane.sessions;
    this.turn = session;
    this.#firstMessage = session * Math.min(lane.messagesPerSession ?? 1, messages);
    this.#mostMessages = Math.min(lane.messagesPerSession ?? messages, messages);
    this.#dialogue = new DialogueNotes(hidesSecrets);
    this.#server = new MemorySession(serverFor(lane), {
      secretOf: () => this.#secret,
      verify: () => true,
    });
    this.#actor = new SessionActor(
      {
        script: this.#overheard(script),
        recorder: new Recorder(new LoadWindow(0)),
        retries: null,
        wheel: this.#wheel,
        outbox: new Outbox(),
        clock: this.#clock,
        observer: null,
        echo: new ReplyEcho(lane),
      },
      this,
    );
    this.#actor.attach(this);
  }

  play(): DialogueRecord {
    this.#actor.begin(surelySendsMail(this.#lane.session.steps) ? this.takeMessage() : -1, 0);
    let isCutShort = false;
    while (!this.#isOver) {
      if (this.#dialogue.entries.length >= MOST_ENTRIES) {
        isCutShort = true;
        this.#actor.cut(this.#clock.nowUs());
        this.#runDue();
        break;
      }
      if (!this.#runDue() && !this.#letServerSpeak()) this.#letTimePass();
    }
    const { entries, octetsSent, contents, contentOctets, octetsReceived, pausedMs } = this.#dialogue;
    const cost = { octetsSent, contents, contentOctets, octetsReceived, pausedMs };
    return { entries, isCutShort, messages: this.#messages, roundTrips: this.#roundTrips, ...cost };
  }

  hasMessage(): boolean {
    return this.#messages < this.#mostMessages;
  }

  takeMessage(): number {
    this.#messages++;
    return this.#firstMessage + this.#messages - 1;
  }

  onGreeted(): void {
    // Nobody waits for it.
  }

  onConnectSettled(): void {
    // The same.
  }

  onStopAsked(): void {
    this.#mostMessagesReached();
  }

  onSessionEnded(): void {
    this.#isOver = true;
  }

  open(): void {
    this.#isOpen = true;
    this.#due.push(() => {
      this.#dialogue.event('connected', this.#lane.target.url);
      this.#sayProxyHeader();
      this.#roundTrips++;
      // The server speaks first, unless TLS does.
      const answer = this.#server.open();
      this.#actor.onConnected(this.#clock.nowUs());
      this.#hear(answer);
    });
  }

  startTls(): void {
    this.#due.push(() => {
      this.isSecure = true;
      this.#roundTrips++;
      this.#dialogue.event('tls', '');
      const name = this.#lane.tls.clientCertificate === null ? null : 'client';
      const answer = this.#server.secure(TLS_VERSION, TLS_CIPHER, name);
      this.#actor.onTlsReady(null, this.#clock.nowUs());
      this.#hear(answer);
    });
  }

  write(bytes: Buffer): void {
    // The outbox is used again.
    this.#written.push(Buffer.from(bytes));
  }

  cork(): void {
    // Everything is heard in one piece.
  }

  uncork(): void {
    // See `cork`.
  }

  notifyDrained(): void {
    this.#due.push(() => this.#actor.onDrained(this.#clock.nowUs()));
  }

  drop(how: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#flush();
    const resets = how === DropHow.asPlanned ? this.#lane.close === 'rst' : how === DropHow.rst;
    this.#dialogue.event(resets ? 'reset' : 'closed', '');
    this.#due.push(() => this.#actor.onClosed(this.#clock.nowUs()));
  }

  #mostMessagesReached(): void {
    this.#messages = Math.max(this.#messages, this.#mostMessages);
  }

  /** @returns whether there was anything */
  #runDue(): boolean {
    const due = this.#due;
    this.#due = [];
    for (const work of due) work();
    return due.length > 0;
  }

  /** @returns whether it had heard anything to answer */
  #letServerSpeak(): boolean {
    const octets = this.#flush();
    if (octets === null || !this.#isOpen) return octets !== null;
    this.#roundTrips++;
    this.#hear(this.#server.receive(octets));
    return true;
  }

  #flush(): Buffer | null {
    if (this.#written.length === 0) return null;
    const octets = Buffer.concat(this.#written);
    this.#written = [];
    this.#dialogue.said(octets);
    return octets;
  }

  #hear({ replies, isOver }: SinkAnswer): void {
    for (const reply of replies) this.#dialogue.heard(reply);
    this.#due.push(() => {
      if (!this.#isOpen) return;
      const nowUs = this.#clock.nowUs();
      const octets = Buffer.from(replies.join(''), 'latin1');
      if (octets.length > 0) this.#actor.onData(octets, octets.length, nowUs);
      if (!isOver) return;
      this.#due.push(() => {
        if (!this.#isOpen) return;
        this.#isOpen = false;
        this.#flush();
        this.#dialogue.event('serverClosed', '');
        this.#actor.onConnectionLost(ErrorKind.closed, 'the server closed', nowUs);
        this.#actor.onClosed(nowUs);
      });
    });
  }

  /** Both wait: on to the end of a pause, or of the client's patience. */
  #letTimePass(): void {
    const untilUs = Math.max(this.#actor.deadlineUs, this.#clock.nowUs()) + WHEEL_TICK_US;
    const waitedUs = untilUs - this.#clock.nowUs();
    if (this.#actor.isHolding) this.#dialogue.pause((waitedUs - WHEEL_TICK_US) / 1e3);
    this.#clock.advance(waitedUs);
    this.#wheel.tick(untilUs);
  }

  #sayProxyHeader(): void {
    const { target, proxy } = this.#lane;
    // A name is not looked up: the address that it stands for is said in its place.
    const isIpv4 = isIP(target.host) !== 6;
    const address = isIP(target.host) === 0 ? '127.0.0.1' : target.host;
    const header = proxyHeaders(this.#lane, { address, family: isIpv4 ? 4 : 6 })?.(this.session) ?? null;
    if (header === null || proxy === null) return;
    this.#dialogue.octetsSent += header.length;
    const text = proxy.version === 'v1' ? header.toString('latin1').trimEnd() : `${header.length} octets of version 2`;
    this.#dialogue.event('proxy', text);
  }

  /** The same script for this server, which hears the secrets as they are used. */
  #overheard(script: CompiledScript): CompiledScript {
    const overhear = (accounts: AuthScript['accounts']): AuthScript['accounts'] => ({
      first: accounts.first,
      isWrong: (numbers) => accounts.isWrong(numbers),
      knowledgeOf: (...given: Parameters<SessionAccounts['knowledgeOf']>) => {
        const knowledge = accounts.knowledgeOf(...given);
        this.#secret = knowledge.secret;
        return knowledge;
      },
    });
    // The server takes what it does not know.
    const required = script.required & ~(Extension.requireTls | Extension.xforward);
    return { ...script, required, auths: script.auths.map((auth) => ({ ...auth, accounts: overhear(auth.accounts) })) };
  }
}

/** What a server that takes everything of a lane is told. It offers what the lane may ask for, and not much more. */
function serverFor({ target, tls, auth, session: { steps } }: LanePlan): SinkOptions {
  const scheme = tls.mode === 'implicit' ? 'smtps' : target.protocol;
  // There is no handshake that would need them.
  const secure = { key: '', cert: '', ...(tls.clientCertificate === null ? {} : { clientCa: '' }) };
  const hasAuth = auth !== null || authSteps(steps ?? []).length > 0;
  return {
    name: 'server.example.test',
    listen: [`${scheme}://127.0.0.1:0`],
    tls: tls.mode === 'off' && steps === null ? null : secure,
    users: hasAuth ? { anybody: '' } : {},
    // The standard session never says them.
    withhold: steps === null ? ['VRFY', 'EXPN', 'HELP'] : [],
    maxRecipients: PLENTY,
    maxSize: PLENTY,
    // Servers that know them are few.
    faults: [
      { on: 'unknown', matching: 'XCLIENT ', reply: '220 server.example.test ESMTP' },
      { on: 'unknown', matching: 'XFORWARD ', reply: '250 2.0.0 noted' },
      { on: 'mail', matching: ' REQUIRETLS', reply: '250 2.1.0 sender ok' },
    ],
  };
}
