/** Says what comes before the messages: EHLO or HELO, STARTTLS, AUTH. Knows no replies. */
import { assert } from '../src/assert.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import { STARTTLS } from '../src/protocol/commands.js';
import { Extension, type ServerExtensions } from '../src/protocol/extensions.js';
import { AuthDialogue } from '../src/protocol/sasl/auth-dialogue.js';
import { chooseMechanism } from '../src/protocol/sasl/mechanisms.js';
import { Step } from '../src/protocol/steps.js';
import { Op } from '../src/scenario/compiled-script.js';
import type { AuthScript, CompiledScript, ScriptCommand } from '../src/scenario/compiled-script.js';
import type { CommandWriter } from './command-writer.js';

/** What `send` gives when the step was said. */
export const SAID = -1;

/** What `send` gives when this session does not use TLS. */
export const WITHOUT_TLS = -2;

/** The opening words of one session. */
export class OpeningSender {
  /** EHLO was refused; HELO takes its place. */
  isHelo = false;
  /** The AUTH that is under way; null but for its time, since most sessions are somewhere else. */
  auth: AuthDialogue | null = null;
  #script: CompiledScript;
  readonly #writer: CommandWriter;
  readonly #extensions: ServerExtensions;

  constructor(script: CompiledScript, writer: CommandWriter, extensions: ServerExtensions) {
    this.#script = script;
    this.#writer = writer;
    this.#extensions = extensions;
  }

  /** The sessions from now on are those of another script. */
  enter(script: CompiledScript): void {
    this.#script = script;
  }

  /** A session begins. */
  reset(): void {
    this.isHelo = false;
    this.auth = null;
  }

  /** @returns {@link SAID}, {@link WITHOUT_TLS}, or the error kind of what the server does not offer */
  send(op: number, argument: number, slot: number, nowUs: number): number {
    const { hellos, helo, tlsRequired, auths } = this.#script;
    const { connection } = this.#writer;
    switch (op) {
      case Op.ehlo:
        this.#writer.line(this.isHelo ? helo : (hellos[argument] as ScriptCommand), slot, nowUs);
        return SAID;
      case Op.startTls:
        if (!connection.wantsTls) return WITHOUT_TLS;
        if ((this.#extensions.flags & Extension.starttls) !== 0) {
          this.#writer.command(Step.starttls, slot, STARTTLS, nowUs);
          return SAID;
        }
        return tlsRequired ? ErrorKind.tlsNotOffered : WITHOUT_TLS;
      default:
        assert(op === Op.auth, 'a session is opened by nothing else that is said');
        return this.#sendAuth(auths[argument] as AuthScript, slot, nowUs);
    }
  }

  /** Says what the AUTH under way has to say to the reply it heard. */
  continueAuth(auth: AuthDialogue, nowUs: number): void {
    this.#writer.begin();
    this.#writer.outbox.append(auth.line);
    this.#writer.schedule(Step.auth, nowUs);
    this.#writer.flush(nowUs);
  }

  #sendAuth({ candidates, accounts, user, password }: AuthScript, slot: number, nowUs: number): number {
    const { connection, templates } = this.#writer;
    const mechanism = chooseMechanism(candidates, this.#extensions.authMechanisms, connection.isSecure);
    if (mechanism === null) return ErrorKind.authNotOffered;
    const own = {
      ...(user === null ? {} : { user: templates.textOf(user) }),
      ...(password === null ? {} : { password: templates.textOf(password) }),
    };
    this.auth = new AuthDialogue(mechanism, accounts.knowledgeOf(connection, own));
    this.#writer.command(Step.auth, slot, this.auth.line, nowUs);
    return SAID;
  }
}
