/**
 * Puts commands together into one write, and remembers what was written: each waits in the ring for its reply, with the
 * time of the write. Knows neither the script nor what commands mean.
 */
import type { CompiledScript } from '../src/scenario/compile-script.js';
import { CommandRing } from './command-ring.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import type { Outbox } from './outbox.js';
import type { Recorder } from './recorder.js';
import type { Connection } from './session-state.js';

/** What a writer shares with all others of its worker. */
export interface WriterTools {
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  readonly wheel: DeadlineWheel;
  readonly outbox: Outbox;
}

/** The writing end of one session. */
export class CommandWriter {
  readonly ring: CommandRing;
  readonly outbox: Outbox;
  readonly #script: CompiledScript;
  readonly #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #entry: WheelEntry;
  #connection: Connection | null = null;
  #groupSize = 0;
  #groupFirstStep = 0;

  /** @param entry - the session's place in the wheel, for the deadlines of what is sent */
  constructor({ script, recorder, wheel, outbox }: WriterTools, entry: WheelEntry) {
    this.ring = new CommandRing(script.recipients);
    this.outbox = outbox;
    this.#script = script;
    this.#recorder = recorder;
    this.#wheel = wheel;
    this.#entry = entry;
  }

  get connection(): Connection {
    return this.#connection as Connection;
  }

  set connection(connection: Connection) {
    this.#connection = connection;
  }

  timeoutUs(step: number): number {
    return this.#script.timeoutsUs[step] as number;
  }

  /** Moves the session's deadline to that of `step`, from now. */
  schedule(step: number, nowUs: number): void {
    this.#wheel.schedule(this.#entry, nowUs + this.timeoutUs(step));
  }

  /** Begins a write. */
  begin(): void {
    this.outbox.clear();
    this.#groupSize = 0;
  }

  /** Adds a command; `slot` is the transaction that it belongs to. */
  command(step: number, slot: number, bytes: Uint8Array, nowUs: number): void {
    this.outbox.append(bytes);
    this.sent(step, slot, nowUs);
  }

  /** A command was added to the outbox. */
  sent(step: number, slot: number, nowUs: number): void {
    this.await(step, slot, nowUs);
    if (this.joinGroup(step)) this.#recorder.pipelined(step, nowUs);
    if (this.#groupSize === 2) this.#recorder.pipelined(this.#groupFirstStep, nowUs);
  }

  /** A reply of `step` is now due. */
  await(step: number, slot: number, nowUs: number): void {
    this.#recorder.sent(step, nowUs);
    this.ring.push(step, slot, nowUs);
    if (this.ring.count === 1) this.schedule(step, nowUs);
  }
