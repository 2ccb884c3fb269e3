/** AUTH in a session: from the command to what its verdict means. What is said on the way is the dialogue's business. */
import { assert } from '../assert.js';
import type { PolicyRefusal } from './policies.js';
import type { CountedReply } from './reply-book.js';
import { MECHANISM_NAMES, mechanismNamed } from './sasl/mechanisms.js';
import { SaslDialogue } from './sasl-dialogue.js';
import type { SessionStanding } from './session-standing.js';
import type { SinkCore, SinkWire } from './sink-wire.js';

/** The session that somebody authenticates in. */
export interface AuthHost {
  /** Reads nothing until the answer is there, then goes on with `then`. */
  wait<T>(answer: Promise<T>, then: (value: T) => void): void;
  /** The dialogue is over: what comes next are commands. */
  onAuthEnded(): void;
}

/** The AUTH dialogues of one session, one after the other. */
export class AuthExchange {
  readonly #core: SinkCore;
  readonly #wire: SinkWire;
  readonly #standing: SessionStanding;
  readonly #host: AuthHost;
  #sasl: SaslDialogue | null = null;

  constructor(core: SinkCore, wire: SinkWire, standing: SessionStanding, host: AuthHost) {
    this.#core = core;
    this.#wire = wire;
    this.#standing = standing;
    this.#host = host;
  }

  /**
   * Begins a dialogue.
   *
   * @param line - the whole command
   * @param isHeard - false: a fault row has prompted in the dialogue's place, whose first word is not said
   */
  begin(line: string, isHeard: boolean): void {
    const [, name = '', initialResponse = null] = line.split(' ');
    // A fault row may have said 334 to a mechanism that does not exist.
    const mechanism = mechanismNamed(name, MECHANISM_NAMES) ?? 'LOGIN';
    const sasl = new SaslDialogue(mechanism, this.#core.sasl, this.#core.replies, this.#standing.certificateName);
    this.#sasl = sasl;
    const reply = sasl.begin(initialResponse);
    if (isHeard) this.#say(sasl, reply);
    else if (!sasl.isOpen) {
      this.#close();
      if (sasl.user !== null) this.grant(sasl.user);
    }
  }

  /** The next line of the client. */
  respond(line: string): void {
    assert(this.#sasl !== null, 'a response belongs to a dialogue');
    this.#say(this.#sasl, this.#sasl.respond(line));
  }

  /** Whoever is there is now `user`. */
  grant(user: string): void {
    this.#standing.user = user;
    this.#core.counters.authenticated++;
  }

  #say(sasl: SaslDialogue, reply: CountedReply): void {
    if (sasl.isOpen) {
      this.#wire.send(reply);
      return;
    }
    this.#close();
    const { triedUser, user } = sasl;
    const lock = triedUser === null ? null : this.#core.arbiter.auth(triedUser, user !== null);
    if (lock instanceof Promise) this.#host.wait(lock, (late) => this.#conclude(user, reply, late));
    else this.#conclude(user, reply, lock);
  }

  #conclude(user: string | null, reply: CountedReply, lock: PolicyRefusal | null): void {
    if (lock === null && user !== null) this.grant(user);
    this.#wire.send(lock === null ? reply : this.#core.policyReplies[lock]);
  }

  #close(): void {
    this.#sasl = null;
    this.#host.onAuthEnded();
  }
}
