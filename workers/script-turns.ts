/** Where a script goes on: choices, rounds, and whether a message is under way. Nothing is sent here. */
import { assert } from '../src/assert.js';
import { Op } from '../src/scenario/compiled-script.js';
import type { ChoiceScript, CompiledScript, LoopScript } from '../src/scenario/compiled-script.js';
import { drawDelayMs } from '../src/delay.js';
import type { PauseScript } from '../src/scenario/compiled-script.js';
import type { SessionMessages } from './session-messages.js';
import { Stage } from './transaction.js';

const NO_ROUNDS = new Int32Array(0);

/** The turns of one session. */
export class ScriptTurns {
  /** The run is ending: no round begins any more, and nothing is waited for. */
  isEnding = false;
  #script: CompiledScript;
  readonly #messages: SessionMessages;
  /** Rounds that are left of each loop. */
  #rounds: Int32Array;
  /** Values drawn so far: outside of messages, and in the message under way. */
  #sessionDraws = 0;
  #messageDraws = 0;

  constructor(script: CompiledScript, messages: SessionMessages) {
    this.#script = script;
    this.#messages = messages;
    this.#rounds = roomFor(script);
  }

  /** The sessions from now on are those of another script. */
  enter(script: CompiledScript): void {
    this.#script = script;
    if (this.#rounds.length < script.loops.length) this.#rounds = roomFor(script);
  }

  /** A session begins. */
  reset(): void {
    this.isEnding = false;
    this.#sessionDraws = 0;
  }

  /** A message begins: its random values follow from its number alone. */
  messageBegan(): void {
    this.#messageDraws = 0;
  }

  /** Where a turn that depends on no reply goes; `op` is at `stepIndex`. */
  goesTo(op: number, stepIndex: number): number {
    const { stage, rcptSent } = this.#messages.current;
    const elsewhere = this.#script.args[stepIndex] as number;
    switch (op) {
      case Op.inMessage:
        return stage === Stage.envelope ? stepIndex + 1 : elsewhere;
      case Op.hasRecipients:
        return stage === Stage.envelope && rcptSent > 0 ? stepIndex + 1 : elsewhere;
      default:
        assert(op === Op.jump, 'a turn is a choice, a round, or one of the three above');
        return elsewhere;
    }
  }

  /** Where a choice or the begin or end of a round goes. */
  decides(op: number, stepIndex: number, session: number): number {
    const argument = this.#script.args[stepIndex] as number;
    if (op === Op.choose) return this.#choose(this.#script.choices[argument] as ChoiceScript, session);
    const loop = this.#script.loops[argument] as LoopScript;
    if (op === Op.loop) {
      const rounds = this.#roundsOf(loop, session);
      this.#rounds[argument] = rounds;
      return rounds === 0 ? loop.end : loop.start;
    }
    assert(op === Op.again, 'what decides is a choice or a round');
    const left = (this.#rounds[argument] as number) - 1;
    this.#rounds[argument] = left;
    // A message that was begun is sent as it should be.
    const isOver = left <= 0 || (this.isEnding && this.#messages.current.stage !== Stage.envelope);
    return isOver ? loop.end : loop.start;
  }

  /** The step behind the message that is under way at `stepIndex`: behind its content, or where another begins. Not for the hot path. */
  behindMessage(stepIndex: number): number {
    const { ops, args } = this.#script;
    let index = stepIndex;
    for (;;) {
      const op = ops[index] as number;
      if (op === Op.content || op === Op.rset) return index + 1;
      if (op === Op.mail || op === Op.quit || op === Op.drop) return index;
      index = op === Op.jump ? (args[index] as number) : index + 1;
    }
  }

  /** How long a pause lasts, µs. */
  pauseUs({ delay, key }: PauseScript, session: number): number {
    if (this.isEnding) return 0;
    if (typeof delay === 'number') return delay * 1e3;
    return drawDelayMs(delay, this.#drawsAt(key, session)) * 1e3;
  }

  #choose({ shares, targets, key }: ChoiceScript, session: number): number {
    const value = this.#drawsAt(key, session).next();
    let index = 0;
    while (index < shares.length - 1 && value >= (shares[index] as number)) index++;
    return targets[index] as number;
  }

  #roundsOf({ min, max, key }: LoopScript, session: number): number {
    if (min === max) return min;
    return min + Math.floor(this.#drawsAt(key, session).next() * (max - min + 1));
  }

  #drawsAt(key: number, session: number): CompiledScript['draws'] {
    const { current } = this.#messages;
    if (current.stage === Stage.envelope) return this.#script.draws.at(key, current.number, this.#messageDraws++);
    return this.#script.draws.at(key, session, this.#sessionDraws++);
  }
}

function roomFor({ loops }: CompiledScript): Int32Array {
  return loops.length === 0 ? NO_ROUNDS : new Int32Array(loops.length);
}
