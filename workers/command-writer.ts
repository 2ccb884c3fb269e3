/**
 * Puts commands together into one write, and remembers what was written: each waits in the ring for its reply, with the
 * time of the write. Knows neither the script nor what commands mean.
 */
import { ErrorKind } from '../src/metrics/outcome.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript, ScriptCommand } from '../src/scenario/compiled-script.js';
import { CommandRing } from './command-ring.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import type { Outbox } from './outbox.js';
import type { Recorder } from './recorder.js';
import type { Connection } from './session-state.js';
import { TemplateWriter } from './template-writer.js';
import type { CapturedValues } from './template-writer.js';

/** What a writer shares with all others of its worker. */
export interface WriterTools {
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  readonly wheel: DeadlineWheel;
  readonly outbox: Outbox;
}

/** The writing end of one session. */
export class CommandWriter {
  ring: CommandRing;
  readonly outbox: Outbox;
  readonly templates: TemplateWriter;
  #script: CompiledScript;
  #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #entry: WheelEntry;
  #connection: Connection | null = null;
  /** Content is being written, and its last octet is not yet with the kernel. */
  isTransferring = false;
  transferStartedAtUs = 0;
  /** What the script expects of the reply to what is sent next: an index into its rules; 0: nothing. */
  rule = 0;
  #groupSize = 0;
  #groupFirstStep = 0;
  /** The end of the content shares its write with other commands. */
  #isContentGrouped = false;

  /** @param entry - the session's place in the wheel, for the deadlines of what is sent */
  constructor({ script, recorder, wheel, outbox }: WriterTools, entry: WheelEntry, captured: CapturedValues) {
    this.ring = new CommandRing(script.mostOutstanding);
    this.outbox = outbox;
    this.#script = script;
    this.#recorder = recorder;
    this.#wheel = wheel;
    this.#entry = entry;
    this.templates = new TemplateWriter(script, this, captured);
  }

  /** What is written from now on belongs to another lane. Call only while nothing is waited for. */
  enter({ script, recorder }: Pick<WriterTools, 'script' | 'recorder'>): void {
    this.#script = script;
    this.#recorder = recorder;
    this.templates.enter(script);
    if (!this.ring.fits(script.mostOutstanding)) this.ring = new CommandRing(script.mostOutstanding);
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

  /** Adds a command of the script that is no part of an envelope. */
  line({ step, octets, template }: ScriptCommand, slot: number, nowUs: number): void {
    if (template === null) this.outbox.append(octets);
    else this.templates.appendCommand(step, template);
    this.sent(step, slot, nowUs);
  }

  /** A command stands in the outbox. */
  sent(step: number, slot: number, nowUs: number): void {
    this.await(step, slot, nowUs);
    this.#group(step, nowUs);
  }

  /** A reply of `step` is now due. */
  await(step: number, slot: number, nowUs: number): void {
    this.#recorder.sent(step, nowUs);
    this.ring.push(step, slot, nowUs, this.rule);
    if (this.ring.count === 1) this.schedule(step, nowUs);
  }

  /** The first octet of the content is about to be written. */
  beginTransfer(nowUs: number): void {
    this.isTransferring = true;
    this.transferStartedAtUs = nowUs;
    this.#isContentGrouped = false;
    this.#recorder.sent(Step.transfer, nowUs);
    this.schedule(Step.transfer, nowUs);
  }

  /** The last octet of the content stands in the outbox, or behind it: a reply to it is due, and counted as such once it is taken. */
  endOfContent(slot: number, nowUs: number): void {
    this.ring.push(Step.endOfData, slot, nowUs, this.rule);
    this.#group(Step.endOfData, nowUs);
  }

  /** The last octet of the content is with the kernel: from here on the server is at it. `replies`: how many it owes. */
  contentTaken(replies: number, nowUs: number): void {
    this.isTransferring = false;
    this.#recorder.replied(Step.transfer, this.transferStartedAtUs, nowUs);
    this.countEndOfData(replies, nowUs);
    this.ring.setSentAtUs(Step.endOfData, nowUs);
    // Chunks in the same write are answered before.
    this.schedule(this.ring.step, nowUs);
  }

  /** The content is not sent to its end, or was answered before it. */
  failTransfer(sample: string): void {
    this.isTransferring = false;
    this.#recorder.failed(Step.transfer, this.transferStartedAtUs, ErrorKind.earlyReply, sample);
  }

  /** The end of the content counts as sent from here on; once for each reply that is due. */
  countEndOfData(replies: number, sentAtUs: number): void {
    for (let count = 0; count < replies; count++) {
      this.#recorder.sent(Step.endOfData, sentAtUs);
      if (this.#isContentGrouped) this.#recorder.pipelined(Step.endOfData, sentAtUs);
    }
  }

  /** Adds an end without content, which is counted once for each reply that is due. */
  loneDot(slot: number, bytes: Uint8Array, replies: number, nowUs: number): void {
    this.command(Step.endOfData, slot, bytes, nowUs);
    for (let count = 1; count < replies; count++) this.#recorder.sent(Step.endOfData, nowUs);
  }

  /** Counts a command into the group that the next write carries. */
  #group(step: number, nowUs: number): void {
    this.#groupSize++;
    if (this.#groupSize === 1) {
      this.#groupFirstStep = step;
      return;
    }
    if (this.#groupSize === 2) this.#countGrouped(this.#groupFirstStep, nowUs);
    this.#countGrouped(step, nowUs);
  }

  #countGrouped(step: number, nowUs: number): void {
    // The end of the content is sent when its last octet is taken, and counted then.
    if (step === Step.endOfData && this.isTransferring) this.#isContentGrouped = true;
    else this.#recorder.pipelined(step, nowUs);
  }

  /** Writes what stands in the outbox. */
  flush(nowUs: number): void {
    const { outbox } = this;
    if (outbox.length === 0) return;
    this.#recorder.bytesSent(outbox.length, nowUs);
    this.connection.write(outbox.view(0, outbox.length));
    this.#afterWrite();
  }

  /**
   * Writes what stands in the outbox with pieces of a body between, which are not copied; in one system call.
   *
   * @param cuts - at which lengths of the outbox a piece goes in
   * @param pieces - one for each cut; shared, never to be changed
   */
  flushAround(cuts: readonly number[], pieces: readonly Buffer[], nowUs: number): void {
    const { outbox, connection } = this;
    let octets = outbox.length;
    let from = 0;
    connection.cork();
    for (const [index, piece] of pieces.entries()) {
      const cut = cuts[index] as number;
      if (cut > from) connection.write(outbox.view(from, cut));
      connection.write(piece, true);
      octets += piece.length;
      from = cut;
    }
    if (outbox.length > from) connection.write(outbox.view(from, outbox.length));
    connection.uncork();
    this.#recorder.bytesSent(octets, nowUs);
    this.#afterWrite();
  }

  #afterWrite(): void {
    if (this.connection.isDrained) return;
    // Inside TLS the octets were copied.
    if (!this.connection.isSecure) this.outbox.giveAway();
    if (this.isTransferring) this.connection.notifyDrained();
  }

  /** No reply is waited for any more. */
  forget(): void {
    this.ring.clear();
    this.isTransferring = false;
  }
}
