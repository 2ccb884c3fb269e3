/**
 * CPU per message, messages per second, start-up and memory of postrush beside smtp-source, against the same server in
 * the same run. See benchmarks/README.md.
 */
import { LOAD_CASES, MEMORY_CASE, START_UP_BOUND_SEC, START_UP_MESSAGES, type LoadCase } from '../support/cases.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { runForMemory, runPostrush, runSmtpSource, type ProgramRun } from '../support/programs.js';
import { SINK_KINDS, preferredSink, startSinkProcess } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { holds, printTable } from '../support/table.js';
import { findExecutable } from '../support/timed-command.js';

/** What one program needed in one round, start-up taken off. */
interface Figure {
  readonly cpuUsPerMessage: number;
  readonly messagesPerSec: number;
  /** Of the short run: wall-clock time of the whole command. */
  readonly shortRunSec: number;
  /** Of the short run: from the start of the program to the start of its load; NaN for smtp-source. */
  readonly startupSec: number;
  readonly accepted: number;
}

interface Round {
  readonly postrush: Figure;
  /** Null where smtp-source is not installed. */
  readonly smtpSource: Figure | null;
}

type Runner = (messages: number) => Promise<ProgramRun>;

const settings = readMacroSettings(
  [...LOAD_CASES, MEMORY_CASE].map(({ name }) => name),
  { name: 'sink', values: SINK_KINDS },
);
const kind = SINK_KINDS.find((name) => name === settings.further) ?? preferredSink();
const smtpSource = findExecutable('smtp-source');
const machine = printMachine();
let postrushAccepted = 0;
let postrushExpected = 0;
let smtpSourceAccepted = 0;

if (smtpSource === null) console.log('smtp-source is not installed (Debian: package postfix): no ratios.');
console.log(
  kind === 'own' ? 'server: our own sink in another process' : 'server: smtp-sink of Postfix',
  `| rounds ${settings.rounds}, scale ${settings.scale} | CPU per message in µs, median of rounds, ratios paired`,
);

const sink = await startSinkProcess(kind);
try {
  const cases = LOAD_CASES.filter(({ name }) => settings.wants(name));
  const rounds = new Map<LoadCase, Round[]>(cases.map((loadCase) => [loadCase, []]));
  for (let round = 0; round < settings.rounds; round++) {
    for (const [loadCase, done] of rounds) done.push(await playRound(loadCase, sink.port, round % 2 === 1));
  }
  printRounds(rounds);
  const memory = settings.wants(MEMORY_CASE.name) ? await measureMemory(sink.port) : null;
  console.log(`work: postrush ${postrushAccepted} of ${postrushExpected} accepted, smtp-source ${smtpSourceAccepted}`);
  if (postrushAccepted !== postrushExpected) process.exitCode = 1;
  settings.writeJson({
    machine,
    sink: kind,
    cases: Array.from(rounds, ([loadCase, done]) => ({ ...loadCase, rounds: done })),
    memory,
    checksum: { postrushAccepted, smtpSourceAccepted },
  });
} finally {
  await sink.stop();
}

/** One program right after the other; every second round the other way round, so that neither is always the first. */
async function playRound(loadCase: LoadCase, port: number, isReversed: boolean): Promise<Round> {
  const messages = Math.max(2 * START_UP_MESSAGES, Math.round(loadCase.messages * settings.scale));
  const measurePostrush = async (): Promise<Figure> => {
    const figure = await measure((count) => runPostrush(loadCase, port, count), messages);
    postrushAccepted += figure.accepted;
    postrushExpected += messages + START_UP_MESSAGES;
    return figure;
  };
  const measureSmtpSource = async (): Promise<Figure | null> => {
    if (smtpSource === null) return null;
    const figure = await measure((count) => runSmtpSource(smtpSource, loadCase, port, count), messages);
    smtpSourceAccepted += figure.accepted;
    return figure;
  };
  if (!isReversed) return { postrush: await measurePostrush(), smtpSource: await measureSmtpSource() };
  const first = await measureSmtpSource();
  return { postrush: await measurePostrush(), smtpSource: first };
}

async function measure(run: Runner, messages: number): Promise<Figure> {
  const short = await run(START_UP_MESSAGES);
  const long = await run(messages);
  return {
    cpuUsPerMessage: ((long.cpuSec - short.cpuSec) * 1e6) / messages,
    messagesPerSec: messages / (long.wallSec - short.wallSec),
    shortRunSec: short.wallSec,
    startupSec: short.startupSec,
    accepted: short.accepted + long.accepted,
  };
}

function printRounds(rounds: ReadonlyMap<LoadCase, readonly Round[]>): void {
  if (rounds.size === 0) return;
  const rows = [['case', 'postrush', 'smtp-source', 'ratio', 'spread', 'bound', 'holds', 'msg/s', 'smtp-source']];
  for (const [loadCase, done] of rounds) {
    const ours = done.map(({ postrush }) => postrush);
    const theirs = done.flatMap((round) => round.smtpSource ?? []);
    const ratios = theirs.map((figure, index) => (ours[index]?.cpuUsPerMessage ?? NaN) / figure.cpuUsPerMessage);
    const compared = theirs.length > 0;
    rows.push([
      loadCase.title,
      median(ours.map((figure) => figure.cpuUsPerMessage)).toFixed(1),
      compared ? median(theirs.map((figure) => figure.cpuUsPerMessage)).toFixed(1) : '-',
      compared ? median(ratios).toFixed(2) : '-',
      compared ? spread(ratios, 2) : '-',
      loadCase.bound.toFixed(2),
      compared ? holds(median(ratios), loadCase.bound) : '-',
      median(ours.map((figure) => figure.messagesPerSec)).toFixed(0),
      compared ? median(theirs.map((figure) => figure.messagesPerSec)).toFixed(0) : '-',
    ]);
  }
  printTable(rows);
  const all = [...rounds.values()].flat().map(({ postrush }) => postrush);
  const startup = all.map(({ startupSec }) => startupSec);
  console.log(
    `start-up of postrush: ${median(startup).toFixed(2)} s to the load (${spread(startup, 2)}; bound ${START_UP_BOUND_SEC}, ` +
      `holds: ${holds(median(startup), START_UP_BOUND_SEC)}), ` +
      `${median(all.map(({ shortRunSec }) => shortRunSec)).toFixed(2)} s for all of a run of ${START_UP_MESSAGES} messages`,
  );
}

async function measureMemory(port: number): Promise<{ kbPerSession: number[]; peakKb: number[] }> {
  const sessions = Math.max(2 * MEMORY_CASE.fewSessions, Math.round(MEMORY_CASE.sessions * settings.scale));
  const durationSec = Math.max(1, Math.round(MEMORY_CASE.durationSec * settings.scale));
  const kbPerSession: number[] = [];
  const peakKb: number[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    const many = await runForMemory(port, 1, sessions, durationSec);
    const few = await runForMemory(port, 1, MEMORY_CASE.fewSessions, durationSec);
    if (many.peakOpen < sessions || few.accepted === 0) {
      console.log(`memory: only ${many.peakOpen} of ${sessions} sessions were open at once`);
      process.exitCode = 1;
    }
    kbPerSession.push((many.peakKb - few.peakKb) / (sessions - MEMORY_CASE.fewSessions));
    peakKb.push(many.peakKb);
  }
  const figure = median(kbPerSession);
  console.log(
    `memory: ${figure.toFixed(1)} KB per open session (${spread(kbPerSession, 1)}; bound ${MEMORY_CASE.boundKb}, ` +
      `holds: ${holds(figure, MEMORY_CASE.boundKb)}), peak ${(median(peakKb) / 1024).toFixed(0)} MB with ${sessions}`,
  );
  return { kbPerSession, peakKb };
}
