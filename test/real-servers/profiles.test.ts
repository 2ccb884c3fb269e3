/** Every profile of `postrush init`, run short against a server that people use: its log has the same commands and messages. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/report/result-schema.js';
import { freePort } from '../support/real-server-process.js';
import { PostfixLogPart } from '../support/real-server-postfix-log.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import type { Dovecot, Postfix } from '../support/real-servers.js';
import {
  missingForDovecot,
  missingForPostfix,
  needServer,
  startDovecot,
  startPostfix,
} from '../support/real-servers.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const WAIT = { timeout: 20_000, interval: 100 };
/** Commands that the pre-flight sessions never say. */
const OF_THE_LOAD = ['mail', 'rcpt', 'data', 'bdat', 'rset', 'noop'] as const;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-profiles-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The profile with what its reader would change. */
function edited(name: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(EXAMPLES, `${name}.yaml`), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}

describe('profiles against Postfix', () => {
  const missing = missingForPostfix();
  let postfix: Postfix;

  beforeAll(async () => {
    if (missing === null) postfix = await startPostfix();
  });
  afterAll(async () => {
    await (postfix as Postfix | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  async function load(
    name: string,
    args: readonly string[],
    port = postfix.openPort,
    changes: Readonly<Record<string, string>> = {},
  ): Promise<RunResult> {
    const before = postfix.counts();
    const log = new PostfixLogPart(postfix.logFile);
    const path = edited(name, { 'smtp://127.0.0.1:2525': `smtp://127.0.0.1:${String(port)}`, ...changes });
    const result = resultOf(await runPostrush(['-f', path, ...args]));
    const sentOf = (step: (typeof OF_THE_LOAD)[number]): number => result.steps[step]?.sent ?? 0;
    // Postfix counts the last chunk as what it is, and we as the end of the content.
    const byData = result.replies.find(({ step, code }) => step === 'data' && code === 354)?.count ?? 0;
    const chunked = (result.steps.endOfData?.sent ?? 0) - byData;
    const wanted = Object.fromEntries(
      OF_THE_LOAD.map((step) => [step, sentOf(step) + (step === 'bdat' ? chunked : 0)]),
    );
    await expect
      .poll(() => sumOf(log), WAIT)
      .toEqual({
        ...wanted,
        sessions: result.sessions.started + result.preflight.connections,
      });
    const { accepted } = result.messages;
    const recipients = result.recipients.accepted;
    expect(await postfix.countsSince(before, accepted)).toMatchObject({ messages: accepted, recipients });
    return result;
  }

  test('isp-inbound-edge', async () => {
    const result = await load('isp-inbound-edge', ['-s', '10', '-m', '100']);
    const [known, unknown] = result.scenarios;
    expect(known!.messages).toMatchObject({ attempted: 90, accepted: 90 });
    // This Postfix knows everybody, which the file did not expect.
    expect(unknown!.messages).toMatchObject({ attempted: 10, accepted: 0, abandoned: 10 });
    expect(result.unexpected).toEqual([expect.objectContaining({ step: 'rcpt', code: 250, count: 10 })]);
    expect(result.steps.tls!.replied).toBe(45);
  });

  test('office-submission', async () => {
    const { port, passwordFile } = postfix;
    const password = readFileSync(passwordFile, 'utf8').trim();
    const result = await load('office-submission', ['-s', '10', '-m', '60'], port, {
      'password: secret': `password: '${password}'`,
    });
    expect(result.messages).toMatchObject({ attempted: 60, accepted: 60 });
    expect(result.recipients.accepted).toBeGreaterThan(60);
    expect(result.steps.auth!.replied).toBe(result.sessions.completed);
  });

  test('newsletter-injection', async () => {
    const result = await load('newsletter-injection', ['-s', '5', '-m', '25'], postfix.openPort, {
      'messagesPerSession: 100': 'messagesPerSession: 5',
    });
    expect(result.messages).toMatchObject({ attempted: 25, accepted: 25 });
    expect(result.recipients).toMatchObject({ attempted: 1250, accepted: 1250 });
    expect(result.sessions.started).toBeLessThan(25);
  });

  test('spam-heavy-edge', async () => {
    const result = await load('spam-heavy-edge', ['-s', '20', '-m', '100']);
    expect(result.scenarios.map(({ messages }) => messages.attempted)).toEqual([20, 50, 20, 10]);
    expect(result.messages).toMatchObject({ accepted: 90, abandoned: 10 });
    expect(result.steps.rcpt!.sent).toBe(20 + 500 + 20 + 10);
  });

  test('auth-storm', async () => {
    const { port, passwordFile } = postfix;
    const password = readFileSync(passwordFile, 'utf8').trim();
    const result = await load('auth-storm', ['-d', '3s'], port, {
      'password: secret': `password: '${password}'`,
    });
    const { started, failed } = result.sessions;
    expect(started).toBeGreaterThan(50);
    expect(failed).toBe(0);
    const wrong = result.replies.find(({ step, code }) => step === 'auth' && code === 535)?.count ?? 0;
    expect(wrong / started).toBeGreaterThan(0.005);
    expect(wrong / started).toBeLessThan(0.05);
    expect(result.tls!.resumed).toBeGreaterThan(0);
  });

  test('monday-morning', async () => {
    const { port, passwordFile } = postfix;
    const password = readFileSync(passwordFile, 'utf8').trim();
    // Tests beside this one break the gates of so short a run.
    const gates = ['lag.p99', 'eventLoopLag.p99', 'utilisation'].flatMap((gate) => ['--gate', `${gate}=off`]);
    const words = ['--profile', '10/s ->(2s) 30/s; 30/s for 2s', '--warmup', '0s', '-s', '300', ...gates];
    const result = await load('monday-morning', words, port, { 'password: secret': `password: '${password}'` });
    expect(result.arrivals).toEqual({ offered: 100, started: 100, dropped: 0 });
    expect(result.scenarios.map(({ messages }) => messages.offered)).toEqual([70, 60]);
    // This port relays for those that log in, and takes nothing of strangers.
    const [inbound, submission] = result.scenarios;
    expect(inbound!.messages).toMatchObject({ attempted: 70, rejected: 70 });
    expect(submission!.messages).toMatchObject({ attempted: 60, accepted: 60 });
    expect(result.latency.response!.count).toBe(30);
  });

  test('idle-holders', async () => {
    const result = await load('idle-holders', ['-s', '40', '-d', '5s', '--drain', '1s']);
    const [idle, worker] = result.scenarios;
    expect(idle!.clients.started).toBeGreaterThanOrEqual(38);
    expect(result.steps.noop!.replied).toBeGreaterThan(30);
    expect(worker!.messages.accepted).toBeGreaterThan(0);
    expect(result.messages).toMatchObject({ failed: 0, rejected: 0, deferred: 0 });
  });

  test('large-attachments', async () => {
    const result = await load('large-attachments', ['-s', '4', '-m', '20']);
    const { accepted, rejected, attempted } = result.messages;
    expect(attempted).toBe(20);
    // What is too large for this Postfix it says at MAIL, since SIZE is declared.
    expect(accepted + rejected).toBe(20);
    expect(accepted).toBeGreaterThan(10);
    // What stands behind MAIL in its group has nothing to belong to.
    const refused = result.replies.filter(({ code }) => code >= 400).map(({ step, code }) => `${step} ${code}`);
    expect(refused.filter((row) => !['mail 552', 'rcpt 503', 'data 503'].includes(row))).toEqual([]);
  });
});

describe("a profile against Dovecot's LMTP", () => {
  const missing = missingForDovecot();
  let dovecot: Dovecot;

  beforeAll(async () => {
    if (missing === null) dovecot = await startDovecot(await freePort());
  });
  afterAll(async () => {
    await (dovecot as Dovecot | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  test('lmtp-delivery', async () => {
    const start = dovecot.logLength();
    const path = edited('lmtp-delivery', {
      'lmtp://127.0.0.1:2424': `lmtp://127.0.0.1:${String(dovecot.lmtpPort)}`,
      'to: user%d@example.test': 'to: box%d@example.test',
      'addresses: 100': 'addresses: 2',
      'recipients: 3': 'recipients: 2',
    });
    const result = resultOf(await runPostrush(['-f', path, '-s', '5', '-m', '100']));
    expect(result.messages).toMatchObject({ attempted: 100, accepted: 100 });
    expect(result.recipients).toMatchObject({ attempted: 200, accepted: 200 });
    expect(result.steps.endOfData!.replied).toBe(200);
    await expect.poll(() => dovecot.countsSince(start).saved, WAIT).toBe(200);
  });
});

test('no profile is left out', () => {
  const here = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const names = readdirSync(EXAMPLES).map((name) => name.replace('.yaml', ''));
  expect(names.filter((name) => !here.includes(`test('${name}'`))).toEqual([]);
});

/** All commands of all sessions that have ended, and how many sessions that are. */
function sumOf(log: PostfixLogPart): Record<string, number> {
  const sum: Record<string, number> = { sessions: 0, ...Object.fromEntries(OF_THE_LOAD.map((step) => [step, 0])) };
  for (const [, list = ''] of log.text.matchAll(/smtpd\[\d+\]: disconnect from \S+ (.*) commands=/g)) {
    sum['sessions'] = (sum['sessions'] ?? 0) + 1;
    for (const word of list.split(' ')) {
      const [name = '', counts = ''] = word.split('=');
      if (sum[name] !== undefined) sum[name] += Number(counts.split('/').at(-1));
    }
  }
  return sum;
}
