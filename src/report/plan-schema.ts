/** The plan in the result of a run: as much of it as reports read. */
import { z } from 'zod';
import { amount, amountOrNull, count, flag, text } from './schema-words.js';

const scenarioPlan = z
  .looseObject({
    name: text('Name of the scenario'),
    weight: amount('Its part of the starts of clients, in proportion to the others'),
    session: z.looseObject({
      steps: z
        .array(z.looseObject({ kind: text('What the session says or does') }))
        .nullable()
        .describe('Steps in place of the standard session; null: that one'),
    }),
    extensions: z.looseObject({
      isChunked: flag('Content by BDAT'),
      chunkBytes: amountOrNull('Octets of a chunk; null: one chunk'),
    }),
    messagesPerSession: z.int().positive().nullable().describe('Messages per connection; null: it is kept'),
    recipients: count('Recipients per message'),
    pipelining: text('off, auto, on, across or force'),
    localAddresses: z.array(z.string()).describe('Where connections came from, as asked for; empty: the kernel chose'),
    proxy: z
      .looseObject({
        version: text('v1 or v2'),
        sources: z.array(z.string()).describe('As asked for; empty: usual ones'),
      })
      .nullable()
      .describe('Header of the PROXY protocol; null: none'),
    message: z.looseObject({ sizeBytes: count('Octets of headers and body') }),
    tls: z.looseObject({
      mode: text('off, opportunistic, required or implicit'),
      verify: flag('Certificates are verified'),
      sharePercent: count('Share of the sessions that use STARTTLS, percent'),
    }),
    auth: z
      .looseObject({
        mechanism: text('As asked for: a SASL mechanism, plain-late or auto'),
        accounts: z
          .looseObject({ count: count('How many'), order: text('in-order, random or sticky') })
          .nullable()
          .describe('Accounts that sessions took in turn; null: all were the same user'),
        wrongPercent: count('Share of the sessions that said a wrong password on purpose, percent'),
      })
      .nullable(),
  })
  .meta({ id: 'ScenarioPlan', description: 'What the clients of a scenario do; more fields than these' });
/** What the clients of a scenario do. */
export type ScenarioResultPlan = z.infer<typeof scenarioPlan>;

/** A list that is never empty; JSON Schema has no tuples with a rest that validators agree on. */
const scenarioPlans = z.array(scenarioPlan).min(1) as unknown as z.ZodType<
  [ScenarioResultPlan, ...ScenarioResultPlan[]]
>;

/** The plan of a run, as its result has it. */
export const planResult = z
  .looseObject({
    sessions: count('Concurrent sessions over all workers'),
    workers: count('Worker threads'),
    durationMs: amountOrNull('Measured time, ms; null: `messages` ends the run'),
    messages: z.int().nonnegative().nullable().describe('Messages after the warm-up; null: `durationMs` ends the run'),
    connections: z
      .int()
      .nonnegative()
      .nullable()
      .describe('Sessions after the warm-up where they send no mail; null: no bound'),
    arrivals: z
      .looseObject({
        written: text('The rate or profile as asked for'),
        pattern: text('even or poisson'),
        onFull: text('What becomes of an arrival that finds no session free: drop or queue'),
        isReusing: flag('Arrivals are messages for sessions that are kept open'),
      })
      .nullable()
      .describe('Clients that arrive by plan; null: closed load'),
    warmupMs: amount('Warm-up, ms; the longest that it may be with `isWarmupAuto`'),
    isWarmupAuto: z.boolean().optional().describe('The warm-up ends by itself when rate and latency are steady'),
    seed: z.number().describe('Seed of everything random'),
    targets: z
      .array(
        z.looseObject({
          url: text('Target as asked for'),
          weight: amount('Its part of the starts of clients, in proportion to the others'),
        }),
      )
      .describe('Where clients went'),
    scenarios: scenarioPlans.describe('What clients did'),
  })
  .meta({ id: 'PlanResult', description: 'The plan of the run without its secrets; more fields than these' });
