/** What coordinator and generator say to each other must arrive as it was sent: no class instance survives a thread. */
import { LoadWindow } from '../../src/metrics/load-window.js';
import { expect, test } from 'vitest';
import type {
  CoordinatorMessage,
  GeneratorResult,
  GeneratorTask,
  PreflightResult,
  PreflightTask,
  WorkerMessage,
} from '../../src/messages/coordinator-worker.js';
import { Ending, ErrorKind } from '../../src/metrics/outcome.js';
import { Census } from '../../src/metrics/phase-book.js';
import { Step } from '../../src/protocol/steps.js';
import { Recorder } from '../../workers/recorder.js';
import { closedInterval, healthRecord, intervalRecord, laneRecord, latencyRecord } from '../support/engine-records.js';
import { firstLane } from '../../src/plan/lane-plan.js';
import { planOf } from '../support/engine-plan.js';

/** A recorder that has seen something of everything. */
function usedRecorder(): Recorder {
  const recorder = new Recorder(new LoadWindow(1_000));
  for (const us of [500, 5_000]) {
    recorder.sent(Step.mail, us);
    recorder.pipelined(Step.mail, us);
    recorder.reply(Step.mail, us, us + 10, 250, 2_001_000, false, { text: () => 'ok' });
    recorder.replied(Step.mail, us, us + 10);
    recorder.failed(Step.rcpt, us, ErrorKind.timeout, 'no answer');
    recorder.messageTaken(2, us);
    recorder.bytesSent(10, us);
    recorder.sessionStarted(us);
    recorder.sessionEnded(Ending.completed, us, us + 20);
  }
  return recorder;
}

const recorder = usedRecorder();
const lane = closedInterval(recorder, [new Census(), new Census()]);
const record = intervalRecord(1, 2, {
  lanes: [lane, laneRecord()],
  lastGreetedUs: 7,
  health: healthRecord({ eventLoopLag: latencyRecord(-1, 500) }),
});
const plan = planOf({ tls: 'required', auth: 'plain', user: 'tester', password: 'x', messages: 5 });
const address = { address: '127.0.0.1', family: 4 } as const;

const toWorkers: { readonly [Type in CoordinatorMessage['type']]: Extract<CoordinatorMessage, { type: Type }> } = {
  start: { type: 'start', zeroUs: 123.5 },
  measure: { type: 'measure', atUs: 7e6 },
  stop: { type: 'stop' },
  cut: { type: 'cut' },
};
const toCoordinator: { readonly [Type in WorkerMessage['type']]: Extract<WorkerMessage, { type: Type }> } = {
  ready: { type: 'ready', workerId: 1 },
  interval: { type: 'interval', record },
  stopRun: { type: 'stopRun' },
};
const load: Omit<GeneratorTask, 'port'> = {
  kind: 'load',
  plan,
  share: { workerId: 1, workerCount: 2, sessions: 10, firstStart: 11, messages: 3, connections: null },
  addresses: [address],
};
const polite: PreflightTask = { kind: 'preflight', lane: firstLane(plan), feeders: [], functions: null, address };
const result: GeneratorResult = {
  workerId: 1,
  intervals: 3,
  messagesLeft: 2,
  latencyCounts: [recorder.latencyCounts()],
};
const findings: PreflightResult = {
  ok: true,
  isConnected: true,
  problem: '',
  advice: '',
  connections: 1,
  commands: 4,
  greeting: '220 mx.test',
  keywords: ['PIPELINING'],
  keywordsAfterTls: ['AUTH PLAIN'],
  tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', subject: 'mx.test', issuer: null, validTo: null },
  authMechanism: 'PLAIN',
};

test.each<[string, unknown]>([
  ...Object.entries(toWorkers),
  ...Object.entries(toCoordinator),
  ['the task of a generator', load],
  ['the task of the pre-flight', polite],
  ['the result of a generator', result],
  ['the result of the pre-flight', findings],
])('%s arrives as it was sent', (_, message) => {
  expect(structuredClone(message)).toStrictEqual(message);
  // A record must also be able to go over a wire.
  expect(JSON.parse(JSON.stringify(message))).toStrictEqual(message);
});

test('the record has something of everything, or its copy proves nothing', () => {
  const [warmup, main] = lane.phases;
  for (const phase of [warmup, main]) {
    expect(phase.replies).toHaveLength(1);
    expect(phase.errors).toHaveLength(1);
    expect(phase.sessions.started).toBe(1);
  }
  expect(lane.latencies.map((latencies) => latencies.length)).toEqual([2, 2]);
});
