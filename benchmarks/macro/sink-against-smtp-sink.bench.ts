/**
 * CPU per message and memory per open session of our sink beside smtp-sink, under the load of the same client in the
 * same run. See benchmarks/README.md.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SINK_CASES, SINK_MEMORY_CASE, START_UP_MESSAGES, type LoadCase } from '../support/cases.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { runPostrush, runSmtpSource, type ProgramRun } from '../support/programs.js';
import { whileHolding } from '../support/session-holder.js';
import { preferredSink, startSinkProcess, type SinkKind, type SinkProcess } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { holds, printTable } from '../support/table.js';
import { findExecutable } from '../support/timed-command.js';

/** What one server needed in one round, start-up taken off. */
interface Figure {
  readonly cpuUsPerMessage: number;
  readonly messagesPerSec: number;
}

/** The same figure of both servers. */
interface Round<T> {
  readonly own: T;
  /** Null where smtp-sink is not installed. */
  readonly smtpSink: T | null;
}

/** Until the server has seen the ends of the client's last connections. */
const SETTLE_MS = 100;

const settings = readMacroSettings([...SINK_CASES, SINK_MEMORY_CASE].map(({ name }) => name));
const smtpSource = findExecutable('smtp-source');
const hasSmtpSink = preferredSink() === 'smtp-sink';
const machine = printMachine();
const sessions = Math.max(2 * SINK_MEMORY_CASE.fewSessions, Math.round(SINK_MEMORY_CASE.sessions * settings.scale));
let accepted = 0;
let expected = 0;

if (!hasSmtpSink) console.log('smtp-sink is not installed (Debian: package postfix): no ratios.');
console.log(
  smtpSource === null ? 'client: postrush' : 'client: smtp-source, postrush where it pipelines',
  `| rounds ${settings.rounds}, scale ${settings.scale} | CPU per message in µs, median of rounds, ratios paired`,
);

const rounds = new Map<LoadCase, Round<Figure>[]>();
for (const loadCase of SINK_CASES) if (settings.wants(loadCase.name)) rounds.set(loadCase, []);
for (let round = 0; round < settings.rounds; round++) {
  for (const [loadCase, done] of rounds) done.push(await playRound(round, (kind) => measure(kind, loadCase)));
}
if (rounds.size > 0) printRounds();
const memory: Round<number>[] = [];
if (settings.wants(SINK_MEMORY_CASE.name)) {
  for (let round = 0; round < settings.rounds; round++) memory.push(await playRound(round, measureMemory));
  printMemory();
}
console.log(`work: ${accepted} of ${expected} accepted`);
if (accepted !== expected) process.exitCode = 1;
settings.writeJson({
  machine,
  client: smtpSource === null ? 'postrush' : 'smtp-source',
  cases: Array.from(rounds, ([loadCase, done]) => ({ ...loadCase, rounds: done })),
  memory,
  checksum: { accepted, expected },
});

/** One server right after the other; every second round the other way round, so that neither is always the first. */
async function playRound<T>(round: number, play: (kind: SinkKind) => Promise<T>): Promise<Round<T>> {
  const playSmtpSink = async (): Promise<T | null> => (hasSmtpSink ? play('smtp-sink') : null);
  if (round % 2 === 0) return { own: await play('own'), smtpSink: await playSmtpSink() };
  const smtpSink = await playSmtpSink();
  return { own: await play('own'), smtpSink };
}

async function measure(kind: SinkKind, loadCase: LoadCase): Promise<Figure> {
  const messages = Math.max(2 * START_UP_MESSAGES, Math.round(loadCase.messages * settings.scale));
  return withSink(kind, async (sink) => {
    const short = await runClient(loadCase, sink.port, START_UP_MESSAGES);
    await sleep(SETTLE_MS);
    const startUpSec = sink.cpuSec();
    const long = await runClient(loadCase, sink.port, messages);
    await sleep(SETTLE_MS);
    return {
      cpuUsPerMessage: ((sink.cpuSec() - startUpSec) * 1e6) / messages,
      messagesPerSec: messages / (long.wallSec - short.wallSec),
    };
  });
}

async function runClient(loadCase: LoadCase, port: number, messages: number): Promise<ProgramRun> {
  const isLockStep = loadCase.pipelining === 'off';
  const run = await (isLockStep && smtpSource !== null
    ? runSmtpSource(smtpSource, loadCase, port, messages)
    : runPostrush(loadCase, port, messages));
  accepted += run.accepted;
  expected += messages;
  return run;
}

/** KB per open session. */
async function measureMemory(kind: SinkKind): Promise<number> {
  const { fewSessions } = SINK_MEMORY_CASE;
  return withSink(kind, async (sink) => {
    const fewKb = await whileHolding(sink.port, fewSessions, () => sink.peakKb());
    return whileHolding(sink.port, sessions, ({ open, problem }) => {
      if (open < sessions) {
        console.log(`memory of ${kind}: only ${open} of ${sessions} sessions were open at once: ${problem}`);
        process.exitCode = 1;
      }
      return (sink.peakKb() - fewKb) / (sessions - fewSessions);
    });
  });
}

async function withSink<T>(kind: SinkKind, work: (sink: SinkProcess) => Promise<T>): Promise<T> {
  const sink = await startSinkProcess(kind);
  try {
    return await work(sink);
  } finally {
    await sink.stop();
  }
}

function printRounds(): void {
  const rows = [['case', 'own', 'smtp-sink', 'ratio', 'spread', 'bound', 'holds', 'msg/s', 'smtp-sink']];
  for (const [loadCase, done] of rounds) {
    const ours = done.map(({ own }) => own);
    const theirs = done.flatMap(({ smtpSink }) => smtpSink ?? []);
    const ratios = theirs.map((figure, index) => (ours[index]?.cpuUsPerMessage ?? NaN) / figure.cpuUsPerMessage);
    rows.push([
      loadCase.title,
      median(ours.map((figure) => figure.cpuUsPerMessage)).toFixed(1),
      hasSmtpSink ? median(theirs.map((figure) => figure.cpuUsPerMessage)).toFixed(1) : '-',
      hasSmtpSink ? median(ratios).toFixed(2) : '-',
      hasSmtpSink ? spread(ratios, 2) : '-',
      loadCase.bound.toFixed(2),
      hasSmtpSink ? holds(median(ratios), loadCase.bound) : '-',
      median(ours.map((figure) => figure.messagesPerSec)).toFixed(0),
      hasSmtpSink ? median(theirs.map((figure) => figure.messagesPerSec)).toFixed(0) : '-',
    ]);
  }
  printTable(rows);
}

function printMemory(): void {
  const ours = memory.map(({ own }) => own);
  const theirs = memory.flatMap(({ smtpSink }) => smtpSink ?? []);
  const { boundKb } = SINK_MEMORY_CASE;
  console.log(
    `memory: ${median(ours).toFixed(1)} KB per open session, ${sessions} at once (${spread(ours, 1)}; bound ${boundKb}, ` +
      `holds: ${holds(median(ours), boundKb)})` +
      (hasSmtpSink ? `, smtp-sink ${median(theirs).toFixed(1)} KB (${spread(theirs, 1)})` : ''),
  );
}
