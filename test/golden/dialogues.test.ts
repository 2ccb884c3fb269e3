/** Golden dialogues: the exact octets of both sides for every profile, and for every kind of step. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STEP_KINDS } from '../../src/scenario-file/step-schema.js';
import { testCertificate } from '../support/certificate.js';
import { dialogueOf, goldenText, planOfWords } from '../support/dialogue-golden.js';

/** `UPDATE_GOLDEN=1 npx vitest run test/golden` writes the files anew. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const EXAMPLES = here('../../examples/');
const PROFILES = readdirSync(EXAMPLES).sort();
/** Their seeds of randomness are not ours. */
const WITH_NONCES = ['cram-md5', 'scram-sha-1', 'scram-sha-256'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-dialogues-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function compare(name: string, text: string): void {
  const path = here(`dialogues/${name}.txt`);
  if (UPDATE) writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('every profile', () => {
  test.each(PROFILES)('%s speaks as it did', { timeout: 60_000 }, async (file) => {
    const plan = await planOfWords(['-f', join(EXAMPLES, file)]);
    const texts: string[] = [];
    for (const [scenario, { name }] of plan.scenarios.entries()) {
      texts.push(`== ${name}\n${goldenText(await dialogueOf(plan, { scenario, hidesSecrets: true }))}`);
    }
    compare(file.replace('.yaml', ''), texts.join('\n'));
  });
});

/** Steps, and what else the file says. */
const STEPS: readonly (readonly [title: string, steps: string, rest?: string])[] = [
  ['connect', '[{ connect: { greeting: true }, expect: 220 }, quit]'],
  ['connect, without waiting for the greeting', '[{ connect: { greeting: false } }, { pause: 10ms }, { drop: fin }]'],
  ['ehlo', '[ehlo, { ehlo: other.test }, quit]'],
  ['helo', '[helo, { helo: other.test }, quit]'],
  ['lhlo', '[lhlo, { lhlo: other.test }, quit]', 'target: lmtp://127.0.0.1:2424'],
  ['starttls', '[ehlo, starttls, noop, quit]', 'tls: { mode: required, insecure: true }'],
  ['mail, rcpt, data', '[ehlo, mail, rcpt, data, quit]'],
  [
    'mail with an address and parameters',
    "[ehlo, { mail: { from: a@example.test, parameters: 'SIZE=1000 BODY=8BITMIME' } }, rcpt, data, quit]",
  ],
  ['mail with the null reverse-path', '[ehlo, { mail: <> }, { rcpt: user@example.test }, data, quit]'],
  ['rcpt with a list', '[ehlo, mail, { rcpt: [a@example.test, b@example.test] }, data, quit]'],
  ['rcpt with a number', '[ehlo, mail, { rcpt: { count: 3, to: u%d@example.test } }, data, quit]'],
  ['rcpt with parameters', '[ehlo, mail, { rcpt: { count: 1, parameters: NOTIFY=NEVER } }, data, quit]'],
  ['data in lock-step', '[ehlo, mail, rcpt, data, quit]', 'pipelining: off'],
  ['data without content', '[ehlo, mail, rcpt, { data: { content: false } }, { drop: rst }]'],
  ['data without recipients', '[ehlo, mail, { data: { content: true }, expect: 554 }, quit]'],
  ['bdat', '[ehlo, mail, rcpt, bdat, quit]'],
  ['bdat in chunks', '[ehlo, mail, rcpt, { bdat: 400B }, quit]'],
  ['rset', '[ehlo, mail, rcpt, rset, mail, rcpt, data, quit]'],
  ['noop', '[ehlo, noop, { noop: hello there }, quit]'],
  ['vrfy', '[ehlo, { vrfy: postmaster }, quit]'],
  ['expn', '[ehlo, { expn: staff }, quit]'],
  ['help', '[ehlo, help, { help: DATA }, quit]'],
  ['raw', "[ehlo, { raw: NOOP a, expect: 250 }, { raw: 'XYZZY {{session}}', expect: 500 }, quit]"],
  ['pause', '[ehlo, { pause: 2s }, { pause: { shape: logNormal, median: 1s, sigma: 0.5 } }, quit]'],
  ['repeat', '[ehlo, { repeat: { count: 2, steps: [mail, rcpt, data] } }, quit]'],
  ['repeat a random number of times', '[ehlo, { repeat: { count: { min: 1, max: 9 }, steps: [noop] } }, quit]'],
  [
    'choose',
    '[ehlo, { repeat: { count: 4, steps: [{ choose: [{ weight: 1, steps: [noop] }, { weight: 1, steps: [help] }] }] } }, quit]',
  ],
  ['quit with an expectation', '[ehlo, { quit: , expect: { codes: 221, enhanced: 2.0.0, pattern: bye } }]'],
  ['drop', '[ehlo, mail, rcpt, drop]'],
  ['drop with a reset', '[ehlo, { drop: rst }]'],
  [
    'otherwise reset',
    '[ehlo, mail, { rcpt: reject@example.test, expect: { codes: 250, otherwise: reset } }, data, mail, rcpt, data, quit]',
  ],
  [
    'otherwise quit',
    '[ehlo, mail, { rcpt: reject@example.test, expect: { codes: 250, otherwise: quit } }, data, quit]',
  ],
  [
    'otherwise drop',
    '[ehlo, mail, { rcpt: reject@example.test, expect: { codes: 250, otherwise: drop } }, data, quit]',
  ],
  ['otherwise stop-run', '[ehlo, { noop: , expect: { codes: 550, otherwise: stop-run } }, mail, rcpt, data, quit]'],
  ['capture', '[ehlo, { noop: , capture: { name: word, pattern: "nothing (\\\\w+)" } }, { vrfy: "{{word}}" }, quit]'],
  [
    'auth of the scenario',
    '[ehlo, auth, mail, rcpt, data, quit]',
    'auth: { mechanism: plain, user: load, password: secret }',
  ],
  ...['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'xoauth2', 'oauthbearer'].map(
    (name) => [`auth ${name}`, `[ehlo, { auth: { mechanism: ${name}, user: load, password: secret } }, quit]`] as const,
  ),
];

/** What is said without steps. */
const STANDARD: readonly (readonly [title: string, file: string])[] = [
  ['the standard session', 'messagesPerSession: 2\nrecipients: 2'],
  ['in LMTP', 'target: lmtp://127.0.0.1:2424\nmessagesPerSession: 2\nrecipients: 2'],
  ['in lock-step', 'messagesPerSession: 2\npipelining: off'],
  ['across messages', 'messagesPerSession: 2\npipelining: across'],
  ['in chunks', 'extensions: { bdat: 500B }'],
  [
    'with extensions',
    'extensions: { declareSize: true, eightBitMime: true, smtpUtf8: true, dsn: RET=HDRS NOTIFY=FAILURE ENVID=a }\nto: größe%d@example.test',
  ],
  ['with REQUIRETLS', 'tls: { mode: required, insecure: true }\nextensions: { requireTls: true }'],
  [
    'with XCLIENT and XFORWARD',
    'extensions: { xclient: { ADDR: 192.0.2.1 }, xforward: { ADDR: 192.0.2.2, NAME: a.test } }',
  ],
  ['behind PROXY v1', 'connection: { proxy: v1 }'],
  ['behind PROXY v2', 'connection: { proxy: v2 }'],
  [
    'with templates',
    "helo: 'h{{session}}.test'\nfrom: '{{random.name}}@example.test'\nto: '{{people.value}}'\nfeeders: { people: { range: 'p{01..20}@example.test', order: random } }\ncorpus: [{ size: 600B }]",
  ],
];

async function section(title: string, yaml: string, messages: number): Promise<string> {
  const path = join(folder, 'a.yaml');
  writeFileSync(
    path,
    `load: { sessions: 1, duration: 1s }\n${yaml.includes('target:') ? '' : 'target: smtp://127.0.0.1:2525\n'}${yaml}\n`,
  );
  const plan = await planOfWords(['-f', path]);
  const hidesSecrets = WITH_NONCES.some((name) => title.endsWith(name));
  return `== ${title}\n${goldenText(await dialogueOf(plan, { messages, hidesSecrets }))}`;
}

test('every kind of step speaks as it did', async () => {
  const texts: string[] = [];
  for (const [title, steps, rest = ''] of STEPS) {
    texts.push(
      await section(title, `message: { size: 600B }\n${rest}\nscenarios:\n  - name: a\n    steps: ${steps}`, 3),
    );
  }
  compare('steps', texts.join('\n'));
  const used = STEPS.map(([, steps]) => steps).join(' ');
  expect(STEP_KINDS.filter((kind) => !new RegExp(`\\b${kind}\\b`).test(used))).toEqual([]);
});

test('AUTH EXTERNAL shows the certificate that TLS has, and says nothing else', async () => {
  const { key, cert } = await testCertificate();
  writeFileSync(join(folder, 'client.key'), key);
  writeFileSync(join(folder, 'client.pem'), cert);
  const tls = 'tls: { mode: required, insecure: true, cert: client.pem, key: client.key }';
  const text = await section('auth external', `${tls}\nauth: { mechanism: external }`, 1);
  expect(text).toContain('C: AUTH EXTERNAL =\nS: 235 2.7.0 authenticated\n');
});

test('the standard session speaks as it did, with whatever shapes it', async () => {
  const texts: string[] = [];
  for (const [title, yaml] of STANDARD) {
    const small = yaml.includes('corpus') ? yaml : `message: { size: 600B }\n${yaml}`;
    texts.push(await section(title, small, 2));
  }
  compare('standard', texts.join('\n'));
});
