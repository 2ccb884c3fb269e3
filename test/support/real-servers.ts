/** Servers that postrush did not write: Postfix, its smtp-sink, Dovecot, and smtp-server from npm. All on loopback. */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SMTPServerOptions } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import type { TestContext } from 'vitest';
import { testCertificate } from './certificate.js';
import { writeCertificate } from './real-server-certificate.js';
import { findExecutable, freePort, ServerProcess } from './real-server-process.js';

export { missingForDovecot, startDovecot } from './real-server-dovecot.js';
export type { Dovecot } from './real-server-dovecot.js';
export { missingForPostfix, startPostfix } from './real-server-postfix.js';
export type { Postfix } from './real-server-postfix.js';

/**
 * Skips a test, visibly, when its server is missing. In CI as root it fails instead: there the server should have been
 * installed.
 *
 * @param missing - what a `missingFor…` function said
 */
export function needServer(context: TestContext, missing: string | null): void {
  if (missing === null) return;
  if (process.env['CI'] === 'true' && process.getuid?.() === 0) throw new Error(`${missing}, and CI has no excuse`);
  context.skip(missing);
}

/** Full path of Postfix's smtp-sink, or null. */
function findSmtpSink(): string | null {
  return findExecutable('smtp-sink');
}

/** Why smtp-sink cannot be started here, or null when it can. */
export function missingForSmtpSink(): string | null {
  return findSmtpSink() === null ? 'postfix is not installed' : null;
}

/** A running smtp-sink. */
export interface SmtpSink {
  readonly port: number;
  readonly process: ServerProcess;
  stop(): Promise<void>;
}

/** What smtp-sink counts with its `-c`. */
export interface SmtpSinkCounts {
  readonly quits: number;
  readonly messages: number;
}

/** Starts smtp-sink. @param options - its own flags, such as `-p` for no pipelining */
export async function startSmtpSink(options: readonly string[] = []): Promise<SmtpSink> {
  const port = await freePort();
  const server = startSmtpSinkProcess(options, `127.0.0.1:${port}`);
  await server.waitForPort(port);
  return { port, process: server, stop: () => server.stop() };
}

/** Starts smtp-sink on a unix socket in `folder`, which it may write to. */
export async function startUnixSmtpSink(
  folder: string,
  options: readonly string[] = [],
): Promise<Omit<SmtpSink, 'port'> & { readonly path: string }> {
  const path = join(folder, 'smtp-sink.sock');
  chmodSync(folder, 0o777);
  const server = startSmtpSinkProcess(options, `unix:${path}`);
  await server.waitForFile(path);
  return { path, process: server, stop: () => server.stop() };
}

function startSmtpSinkProcess(options: readonly string[], address: string): ServerProcess {
  const program = findSmtpSink();
  if (program === null) throw new Error('smtp-sink is not installed');
  return new ServerProcess(program, ['-4', '-c', ...options, address, '1000'], { asNobody: true });
}

/** What smtp-sink has counted until now. */
export function smtpSinkCounts(server: ServerProcess): SmtpSinkCounts {
  const last = [...server.output.matchAll(/quit=\s*(\d+)\s+mesg=\s*(\d+)/g)].at(-1);
  const [quits = 0, messages = 0] = last?.slice(1).map(Number) ?? [];
  return { quits, messages };
}

/** What the smtp-server of npm saw. */
export interface NpmServer {
  readonly port: number;
  readonly certificateFile: string;
  readonly user: string;
  readonly password: string;
  readonly seen: { messages: number; recipients: number; octets: number; secure: number; logins: number };
  stop(): Promise<void>;
}

/** Starts npm's smtp-server in this process, with STARTTLS and AUTH required unless `options` say otherwise. */
export async function startNpmServer(options: SMTPServerOptions = {}): Promise<NpmServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-npm-server-'));
  const { certificateFile } = await writeCertificate(folder);
  const { key, cert } = await testCertificate();
  const seen = { messages: 0, recipients: 0, octets: 0, secure: 0, logins: 0 };
  // Fit to be a token as well.
  const [user, password] = ['load', 'correct-horse'];
  const server = new SMTPServer({
    key,
    cert,
    disableReverseLookup: true,
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
    onAuth(auth, _session, callback) {
      // Of CRAM-MD5 it knows the digest, of XOAUTH2 a token.
      const isRight =
        auth.method === 'CRAM-MD5'
          ? auth.validatePassword(password)
          : (auth.method === 'XOAUTH2' ? auth.accessToken : auth.password) === password;
      if (auth.username !== user || !isRight) {
        callback(new Error('Invalid username or password'));
        return;
      }
      seen.logins += 1;
      callback(null, { user });
    },
    onData(stream, session, callback) {
      stream.on('data', (chunk: Buffer) => (seen.octets += chunk.length));
      stream.on('end', () => {
        seen.messages += 1;
        seen.recipients += session.envelope.rcptTo.length;
        if (session.secure) seen.secure += 1;
        callback(null);
      });
    },
    ...options,
  });
  // A client that goes away in the middle is an ordinary event of these tests.
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    certificateFile,
    user,
    password,
    seen,
    stop: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
