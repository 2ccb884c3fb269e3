/**
 * What `postrush calibrate --json` writes, and `postrush schema calibration` prints the shape of. Import types from here
 * with `import type`, so that a calibration does not load the validator.
 */
import { z } from 'zod';
import { environmentResult } from './environment-schema.js';
import { jsonSchemaOf } from './result-schema.js';
import { amount, amountOrNull, count, isoTime, text } from './schema-words.js';

const spread = z
  .strictObject({
    median: amount('Median of the trials'),
    lowest: amount('Of the lowest trial'),
    highest: amount('Of the highest trial'),
  })
  .meta({ id: 'Spread' });
/** One figure over all trials. */
export type Spread = z.infer<typeof spread>;

const trial = z
  .strictObject({
    measuredSec: amount('Measured time, s'),
    attempted: count('Messages attempted in it'),
    accepted: count('Messages that the sink accepted'),
    messagesPerSec: amount('Messages attempted per second, beside the sink'),
    sessionsPerSec: amount('Sessions completed per second, beside the sink'),
    busy: amount('Mean share of the time that the event loops of the workers were busy, 0 to 1'),
    cpuUsPerMessage: amountOrNull('CPU of all workers per message, µs; null: the platform does not tell'),
    ceilingPerSec: amount('Messages per second that follow for the workers alone'),
  })
  .meta({ id: 'CalibrationTrial' });
/** One trial of a calibration. */
export type CalibrationTrial = z.infer<typeof trial>;

/**
 * Validates a calibration, whatever its source.
 *
 * @internal
 */
export const calibrationSchema = z
  .strictObject({
    schema: z.literal('postrush.calibration/1'),
    calibratedAt: isoTime('When it was made'),
    tool: z.strictObject({ name: z.string(), version: z.string() }),
    environment: environmentResult,
    shape: text('Key of what the work per message follows from; plans of one key have one ceiling'),
    sessions: count('Concurrent sessions'),
    workers: count('Worker threads'),
    method: z
      .enum(['cpu', 'busy'])
      .describe('cpu: workers / CPU per message; busy: messages per second beside the sink / busy share'),
    ceiling: z
      .strictObject({
        cpuUsPerMessage: spread.nullable().describe('CPU of the workers per message, µs; null: not known here'),
        messagesPerSec: spread.describe('Messages per second, all workers'),
        messagesPerSecPerWorker: spread.describe('Messages per second, each worker'),
        sessionsPerSec: spread.describe('Sessions per second, all workers'),
      })
      .describe('What the workers could do with a core each, and a server that takes none of them'),
    besideSink: z
      .strictObject({
        messagesPerSec: spread.describe('Messages per second'),
        sessionsPerSec: spread.describe('Sessions per second'),
        busy: spread.describe('Share of the time that the event loops of the workers were busy, 0 to 1'),
      })
      .describe('What was reached beside the sink, which shares the cores with the workers'),
    trials: z.array(trial),
  })
  .meta({
    title: 'postrush calibration',
    description:
      "The generator's own ceiling on this machine. Units are the ends of field names: Us µs, Sec s, PerSec 1/s",
  });
/** The generator's own ceiling. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** The JSON Schema (2020-12) of what calibrate writes. */
export function calibrationJsonSchema(): object {
  return jsonSchemaOf(calibrationSchema);
}
