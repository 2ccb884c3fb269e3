/** Writes templates into a session's outbox: fills the worker's context with what this session and its message are. */
import { assert } from '../src/assert.js';
import type { RenderContext } from '../src/data/render-context.js';
import type { Template } from '../src/data/template.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import type { Outbox } from './outbox.js';
import type { Connection } from './session-state.js';

/** Where captured values are; see `ReplyJudge`. */
export interface CapturedValues {
  readonly values: readonly (Uint8Array | null)[];
}

/** Where the octets go, and over which connection. */
interface Surroundings {
  readonly outbox: Outbox;
  readonly connection: Connection;
}

/** The templates of one session. */
export class TemplateWriter {
  #script: CompiledScript;
  readonly #around: Surroundings;
  readonly #captured: CapturedValues;
  /** Number of the message that commands outside of envelopes speak of; -1: the session has none. */
  #message = -1;
  /** Such commands since the session or its message began. */
  #commands = 0;

  constructor(script: CompiledScript, around: Surroundings, captured: CapturedValues) {
    this.#script = script;
    this.#around = around;
    this.#captured = captured;
  }

  /** The sessions from now on are those of another script. */
  enter(script: CompiledScript): void {
    this.#script = script;
  }

  /** A session begins. */
  reset(): void {
    this.#message = -1;
    this.#commands = 0;
  }

  /** From now on commands belong to this message. */
  messageTaken(number: number): void {
    this.#message = number;
    this.#commands = 0;
  }

  /** Appends a command outside of envelopes. A session says hello by one name, however often. */
  appendCommand(step: number, template: Template): void {
    this.append(template, this.#number, step === Step.ehlo ? 0 : this.#commands++);
  }

  /**
   * Appends what a template says.
   *
   * @param number - of the message
   * @param index - which of its recipients; 0: none in particular
   */
  append(template: Template, number: number, index: number): void {
    const { outbox } = this.#around;
    assert(template.maxLength <= outbox.room, 'a line is written where there is room for the longest of its kind');
    outbox.length = template.write(outbox.target, outbox.length, this.prepare(number, index));
  }

  /** What a template says, as text. Not for the hot path. */
  textOf(template: Template): string {
    return template.octets(this.prepare(this.#number, 0)).toString('utf8');
  }

  /** Fills the context, which whoever writes next takes its values from. */
  prepare(number: number, index: number): RenderContext {
    const { context, recipientStride } = this.#script;
    const { session, place, visit } = this.#around.connection;
    context.number = number;
    context.index = index;
    context.count = recipientStride;
    context.session = session;
    context.place = place;
    context.visit = visit;
    context.nowMs = Date.now();
    context.captures = this.#captured.values;
    return context;
  }

  get #number(): number {
    return this.#message >= 0 ? this.#message : this.#around.connection.session;
  }
}
