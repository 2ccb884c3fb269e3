/**
 * One session against whatever a server, a network and a clock can do to it, action by action; after each the books, the
 * deadlines and the word of a {@link SessionJudge} are compared with what the session says of itself.
 */
import fc from 'fast-check';
import { Outcome } from '../../src/metrics/outcome.js';
import { WHEEL_TICK_US } from '../../workers/deadline-wheel.js';
import { EngineSession } from './engine-session.js';
import { mutated, mutation, noise, type Mutation } from './octet-mutations.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionJudge } from './session-judge.js';

const TIMEOUT_US = 5_000_000;
const SUBMISSION = 'smtps://127.0.0.1:465';

/** What happens next. Numbers are taken as far as they make sense there. */
export type Action =
  /** The honest server gives the next answer that it owes, in pieces of so many octets; or what is due happens. */
  | { readonly kind: 'serve'; readonly pieces: number }
  /** The same, spoilt. */
  | { readonly kind: 'spoil'; readonly mutations: readonly Mutation[]; readonly pieces: number }
  | { readonly kind: 'say'; readonly octets: string }
  /** The kernel takes nothing of what follows the next answer, and the server does not wait for it. */
  | { readonly kind: 'hurry'; readonly octets: string }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'lose'; readonly as: 'reset' | 'closed' | 'timeout' | 'tls' }
  | { readonly kind: 'block' | 'drain' | 'cut' };

const pieces = fc.constantFrom(1_000, 1_000, 40, 7, 1);
const randomReply = fc
  .tuple(
    fc.constantFrom('220', '250', '354', '334', '421', '450', '550', '150', '299', '503'),
    fc.constantFrom(' ', '-', ''),
  )
  .map(([code, separator]) => `${code}${separator}\r\n`);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('serve' as const), pieces }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('spoil' as const),
      mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
      pieces,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('say' as const), octets: noise }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('say' as const), octets: randomReply }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hurry' as const), octets: randomReply }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 90, 1_990, 4_970, 5_100) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      as: fc.constantFrom('reset', 'closed', 'timeout', 'tls'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('block' as const, 'drain' as const, 'drain' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'drain' as const, 'drain' as const) }) },
);

/** What is asked of the session, and what the honest server behind the noise says no to. */
export interface Stage {
  readonly target: string;
  readonly pipelining: string;
  readonly tls: string;
  readonly auth: string;
  readonly recipients: number;
  readonly size: string;
  readonly messages: number;
  /** Every so many answers is a refusal; 0: none. */
  readonly refusesEvery: number;
}

/** A stage and all that happens on it. */
export const play: fc.Arbitrary<[Stage, Action[]]> = fc.tuple(
  fc.record({
    target: fc.constantFrom('127.0.0.1:25', '127.0.0.1:25', SUBMISSION),
    pipelining: fc.constantFrom('off', 'auto', 'across', 'force'),
    tls: fc.constantFrom('off', 'off', 'required', 'opportunistic'),
    auth: fc.constantFrom('', '', 'plain', 'login'),
    recipients: fc.constantFrom(1, 2, 5),
    size: fc.constantFrom('1KiB', '1KiB', '40KiB'),
    messages: fc.integer({ min: 1, max: 4 }),
    refusesEvery: fc.constantFrom(0, 0, 0, 2, 5, 9),
  }),
  fc.array(action, { minLength: 10, maxLength: 120, size: 'max' }),
);

/** What was seen, to know that a play goes everywhere. */
export interface Seen {
  accepted: number;
  refused: number;
  failed: number;
  cut: number;
  completed: number;
  runs: number;
}

/**
 * Plays it all, connection after connection while there are messages.
 *
 * @throws Error when something is not as it must be
 */
export function playOut([stage, actions]: [Stage, readonly Action[]], seen: Seen): void {
  const player = new Player(stage);
  try {
    player.begin();
    for (const each of actions) player.act(each);
    player.fallSilent();
    player.end(seen);
  } finally {
    player.session.destroy();
  }
}

class Player {
  readonly session: EngineSession;
  readonly #stage: Stage;
  #server: ScriptedServer;
  #judge = new SessionJudge();
  /** Accepted by the judge on the connections before this one, and replies likewise. */
  #acceptedBefore = 0;
  #repliesBefore = 0;
  /** Octets written on all connections that the judge has read. */
  #judgedOctets = 0;
  #answers = 0;
  #begun = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    const { target, pipelining, tls, auth, recipients, size, messages } = stage;
    this.session = new EngineSession(
      {
        pipelining,
        recipients,
        size,
        timeouts: `${TIMEOUT_US / 1e6}s`,
        ...(target === SUBMISSION ? {} : { tls }),
        ...(auth === '' ? {} : { auth, user: 'tester', password: 'secret' }),
      },
      { target, messages },
    );
    this.#server = this.#newServer();
  }

  begin(): void {
    this.#begun++;
    this.session.begin();
  }

  act(action: Action): void {
    const { session } = this;
    const { connection } = session;
    if (connection.isDropped) this.#reopen();
    if (!session.session.isOpen) return;
    switch (action.kind) {
      case 'serve':
        this.#serve(action.pieces, []);
        break;
      case 'spoil':
        this.#serve(action.pieces, action.mutations);
        break;
      case 'say':
        if (this.#canHear) this.#say(action.octets);
        break;
      case 'hurry':
        connection.isBlocked = true;
        this.#serve(Infinity, []);
        if (!connection.isDrained && this.#canHear) this.#say(action.octets);
        break;
      case 'pass':
        session.passes(action.ms * 1_000);
        break;
      case 'lose':
        session.lost(action.as);
        break;
      case 'block':
        connection.isBlocked = true;
        break;
      case 'drain':
        session.drained();
        break;
      default:
        session.cut();
    }
    this.#check();
  }

  /** Nothing comes any more but time: one deadline must be enough. */
  fallSilent(): void {
    const { session } = this;
    const { connection } = session;
    if (!session.session.isOpen) return;
    if (!connection.isDropped) session.passes(TIMEOUT_US + WHEEL_TICK_US);
    if (!connection.isDropped) throw new Error('a session did not end within its deadline');
    // Whatever comes too late is nobody's.
    session.says('250 much too late').passes(10_000_000).lost('reset').drained().closed();
    this.#check();
  }

  /** The end: every message that was taken has one outcome. */
  end(seen: Seen): void {
    const { session } = this;
    const counts = session.counts();
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    this.#equal('sessions that ended', session.endings.length, this.#begun);
    this.#equal('connects that were settled', session.connectsSettled, this.#begun);
    this.#equal('messages taken = outcomes', session.takenCount, sum(counts.messages));
    this.#equal('recipients = outcomes', session.takenCount * this.#stage.recipients, sum(counts.recipients));
    this.#equal('messages under way', counts.messagesInFlight, 0);
    seen.runs++;
    seen.accepted += counts.messages[Outcome.accepted] ?? 0;
    seen.refused += (counts.messages[Outcome.deferred] ?? 0) + (counts.messages[Outcome.rejected] ?? 0);
    seen.failed += counts.messages[Outcome.failed] ?? 0;
    seen.cut += counts.messages[Outcome.cut] ?? 0;
    seen.completed += session.endings.filter(({ ending }) => ending === 'completed').length;
  }

  get #canHear(): boolean {
    const { connection, connectsSettled } = this.session;
    return connectsSettled === this.#begun && !connection.isDropped && !this.#isSecuring;
  }

  get #isSecuring(): boolean {
    const { connection } = this.session;
    return connection.tlsCount > this.#tlsDone;
  }

  #tlsDone = 0;

  /** What is due on an honest network: the connect, the handshake, or an answer. */
  #serve(size: number, mutations: readonly Mutation[]): void {
    const { session } = this;
    const { connection } = session;
    if (session.connectsSettled < this.#begun) {
      if (this.#stage.target !== SUBMISSION) this.#judge.greetingIsDue();
      session.connected();
      return;
    }
    if (this.#isSecuring) {
      this.#tlsDone = connection.tlsCount;
      this.#judge.tlsBegins();
      if (this.#stage.target === SUBMISSION) this.#judge.greetingIsDue();
      session.tlsReady();
      return;
    }
    const answer = connection.isDrained ? this.#server.next(connection.sent) : null;
    if (answer === null) {
      // The honest side waits for the kernel, or for the close.
      if (connection.isDrained) session.passes(200_000);
      else session.drained();
      return;
    }
    const octets = mutations.reduce(mutated, answer);
    for (let at = 0; at < octets.length && this.#canHear; at += size) this.#say(octets.slice(at, at + size));
  }

  #say(octets: string): void {
    const { connection } = this.session;
    this.#letJudgeRead();
    this.#judge.serverSaid(octets, connection.isDrained);
    this.session.saysOctets(octets);
    this.#check();
  }

  #letJudgeRead(): void {
    const { sent } = this.session.connection;
    this.#judge.clientWrote(sent.slice(this.#judgedOctets));
    this.#judgedOctets = sent.length;
  }

  /** What the session claims beside what the judge allows. */
  #check(): void {
    const { session } = this;
    this.#letJudgeRead();
    const counts = session.counts();
    const accepted = counts.messages[Outcome.accepted] ?? 0;
    const allowed = this.#acceptedBefore + this.#judge.accepted;
    const replies = counts.replies.reduce((total, { count }) => total + count, 0);
    const said = this.#repliesBefore + this.#judge.replies;
    if (accepted > allowed) throw new Error(`${accepted} messages are accepted, and ${allowed} can be`);
    if (replies > said) throw new Error(`${replies} replies are counted, and ${said} were given`);
    // While the session goes on it has understood everything.
    if (session.connection.isDropped) return;
    this.#equal('accepted messages', accepted, allowed);
    this.#equal('replies', replies, said);
  }

  #reopen(): void {
    const { session } = this;
    session.closed();
    // Whatever the judge allows beyond what was taken came in a chunk behind the end.
    const counts = session.counts();
    this.#acceptedBefore = counts.messages[Outcome.accepted] ?? 0;
    this.#repliesBefore = counts.replies.reduce((total, { count }) => total + count, 0);
    this.#judge = new SessionJudge();
    this.#tlsDone = session.connection.tlsCount;
    this.#server = this.#newServer();
    this.#server.reset(session.connection.sent.length);
    if (session.messagesLeft > 0) this.begin();
  }

  #newServer(): ScriptedServer {
    return new ScriptedServer({
      keywords: ['PIPELINING', 'STARTTLS', 'AUTH PLAIN LOGIN'],
      answer: (word, _line, nth) => {
        if (word === 'auth' && this.#stage.auth === 'login' && nth % 3 < 2) return '334 more';
        this.#answers++;
        const { refusesEvery } = this.#stage;
        if (refusesEvery > 0 && this.#answers % refusesEvery === 0)
          return this.#answers % 2 === 0 ? '450 later' : '550 no';
        return undefined;
      },
    });
  }

  #equal(what: string, left: number, right: number): void {
    if (left !== right) throw new Error(`${what}: ${left} and ${right}`);
  }
}
