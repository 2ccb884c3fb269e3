/** The Postfix of these tests does what they rely on, as seen by a client that shares nothing with postrush. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dialogue } from '../support/real-server-dialogue.js';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startPostfix } from '../support/real-servers.js';

const missing = missingForPostfix();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the Postfix of these tests', () => {
  let postfix: Postfix;
  let password = '';

  beforeAll(async () => {
    if (missing !== null) return;
    postfix = await startPostfix();
    password = readFileSync(postfix.passwordFile, 'utf8').trimEnd();
  });
  afterAll(async () => {
    await (postfix as Postfix | undefined)?.stop();
  });

  test('offers AUTH, STARTTLS and PIPELINING', async (context) => {
    needServer(context, missing);
    const client = await Dialogue.open(postfix.port);
    const ehlo = await client.say('EHLO client.test');
    expect(ehlo).toMatch(/^250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r$/m);
    expect(ehlo).toMatch(/^250-STARTTLS\r$/m);
    expect(ehlo).toMatch(/^250-PIPELINING\r$/m);
    await client.close();
  });

  test('takes mail only after AUTH, says so in its log, and discards it', async (context) => {
    needServer(context, missing);
    const before = postfix.counts();
    const client = await Dialogue.open(postfix.port);
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<a@sender.test>');
    expect(await client.say('RCPT TO:<user1@example.test>')).toMatch(/^554 /);
    await client.say('RSET');
    expect(await client.say('AUTH LOGIN')).toBe('334 VXNlcm5hbWU6\r\n');
    expect(await client.say(base64(postfix.user))).toBe('334 UGFzc3dvcmQ6\r\n');
    expect(await client.say(base64(password))).toMatch(/^235 /);
    expect(await client.say('MAIL FROM:<a@sender.test>')).toMatch(/^250 /);
    expect(await client.say('RCPT TO:<user1@example.test>')).toMatch(/^250 /);
    expect(await client.say('RCPT TO:<user2@example.test>')).toMatch(/^250 /);
    expect(await client.say('DATA')).toMatch(/^354 /);
    expect(await client.say('Subject: one\r\n\r\nbody\r\n.')).toMatch(/^250 2\.0\.0 Ok: queued/);
    await client.close();
    expect(await postfix.countsSince(before, 1)).toEqual({
      messages: 1,
      recipients: 2,
      discarded: 2,
      removed: 1,
      authenticated: 1,
    });
  });

  test('refuses a wrong password', async (context) => {
    needServer(context, missing);
    const client = await Dialogue.open(postfix.port);
    await client.say('EHLO client.test');
    expect(await client.say(`AUTH PLAIN ${base64(`\0${postfix.user}\0wrong`)}`)).toMatch(/^535 /);
    await client.close();
  });

  test('goes over to TLS with a certificate that verifies, and takes AUTH PLAIN there', async (context) => {
    needServer(context, missing);
    const client = await Dialogue.open(postfix.port);
    await client.say('EHLO client.test');
    expect(await client.startTls(readFileSync(postfix.certificateFile, 'utf8'))).toMatch(/^220 /);
    expect(await client.say('EHLO client.test')).not.toMatch(/STARTTLS/);
    expect(await client.say(`AUTH PLAIN ${base64(`\0${postfix.user}\0${password}`)}`)).toMatch(/^235 /);
    await client.close();
  });

  test('takes mail from anyone on its open port', async (context) => {
    needServer(context, missing);
    const client = await Dialogue.open(postfix.openPort);
    expect(await client.say('EHLO client.test')).not.toMatch(/AUTH/);
    await client.say('MAIL FROM:<a@sender.test>');
    expect(await client.say('RCPT TO:<user1@example.test>')).toMatch(/^250 /);
    await client.close();
  });
});
