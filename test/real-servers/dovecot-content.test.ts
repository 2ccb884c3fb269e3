/** What Dovecot delivered of postrush's messages, octet by octet, however the content travelled. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Dovecot } from '../support/real-servers.js';
import { missingForDovecot, needServer, startDovecot } from '../support/real-servers.js';
import { freePort } from '../support/real-server-process.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

const missing = missingForDovecot();
const BOX = 'box1@example.test';
/** Latin-1: lines that begin with dots, one that is a dot, octets of 8 bits, empty lines, and a long line. */
const TRICKY = [
  'From: <a@example.test>',
  'To: <b@example.test>',
  'Subject: dots',
  '',
  '.',
  '..',
  '.dot',
  'BDAT 5 LAST',
  '',
  '\xfe\xff \xc3\xa9 \x80',
  'x'.repeat(990),
  'QUIT',
  '.',
  '',
].join('\r\n');
/** With the Message-ID that postrush puts in front of it. */
const SIZE = 'Message-ID: <000000000000.200@postrush.test>\r\n'.length + TRICKY.length;
const MESSAGES = 20;

describe('content that postrush hands to Dovecot', () => {
  let dovecot: Dovecot;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-test-'));
    if (missing === null) dovecot = await startDovecot(await freePort());
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await (dovecot as Dovecot | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  /** Delivers messages to one mailbox. @returns them without what Dovecot puts in front of each, sorted by number */
  async function deliver(seed: number, chunks: number, ...args: string[]): Promise<string[]> {
    const load = ['-s', '3', '-m', String(MESSAGES), '-n', '5', '--to', BOX, '--seed', String(seed)];
    const result = resultOf(await runPostrush([`lmtp+unix:${dovecot.lmtpSocket}`, ...load, ...args]));
    expect(result.messages).toMatchObject({ attempted: MESSAGES, accepted: MESSAGES });
    // The last chunk is the end of the content.
    expect(result.steps.bdat?.replied ?? 0).toBe(chunks === 0 ? 0 : (chunks - 1) * MESSAGES);
    return dovecot
      .messagesOf(BOX, seed)
      .map((text) => text.slice(text.indexOf('Message-ID: ')))
      .sort();
  }
  const withoutId = (text: string): string => text.slice(text.indexOf('\n') + 1);

  test.each([
    ['DATA', 0x100, 0, []],
    ['DATA across messages', 0x101, 0, ['--pipelining', 'across']],
    ['one chunk', 0x102, 1, ['--bdat']],
    ['many chunks, one by one', 0x103, 39, ['--bdat', '77', '--pipelining', 'off']],
    ['many chunks, pipelined', 0x104, 39, ['--bdat', '77', '--pipelining', 'on']],
    ['chunks across messages', 0x105, 39, ['--bdat', '77', '--pipelining', 'across']],
    ['two chunks of which the last has one octet', 0x106, 2, ['--bdat', '2999']],
    ['a chunk of exactly its size', 0x107, 1, ['--bdat', '3000']],
    ['a chunk that is larger than it', 0x108, 1, ['--bdat', '4000']],
  ])('has the size that was asked for, by %s', async (_, seed, chunks, args) => {
    const delivered = await deliver(seed, chunks, '-l', '3000', '--from', 'a%d@example.test', ...args);
    expect(delivered.map(({ length }) => length)).toEqual(Array(MESSAGES).fill(3000));
    expect(delivered.map((text) => Number(/^Message-ID: <(\d+)\./.exec(text)![1]))).toEqual([
      ...Array(MESSAGES).keys(),
    ]);
    expect(delivered.every((text) => /^From: <a\d+@example\.test>\r\n/m.test(text) && text.endsWith('\r\n'))).toBe(
      true,
    );
  });

  test.each([
    ['DATA', 0x200, 0, []],
    ['DATA across messages', 0x201, 0, ['--pipelining', 'across']],
    ['one chunk', 0x202, 1, ['--bdat']],
    ['chunks of one octet, one by one', 0x203, SIZE, ['--bdat', '1', '--pipelining', 'off']],
    ['chunks of seven octets, pipelined', 0x204, Math.ceil(SIZE / 7), ['--bdat', '7', '--pipelining', 'on']],
    ['chunks of seven octets across messages', 0x205, Math.ceil(SIZE / 7), ['--bdat', '7', '--pipelining', 'across']],
  ])('is what the file has, dots and octets of 8 bits included, by %s', async (_, seed, chunks, args) => {
    const file = join(folder, 'tricky.eml');
    writeFileSync(file, Buffer.from(TRICKY, 'latin1'));
    const delivered = await deliver(seed, chunks, '--message', file, '--8bitmime', ...args);
    expect(delivered.map(withoutId)).toEqual(Array(MESSAGES).fill(TRICKY));
  });
});
