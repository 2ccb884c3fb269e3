/** A server that knows how to authenticate: lines in, replies out, with the sink's own reading of each mechanism. */
import { Credentials } from '../../src/sink/credentials.js';
import { MECHANISM_NAMES, mechanismNamed, mechanismOf } from '../../src/sink/sasl/mechanisms.js';
import type { SaslConversation, SaslVerdict } from '../../src/sink/sasl/sasl-mechanism.js';
import { ScramKeys } from '../../src/sink/sasl/scram-keys.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const unbase64 = (text: string): string => Buffer.from(text, 'base64').toString();

/** The keyword of EHLO that offers everything it knows. */
export const AUTH_KEYWORD = `AUTH ${MECHANISM_NAMES.join(' ')}`;

/** One server; its dialogues follow one another. */
export class SaslPeer {
  readonly #credentials: Credentials;
  readonly #scramKeys: ScramKeys;
  #conversation: SaslConversation | null = null;
  #verdict: SaslVerdict | null = null;

  constructor(users: Readonly<Record<string, string>>) {
    this.#credentials = new Credentials(users);
    this.#scramKeys = new ScramKeys(this.#credentials);
  }

  /** An AUTH command. @returns the reply */
  begin(line: string): string {
    const [, name = '', initial] = line.split(' ');
    const mechanism = mechanismNamed(name, MECHANISM_NAMES);
    if (mechanism === null) return '504 5.5.4 unknown mechanism';
    this.#verdict = null;
    this.#conversation = mechanismOf(mechanism).begin(
      { credentials: this.#credentials, scramKeys: this.#scramKeys, hostName: 'mx.test' },
      null,
    );
    const opening = this.#conversation.next();
    return initial === undefined ? this.#follow(opening) : this.respond(initial === '=' ? '' : initial);
  }

  /** A line behind a 334. @returns the reply */
  respond(line: string): string {
    if (line === '*') return '501 5.7.0 cancelled';
    if (this.#verdict !== null) return conclude(this.#verdict);
    if (this.#conversation === null) return '503 5.5.1 what?';
    return this.#follow(this.#conversation.next(unbase64(line)));
  }

  #follow(step: IteratorResult<string, SaslVerdict>): string {
    if (step.done !== true) return `334 ${base64(step.value)}`;
    if (step.value.lastChallenge === '') return conclude(step.value);
    this.#verdict = step.value;
    return `334 ${base64(step.value.lastChallenge)}`;
  }
}

function conclude({ isProved }: SaslVerdict): string {
  return isProved ? '235 2.7.0 welcome' : '535 5.7.8 wrong';
}
