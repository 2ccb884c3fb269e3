import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ContentBudget } from '../../src/sink/content-budget.js';
import { MailTransaction } from '../../src/sink/mail-transaction.js';
import { MessageArchive, openArchive } from '../../src/sink/message-archive.js';
import { codesOf, openSession, openSink, sendMessage } from './open-sink.js';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'message-archive-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const MESSAGE = {
  reversePath: 'a@b.test',
  forwardPaths: ['c@d.test'],
  content: Buffer.from('x\r\n'),
  user: null,
  isSecure: false,
};

describe('a sink that saves messages', () => {
  test('writes each as the client meant it, its envelope beside, and discards what is beyond the limit', async () => {
    const folder = join(newFolder(), 'made', 'for', 'it');
    const { sink, client } = await openSession({ save: { folder, messages: 2 } });
    await sendMessage(client, 'Subject: x\r\n\r\n..dot\r\n');
    await sendMessage(client, 'Subject: second\r\n\r\n');
    await sendMessage(client, 'Subject: third\r\n\r\n');
    expect(readdirSync(folder).sort()).toEqual(['000001.eml', '000001.json', '000002.eml', '000002.json']);
    expect(readFileSync(join(folder, '000001.eml'), 'latin1')).toBe('Subject: x\r\n\r\n.dot\r\n');
    expect(JSON.parse(readFileSync(join(folder, '000001.json'), 'utf8'))).toEqual({
      reversePath: 'a@b.test',
      forwardPaths: ['c@d.test'],
      user: null,
      isSecure: false,
      octets: 'Subject: x\r\n\r\n.dot\r\n'.length,
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(sink.stats().saved).toEqual({ messages: 2, skipped: 1, problem: null });
    expect(sink.stats().messages).toBe(3);
  });

  test('saves neither what it refused nor what was given up', async () => {
    const folder = newFolder();
    const { sink, client } = await openSession({
      save: { folder, messages: 9 },
      faults: [{ on: 'endOfData', nth: 1, reply: '451 no' }],
    });
    await sendMessage(client);
    await codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA']);
    client.write('half a message');
    client.end();
    await client.ended;
    expect(readdirSync(folder)).toEqual([]);
    expect(sink.stats().saved).toEqual({ messages: 0, skipped: 0, problem: null });
  });

  test('goes on behind what is there, and overwrites nothing', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, '000007.eml'), 'old');
    const { client } = await openSession({ save: { folder, messages: 1 } });
    await sendMessage(client);
    expect(readdirSync(folder).sort()).toEqual(['000007.eml', '000008.eml', '000008.json']);
    expect(readFileSync(join(folder, '000007.eml'), 'latin1')).toBe('old');
  });

  test('refuses a folder that is a file, in one sentence', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(openSink({ save: { folder: join(folder, 'file'), messages: 1 } })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(/cannot be saved in .*file: EEXIST; choose/),
    });
  });
});

describe('an archive', () => {
  test('shared by two writers counts to its limit in all', () => {
    const folder = newFolder();
    const range = openArchive(folder, 5);
    const [one, two] = [new MessageArchive(range), new MessageArchive(range)];
    for (let index = 0; index < 4; index++) {
      one.add(MESSAGE);
      two.add(MESSAGE);
    }
    expect(readdirSync(folder)).toHaveLength(10);
    expect(one.stats().messages + two.stats().messages).toBe(5);
    expect(one.stats().skipped + two.stats().skipped).toBe(3);
  });

  test.skipIf(process.getuid?.() === 0)('tells why it ended when the disk refuses', () => {
    const folder = newFolder();
    const archive = new MessageArchive(openArchive(folder, 5));
    chmodSync(folder, 0o500);
    archive.add(MESSAGE);
    chmodSync(folder, 0o700);
    archive.add(MESSAGE);
    expect(archive.stats()).toEqual({ messages: 0, skipped: 2, problem: 'EACCES' });
  });

  test('tells why it ended when its folder is gone', () => {
    const folder = join(newFolder(), 'gone');
    const archive = new MessageArchive(openArchive(folder, 5));
    rmSync(folder, { recursive: true });
    archive.add(MESSAGE);
    archive.add(MESSAGE);
    expect(archive.stats()).toEqual({ messages: 0, skipped: 2, problem: 'ENOENT' });
  });
});

describe('content that is kept', () => {
  const begin = (budget: ContentBudget): MailTransaction => {
    const transaction = new MailTransaction(budget, 1000);
    transaction.begin('a@b.test', false);
    transaction.beginContent();
    return transaction;
  };

  test('never takes more memory than all sessions together may have, and gives it back', () => {
    const budget = new ContentBudget(100);
    const first = begin(budget);
    first.take(Buffer.from('x'.repeat(80)), 0);
    const second = begin(budget);
    second.take(Buffer.from(`${'y'.repeat(30)}\r\n.\r\n`), 0);
    expect(second.message(null, false)).toBeNull();
    first.take(Buffer.from('\r\n.\r\n'), 0);
    expect(first.message(null, false)?.content.toString()).toBe(`${'x'.repeat(80)}\r\n`);
    first.clear();
    second.clear();
    expect([budget.take(100), budget.take(1)]).toEqual([true, false]);
  });
});
