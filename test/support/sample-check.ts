/** A check of a made-up server, with numbers that never change. */
import type { CheckRecord, CheckReply } from '../../src/messages/check-record.js';
import { resolveCheckPlan } from '../../src/plan/check-plan.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import { summariseCheck } from '../../src/report/check-summary.js';

/** A reply as a record has it. */
export function reply(code: number, text: string, enhanced: string | null = null): CheckReply {
  return { code, enhanced, text, latencyUs: 850 };
}

/** What a worker brought back from a server with TLS and AUTH. */
export function sampleRecord(changes: Partial<CheckRecord> = {}): CheckRecord {
  return {
    isComplete: true,
    isConnected: true,
    problem: '',
    advice: '',
    greeting: reply(220, 'mail.lab.test ESMTP Postfix'),
    hello: { verb: 'EHLO', reply: reply(250, 'mail.lab.test'), ehloRefusal: null },
    keywords: ['PIPELINING', 'SIZE 10485760', 'STARTTLS', 'ENHANCEDSTATUSCODES', '8BITMIME', 'DSN'],
    keywordsAfterTls: ['PIPELINING', 'SIZE 10485760', 'AUTH PLAIN LOGIN', 'ENHANCEDSTATUSCODES', '8BITMIME', 'DSN'],
    tls: {
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      group: 'X25519',
      certificate: {
        subject: 'CN=mail.lab.test',
        issuer: 'CN=Lab Root',
        names: 'DNS:mail.lab.test',
        key: 'RSA 2048',
        validFrom: '2026-01-01T00:00:00.000Z',
        validUntil: '2026-12-01T00:00:00.000Z',
        chainError: null,
        checkedName: 'mail.lab.test',
        isNameRight: true,
      },
    },
    tlsProblem: '',
    tlsVersions: [
      { version: 'TLSv1.3', outcome: 'accepted', text: '' },
      { version: 'TLSv1.2', outcome: 'accepted', text: '' },
      { version: 'TLSv1.1', outcome: 'refused', text: 'alert protocol version' },
      { version: 'TLSv1', outcome: 'unavailable', text: 'no protocols available' },
    ],
    times: {
      connectUs: 120,
      tlsUs: 4_310,
      greetingUs: 2_240,
      helloUs: 610,
      starttlsUs: 540,
      mailUs: 1_480,
      rsetUs: 390,
      quitUs: 370,
      noopUs: [350, 410, 340, 360, 1_200],
    },
    pipelining: {
      sent: ['RSET', 'RCPT TO:<user1@example.test>', 'NOOP'],
      replies: [
        reply(250, '2.0.0 Ok', '2.0.0'),
        reply(503, '5.5.1 need MAIL', '5.5.1'),
        reply(250, '2.0.0 Ok', '2.0.0'),
      ],
      isRight: true,
    },
    commands: [
      { command: 'NOOP', reply: reply(250, '2.0.0 Ok', '2.0.0') },
      { command: 'MAIL', reply: reply(250, '2.1.0 Ok', '2.1.0') },
      { command: 'RSET', reply: reply(250, '2.0.0 Ok', '2.0.0') },
      { command: 'HELP', reply: reply(502, '5.5.1 Error: command not recognized', '5.5.1') },
      { command: 'VRFY', reply: reply(252, '2.0.0 postmaster', '2.0.0') },
      { command: 'EXPN', reply: reply(502, '5.5.1 Error: command not recognized', '5.5.1') },
      { command: 'QUIT', reply: reply(221, '2.0.0 Bye', '2.0.0') },
    ],
    codedReplies: 21,
    uncoded: [],
    limits: null,
    notes: [],
    traffic: { sessions: 4, commands: 31, messages: 0 },
    ...changes,
  };
}

/** The result made from it. */
export function sampleCheck(changes: Partial<CheckRecord> = {}, target = 'smtp://mail.lab.test:587'): CheckResult {
  return summariseCheck({
    plan: resolveCheckPlan({ target }, 'none'),
    addresses: [
      { address: '192.168.7.25', family: 4 },
      { address: 'fd00::25', family: 6 },
    ],
    address: { address: '192.168.7.25', family: 4 },
    record: sampleRecord(changes),
    tool: { name: 'postrush', version: '0.1.0' },
    startedAt: new Date('2026-11-23T12:00:00Z'),
    lastedSec: 0.42,
  });
}
