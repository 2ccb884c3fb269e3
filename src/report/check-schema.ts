/**
 * What `postrush check --json` writes, and `postrush schema check` prints the shape of. Import types from here with
 * `import type`, so that a check does not load the validator.
 */
import { z } from 'zod';
import { jsonSchemaOf } from './result-schema.js';
import { count, flag, isoTime, text } from './schema-words.js';

const words = (meaning: string) => z.array(z.string()).describe(meaning);
const microseconds = (meaning: string) =>
  z.int().nonnegative().nullable().describe(`${meaning}, whole µs; null: not done`);

const reply = z
  .strictObject({
    code: z.int().min(100).max(599).describe('Reply code (RFC 5321 section 4.2)'),
    enhanced: z.string().nullable().describe('Enhanced status code (RFC 3463); null: none'),
    text: text('As the server wrote it, its lines in one, clipped'),
  })
  .meta({ id: 'Reply' });

const certificate = z
  .strictObject({
    subject: text('Whom it was made out to'),
    issuer: text('Who made it'),
    names: text('Subject alternative names; empty: none'),
    key: text('Kind and size of its key'),
    validFrom: text('When it begins to hold, ISO 8601, UTC'),
    validUntil: text('When it ends to hold, ISO 8601, UTC'),
    daysLeft: z.int().nullable().describe('Whole days until then, negative when it is over; null: unreadable'),
    trusted: flag('The chain leads to a root that is trusted, and the name is the one looked for'),
    chainError: z.string().nullable().describe('What OpenSSL says against the chain; null: nothing'),
    checkedName: text('The name looked for; empty: there was none'),
    nameMatches: flag('Whether it is made out to that name'),
    problems: words('Why it is not trusted, in words'),
  })
  .meta({ id: 'Certificate' });

const limit = z
  .strictObject({
    name: z
      .enum([
        'recipients',
        'size',
        'transactions',
        'badCommands',
        'lineOctets',
        'connections',
        'messages',
        'messageOctets',
      ])
      .describe('What was counted'),
    outcome: z.enum(['found', 'none', 'unknown']).describe('none: there is none up to `sought`'),
    text: text('The finding in words: "452 at recipient 101"'),
    passed: count('How many went well; with `found` the next one did not'),
    sought: count('Where the search ends'),
    reply: reply.nullable().describe('The refusal; null: there was none'),
    ending: z
      .string()
      .nullable()
      .describe('How the connection ended: closed, reset, refused, timeout …; null: it did not'),
  })
  .meta({ id: 'Limit' });

/** What a check found out. */
export const checkResultSchema = z
  .strictObject({
    schema: z.literal('postrush.check/1'),
    complete: flag('False: it was stopped before its end'),
    tool: z.strictObject({ name: z.string(), version: z.string() }),
    startedAt: isoTime('When it began'),
    lastedSec: z.number().nonnegative().describe('How long it took, s'),
    target: z.strictObject({
      url: z.string(),
      protocol: z.enum(['smtp', 'lmtp']),
      addresses: words('Every address that the name stands for'),
      address: text('The one that was used'),
    }),
    greeting: reply,
    hello: z.strictObject({
      verb: z.enum(['EHLO', 'HELO', 'LHLO']).describe('The command that was accepted'),
      ehloRefusal: reply.nullable().describe('What was said to EHLO when it had to be HELO'),
    }),
    extensions: z.strictObject({
      before: words('Keywords with parameters in clear; with TLS from the start those inside it'),
      afterTls: words('Those inside STARTTLS').nullable(),
      added: words('Offered inside STARTTLS only'),
      removed: words('Offered in clear only'),
    }),
    auth: z.strictObject({
      before: words('Mechanisms offered in clear; with TLS from the start those inside it'),
      afterTls: words('Those inside STARTTLS').nullable(),
      offeredInClear: flag('Some are offered without TLS'),
    }),
    size: z.strictObject({
      declared: flag('SIZE is offered (RFC 1870)'),
      maxBytes: count('Largest message, octets; 0: no fixed limit').nullable(),
    }),
    tls: z.strictObject({
      begin: z.enum(['none', 'starttls', 'implicit']).describe('How TLS begins'),
      problem: z.string().nullable().describe('Why STARTTLS is offered and no TLS came of it'),
      protocol: z.string().nullable(),
      cipher: z.string().nullable().describe('IANA name'),
      group: z.string().nullable().describe('Of the key exchange; null: none, or this Node does not tell'),
      versions: z.array(
        z.strictObject({
          version: z.string(),
          outcome: z
            .enum(['accepted', 'refused', 'unavailable', 'unknown'])
            .describe('unavailable: this Node cannot offer it'),
          text: text('What was said instead; empty when accepted'),
        }),
      ),
      certificate: certificate.nullable(),
    }),
    pipelining: z.strictObject({
      offered: flag('PIPELINING is offered (RFC 2920)'),
      works: z.boolean().nullable().describe('A group in one write got its replies in order; null: not tried'),
      sent: words('The group'),
      codes: z.array(z.int()).describe('The replies that came'),
    }),
    enhancedCodes: z.strictObject({
      offered: flag('ENHANCEDSTATUSCODES is offered (RFC 2034)'),
      replies: count('Replies that can have one'),
      without: words('Those that had none, each once: "RSET 250"'),
      consistent: flag('Every such reply has one, or they are not offered'),
    }),
    commands: z
      .array(z.strictObject({ command: z.string(), reply, meaning: text('Of the reply, in words') }))
      .describe('What was said to commands, each once'),
    times: z.strictObject({
      connectUs: microseconds('connect() to established'),
      tlsUs: microseconds('TLS handshake'),
      greetingUs: microseconds('Established to greeting'),
      helloUs: microseconds('EHLO, HELO or LHLO'),
      starttlsUs: microseconds('STARTTLS'),
      mailUs: microseconds('MAIL'),
      rsetUs: microseconds('RSET'),
      quitUs: microseconds('QUIT'),
      noop: z
        .strictObject({
          count: count('NOOPs, one after the other'),
          minUs: z.int().nonnegative(),
          medianUs: z.int().nonnegative(),
          maxUs: z.int().nonnegative(),
        })
        .nullable()
        .describe('Round trips of NOOP, µs'),
    }),
    limits: z.array(limit).nullable().describe('null: they were not looked for'),
    notes: words('What else went wrong, in words'),
    traffic: z.strictObject({
      sessions: count('Connections established'),
      commands: count('Commands sent'),
      messages: count('Messages sent as far as their end'),
    }),
  })
  .meta({
    title: 'postrush check',
    description: 'What a server is. Units are the ends of field names: Us µs, Sec s, Bytes octets',
  });
/** What a check found out. */
export type CheckResult = z.infer<typeof checkResultSchema>;

/** The JSON Schema (2020-12) of the result. */
export function checkJsonSchema(): object {
  return jsonSchemaOf(checkResultSchema);
}
