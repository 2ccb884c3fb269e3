import fc from 'fast-check';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalArbiter } from '../../src/sink/arbiter.js';
import type { Answer, Arbiter } from '../../src/sink/arbiter.js';
import { resolveSinkOptions } from '../../src/sink/sink-options.js';
import type { SinkOptions } from '../../src/sink/sink-options.js';
import { startSinkPart } from '../../src/sink/sink.js';
import type { RunningSink } from '../../src/sink/sink.js';
import { base64 } from './sasl/converse.js';

/** Decides as the local one does, but tells it later, as another process would. */
class LateArbiter implements Arbiter {
  readonly #local: LocalArbiter;

  constructor(local: LocalArbiter) {
    this.#local = local;
  }

  enter(address: string): Answer<null> {
    return late(this.#local.enter(address)) as Promise<null>;
  }

  leave(address: string): void {
    this.#local.leave(address);
  }

  mail(): ReturnType<Arbiter['mail']> {
    return late(this.#local.mail());
  }

  rcpt(...args: Parameters<Arbiter['rcpt']>): ReturnType<Arbiter['rcpt']> {
    return late(this.#local.rcpt(...args));
  }

  auth(...args: Parameters<Arbiter['auth']>): ReturnType<Arbiter['auth']> {
    return late(this.#local.auth(...args));
  }

  strike(...args: Parameters<Arbiter['strike']>): ReturnType<Arbiter['strike']> {
    return late(this.#local.strike(...args));
  }
}

function late<T>(answer: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(answer))));
}

const OPTIONS: SinkOptions = {
  users: { load: 'secret' },
  authLockOut: { afterFailures: 3, forMs: 1 },
  greylistMs: 3_600_000,
  fullMailboxes: ['full@d.test'],
  maxSize: 2000,
  faults: [
    { on: 'rcpt', everyNth: 5, reply: '451 4.3.0 fifth' },
    { on: 'rcpt', nth: 3, perSession: true, reply: '450 4.3.0 third of this session' },
    { on: 'endOfData', everyNth: 3, reply: '452 4.3.1 third' },
    { on: 'content', everyNth: 7, stopReading: true, delayMs: 1 },
    { on: 'content', everyNth: 11, reply: '554 5.7.1 early' },
    { on: 'bdat', everyNth: 4, reply: '451 4.3.0 chunk' },
    { on: 'mail', everyNth: 9, delayMs: 1 },
    { on: 'rset', everyNth: 6, reply: '250 reset' },
  ],
};
const PIECES = [
  'EHLO x\r\n',
  'LHLO x\r\n',
  'MAIL FROM:<a@b.test>\r\n',
  'RCPT TO:<c@d.test>\r\nRCPT TO:<c@d.test>\r\n',
  'RCPT TO:<full@d.test>\r\n',
  'RCPT TO:<550-no@d.test>\r\nRCPT TO:<250-yes@d.test>\r\n',
  'DATA\r\n',
  'Subject: x\r\n\r\nMAIL FROM:<x@y.test>\r\n.\r\n',
  'x'.repeat(900) + '\r\n.\r\n',
  'BDAT 5\r\nabcde',
  'BDAT 0\r\n',
  'BDAT 3 LAST\r\nabc',
  'RSET\r\nNOOP\r\n',
  `AUTH PLAIN ${base64('\0load\0secret')}\r\n`,
  `AUTH PLAIN ${base64('\0load\0wrong')}\r\n`,
  `AUTH LOGIN\r\n${base64('load')}\r\n${base64('wrong')}\r\n`,
  'nonsense\r\n',
];
/** A transaction from its first to its last octet, so that most runs get to content. */
const WHOLE = 'MAIL FROM:<a@b.test>\r\nRCPT TO:<250-ok@d.test>\r\nRCPT TO:<250-ok@d.test>\r\nDATA\r\n';
const dialogue = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.constant(`${WHOLE}text\r\n.\r\n`)), { minLength: 1, maxLength: 25 })
  .map((pieces) => ['EHLO x\r\n', 'LHLO x\r\n', ...pieces, '\r\n.\r\n', 'QUIT\r\n'].join(''));

/** Sends all at once or in pieces and returns everything that came back. */
function converse(port: number, octets: string, pieceLength: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let said = '';
    socket.setEncoding('latin1').on('data', (text: string) => (said += text));
    socket.on('close', () => resolve(said));
    socket.on('error', reject);
    for (let at = 0; at < octets.length; at += pieceLength) socket.write(octets.slice(at, at + pieceLength), 'latin1');
  });
}

const LISTEN = ['smtp://127.0.0.1:0', 'lmtp://127.0.0.1:0'];
const portOf = (sink: RunningSink, index: number): number => Number(sink.urls[index]?.split(':').at(-1));

async function startPair(): Promise<[RunningSink, RunningSink]> {
  const settings = resolveSinkOptions({ ...OPTIONS, listen: LISTEN });
  // A clock that stands still: greylist and lock-out are the same to both.
  const local = (): LocalArbiter => new LocalArbiter(settings, () => 0);
  return [
    await startSinkPart(settings, { arbiterFor: () => local(), archive: null }),
    await startSinkPart(settings, { arbiterFor: () => new LateArbiter(local()), archive: null }),
  ];
}

let sinks: [RunningSink, RunningSink];
beforeAll(async () => {
  sinks = await startPair();
});
afterAll(async () => {
  await Promise.all(sinks.map((sink) => sink.close()));
});

describe('a sink that must ask before it answers', () => {
  test.each(['SMTP', 'LMTP'])('says in %s what one says that decides by itself', async (protocol) => {
    const index = protocol === 'SMTP' ? 0 : 1;
    await fc.assert(
      fc.asyncProperty(dialogue, fc.integer({ min: 1, max: 4000 }), async (octets, pieceLength) => {
        const replies = await Promise.all(sinks.map((sink) => converse(portOf(sink, index), octets, pieceLength)));
        expect(replies[1]).toBe(replies[0]);
      }),
      { numRuns: 150 },
    );
    const [own, asking] = sinks.map((sink) => sink.stats());
    for (const key of ['messages', 'recipients', 'faults', 'authenticated', 'replies', 'commands'] as const) {
      expect(asking?.[key]).toEqual(own?.[key]);
    }
    expect(own?.messages).toBeGreaterThan(10);
  });
});
