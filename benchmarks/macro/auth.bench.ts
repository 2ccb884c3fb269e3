/** CPU per AUTH dialogue of the client by mechanism, beside the same sessions without one. See benchmarks/README.md. */
import { clientCost } from '../support/client-cost.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { pairs, playRounds, wantedCases, type PairedCase } from '../support/paired-rounds.js';
import { startOwnSink } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { printTable } from '../support/table.js';

const USER = 'load';
const PASSWORD = 'secret';
const ENVIRONMENT = { POSTRUSH_PASSWORD: PASSWORD };
/** Of a full run. */
const SESSIONS_PER_CASE = 10_000;
const WITHOUT = 'none';
const MECHANISMS = ['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'xoauth2', 'oauthbearer'];
const CASES: readonly PairedCase[] = [
  { name: WITHOUT, title: 'without AUTH', besides: [] },
  ...MECHANISMS.map((name) => ({ name, title: name, besides: [WITHOUT] })),
];

const settings = readMacroSettings(CASES.map(({ name }) => name));
const machine = printMachine();
const work = { sessions: 0, expected: 0, authenticated: 0, toAuthenticate: 0, preflights: 0 };
console.log(
  `server: our own sink in another process | rounds ${settings.rounds}, scale ${settings.scale} | CPU of the client per ` +
    'session in µs, median of rounds, differences paired',
);

const sink = await startOwnSink(['smtp'], ['--user', `${USER}:${PASSWORD}`]);
const cases = wantedCases(CASES, settings);
const figures = await playRounds(cases, settings.rounds, measure);
const { authenticated: seen } = await sink.stop();
printFigures();
console.log(
  `work: ${work.sessions} of ${work.expected} sessions, ${work.authenticated} of ${work.toAuthenticate} authenticated, ` +
    `and ${work.preflights} before runs; seen by the server ${seen}`,
);
if (work.sessions !== work.expected || work.authenticated !== work.toAuthenticate) process.exitCode = 1;
if (seen !== work.authenticated + work.preflights) process.exitCode = 1;
settings.writeJson({
  machine,
  cases: cases.map(({ name }) => ({ name, cpuUs: figures.get(name) })),
  checksum: { ...work, seen },
});

async function measure({ name }: PairedCase): Promise<number> {
  const hasAuth = name !== WITHOUT;
  const session = hasAuth ? ['--auth-only', '--auth', name, '--user', USER] : ['--steps', 'ehlo quit'];
  const words = [sink.urls[0] ?? '', ...session];
  const cost = await clientCost('--connections', SESSIONS_PER_CASE * settings.scale, words, hasAuth ? ENVIRONMENT : {});
  work.expected += cost.expected;
  if (hasAuth) work.toAuthenticate += cost.expected;
  for (const { sessions, replies } of cost.results) {
    work.sessions += sessions.completed;
    work.authenticated += replies.find(({ step, code }) => step === 'auth' && code === 235)?.count ?? 0;
    if (hasAuth) work.preflights++;
  }
  return cost.cpuUsPerUnit;
}

function printFigures(): void {
  const rows = [['session', 'per CPU s', 'CPU µs', 'spread', 'AUTH alone µs', 'spread']];
  for (const { name, title } of cases) {
    const cpuUs = figures.get(name) ?? [];
    const alone = name === WITHOUT ? [] : pairs(figures, [name, WITHOUT], (withAuth, without) => withAuth - without);
    rows.push([
      title,
      (1e6 / median(cpuUs)).toFixed(0),
      median(cpuUs).toFixed(0),
      spread(cpuUs, 0),
      alone.length > 0 ? median(alone).toFixed(0) : '-',
      alone.length > 0 ? spread(alone, 0) : '-',
    ]);
  }
  printTable(rows);
}
