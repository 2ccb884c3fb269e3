import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { checkJsonSchema, checkResultSchema } from '../../src/report/check-schema.js';
import { sampleCheck } from '../support/sample-check.js';

const validate = new Ajv2020({ allErrors: true }).compile(checkJsonSchema());

test('the schema of a check takes its result, and nothing more', () => {
  const result = sampleCheck();
  expect(checkResultSchema.parse(result)).toEqual(result);
  expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
  for (const wrong of [
    { ...result, weather: 1 },
    { ...result, schema: 'postrush.check/2' },
    { ...result, greeting: null },
    { ...result, times: { ...result.times, mailUs: -1 } },
    { ...result, target: { ...result.target, protocol: 'http' } },
  ]) {
    expect(validate(wrong)).toBe(false);
  }
});
