/** What a build server is told. */
import { expect, test } from 'vitest';
import { renderJunit } from '../../src/report/junit-report.js';
import { sampleResult } from '../support/sample-result.js';

const GATE = { name: 'utilisation', value: 0.97, bound: 0.95, unit: 'share', ok: false };

/** Elements as [name, attributes]; enough for what has no text. */
function elements(xml: string): [string, Record<string, string>][] {
  return [...xml.matchAll(/<([a-z]+)((?: [a-z]+="[^"<>]*")*)\/?>/g)].map(([, name = '', attributes = '']) => [
    name,
    Object.fromEntries([...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  ]);
}

test('objectives are failures, gates are errors, what is switched off is skipped', () => {
  const sample = sampleResult();
  const xml = renderJunit(
    sampleResult({
      verdict: 'invalid',
      reasons: [
        { kind: 'utilisation', text: 'busy', value: 0.97, bound: 0.95 },
        { kind: 'saturated', text: 'the server did not take the load', value: 0.5, bound: 0.99 },
        { kind: 'objective', text: 'missed', value: 1, bound: 2 },
      ],
      objectives: [
        { expression: 'mail.p99 < 250ms', value: 312_000, bound: 250_000, unit: 'us', margin: -62_000, pass: false },
        { expression: 'replies.421 == 0', value: 0, bound: 0, unit: 'count', margin: 0, pass: true },
      ],
      generator: { ...sample.generator, gates: [GATE, { ...GATE, name: 'lag.p99', bound: null, ok: true }] },
    }),
  );
  const all = elements(xml);
  expect(
    all.filter(([name]) => name === 'testcase').map(([, { classname, name }]) => `${classname!}: ${name!}`),
  ).toEqual([
    'postrush.run: saturated',
    'postrush.objectives: mail.p99 &lt; 250ms',
    'postrush.objectives: replies.421 == 0',
    'postrush.generator: utilisation',
    'postrush.generator: lag.p99',
    'postrush.generator: the books balance',
  ]);
  // The numbers do not count, so that nothing is known of the server.
  expect(all.filter(([name]) => name === 'error').map(([, { message }]) => message)).toEqual([
    'the server did not take the load',
    '312ms, 62.0ms too much',
    '97.0% (bound 95.0%): the generator was the limit, the numbers do not count',
  ]);
  expect(all.find(([name]) => name === 'testsuite')?.[1]).toMatchObject({
    tests: '6',
    failures: '0',
    errors: '3',
    skipped: '1',
  });
});

test('a missed objective of sound numbers is a failure, and a run without fault has none', () => {
  const objective = { expression: 'accepted.rate > 5/s', value: 1, bound: 5, unit: '/s', margin: -4, pass: false };
  const failed = renderJunit(sampleResult({ verdict: 'fail', reasons: [], objectives: [objective] }));
  expect(failed).toContain('<failure message="1/s, 4/s too little"/>');
  const { generator, books } = sampleResult();
  const sound = sampleResult({
    verdict: 'pass',
    reasons: [],
    objectives: [],
    generator: { ...generator, gates: [] },
    books: { ...books, balanced: true },
  });
  expect(renderJunit(sound)).toContain('failures="0" errors="0" skipped="0"');
  expect(renderJunit(sound)).toContain('name="the load was placed, and the target was there"/>');
});

test('what a server or a person wrote breaks no markup', () => {
  const text = 'a"b<c>&d\x1b[2J\u0000\ud800\ufffe';
  const xml = renderJunit(
    sampleResult({ verdict: 'fail', reasons: [{ kind: 'targetLost', text, value: null, bound: null }] }),
  );
  expect(xml).toContain('a&quot;b&lt;c&gt;&amp;d');

  expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\ud800]/);
});
