/** Postfix's smtpd with SASL through Dovecot and STARTTLS, on loopback, in a folder of its own. Needs root. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeCertificate } from './real-server-certificate.js';
import { findExecutable, freePort, ServerProcess } from './real-server-process.js';
import { fillTemplate } from './real-server-template.js';

const TEMPLATES = join(import.meta.dirname, '../real-servers/postfix');
const USER = 'load';
const PASSWORD = 'p4ss w\u00f6rd';

/** What Postfix's log says it has taken and what became of it. */
export interface PostfixCounts {
  /** Messages accepted into the queue. */
  readonly messages: number;
  /** Their recipients. */
  readonly recipients: number;
  /** Recipients handed to the transport that discards them. */
  readonly discarded: number;
  /** Messages that have left the queue. */
  readonly removed: number;
  /** Successful SASL dialogues that were followed by a message: one log line per message. */
  readonly authenticated: number;
}

/** A running Postfix. */
export interface Postfix {
  /** SMTP, only for authenticated clients; AUTH LOGIN, AUTH PLAIN, STARTTLS and PIPELINING are offered. */
  readonly port: number;
  /** SMTP for anyone, without AUTH. */
  readonly openPort: number;
  /** SMTP for 127.0.0.0/8 and 192.0.2.0/24, with AUTH, XCLIENT and XFORWARD, and 3 s of patience. */
  readonly trustingPort: number;
  /** SMTP inside TLS, only for authenticated clients. */
  readonly tlsPort: number;
  /** SMTP behind a PROXY header, for clients of 192.0.2.0/24 and 198.51.100.0/24, without AUTH. */
  readonly proxyPort: number;
  /** The same inside TLS. */
  readonly proxyTlsPort: number;
  readonly user: string;
  readonly passwordFile: string;
  readonly certificateFile: string;
  readonly logFile: string;
  /** What the log says now. */
  counts(): PostfixCounts;
  /** What the log says once it has `messages` more messages than `before` and the queue is empty again, or 20 s are over. */
  countsSince(before: PostfixCounts, messages: number): Promise<PostfixCounts>;
  stop(): Promise<void>;
}

/** Why Postfix cannot be started here, or null when it can. */
export function missingForPostfix(): string | null {
  if (findExecutable('postfix') === null) return 'postfix is not installed';
  if (findExecutable('dovecot') === null) return 'dovecot is not installed';
  if (process.getuid?.() !== 0) return 'postfix is installed but only root can start it';
  return null;
}

/** Starts Postfix and Dovecot. */
export async function startPostfix(): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-postfix-'));
  const logFile = join(folder, 'mail.log');
  const passwordFile = join(folder, 'password.txt');
  const ports = {
    PORT: await freePort(),
    OPEN_PORT: await freePort(),
    TRUSTING_PORT: await freePort(),
    TLS_PORT: await freePort(),
    PROXY_PORT: await freePort(),
    PROXY_TLS_PORT: await freePort(),
  };
  const certificate = await writeCertificate(folder);
  prepareFolder(folder);
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'users'), `${USER}:{PLAIN}${PASSWORD}\n`, { mode: 0o600 });
  const values = { ...ports, FOLDER: folder, CERTIFICATE: certificate.certificateFile, KEY: certificate.keyFile };
  fillTemplate(join(TEMPLATES, 'main.cf'), join(folder, 'etc/main.cf'), values);
  fillTemplate(join(TEMPLATES, 'master.cf'), join(folder, 'etc/master.cf'), values);
  fillTemplate(join(TEMPLATES, 'dovecot.conf'), join(folder, 'dovecot.conf'), values);

  const [dovecot, master] = await startProcesses(folder, ports.PORT);
  // The connection that found it listening is its first line.
  await master.waitForFile(logFile);
  const counts = (): PostfixCounts => countLog(existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  return {
    port: ports.PORT,
    openPort: ports.OPEN_PORT,
    trustingPort: ports.TRUSTING_PORT,
    tlsPort: ports.TLS_PORT,
    proxyPort: ports.PROXY_PORT,
    proxyTlsPort: ports.PROXY_TLS_PORT,
    user: USER,
    passwordFile,
    certificateFile: certificate.certificateFile,
    logFile,
    counts,
    countsSince: async (before, messages) => {
      const deadline = Date.now() + 20_000;
      let difference = subtract(counts(), before);
      while (Date.now() < deadline && (difference.messages < messages || difference.removed < difference.messages)) {
        await sleep(100);
        difference = subtract(counts(), before);
      }
      return difference;
    },
    stop: async () => {
      await master.stop();
      await dovecot.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The folders that Postfix expects, with the owners that it insists on. */
function prepareFolder(folder: string): void {
  // Postfix's and Dovecot's own users must be able to reach what is below.
  chmodSync(folder, 0o755);
  for (const name of ['etc', 'queue', 'data', 'dovecot']) mkdirSync(join(folder, name), { mode: 0o755 });
  const chown = spawnSync('chown', ['postfix', join(folder, 'data')], { encoding: 'utf8' });
  if (chown.status !== 0) throw new Error(`cannot give a folder to the user postfix: ${chown.stderr}`);
}

async function startProcesses(folder: string, port: number): Promise<[dovecot: ServerProcess, master: ServerProcess]> {
  const etc = join(folder, 'etc');
  // Makes the queue's folders; its warnings about a machine without /etc/postfix/main.cf do not matter.
  const check = spawnSync(findExecutable('postfix')!, ['-c', etc, 'check'], { encoding: 'utf8' });
  const socket = join(folder, 'queue/private/auth');
  if (!existsSync(join(folder, 'queue/private'))) throw new Error(`postfix check made no queue: ${check.stderr}`);
  const dovecot = new ServerProcess(findExecutable('dovecot')!, ['-F', '-c', join(folder, 'dovecot.conf')]);
  const deadline = Date.now() + 10_000;
  while (!existsSync(socket)) {
    if (!dovecot.isRunning || Date.now() > deadline) throw new Error(`dovecot does not start: ${dovecot.output}`);
    await sleep(50);
  }
  const daemons = spawnSync(findExecutable('postconf')!, ['-c', etc, '-h', 'daemon_directory'], { encoding: 'utf8' });
  // -d: stay in the foreground; -e: end after so many seconds, should the test be killed (master changes its user, and
  // so loses the signal that ends other servers then). It leads its own process group and ends it with itself.
  const args = ['-c', etc, '-d', '-e', '600'];
  const master = new ServerProcess(join(daemons.stdout.trim(), 'master'), args, { ownGroup: true });
  try {
    await master.waitForPort(port);
  } catch (error) {
    await master.stop();
    await dovecot.stop();
    throw error;
  }
  return [dovecot, master];
}

/** Reads the counts off the lines of smtpd, qmgr and discard. */
function countLog(log: string): PostfixCounts {
  let messages = 0;
  let recipients = 0;
  for (const [, count] of log.matchAll(/postfix\/qmgr\[\d+\]: \w+: from=.*, nrcpt=(\d+) \(queue active\)/g)) {
    messages += 1;
    recipients += Number(count);
  }
  return {
    messages,
    recipients,
    discarded: countMatches(log, /postfix\/discard\[\d+\]: \w+: to=.*, status=sent/g),
    removed: countMatches(log, /postfix\/qmgr\[\d+\]: \w+: removed/g),
    authenticated: countMatches(log, /postfix\/smtpd\[\d+\]: \w+: client=.*, sasl_username=/g),
  };
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function subtract(now: PostfixCounts, before: PostfixCounts): PostfixCounts {
  return {
    messages: now.messages - before.messages,
    recipients: now.recipients - before.recipients,
    discarded: now.discarded - before.discarded,
    removed: now.removed - before.removed,
    authenticated: now.authenticated - before.authenticated,
  };
}
