import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { sinkJsonSchema, sinkRecordSchema } from '../../src/report/sink-schema.js';
import { openSession, sendMessage } from '../sink/open-sink.js';

const validate = new Ajv2020({ allErrors: true }).compile(sinkJsonSchema());

describe('the schema of what a sink saw', () => {
  test('is that of what a sink tells, and of nothing more', async () => {
    const { sink, client } = await openSession({ faults: [{ on: 'rcpt', delayMs: 2 }] });
    await sendMessage(client);
    const record = { schema: 'postrush.sink/1', startedAt: new Date().toISOString(), lastedSec: 1, ...sink.stats() };
    expect(sinkRecordSchema.parse(record)).toEqual(record);
    const written = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
    expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
    for (const wrong of [
      { ...written, weather: 1 },
      { ...written, messages: -1 },
      { ...written, bytes: { sent: 1 } },
      { ...written, schema: 'postrush.sink/2' },
      { ...written, addedDelay: { rcpt: { count: 1 } } },
    ]) {
      expect(validate(wrong)).toBe(false);
    }
  });
});
