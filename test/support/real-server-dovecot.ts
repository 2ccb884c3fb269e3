/** Dovecot on loopback, in a folder of its own: LMTP into maildirs, and submission to a relay. Needs root. */
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCertificate } from './real-server-certificate.js';
import { findExecutable, freePort, ServerProcess } from './real-server-process.js';
import { fillTemplate } from './real-server-template.js';

const TEMPLATE = join(import.meta.dirname, '../real-servers/dovecot/dovecot.conf');
const LIBRARIES = ['/usr/lib/dovecot', '/usr/libexec/dovecot', '/usr/local/libexec/dovecot'];
const PASSWORD = 'p4ss wörd';
/** Who has a mailbox: two that take everything, and one that is full from the start. */
const BOXES = ['box1@example.test', 'box2@example.test'];
const FULL_BOX = 'box3@example.test';
/** A quota of one octet. */
const FULL = 'userdb_quota_rule=*:bytes=1';

/** What Dovecot's log says. */
export interface DovecotCounts {
  /** Sessions of LMTP that have begun. */
  readonly lmtpSessions: number;
  /** Deliveries: one for each recipient that got a message. */
  readonly saved: number;
  /** Deliveries that failed, for a full mailbox. */
  readonly failed: number;
  /** Logins to submission by mechanism. */
  readonly logins: Readonly<Record<string, number>>;
  /** Messages that the relay took, and their recipients. */
  readonly relayed: number;
  readonly relayedRecipients: number;
  /** Processes that ended in an assertion of Dovecot's own. */
  readonly panics: number;
}

/** A running Dovecot. */
export interface Dovecot {
  readonly lmtpPort: number;
  readonly lmtpSocket: string;
  /** Submission; STARTTLS is required, AUTH is offered with everything but EXTERNAL. */
  readonly submissionPort: number;
  readonly user: string;
  readonly passwordFile: string;
  /** Holds a token of `user` for XOAUTH2 and OAUTHBEARER. */
  readonly tokenFile: string;
  readonly certificateFile: string;
  /** Characters that the log has now. */
  logLength(): number;
  /** What the log says behind so many characters. */
  countsSince(length: number): DovecotCounts;
  /** The messages in a mailbox that a run with `seed` sent there, as they are in their files, Latin-1. */
  messagesOf(box: string, seed: number): string[];
  stop(): Promise<void>;
}

/** Why Dovecot's services cannot be started here, or null when they can. */
export function missingForDovecot(): string | null {
  if (findExecutable('dovecot') === null) return 'dovecot is not installed';
  for (const [program, name] of [
    ['lmtp', 'dovecot-lmtpd'],
    ['submission', 'dovecot-submissiond'],
  ] as const) {
    if (!LIBRARIES.some((folder) => existsSync(join(folder, program)))) return `${name} is not installed`;
  }
  if (process.getuid?.() !== 0) return 'dovecot is installed but only root can start it';
  return null;
}

/** Starts Dovecot. @param relayPort - where on 127.0.0.1 submission finds its relay */
export async function startDovecot(relayPort: number): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-dovecot-'));
  const logFile = join(folder, 'dovecot.log');
  const passwordFile = join(folder, 'password.txt');
  const ports = { LMTP_PORT: await freePort(), SUBMISSION_PORT: await freePort(), RELAY_PORT: relayPort };
  const certificate = await writeCertificate(folder);
  prepareFolder(folder);
  const tokenFile = prepareTokens(folder);
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const configuration = join(folder, 'dovecot.conf');
  const files = { FOLDER: folder, CERTIFICATE: certificate.certificateFile, KEY: certificate.keyFile };
  fillTemplate(TEMPLATE, configuration, { ...ports, ...files });

  const server = new ServerProcess(findExecutable('dovecot')!, ['-F', '-c', configuration]);
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    // It listens everywhere before it answers anywhere; LMTP is not tried, so that its log begins with the tests.
    await server.waitForPort(ports.SUBMISSION_PORT);
  } catch (error) {
    await stop();
    throw error;
  }
  const log = (): string => readFileSync(logFile, 'utf8');
  return {
    lmtpPort: ports.LMTP_PORT,
    lmtpSocket: join(folder, 'lmtp.sock'),
    submissionPort: ports.SUBMISSION_PORT,
    user: BOXES[0]!,
    passwordFile,
    tokenFile,
    certificateFile: certificate.certificateFile,
    logLength: () => log().length,
    countsSince: (length) => countLog(log().slice(length)),
    messagesOf: (box, seed) => messagesIn(join(folder, 'mail', box)).filter((text) => isOfRun(text, seed)),
    stop,
  };
}

/** Folders and users as Dovecot wants them. */
function prepareFolder(folder: string): void {
  // Dovecot's own users must be able to reach what is below.
  chmodSync(folder, 0o755);
  for (const name of ['run', 'state', 'mail']) mkdirSync(join(folder, name), { mode: 0o755 });
  const chown = spawnSync('chown', ['nobody:nogroup', join(folder, 'mail')], { encoding: 'utf8' });
  if (chown.status !== 0) throw new Error(`cannot give a folder to the user nobody: ${chown.stderr}`);
  const users = [...BOXES.map((box) => [box, '']), [FULL_BOX, FULL]];
  const lines = users.map(([box, extra]) => `${box}:{PLAIN}${PASSWORD}::::::${extra}\n`);
  writeFileSync(join(folder, 'users'), lines.join(''), { mode: 0o600 });
}

/** Settings and the key for tokens. @returns a file with a JSON Web Token (RFC 7519) of the first user, signed with that key */
function prepareTokens(folder: string): string {
  const key = randomBytes(32);
  const keys = join(folder, 'keys');
  const settings = [
    'introspection_mode = local',
    `local_validation_key_dict = fs:posix:prefix=${keys}/`,
    'username_attribute = sub',
  ];
  writeFileSync(join(folder, 'oauth2.conf.ext'), `${settings.join('\n')}\n`);
  mkdirSync(join(keys, 'default', 'HS256'), { recursive: true });
  writeFileSync(join(keys, 'default', 'HS256', 'default'), key.toString('base64'));
  const nowSec = Math.floor(Date.now() / 1000);
  const claims = { sub: BOXES[0], iat: nowSec - 60, exp: nowSec + 3600 };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createHmac('sha256', key).update(parts.join('.')).digest('base64url');
  const tokenFile = join(folder, 'token.txt');
  writeFileSync(tokenFile, `${parts.join('.')}.${signature}\n`, { mode: 0o600 });
  return tokenFile;
}

/** What is in a maildir, in no order. */
function messagesIn(maildir: string): string[] {
  const folder = join(maildir, 'new');
  return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1')) : [];
}

/** The Message-IDs of a run end in its seed. */
function isOfRun(message: string, seed: number): boolean {
  return new RegExp(`^Message-ID: <\\d+\\.${seed.toString(16)}@`, 'm').test(message);
}

/** Reads the counts off the lines of lmtp, submission and submission-login. */
function countLog(log: string): DovecotCounts {
  const logins: Record<string, number> = {};
  for (const [, name = ''] of log.matchAll(/submission-login: Info: Login: user=<[^>]*>, method=([^,]+),.*, TLS,/g)) {
    logins[name] = (logins[name] ?? 0) + 1;
  }
  const relayed = [...log.matchAll(/Info: Successfully relayed message: from=.*, nrcpt=(\d+), /g)];
  return {
    lmtpSessions: countMatches(log, / lmtp\(\d+\): Info: Connect from /g),
    saved: countMatches(log, / lmtp\(.*: Info: .*: saved mail to INBOX$/gm),
    failed: countMatches(log, / lmtp\(.*: Info: .*: save failed to INBOX: Quota exceeded/g),
    logins,
    relayed: relayed.length,
    relayedRecipients: relayed.reduce((sum, [, recipients]) => sum + Number(recipients), 0),
    panics: countMatches(log, /: Panic: /g),
  };
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
