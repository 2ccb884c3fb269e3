/** A latency distribution as JSON has it. */
import { z } from 'zod';
import { count } from './schema-words.js';

/** A value of a distribution. */
export const microseconds = (meaning: string) =>
  z.number().nonnegative().nullable().describe(`${meaning}, µs; null: no values`);

/** One latency distribution, in every file that has some. */
export const latencySummary = z
  .strictObject({
    count: count('Number of values'),
    minUs: microseconds('Smallest value, exact'),
    meanUs: microseconds('Mean, from the exact sum'),
    stdevUs: microseconds('Standard deviation'),
    p50Us: microseconds('50th percentile'),
    p75Us: microseconds('75th percentile'),
    p90Us: microseconds('90th percentile'),
    p95Us: microseconds('95th percentile'),
    p99Us: microseconds('99th percentile'),
    p999Us: microseconds('99.9th percentile'),
    p9999Us: microseconds('99.99th percentile'),
    maxUs: microseconds('Largest value, exact'),
    weak: z
      .array(z.string().regex(/^p(50|75|90|95|99|999|9999)$/))
      .describe('Percentiles that the count cannot carry (fewer than 100 values beyond them), as "p99", "p999"'),
    histogram: z.string().nullable().describe('HdrHistogram V2, deflated, base64, values in µs; null: no values'),
  })
  .meta({ id: 'LatencySummary', description: 'One latency distribution. With count 0 every value is null' });
/** One latency distribution, in µs. With `count` 0 every other figure is null. */
export type LatencySummary = z.infer<typeof latencySummary>;
