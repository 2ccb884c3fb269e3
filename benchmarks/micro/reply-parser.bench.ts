/**
 * How long the parser takes per reply, for the shapes that a session meets.
 * `node dist/benchmarks/micro/reply-parser.bench.js [iterations]` prints a line per shape.
 */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { ReplyParser } from '../../src/protocol/reply-parser.js';
import type { ReplySink } from '../../src/protocol/reply-parser.js';

/** What one shape cost. */
export interface ReplyParserFigure {
  readonly shape: string;
  readonly nsPerReply: number;
  /** Best of the rounds; the median is `nsPerReply`. */
  readonly nsPerReplyMin: number;
  /** Sums what was read, so that nothing can be optimised away and two versions can be seen to do the same work. */
  readonly checksum: number;
}

/** Rounds per shape; they alternate, so that a busy moment of the machine hits all shapes alike. */
const ROUNDS = 7;

const LOCK_STEP = [
  '250 2.1.0 Ok\r\n',
  '250 2.1.5 <recipient-000123@example.test> Ok\r\n',
  '354 End data with <CR><LF>.<CR><LF>\r\n',
  '250 2.0.0 Ok: queued as 4XyZ1k3hQ7zRtBw\r\n',
  '250 2.1.0 sender <sender-42@example.test> ok\r\n',
  '221 2.0.0 mail.example.test closing connection\r\n',
  '450 4.2.1 <busy@example.test>: mailbox busy, try later\r\n',
  '220 mail.example.test ESMTP ready\r\n',
];
const EHLO =
  '250-mail.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n' +
  '250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n';

/** Each shape is a list of chunks, as reads deliver them, and the number of replies in them. */
const SHAPES: readonly { shape: string; chunks: readonly Uint8Array[]; replies: number }[] = [
  { shape: 'one reply per chunk', chunks: LOCK_STEP.map(octets), replies: LOCK_STEP.length },
  { shape: 'pipelined, eight per chunk', chunks: [octets(LOCK_STEP.join(''))], replies: LOCK_STEP.length },
  { shape: 'EHLO, nine lines', chunks: [octets(EHLO)], replies: 1 },
  { shape: 'each reply cut in two', chunks: LOCK_STEP.flatMap(inTwo), replies: LOCK_STEP.length },
];

/**
 * Measures every shape.
 *
 * @param iterations - how often each shape is parsed per round; a smoke test needs 100, a figure 200,000
 */
export function runBench(iterations: number): Promise<ReplyParserFigure[]> {
  const sums = SHAPES.map(() => 0);
  const rounds = SHAPES.map((): number[] => []);
  // Round 0 warms up and is thrown away.
  for (let round = 0; round <= ROUNDS; round++) {
    SHAPES.forEach(({ chunks, replies }, index) => {
      const sink = new SummingSink();
      const parser = new ReplyParser(sink);
      const startedNs = process.hrtime.bigint();
      for (let iteration = 0; iteration < iterations; iteration++) {
        for (const chunk of chunks) parser.execute(chunk, chunk.length);
      }
      const tookNs = Number(process.hrtime.bigint() - startedNs);
      if (round > 0) rounds[index]?.push(tookNs / (iterations * replies));
      sums[index] = sink.sum;
    });
  }
  return Promise.resolve(
    SHAPES.map(({ shape }, index) => {
      const sorted = (rounds[index] ?? []).toSorted((a, b) => a - b);
      return {
        shape,
        nsPerReply: sorted[Math.floor(ROUNDS / 2)] ?? NaN,
        nsPerReplyMin: sorted[0] ?? NaN,
        checksum: sums[index] ?? NaN,
      };
    }),
  );
}

/** Reads what a session reads of every reply. */
class SummingSink implements ReplySink {
  sum = 0;

  onReplyLine(): void {
    this.sum += 1;
  }

  onReply(parser: ReplyParser): void {
    this.sum += parser.code + (parser.enhanced % 1_000) + parser.lineCount + parser.bytesAfter;
  }

  onMalformed(): void {
    throw new Error('the benchmark sends only good replies');
  }
}

function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function inTwo(text: string): Uint8Array[] {
  const middle = Math.floor(text.length / 2);
  return [octets(text.slice(0, middle)), octets(text.slice(middle))];
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const figure of await runBench(Number(argv[2] ?? 200_000))) {
    const median = figure.nsPerReply.toFixed(1).padStart(7);
    const best = figure.nsPerReplyMin.toFixed(1);
    console.log(`${figure.shape.padEnd(28)}${median} ns per reply (best ${best}), checksum ${figure.checksum}`);
  }
}
