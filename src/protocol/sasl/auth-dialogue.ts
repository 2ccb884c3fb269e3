/**
 * The client's side of one AUTH (RFC 4954 §4): lines out, replies in, base64 on both. Knows no mechanism from inside, no
 * socket and no time.
 */
import { MAX_REPLY_LINE_OCTETS } from '../reply-parser.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { NOTHING_LEFT } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge, SaslResponse } from './sasl-conversation.js';
import type { SaslMechanism } from './mechanisms.js';

/** Octets of an AUTH command, CRLF included (RFC 4954 §4). A longer initial response waits for an empty challenge. */
const MAX_AUTH_LINE_OCTETS = 512;

/** RFC 4954 §4: the client gives up on the exchange. The server has to answer with 501. */
const CANCEL = '*';

/** What a reply means to an AUTH that is under way. */
export const AuthTurn = {
  /** It ends AUTH, as its code says. */
  ends: 0,
  /** It was a challenge, and `line` is now what to send. */
  goesOn: 1,
  /** AUTH was cancelled before, and this is the answer to that. */
  cancelled: 2,
  /** The code has no place here. */
  unexpected: 3,
} as const;
/** One of the above. */
export type AuthTurn = (typeof AuthTurn)[keyof typeof AuthTurn];

/** As much of a reply as matters here; `ReplyParser` has it. */
export interface AuthReply {
  readonly code: number;
  readonly lineCount: number;
  /** Text of the last line. */
  text(maxCharacters?: number): string;
}

/** One AUTH, from the command to the reply that ends it. */
export class AuthDialogue {
  /** What is to be sent next, with its CRLF: at first the command. */
  line: Uint8Array;
  /** What was wrong with a challenge, so that AUTH was cancelled; '': nothing. */
  problem = '';
  /** As it stands in AUTH. */
  readonly mechanismName: string;
  readonly #conversation: SaslConversation;
  /** The client's first message while it waits for an empty challenge. */
  #waiting: SaslResponse | null = null;
  #mayEnd = false;

  constructor(mechanism: SaslMechanism, knowledge: SaslKnowledge) {
    this.mechanismName = mechanism.name;
    this.#conversation = mechanism.begin(knowledge);
    this.line = this.#open(this.#conversation.next().value as SaslResponse, mechanism.isLate);
  }

  /** Takes a reply to what was sent last. */
  hear(reply: AuthReply): AuthTurn {
    if (this.problem !== '') return AuthTurn.cancelled;
    if (reply.code === 334) return this.#answer(reply);
    if (reply.code >= 400) return AuthTurn.ends;
    // A server that accepts before it was told everything, or has proved itself, has accepted something else.
    return reply.code >= 200 && reply.code < 300 && this.#mayEnd ? AuthTurn.ends : AuthTurn.unexpected;
  }

  #open(first: SaslResponse, isLate: boolean): Uint8Array {
    const command = `AUTH ${this.mechanismName}`;
    if (first.text === null) return octetsOf(command);
    // `=` stands for an initial response that is there and empty.
    const line = octetsOf(`${command} ${encodeBase64(first.text) || '='}`);
    if (!isLate && line.length <= MAX_AUTH_LINE_OCTETS) {
      this.#mayEnd = first.mayEnd;
      return line;
    }
    this.#waiting = first;
    return octetsOf(command);
  }

  #answer(reply: AuthReply): AuthTurn {
    if (reply.lineCount > 1) return this.#cancel(`a challenge has one line, not ${String(reply.lineCount)}`);
    const challenge = decodeBase64(reply.text(MAX_REPLY_LINE_OCTETS));
    // A MUST of RFC 4954 §4, for servers and clients alike.
    if (challenge === null) return this.#cancel(`a challenge is not base64: '334 ${reply.text()}'`);
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      if (challenge.length === 0) return this.#say(waiting);
      return this.#cancel(
        `${this.mechanismName} begins with the client, and the server's first challenge is not empty`,
      );
    }
    const step = this.#conversation.next(challenge);
    if (step.done !== true) return this.#say(step.value);
    return step.value === NOTHING_LEFT ? AuthTurn.unexpected : this.#cancel(step.value);
  }

  #say({ text, mayEnd }: SaslResponse): AuthTurn {
    this.#mayEnd = mayEnd;
    this.line = octetsOf(encodeBase64(text ?? ''));
    return AuthTurn.goesOn;
  }

  #cancel(problem: string): AuthTurn {
    this.problem = problem;
    this.line = octetsOf(CANCEL);
    return AuthTurn.goesOn;
  }
}

function octetsOf(line: string): Uint8Array {
  return Buffer.from(`${line}\r\n`, 'latin1');
}
