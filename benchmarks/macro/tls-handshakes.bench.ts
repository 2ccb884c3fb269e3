/**
 * CPU per TLS handshake of the client: full and resumed, by STARTTLS and at once, beside `openssl s_time` against the
 * same server in the same run. See benchmarks/README.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedPair } from '../../src/sink/self-signed.js';
import { SESSIONS } from '../support/cases.js';
import { clientCost } from '../support/client-cost.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { pairs, playRounds, wantedCases, type PairedCase } from '../support/paired-rounds.js';
import { startOwnSink } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { printTable } from '../support/table.js';
import { findExecutable, timedCommand } from '../support/timed-command.js';

/** Connections of one kind. */
interface TlsCase extends PairedCase {
  readonly program: 'postrush' | 's_time';
  /** The same connections without TLS; null: they are. */
  readonly clear: string | null;
  /** The same connections of the other program; null: it has none. */
  readonly rival: string | null;
  readonly isResumed: boolean;
  readonly scheme: 'smtp' | 'smtps';
  readonly words: readonly string[];
  /** Connections of a full run; seconds of the other program. */
  readonly amount: number;
}

const TLS_1_2_CIPHER = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const GREETED = 'greeted';
const SAID_EHLO = 'ehlo';
const CONNECTIONS = 3000;
/** It takes whole seconds, and goes on for up to one more. Its start, a few ms of CPU, counts. */
const S_TIME_SEC = 2;

const CASES: readonly TlsCase[] = [
  clearCase(GREETED, 'connect, 220', ['--drop-after', 'greeting']),
  ...withRival('1.3', false),
  ...withRival('1.2', false),
  ...withRival('1.2', true),
  // With TLS 1.3 s_time never sees a ticket, because it does not read what comes behind the handshake.
  { ...smtpsCase('1.3', true), rival: null, besides: [GREETED] },
  clearCase(SAID_EHLO, 'connect, 220, EHLO, QUIT', ['--steps', 'ehlo quit']),
  startTlsCase(false),
  startTlsCase(true),
];

const settings = readMacroSettings(CASES.map(({ name }) => name));
const openssl = findExecutable('openssl');
const machine = printMachine();
const work = { connections: 0, expected: 0, handshakes: 0, resumed: 0, byOpenssl: 0, preflights: 0 };

if (openssl === null) console.log('openssl is not installed: no ratios.');
const version = openssl === null ? '' : (await timedCommand([openssl, 'version'])).output.split(' (')[0];
console.log(
  `server: our own sink in another process, a certificate made for the run (EC P-256) | Node has OpenSSL ${process.versions.openssl}` +
    (openssl === null ? '' : `, s_time is of ${version}`) +
    `\nrounds ${settings.rounds}, scale ${settings.scale} | CPU of the client per connection in µs, median of rounds, ` +
    'differences and ratios paired',
);

const folder = mkdtempSync(join(tmpdir(), 'postrush-bench-'));
process.on('exit', () => {
  rmSync(folder, { recursive: true });
});
const certificate = await writePair();
const sink = await startOwnSink(
  ['smtp', 'smtps'],
  ['--tls', '--tls-cert', certificate.cert, '--tls-key', certificate.key],
);
const cases = wantedCases(CASES, settings).filter(({ program }) => program === 'postrush' || openssl !== null);
const figures = await playRounds(cases, settings.rounds, (each) =>
  each.program === 'postrush' ? measurePostrush(each) : measureOpenssl(each),
);
const { tlsSessions } = await sink.stop();
printFigures();
console.log(
  `work: postrush ${work.connections} of ${work.expected} connections, ${work.handshakes} handshakes, of them ` +
    `${work.resumed} resumed, and ${work.preflights} before runs; openssl ${work.byOpenssl}; seen by the server ${tlsSessions}`,
);
if (work.connections !== work.expected) process.exitCode = 1;
if (tlsSessions < work.handshakes + work.preflights + work.byOpenssl) process.exitCode = 1;
settings.writeJson({
  machine,
  openssl: { node: process.versions.openssl, program: version },
  cases: cases.map((each) => ({ ...each, cpuUs: figures.get(each.name) })),
  checksum: { ...work, tlsSessions },
});

function clearCase(name: string, title: string, words: readonly string[]): TlsCase {
  return {
    name,
    title,
    program: 'postrush',
    clear: null,
    rival: null,
    besides: [],
    isResumed: false,
    scheme: 'smtp',
    words,
    amount: 2 * CONNECTIONS,
  };
}

function smtpsCase(tls: '1.2' | '1.3', isResumed: boolean): TlsCase {
  const how = isResumed ? 'resumed' : 'full';
  const rival = `openssl-${tls}-${how}`;
  return {
    name: `smtps-${tls}-${how}`,
    title: `TLS ${tls} at once, ${how}`,
    program: 'postrush',
    clear: GREETED,
    rival,
    besides: [GREETED, rival],
    isResumed,
    scheme: 'smtps',
    words: ['--drop-after', 'greeting', ...tlsWords(tls, isResumed)],
    amount: CONNECTIONS,
  };
}

function withRival(tls: '1.2' | '1.3', isResumed: boolean): TlsCase[] {
  const ours = smtpsCase(tls, isResumed);
  const version = tls === '1.3' ? ['-tls1_3'] : ['-tls1_2', '-cipher', TLS_1_2_CIPHER];
  const theirs: TlsCase = {
    name: ours.rival ?? '',
    title: `s_time: ${ours.title}`,
    program: 's_time',
    clear: null,
    rival: null,
    besides: [],
    isResumed,
    scheme: 'smtps',
    words: [isResumed ? '-reuse' : '-new', ...version],
    amount: S_TIME_SEC,
  };
  return [ours, theirs];
}

function startTlsCase(isResumed: boolean): TlsCase {
  const how = isResumed ? 'resumed' : 'full';
  return {
    name: `starttls-1.3-${how}`,
    title: `STARTTLS, TLS 1.3, ${how}`,
    program: 'postrush',
    clear: SAID_EHLO,
    rival: null,
    besides: [SAID_EHLO],
    isResumed,
    scheme: 'smtp',
    words: ['--steps', 'ehlo starttls quit', '--tls', 'required', ...tlsWords('1.3', isResumed)],
    amount: CONNECTIONS,
  };
}

function tlsWords(tls: '1.2' | '1.3', isResumed: boolean): string[] {
  const version = tls === '1.3' ? ['--tls-min', 'TLSv1.3'] : ['--tls-max', 'TLSv1.2', '--tls-ciphers', TLS_1_2_CIPHER];
  return [...version, '--tls-resume', isResumed ? 'on' : 'off'];
}

/** A certificate that both programs trust, and no other: neither reads the roots of this machine. */
async function writePair(): Promise<{ cert: string; key: string }> {
  const pair = await selfSignedPair('sink.postrush.test');
  const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(paths.cert, pair.cert);
  writeFileSync(paths.key, pair.key);
  return paths;
}

async function measurePostrush({ name, scheme, words, amount, clear, isResumed }: TlsCase): Promise<number> {
  const trust = clear === null ? [] : ['--tls-ca', certificate.cert];
  const cost = await clientCost('--connections', amount * settings.scale, [target(scheme), ...trust, ...words]);
  work.expected += cost.expected;
  for (const { sessions, tls } of cost.results) {
    work.connections += sessions.completed;
    if (clear === null) continue;
    work.preflights++;
    work.handshakes += tls?.handshakes ?? 0;
    work.resumed += tls?.resumed ?? 0;
    // Those that begin before the first ticket is there cannot use one.
    const fewest = isResumed ? sessions.completed - SESSIONS : 0;
    const most = isResumed ? sessions.completed : 0;
    const resumed = tls?.resumed ?? -1;
    if (tls?.handshakes !== sessions.completed || resumed < fewest || resumed > most) {
      console.log(`${name}: ${tls?.handshakes ?? 0} handshakes, ${resumed} resumed, of ${sessions.completed} sessions`);
      process.exitCode = 1;
    }
  }
  return cost.cpuUsPerUnit;
}

async function measureOpenssl({ name, scheme, words, amount }: TlsCase): Promise<number> {
  const seconds = String(Math.max(1, Math.round(amount * settings.scale)));
  const { host } = new URL(target(scheme));
  const command = [openssl ?? '', 's_time', '-connect', host, '-time', seconds, '-verify', '1', ...words];
  // Otherwise it reads the whole folder of the machine's roots for every full handshake.
  const environment = { SSL_CERT_FILE: certificate.cert, SSL_CERT_DIR: folder };
  const { cpuSec, output } = await timedCommand(command, environment);
  const connections = Number(/^(\d+) connections in \d+ real seconds/m.exec(output)?.[1]);
  if (!(connections > 0)) throw new Error(`${name} made no connections: ${output.slice(-500)}`);
  work.byOpenssl += connections;
  return (cpuSec * 1e6) / connections;
}

function target(scheme: TlsCase['scheme']): string {
  return sink.urls.find((url) => url.startsWith(`${scheme}:`)) ?? '';
}

function printFigures(): void {
  const rows = [['connections', 'per CPU s', 'CPU µs', 'spread', 'TLS alone µs', 's_time µs', 'ratio', 'spread']];
  for (const { name, title, program, clear, rival } of cases) {
    if (program === 's_time') continue;
    const cpuUs = figures.get(name) ?? [];
    const alone = clear === null ? [] : pairs(figures, [name, clear], (withTls, without) => withTls - without);
    const ratios = rival === null ? [] : pairs(figures, [name, rival], (ours, theirs) => ours / theirs);
    rows.push([
      title,
      (1e6 / median(cpuUs)).toFixed(0),
      median(cpuUs).toFixed(0),
      spread(cpuUs, 0),
      alone.length > 0 ? median(alone).toFixed(0) : '-',
      ratios.length > 0 ? median(figures.get(rival ?? '') ?? []).toFixed(0) : '-',
      ratios.length > 0 ? median(ratios).toFixed(2) : '-',
      ratios.length > 0 ? spread(ratios, 2) : '-',
    ]);
  }
  printTable(rows);
}
