/**
 * What `postrush sink --json` writes, and `postrush schema sink` prints the shape of. Import types from here with
 * `import type`, so that a sink does not load the validator.
 */
import { z } from 'zod';
import { latencySummary } from './latency-schema.js';
import { jsonSchemaOf } from './result-schema.js';
import { count } from './schema-words.js';

const seconds = (meaning: string) => z.number().nonnegative().describe(meaning);

/** The record of a sink, from its start to its end. */
export const sinkRecordSchema = z
  .strictObject({
    schema: z.literal('postrush.sink/1'),
    startedAt: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      .describe('When it began to listen, ISO 8601, UTC'),
    lastedSec: seconds('How long it listened, s'),
    connections: count('Connections accepted'),
    peakOpen: count('Most connections open at once; with several processes as seen every 20 ms'),
    refused: count('Connections greeted with 421 because a limit was reached'),
    open: count('Connections open now'),
    messages: count('Messages whose end was answered with 2yz'),
    recipients: count('Recipients of those messages'),
    bytes: z
      .strictObject({ sent: count('Octets sent'), received: count('Octets received') })
      .describe('Octets of SMTP, inside TLS where there is TLS'),
    tlsSessions: count('TLS handshakes completed'),
    tls: z
      .array(z.strictObject({ version: z.string(), cipher: z.string(), count: count('Handshakes') }))
      .describe('The same by version and cipher (IANA name)'),
    authenticated: count('AUTH dialogues that succeeded'),
    commands: z
      .record(z.string(), count('Commands'))
      .describe('By step; endOfData is the end of a message, in LMTP one for each accepted recipient'),
    replies: z.array(
      z.strictObject({
        step: z.string().describe('What was answered'),
        code: z.int().min(0).max(999).describe('Reply code (RFC 5321 section 4.2)'),
        enhanced: z.string().nullable().describe('Enhanced status code (RFC 3463); null: none was sent'),
        count: count('Replies'),
      }),
    ),
    faults: count('Fault rows that struck'),
    socketErrors: count('Connections that an error ended, and failures to accept one'),
    addedDelay: z
      .record(z.string(), latencySummary)
      .describe('How long replies were held back on purpose, by step; tls: handshakes, transfer: content not read'),
    saved: z
      .strictObject({
        messages: count('Messages written to the folder'),
        skipped: count('Accepted and not written'),
        problem: z.string().nullable().describe('Why writing ended early; null: it did not'),
      })
      .nullable()
      .describe('null: none were to be saved'),
    seconds: z
      .array(
        z.strictObject({
          startSec: seconds('Since the start'),
          sec: seconds('Length; about 1, more in long runs'),
          connections: count('Connections accepted in it'),
          messages: count('Messages accepted in it'),
          recipients: count('Their recipients'),
          bytesReceived: count('Octets received in it'),
          faults: count('Fault rows that struck in it'),
          open: count('Connections open at its end'),
        }),
      )
      .describe('All counts second by second; at most 3,601 rows'),
  })
  .meta({
    title: 'postrush sink',
    description: 'What a sink saw. Units are the ends of field names: Us µs, Sec s',
  });
/** The record of a sink. */
export type SinkRecord = z.infer<typeof sinkRecordSchema>;

/** The JSON Schema (2020-12) of the record. */
export function sinkJsonSchema(): object {
  return jsonSchemaOf(sinkRecordSchema);
}
