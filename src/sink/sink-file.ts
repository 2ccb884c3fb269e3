/** The file that `postrush sink --config` reads: the options of a sink with the same names, but files by their paths. */
import { z } from 'zod';
import { closedObject } from '../config-file/closed-object.js';
import { readConfig } from '../config-file/read-config.js';
import type { ConfigReading } from '../config-file/read-config.js';
import { FAULT_EVENTS, SAVED_MESSAGES_DEFAULT, SINK_TLS_VERSIONS } from './sink-options.js';
import type { SinkOptions } from './sink-options.js';

const delay = z.union(
  [
    z.number(),
    closedObject({ shape: z.literal('uniform'), minMs: z.number(), maxMs: z.number() }),
    closedObject({ shape: z.literal('exponential'), meanMs: z.number(), maxMs: z.number().exactOptional() }),
    closedObject({
      shape: z.literal('logNormal'),
      medianMs: z.number(),
      sigma: z.number(),
      maxMs: z.number().exactOptional(),
    }),
    closedObject({
      shape: z.literal('pareto'),
      minMs: z.number(),
      alpha: z.number(),
      maxMs: z.number().exactOptional(),
    }),
  ],
  {
    error:
      'takes milliseconds, or { shape: uniform, minMs, maxMs }, { shape: exponential, meanMs }, { shape: logNormal, medianMs, sigma } or { shape: pareto, minMs, alpha }, the last three perhaps with maxMs',
  },
);

const faultRow = closedObject({
  on: z.enum(FAULT_EVENTS),
  nth: z.number().exactOptional(),
  everyNth: z.number().exactOptional(),
  after: z.number().exactOptional(),
  perSession: z.boolean().exactOptional(),
  probability: z.number().exactOptional(),
  fromSec: z.number().exactOptional(),
  untilSec: z.number().exactOptional(),
  ratePerSec: z.number().exactOptional(),
  matching: z.string().exactOptional(),
  reply: z.string().exactOptional(),
  raw: z.string().exactOptional(),
  repeat: z.number().exactOptional(),
  delayMs: delay.exactOptional(),
  dripMs: z.number().exactOptional(),
  then: z.enum(['close', 'reset', 'silence', 'continue']).exactOptional(),
  stopReading: z.boolean().exactOptional(),
});

const tlsVersion = z.enum(SINK_TLS_VERSIONS);
const tlsOfFile = closedObject({
  cert: z.string().exactOptional(),
  key: z.string().exactOptional(),
  minVersion: tlsVersion.exactOptional(),
  maxVersion: tlsVersion.exactOptional(),
  clientCa: z.string().exactOptional(),
  requireClientCert: z.boolean().exactOptional(),
});

const sinkFile = closedObject({
  listen: z.array(z.string()).exactOptional(),
  name: z.string().exactOptional(),
  replyDelayMs: z.number().exactOptional(),
  idleTimeoutMs: z.number().exactOptional(),
  processes: z.number().exactOptional(),
  tls: z
    .union([z.boolean(), tlsOfFile], {
      error:
        'takes true for a certificate made at start, or some of cert: FILE, key: FILE, minVersion, maxVersion, clientCa: FILE, requireClientCert: true',
    })
    .exactOptional(),
  users: z.record(z.string(), z.string()).exactOptional(),
  requireAuth: z.boolean().exactOptional(),
  authNeedsTls: z.boolean().exactOptional(),
  authLockOut: closedObject({ afterFailures: z.number(), forMs: z.number() }).exactOptional(),
  withhold: z.array(z.string()).exactOptional(),
  maxRecipients: z.number().exactOptional(),
  maxMessagesPerSession: z.number().exactOptional(),
  messageLimitReply: z.enum(['421', 'close', 'mail452']).exactOptional(),
  maxSize: z.number().exactOptional(),
  maxConnections: z.number().exactOptional(),
  maxConnectionsPerAddress: z.number().exactOptional(),
  connectionsPerSec: z.number().exactOptional(),
  messagesPerSec: z.number().exactOptional(),
  messageRateReply: z.enum(['450', '421']).exactOptional(),
  greylistMs: z.number().exactOptional(),
  tarpit: closedObject({ afterErrors: z.number(), delayMs: z.number() }).exactOptional(),
  fullMailboxes: z.array(z.string()).exactOptional(),
  forcedOutcomes: z.boolean().exactOptional(),
  faults: z.array(faultRow).exactOptional(),
  seed: z.number().exactOptional(),
  save: closedObject({ folder: z.string(), messages: z.number().default(SAVED_MESSAGES_DEFAULT) }).exactOptional(),
});

/** What the file says: options of a sink, and what `postrush sink` does with them. */
export type SinkFile = Omit<SinkOptions, 'tls' | 'keepMessages'> & {
  /** How many processes share the load. */
  readonly processes?: number;
  /** true: a certificate made at start, as where none is named; files by their paths. */
  readonly tls?: boolean | z.infer<typeof tlsOfFile>;
};

/**
 * Reads the file.
 *
 * @param name - of the file, for its issues
 * @param text - its content
 */
export function readSinkFile(name: string, text: string): ConfigReading<SinkFile> {
  return readConfig(name, text, sinkFile);
}

/** What `postrush sink --example` prints. */
export const SINK_FILE_EXAMPLE = `# A sink that misbehaves. Start it with: postrush sink --config sink.yaml
# Every key may be left out. Flags win over this file.

listen:                        # as --listen
  - smtp://127.0.0.1:2525
  - lmtp://127.0.0.1:2526
name: sink.example.test        # in greeting and EHLO
replyDelayMs: 2                # before every reply
idleTimeoutMs: 300000          # 421 for a client that is silent for so long
processes: 1                   # how many share the load; limits are those of all
tls: true                      # STARTTLS; or some of cert: cert.pem, key: key.pem,
                               # minVersion: TLSv1.3, maxVersion: TLSv1.3,
                               # clientCa: ca.pem, requireClientCert: true
users:                         # AUTH is offered when there are any
  load: secret
requireAuth: false             # true: MAIL before AUTH gets 530
authNeedsTls: false            # true: AUTH is there inside TLS only; else 538
authLockOut: { afterFailures: 5, forMs: 60000 } # wrong passwords in a row, then 454
withhold: [8BITMIME]           # extensions, commands and AUTH mechanisms
maxRecipients: 100             # per message; 452 beyond
maxMessagesPerSession: 50      # 0: no limit
messageLimitReply: '421'       # '421', close, or mail452: 452 to every further MAIL
maxSize: 10485760              # octets per message; 552 beyond
maxConnections: 1000           # at once; 421 beyond; 0: no limit
maxConnectionsPerAddress: 500  # at once from one address; 421 beyond
connectionsPerSec: 200         # new ones; 421 beyond
messagesPerSec: 2000           # over all sessions; beyond: messageRateReply
messageRateReply: '450'        # '450', or '421' and the end of the session
greylistMs: 0                  # 450 for a new sender and recipient, for so long
tarpit: { afterErrors: 10, delayMs: 1000 } # then every reply waits
fullMailboxes: [full@example.test]         # 452 4.2.2
forcedOutcomes: true           # obey 450-4.2.1-busy@, reject@, defer@, slow-200ms@
seed: 1                        # of everything random below
# save: { folder: saved, messages: 1000 } # as .eml, the envelope beside as .json

# The first row that strikes stands in for the usual reply. on: connect, tls,
# ehlo, helo, lhlo, starttls, auth, mail, rcpt, data, bdat, content, contentChunk,
# endOfData, rset, noop, vrfy, expn, help, quit, unknown.
faults:
  # Two of a hundred recipients are deferred.
  - { on: rcpt, probability: 0.02, reply: 450 4.2.1 mailbox busy }
  # Recipients with this text in their RCPT never exist.
  - { on: rcpt, matching: nobody, reply: 550 5.1.1 no such user }
  # Every thousandth message: the connection is reset where its answer was due.
  - { on: endOfData, everyNth: 1000, then: reset }
  # The fifth bad command of a session is its last.
  - { on: unknown, nth: 5, perSession: true, reply: 421 4.7.0 too many errors, then: close }
  # One EHLO in a thousand is answered with a line of ten million octets.
  - { on: ehlo, probability: 0.001, raw: '250-endless', repeat: 1000000 }
  # From the 60th second to the 90th, ten MAILs per second are turned away.
  - { on: mail, fromSec: 60, untilSec: 90, ratePerSec: 10, reply: 421 4.7.0 try later, then: close }
  # All other messages are answered slowly, and some very slowly.
  - { on: endOfData, delayMs: { shape: logNormal, medianMs: 20, sigma: 0.8, maxMs: 5000 } }
`;
