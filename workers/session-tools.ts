/** What sessions share: within their lane, and with all others of their worker. Types only. */
import type { Clock } from '../src/clock.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import type { DeadlineWheel } from './deadline-wheel.js';
import type { LaneRetries } from './lane-retries.js';
import type { Outbox } from './outbox.js';
import type { Recorder } from './recorder.js';
import type { ReplyEcho } from './reply-echo.js';
import type { SessionObserver } from './session-state.js';

/** What all sessions of a lane share. */
export interface LaneTools {
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  /** Null: nothing is tried twice. */
  readonly retries: LaneRetries | null;
  readonly echo: ReplyEcho;
}

/** What all sessions of a worker share, with their first lane. */
export interface SessionTools extends LaneTools {
  readonly wheel: DeadlineWheel;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly observer: SessionObserver | null;
}
