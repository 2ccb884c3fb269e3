/**
 * What the engine itself does per message, without kernel and server: the standard session, and the same from steps.
 * `node dist/benchmarks/micro/session-steps.bench.js [messages]` prints a line per kind of session.
 */
import { LoadWindow } from '../../src/metrics/load-window.js';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { firstLane, type LanePlan } from '../../src/plan/lane-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolveRun } from '../../src/plan/resolve-plan.js';
import { compileLoadScript } from '../../src/scenario/compile-script.js';
import { readScenarioFile } from '../../src/scenario-file/scenario-file.js';
import { DeadlineWheel } from '../../workers/deadline-wheel.js';
import { Outbox } from '../../workers/outbox.js';
import { Recorder } from '../../workers/recorder.js';
import { ReplyEcho } from '../../workers/reply-echo.js';
import { SessionActor } from '../../workers/session-actor.js';
import type { Connection, SessionOwner } from '../../workers/session-state.js';
import { nsPerUnit } from '../support/statistics.js';

/** What one kind of session cost. */
export interface SessionFigure {
  readonly kind: string;
  readonly nsPerMessage: number;
  /** Best of the rounds; the median is `nsPerMessage`. */
  readonly nsPerMessageMin: number;
  /** Octets that it wrote and messages that were accepted, added up. */
  readonly checksum: number;
}

const ROUNDS = 9;
const STEPS = 'scenarios: [{ steps: [ehlo, { repeat: { count: 1000000000, steps: [mail, rcpt, data] } }, quit] }]';
const MODES = ['off', 'auto'] as const;

const GREETING = Buffer.from('220 server.test ESMTP\r\n');
const EHLO = Buffer.from('250-server.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n');
const OK = Buffer.from('250 2.0.0 Ok\r\n');
const GO_AHEAD = Buffer.from('354 go ahead\r\n');
const GROUP = Buffer.from('250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go ahead\r\n');
const BYE = Buffer.from('221 2.0.0 Bye\r\n');

/**
 * Measures every kind of session.
 *
 * @param messages - per round; a smoke test needs 1,000, a figure 200,000
 */
export function runBench(messages: number): Promise<SessionFigure[]> {
  return Promise.resolve(
    MODES.flatMap((pipelining) =>
      [false, true].map((hasSteps) => {
        const lane = laneFor(pipelining, hasSteps);
        let checksum = 0;
        const { median, best } = nsPerUnit(ROUNDS, messages, () => {
          checksum = new EngineAlone(lane, messages).run();
        });
        const kind = `${pipelining === 'off' ? 'lock-step' : 'pipelined'}, ${hasSteps ? 'steps' : 'standard'}`;
        return { kind, nsPerMessage: median, nsPerMessageMin: best, checksum };
      }),
    ),
  );
}

function laneFor(pipelining: (typeof MODES)[number], hasSteps: boolean): LanePlan {
  const steps = readScenarioFile('steps.yaml', STEPS).file?.scenarios[0]?.steps ?? [];
  const options: LoadTestOptions = {
    target: 'smtp://127.0.0.1:25',
    pipelining,
    ...(hasSteps ? { steps } : { messagesPerSession: 'all' }),
  };
  const plan = resolveRun({ options, scenarios: [{ name: 'bench', weight: 1, options }] }, 1);
  if ('issues' in plan) throw new Error(JSON.stringify(plan.issues));
  return firstLane(plan);
}

/** One session over a connection that answers at once, and as a server would. */
class EngineAlone implements Connection, SessionOwner {
  readonly place = 0;
  readonly session = 0;
  readonly turn = 0;
  readonly visit = 0;
  readonly isDrained = true;
  readonly isSecure = false;
  readonly wantsTls = false;
  readonly retried = null;
  readonly planned = null;
  readonly #actor: SessionActor;
  readonly #recorder = new Recorder(new LoadWindow(0));
  readonly #mostMessages: number;
  #messages = 0;
  #octets = 0;
  #nowUs = 0;
  #reply: Buffer | null = null;
  #isOver = false;

  constructor(lane: LanePlan, messages: number) {
    this.#mostMessages = messages;
    this.#actor = new SessionActor(
      {
        script: compileLoadScript(lane),
        recorder: this.#recorder,
        retries: null,
        wheel: new DeadlineWheel(0),
        outbox: new Outbox(),
        clock: { nowUs: () => this.#nowUs },
        observer: null,
        echo: new ReplyEcho(lane),
      },
      this,
    );
    this.#actor.attach(this);
  }

  run(): number {
    this.#actor.begin(this.takeMessage(), 0);
    this.#actor.onConnected(1);
    this.#actor.onData(GREETING, GREETING.length, 2);
    while (!this.#isOver) {
      const reply = this.#reply;
      this.#nowUs += 5;
      if (reply === null) {
        // QUIT is answered: the server closes.
        this.#actor.onConnectionLost(0, '', this.#nowUs);
        this.#actor.onClosed(this.#nowUs);
        break;
      }
      this.#reply = null;
      this.#actor.onData(reply, reply.length, this.#nowUs);
    }
    return this.#octets + this.#messages;
  }

  hasMessage(): boolean {
    return this.#messages < this.#mostMessages;
  }

  takeMessage(): number {
    return this.#messages++;
  }

  write(bytes: Buffer): void {
    this.#octets += bytes.length;
    // The first letter tells commands apart; a group holds all of an envelope.
    switch (bytes[0]) {
      case 0x45:
        this.#reply = EHLO;
        break;
      case 0x44:
        this.#reply = bytes.length === 'DATA\r\n'.length ? GO_AHEAD : OK;
        break;
      case 0x4d:
        this.#reply = bytes.includes('\r\nDATA\r\n') && bytes.length < 200 ? GROUP : OK;
        break;
      case 0x51:
        this.#reply = BYE;
        break;
      default:
        this.#reply = OK;
    }
    // The last content takes QUIT along.
    if (bytes.length > 200 && bytes.subarray(-6).toString() === 'QUIT\r\n') this.#reply = Buffer.concat([OK, BYE]);
  }

  onSessionEnded(): void {
    this.#isOver = true;
  }

  open(): void {
    // It is.
  }

  startTls(): void {
    throw new Error('nobody asked for TLS');
  }

  cork(): void {
    // Nothing is written in parts.
  }

  uncork(): void {
    // See `cork`.
  }

  notifyDrained(): void {
    // It always is.
  }

  drop(): void {
    // The server has closed already.
  }

  onGreeted(): void {
    // Nobody waits for it.
  }

  onStopAsked(): void {
    // No script asks for it.
  }

  onConnectSettled(): void {
    // Nobody waits for it.
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const { kind, nsPerMessage, nsPerMessageMin, checksum } of await runBench(Number(argv[2] ?? 200_000))) {
    const figures = `${nsPerMessage.toFixed(0).padStart(6)} ns per message (best ${nsPerMessageMin.toFixed(0)})`;
    console.log(`${kind.padEnd(22)} ${figures}  checksum ${checksum}`);
  }
}
