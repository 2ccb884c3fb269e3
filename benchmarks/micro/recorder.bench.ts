/**
 * What it costs to write down a message: eight steps begun and answered, with replies, octets and latencies; and what two
 * clocks cost, with which an arrival has lag, service and response time besides.
 * `node dist/benchmarks/micro/recorder.bench.js [messages]` prints a line per shape.
 */
import type { LatencyDrain } from '../../src/metrics/latency-histograms.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { Census } from '../../src/metrics/phase-book.js';
import type { LaneRecord } from '../../src/metrics/interval-record.js';
import { Ending, OUTCOME_COUNT, Outcome } from '../../src/metrics/outcome.js';
import { Step } from '../../src/protocol/steps.js';
import { Recorder } from '../../workers/recorder.js';
import { nsPerUnit } from '../support/statistics.js';

/** What one shape cost. */
export interface RecorderFigure {
  readonly shape: string;
  readonly nsPerMessage: number;
  /** Best of the rounds; the median is `nsPerMessage`. */
  readonly nsPerMessageMin: number;
  /** Replies and latencies that the recorder holds at the end, added up. */
  readonly checksum: number;
}

const ROUNDS = 7;
const KEPT = [Step.mail, Step.rcpt, Step.data, Step.transfer, Step.endOfData];
/** All steps of a session with one message. */
const SINGLE = [Step.connect, Step.greeting, Step.ehlo, ...KEPT, Step.quit];
interface Shape {
  readonly shape: string;
  readonly steps: readonly number[];
  /** Messages are planned: each has two clocks. */
  readonly isPlanned: boolean;
}
const SHAPES: readonly Shape[] = [
  { shape: 'connection kept', steps: KEPT, isPlanned: false },
  { shape: 'kept, two clocks', steps: KEPT, isPlanned: true },
  { shape: 'one per connection', steps: SINGLE, isPlanned: false },
];
/** Typical codes and enhanced codes by step. */
const CODES: Readonly<Record<number, readonly [code: number, enhanced: number]>> = {
  [Step.greeting]: [220, 0],
  [Step.ehlo]: [250, 0],
  [Step.mail]: [250, 2_001_000],
  [Step.rcpt]: [250, 2_001_005],
  [Step.data]: [354, 0],
  [Step.endOfData]: [250, 2_000_000],
  [Step.quit]: [221, 2_000_000],
};
const TEXT = { text: () => 'Ok' };

/**
 * Measures every shape.
 *
 * @param messages - per round; a smoke test needs 1,000, a figure 300,000
 */
export function runBench(messages: number): Promise<RecorderFigure[]> {
  return Promise.resolve(
    SHAPES.map(({ shape, steps, isPlanned }) => {
      let checksum = 0;
      const { median, best } = nsPerUnit(ROUNDS, messages, () => {
        checksum = record(steps, isPlanned, messages);
      });
      return { shape, nsPerMessage: median, nsPerMessageMin: best, checksum };
    }),
  );
}

function record(steps: readonly number[], isPlanned: boolean, messages: number): number {
  const recorder = new Recorder(new LoadWindow(0));
  const recipients = new Array<number>(OUTCOME_COUNT).fill(0);
  recipients[Outcome.accepted] = 1;
  const isSingle = steps === SINGLE;
  let nowUs = 1;
  for (let message = 0; message < messages; message++) {
    const takenAtUs = nowUs;
    const intendedUs = takenAtUs - 0.5 * (message % 199);
    if (isPlanned) recorder.arrivalStarted(intendedUs, intendedUs, takenAtUs);
    recorder.messageTaken(1, nowUs);
    if (isSingle) recorder.sessionStarted(nowUs);
    for (const step of steps) {
      recorder.sent(step, nowUs);
      recorder.bytesSent(40, nowUs);
      const sentAtUs = nowUs;
      // Latencies as they are: no two alike, most of them small.
      nowUs += 20.25 + ((message * 7919 + step * 104_729) % 997);
      const reply = CODES[step];
      if (reply !== undefined) {
        recorder.bytesReceived(30, nowUs);
        recorder.reply(step, sentAtUs, nowUs, reply[0], reply[1], false, TEXT);
      }
      recorder.replied(step, sentAtUs, nowUs);
    }
    const arrival = isPlanned ? { intendedUs, servedFromUs: takenAtUs } : null;
    recorder.messageSettled(
      { firstBeganAtUs: null, arrival, outcome: Outcome.accepted, takenAtUs, beganAtUs: takenAtUs, recipients },
      nowUs,
    );
    if (isSingle) recorder.sessionEnded(Ending.completed, takenAtUs, nowUs);
  }
  const drains: LatencyDrain[] = [];
  const record = recorder.interval([new Census(), new Census()], drains);
  for (const drain of drains) while (drain.left > 0) drain.next();
  return sumOf(record);
}

function sumOf({ phases, latencies }: LaneRecord): number {
  const replies = phases[1].replies.reduce((sum, { count }) => sum + count, 0);
  return replies + latencies[1].reduce((sum, { count }) => sum + count, 0);
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const figure of await runBench(Number(argv[2] ?? 300_000))) {
    const median = figure.nsPerMessage.toFixed(0).padStart(6);
    const best = figure.nsPerMessageMin.toFixed(0);
    console.log(`${figure.shape.padEnd(20)}${median} ns per message (best ${best}), checksum ${figure.checksum}`);
  }
}
