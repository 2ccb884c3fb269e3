import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { scenarioJsonSchema } from '../../src/scenario-file/scenario-json-schema.js';

describe('the JSON Schema of scenario files', () => {
  const isValid = new Ajv2020({ strict: false }).compile(scenarioJsonSchema());

  test('is published as it is: `postrush schema scenario > src/scenario-file/scenario.schema.json`', () => {
    const published = readFileSync(new URL('../../src/scenario-file/scenario.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(scenarioJsonSchema());
  });

  test.each([
    {},
    { target: 'smtp://127.0.0.1', load: { sessions: 5 }, tls: 'required', auth: 'off' },
    { scenarios: [{ name: 'a', steps: ['ehlo', { rcpt: ['a', 'b'], expect: [250, '4yz'] }, { repeat: { count: 2, steps: ['noop'] } }] }] }, // prettier-ignore
  ])('takes %j', (file) => {
    expect(isValid(file)).toBe(true);
  });

  test.each([
    { load: { sesions: 5 } },
    { scenarios: [] },
    { scenarios: [{ steps: ['nop'] }] },
    { scenarios: [{ steps: [{ rcpt: { count: 0 } }] }] },
    { scenarios: [{ steps: [{ repeat: { count: 2, steps: ['nop'] } }] }] },
  ])('refuses %j', (file) => {
    expect(isValid(file)).toBe(false);
  });
});
