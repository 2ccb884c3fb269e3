/**
 * The result of a run: the one shape that `--json` writes, that reports read and that `postrush schema result` prints.
 * Import types from here with `import type`, so that a run does not load the validator.
 */
import { z } from 'zod';
import { ERROR_KIND_NAMES } from '../metrics/outcome.js';
import { environmentResult } from './environment-schema.js';
import { generatorHealth } from './generator-schema.js';
import { latencySummary, microseconds } from './latency-schema.js';
import { planResult } from './plan-schema.js';
import { amount, amountOrNull, count, flag, isoTime, text } from './schema-words.js';
import { mailHost, targetResult } from './target-schema.js';
import { warmupEnd } from './warmup-schema.js';

/**
 * Steps as the result file names them; the same names as `STEP_NAMES` of the protocol.
 *
 * @internal
 */
export const RESULT_STEP_NAMES = [
  'connect',
  'tls',
  'greeting',
  'ehlo',
  'starttls',
  'auth',
  'xclient',
  'xforward',
  'mail',
  'rcpt',
  'data',
  'bdat',
  'transfer',
  'endOfData',
  'rset',
  'noop',
  'vrfy',
  'expn',
  'help',
  'raw',
  'quit',
  'session',
] as const;

const stepName = z.enum(RESULT_STEP_NAMES).meta({ id: 'StepName', description: 'A step of an SMTP session' });

const latencyOrNull = (meaning: string) => latencySummary.nullable().describe(`${meaning}; null: not measured`);

const stepResult = z
  .strictObject({
    sent: count('Commands sent, or dialogues, connects and handshakes begun'),
    replied: count('Ended by their last reply'),
    failed: count('Ended without one'),
    inFlight: count('Still outstanding; 0 in a complete result'),
    pipelined: count('Sent in one write with other commands (RFC 2920)'),
    latency: latencySummary.describe('From the write to the last line of the reply'),
  })
  .meta({ id: 'StepResult', description: 'One step: sent = replied + failed + inFlight' });
/** Counts and latency of one step. */
export type StepResult = z.infer<typeof stepResult>;

const replyResult = z
  .strictObject({
    step: stepName,
    code: z.int().min(0).max(999).describe('Reply code (RFC 5321 section 4.2)'),
    enhanced: z.string().nullable().describe('Enhanced status code (RFC 3463), such as "2.1.5"; null: none was sent'),
    count: count('Replies'),
    interim: flag('Did not end its command, as 334 within AUTH'),
    meaning: text('What the code says at this step'),
    sample: text('Text of the first such reply, as received; not safe to print unless cleaned'),
    firstSeenSec: z.number().describe('First one, s since the start of the load'),
    lastSeenSec: z.number().describe('Last one, s since the start of the load'),
  })
  .meta({ id: 'ReplyResult', description: 'Replies of one step that share code, enhanced code and interim flag' });
/** One row of the reply table. */
export type ReplyResult = z.infer<typeof replyResult>;

const unexpectedResult = replyResult
  .pick({ step: true, code: true, enhanced: true, count: true, sample: true })
  .extend({
    expected: text('What the scenario expects there: "250 2yz, 5.1.x, /pattern/"; empty: too many to tell apart'),
  })
  .meta({ id: 'UnexpectedResult', description: 'Replies that a scenario did not expect' });

const errorResult = z
  .strictObject({
    step: stepName,
    kind: z.enum(ERROR_KIND_NAMES).describe('Why the commands failed'),
    count: count('Commands that failed'),
    sample: text('Detail of the first one, as received; not safe to print unless cleaned'),
  })
  .meta({ id: 'ErrorResult', description: 'Failures of one step that share a kind' });
/** One row of the error table. */
export type ErrorResult = z.infer<typeof errorResult>;

const tlsAgreement = z
  .strictObject({
    protocol: text('Such as "TLSv1.3"'),
    cipher: text('Cipher suite, as OpenSSL names it'),
    group: z.string().nullable().describe('Group of the key exchange; null: there was none, or OpenSSL does not tell'),
    resumed: flag('An earlier session was resumed'),
    count: count('Handshakes'),
  })
  .meta({ id: 'TlsAgreement', description: 'Handshakes that agreed on the same' });

const settledCounts = {
  accepted: count('Accepted by the server (2yz)'),
  deferred: count('Refused for now (4yz)'),
  rejected: count('Refused for good (5yz)'),
  failed: count('Without a settling reply'),
  cut: count('Unsettled when the run ended'),
  abandoned: count('Ended on purpose by the script'),
};

const lifeCounts = {
  started: count('Started; equals completed + failed + cut'),
  completed: count('Ran the script to its end'),
  failed: count('Ended early'),
  cut: count('Open when the run ended'),
};

const blocks = {
  messages: z.strictObject({
    offered: count('Attempted and dropped together'),
    attempted: count('Taken from the plan'),
    ...settledCounts,
    dropped: count('Never attempted'),
    droppedBy: z.strictObject({
      cap: count('No free session'),
      target: count('The target was lost'),
      end: count('The run ended first'),
      worker: count('A worker was lost'),
    }),
  }),
  retries: z
    .strictObject({
      scheduled: count('Tries that were put on the schedule'),
      accepted: count('Messages accepted after a deferral'),
      gaveUp: count('Messages that stayed deferred in their last try'),
      waiting: count('Messages whose next try was ahead when the run ended'),
    })
    .nullable()
    .describe('Deferred messages that were tried again; null: nothing is tried twice'),
  recipients: z.strictObject({ attempted: count('Recipients of attempted messages'), ...settledCounts }),
  sessions: z.strictObject({
    ...lifeCounts,
    peakOpen: count('Most sessions that were open at once, summed over workers'),
  }),
  clients: z.strictObject(lifeCounts),
  bytes: z.strictObject({ sent: count('Octets written'), received: count('Octets read') }),
  latency: z.strictObject({
    message: latencyOrNull('Write of MAIL to final reply, accepted messages'),
    session: latencyOrNull('connect() to closed'),
    refused: latencyOrNull('Write of MAIL to the settling reply, deferred and rejected messages'),
    unfinished: latencyOrNull('Age at their end of failed and cut messages'),
    timeToSuccess: latencyOrNull(
      'Write of the first MAIL to final reply of the last try, accepted messages; null: nothing is tried twice',
    ),
    service: latencyOrNull('connect() or hand-over to final reply, planned arrivals'),
    response: latencyOrNull('Intended start to final reply, planned arrivals'),
    wait: latencyOrNull('Time without a free session, planned arrivals'),
    lag: latencyOrNull('Lateness of the generator, planned arrivals'),
  }),
  steps: z.partialRecord(stepName, stepResult).describe('Only steps that occurred'),
  replies: z.array(replyResult),
  errors: z.array(errorResult),
  tls: z
    .strictObject({
      handshakes: count('Handshakes that succeeded; equals steps.tls.replied'),
      resumed: count('Those that resumed an earlier session'),
      rows: z.array(tlsAgreement).describe('Most frequent first'),
    })
    .nullable()
    .describe('What TLS agreed on; null: no handshake succeeded'),
  unexpected: z.array(unexpectedResult),
};

const resultBlocks = z
  .strictObject(blocks)
  .meta({ id: 'ResultBlocks', description: 'Counts and latencies of everything that began in one phase' });
/** What is counted and timed per phase: these blocks stand in the result itself and again in `warmup`. */
export type ResultBlocks = z.infer<typeof resultBlocks>;
/** Totals of messages. */
export type MessageTotals = ResultBlocks['messages'];
/** Totals of clients. */
export type ClientTotals = ResultBlocks['clients'];

const intervalResult = z
  .strictObject({
    index: count('Position in the run'),
    startSec: z.number().describe('Start, s since the start of the load'),
    sec: amount('Length, s'),
    phase: z.enum(['warmup', 'measured', 'drain']),
    attempted: count('Messages attempted in it'),
    accepted: count('Messages accepted in it'),
    deferred: count('Messages deferred in it'),
    rejected: count('Messages rejected in it'),
    failed: count('Messages failed in it'),
    sessionsCompleted: count('Sessions completed in it'),
    dropped: count('Messages dropped in it'),
    openSessions: count('Sessions open at its end'),
    steps: z.partialRecord(
      stepName,
      z.strictObject({
        count: count('Values'),
        p50Us: microseconds('50th percentile'),
        p99Us: microseconds('99th percentile'),
      }),
    ),
    replies: z.strictObject({
      '2yz': count('Positive replies'),
      '3yz': count('Intermediate replies'),
      '4yz': count('Transient refusals'),
      '5yz': count('Permanent refusals'),
    }),
    errors: count('Failed commands'),
    generator: z.strictObject({
      eventLoopLagP99Us: microseconds('99th percentile of the event-loop lag over all workers'),
      busy: amount('Busiest worker: share of the interval its event loop was busy, 0 to 1'),
      cpuSec: amountOrNull('User and system CPU of all workers in it, s'),
      gcSec: amount('Pauses of all workers for garbage collection in it, s'),
    }),
  })
  .meta({ id: 'IntervalResult', description: 'What happened in one interval of the run, over all workers' });
/** One interval of the run. */
export type IntervalResult = z.infer<typeof intervalResult>;

const verdictReason = z
  .strictObject({
    kind: text('Stable name of the reason'),
    text: text('The reason in a sentence'),
    value: z.number().nullable().describe('What was measured'),
    bound: z.number().nullable().describe('What it was measured against'),
  })
  .meta({ id: 'VerdictReason' });

const bookCheck = z
  .strictObject({
    name: text('The equation'),
    left: z.number().describe('What the left side adds up to'),
    right: z.number().describe('What the right side adds up to'),
    ok: flag('left equals right'),
  })
  .meta({ id: 'BookCheck' });

const objectiveResult = z
  .strictObject({
    expression: text('As written'),
    value: z.number().nullable().describe('What was measured, in `unit`; null: no data'),
    bound: z.number().describe('What was asked for, in `unit`'),
    unit: text('Unit of value, bound and margin'),
    margin: z.number().nullable().describe('Distance to the bound, positive when met'),
    pass: flag('Whether it was met'),
  })
  .meta({ id: 'ObjectiveResult' });

const perSecond = (meaning: string) => amount(`${meaning} per second of measured time`);

const throughput = z
  .strictObject({
    offeredPerSec: amountOrNull('Messages offered per second of measured time; null: no rate was offered'),
    attemptedPerSec: perSecond('Messages attempted'),
    acceptedPerSec: perSecond('Messages accepted'),
    recipientsPerSec: perSecond('Recipients accepted'),
    sessionsPerSec: perSecond('Sessions completed'),
    bytesPerSec: perSecond('Octets sent'),
  })
  .describe('What was settled within the window');

const laneResult = z
  .strictObject({
    name: text('What tells it from the others: the scenario, the target, or both'),
    scenario: text('Name of the scenario'),
    target: text('Target as asked for'),
    weight: amount('Planned part of the starts of clients, 0 to 1'),
    clientShare: amount('Its part of the clients that were started, 0 to 1'),
    ...blocks,
    throughput,
  })
  .meta({ id: 'LaneResult', description: 'What the clients of one scenario did at one target, after the warm-up' });
/** What the clients of one scenario did at one target. */
export type LaneResult = z.infer<typeof laneResult>;

/**
 * Validates a result, whatever its source.
 *
 * @internal
 */
export const runResultSchema = z
  .strictObject({
    schema: z.literal('postrush.result/1'),
    verdict: z
      .enum(['pass', 'fail', 'invalid'])
      .describe('invalid: the generator was the limit, the numbers do not count'),
    reasons: z.array(verdictReason),
    complete: flag('False: data of a worker or of the end of the run is missing'),
    endedBy: z.enum(['plan', 'signal', 'secondSignal', 'abort', 'targetLost', 'stopRun', 'killed']),
    tool: z.strictObject({ name: z.string(), version: z.string() }),
    environment: environmentResult,
    target: targetResult.describe('The first target'),
    targets: z.array(targetResult).min(1).describe('All targets, in the order of the plan'),
    mailHosts: z.array(mailHost).describe('What smtp+mx:// targets stand for, as found before the load'),
    plan: planResult,
    preflight: z.strictObject({
      connections: count('Connections before the load, counted nowhere else'),
      commands: count('Commands before the load, counted nowhere else'),
    }),
    window: z.strictObject({
      startedAt: isoTime('Start of the load'),
      measuredSec: amount('Length of the measured window, s'),
      warmupSec: amount('Length of the warm-up before it, s'),
      warmupEnd: warmupEnd.nullable().describe('Of a warm-up that ends by itself; null: its length was given'),
      drainSec: amount('Length of the drain after it, s'),
    }),
    arrivals: z
      .strictObject({
        offered: count('Planned arrivals'),
        started: count('Arrivals that were started'),
        dropped: count('Arrivals that were not'),
      })
      .nullable()
      .describe('Open load; null: closed load'),
    ...blocks,
    throughput,
    confidence: z
      .strictObject({
        level: amount('Share of like runs whose percentile the interval holds, 0 to 1'),
        intervals: count('Intervals of the measured time that it was drawn from'),
        blockIntervals: count('Neighbours that were drawn together'),
        rows: z.array(
          z.strictObject({
            latency: z.enum(['message', 'response']),
            percentile: z.enum(['p50', 'p90', 'p99']),
            lowUs: amount('Lower end, µs'),
            highUs: amount('Upper end, µs'),
          }),
        ),
      })
      .nullable()
      .describe('Confidence intervals by a moving-block bootstrap over the intervals; null: fewer than 60 of them'),
    scenarios: z
      .array(laneResult)
      .describe('By scenario and target, in the order of the plan; empty: there is only one'),
    intervals: z.array(intervalResult).max(3600),
    generator: generatorHealth,
    objectives: z.array(objectiveResult),
    books: z.strictObject({ balanced: flag('All checks hold'), checks: z.array(bookCheck) }),
    warmup: resultBlocks.nullable().describe('What began in the warm-up, counted nowhere else; null: there was none'),
  })
  .meta({
    title: 'postrush result',
    description: 'What a run of postrush found. Units are the ends of field names: Us µs, Sec s, Ms ms, PerSec 1/s',
  });
/** The result of a run. */
export type RunResult = z.infer<typeof runResultSchema>;

/** The JSON Schema (2020-12) of the result file. */
export function resultJsonSchema(): object {
  return jsonSchemaOf(runResultSchema);
}

/** The JSON Schema (2020-12) of a file. */
export function jsonSchemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      // Every integer would carry this bound, which says nothing about the result.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}
