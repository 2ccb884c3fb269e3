/** What a check tells people: golden files with fixed numbers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { certificateProblems, daysUntil } from '../../src/report/check-certificate.js';
import { renderCheckReport } from '../../src/report/check-report.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import { reply, sampleCheck, sampleRecord } from '../support/sample-check.js';

/** Set to write the golden files anew. Look at the difference before it is committed. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
const ESCAPES = '\x1b[2J\x1b]0;owned\x07\r\n250 forged\x9b31m \u202eesrever\u0000 日本語 ';

/** As little as a server can offer. */
function poorServer(): CheckResult {
  return sampleCheck(
    {
      hello: { verb: 'HELO', reply: reply(250, 'old'), ehloRefusal: reply(500, 'what?') },
      keywords: [],
      keywordsAfterTls: null,
      tls: null,
      tlsVersions: [],
      times: { ...sampleRecord().times, tlsUs: null, starttlsUs: null },
      pipelining: null,
      commands: [],
      uncoded: ['RSET 250'],
      codedReplies: 1,
      notes: ['closed the connection at RSET'],
      isComplete: false,
    },
    'smtp://127.0.0.1:2525',
  );
}

function hostileServer(): CheckResult {
  const { tls } = sampleRecord();
  return sampleCheck({
    greeting: reply(220, ESCAPES.repeat(8)),
    keywords: [ESCAPES, 'X'.repeat(300), 'AUTH', 'AUTH=PLAIN auth', 'SIZE 99999999999999999999', 'STARTTLS'],
    keywordsAfterTls: null,
    tls: {
      ...tls!,
      certificate: { ...tls!.certificate!, subject: ESCAPES, chainError: ESCAPES, isNameRight: false, validUntil: 'x' },
    },
    tlsProblem: ESCAPES,
    pipelining: { sent: ['RSET', 'NOOP'], replies: [], isRight: false },
    commands: [{ command: 'HELP', reply: reply(214, ESCAPES.repeat(3)) }],
    uncoded: ['HELP 214'],
    notes: [ESCAPES],
  });
}

function limited(): CheckResult {
  const base = { cap: 2000, reply: null, loss: null, why: '' } as const;
  return sampleCheck({
    limits: [
      { ...base, name: 'recipients', outcome: 'found', passed: 100, reply: reply(452, '4.5.3 too many recipients') },
      { ...base, name: 'size', outcome: 'found', passed: 10_485_760, reply: reply(552, '5.3.4 too big '.repeat(20)) },
      { ...base, name: 'transactions', outcome: 'none', passed: 300 },
      { ...base, name: 'badCommands', outcome: 'found', passed: 20, reply: reply(421, '4.7.0 bye'), loss: 'closed' },
      { ...base, name: 'lineOctets', outcome: 'unknown', passed: 0, why: ESCAPES },
      { ...base, name: 'connections', outcome: 'none', passed: 41, why: 'this machine has no more files or ports' },
      { ...base, name: 'messages', outcome: 'found', passed: 1, loss: 'closed' },
      { ...base, name: 'messageOctets', outcome: 'found', passed: 9, loss: 'timeout' },
    ],
    traffic: { sessions: 60, commands: 2_831, messages: 1 },
  });
}

describe('the report of a check', () => {
  test.each([
    ['check-postfix', sampleCheck()],
    ['check-poor', poorServer()],
    ['check-hostile', hostileServer()],
    ['check-limits', limited()],
  ])('of %s is the golden one, 80 columns wide and plain', (name, result) => {
    const report = renderCheckReport(result, { color: false, width: 80 });
    expect(report.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(report).not.toMatch(/[^\n\x20-\x7eµ…]/);
    const file = new URL(`golden/${name}.txt`, import.meta.url);
    if (UPDATE) writeFileSync(file, report);
    expect(report).toBe(readFileSync(file, 'utf8'));
  });

  test('has the same words in colour', () => {
    const plain = renderCheckReport(sampleCheck(), { color: false, width: 80 });
    expect(renderCheckReport(sampleCheck(), { color: true, width: 80 }).replace(/\x1b\[\d+m/g, '')).toBe(plain);
  });
});

test('what OpenSSL says against a certificate is told in words, also when it is new', () => {
  const problems = (chainError: string): string[] =>
    certificateProblems({ chainError, checkedName: '', isNameRight: true });
  expect(problems('CERT_HAS_EXPIRED')).toEqual(['it has expired']);
  expect(problems('BRAND_NEW')).toEqual(['OpenSSL refuses it: BRAND_NEW']);
});

test('days are whole, and negative once a certificate is over', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  expect(daysUntil('2026-11-25T11:00:00Z', now)).toBe(1);
  expect(daysUntil('2026-11-23T11:00:00Z', now)).toBe(-1);
  expect(daysUntil('never', now)).toBeNull();
});
