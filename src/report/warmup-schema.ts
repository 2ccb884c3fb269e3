/** How a warm-up that ends by itself came to its end, in a result. */
import { z } from 'zod';

const change = (meaning: string) => z.number().nullable().describe(meaning);

/** Its end. */
export const warmupEnd = z
  .strictObject({
    by: z
      .enum(['steady', 'limit', 'end'])
      .describe('steady: rate and latency were; limit: they were not when its time was up; end: the run ended before'),
    rateChange: change(
      'Messages that ended per second, or sessions without any, in its last 3 s against the 3 s before: the change as a share of the mean; null: too few ended',
    ),
    latencyChange: change('The same of the median latency, as a share of the earlier one; null: too little was timed'),
  })
  .meta({ id: 'WarmupEnd', description: 'How a warm-up that ends by itself came to its end' });

export type WarmupEnd = z.infer<typeof warmupEnd>;
