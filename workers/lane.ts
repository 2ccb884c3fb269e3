/** One lane in one worker: what a client that begins in it needs. */
import type { Clock } from '../src/clock.js';
import type { PinnedAddress } from '../src/messages/coordinator-worker.js';
import type { LanePlan } from '../src/plan/lane-plan.js';
import { sendsMail, surelySendsMail } from '../src/plan/script-counts.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import { connectionTools } from './connection-tools.js';
import type { LaneNumbers } from './lane-numbers.js';
import { LaneRetries } from './lane-retries.js';
import type { RetryHost } from './lane-retries.js';
import type { Recorder } from './recorder.js';
import { ReplyEcho } from './reply-echo.js';
import type { LaneTools } from './session-tools.js';
import type { ConnectionHooks, ConnectionTools } from './smtp-connection.js';

/** What a lane is made of, beside its plan. */
interface LaneParts {
  /** Its place among the lanes of the plan. */
  readonly index: number;
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  readonly address: PinnedAddress;
  readonly clock: Clock;
  /** Null: there is no other lane. */
  readonly numbers: LaneNumbers | null;
  /** What its connections tell the worker. */
  readonly hooks: Pick<ConnectionHooks, 'onLimit' | 'onHeard' | 'onQueued'>;
  readonly retryHost: RetryHost;
}

/** A lane, ready to run. */
export class Lane {
  readonly index: number;
  readonly recorder: Recorder;
  /** Null: nothing is tried twice. */
  readonly retries: LaneRetries | null;
  /** Recipients that every message has. */
  readonly recipients: number;
  /** Messages per client; Infinity when connections are kept. */
  readonly messagesPerClient: number;
  /** Whether a client is over with its first session, though that did not send all: a script goes on in no other. */
  readonly isOneSession: boolean;
  /** Whether sessions have messages to send; otherwise the supply counts sessions. */
  readonly sendsMail: boolean;
  /** Whether each of them sends one, so that it is opened for that message. */
  readonly beginsWithMessage: boolean;
  /** For its sessions. */
  readonly tools: LaneTools;
  /** For their connections. */
  readonly connections: ConnectionTools;

  constructor(plan: LanePlan, { index, script, recorder, address, clock, numbers, hooks, retryHost }: LaneParts) {
    this.index = index;
    this.recorder = recorder;
    this.retries = plan.retry === null ? null : new LaneRetries(plan.retry, plan.seed, retryHost, recorder);
    this.recipients = script.recipients;
    this.messagesPerClient = plan.messagesPerSession ?? Infinity;
    this.isOneSession = plan.session.steps !== null;
    this.sendsMail = sendsMail(plan.session.steps);
    this.beginsWithMessage = surelySendsMail(plan.session.steps);
    this.tools = { script, recorder, retries: this.retries, echo: new ReplyEcho(plan) };
    const all = {
      ...hooks,
      onHeaderSent: recorder.bytesSent.bind(recorder),
      onHandshake: recorder.handshake.bind(recorder),
    };
    this.connections = connectionTools(plan, address, clock, all, { numbers });
  }
}
