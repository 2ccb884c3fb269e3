/** A server may talk for ever: what the parser keeps of it has a bound, and so has the time until it gives up. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES, ReplyParser } from '../../src/protocol/reply-parser.js';
import type { MalformedKind, ReplySink } from '../../src/protocol/reply-parser.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const CHUNK_OCTETS = 64 * 1024;
const MIB = 1024 * 1024;
const TOLD_OCTETS = 300 * MIB;
/** What a process does beside may take so much; a parser that kept what it is told would take a hundred times that. */
const GROWTH_MAX = 3 * MIB;

/** Counts, keeps nothing. */
class CountingSink implements ReplySink {
  replies = 0;
  lines = 0;
  readonly complaints: MalformedKind[] = [];

  onReplyLine(): void {
    this.lines++;
  }

  onReply(parser: ReplyParser): void {
    this.replies++;
    if (parser.code !== 250) this.complaints.push('malformed');
  }

  onMalformed(_parser: ReplyParser, kind: MalformedKind): void {
    this.complaints.push(kind);
  }
}

/** After two collections: the memory of a buffer is given back a moment after the buffer is gone. */
async function memoryBytes(): Promise<number> {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 20));
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Says `first` and then `octets` over and over, in one buffer that is filled again and again. */
function tell(parser: ReplyParser, first: string, octets: string, toldOctets: number, chunkOctets: number): void {
  const said = Buffer.from(octets.repeat(Math.ceil((2 * chunkOctets) / octets.length)), 'latin1');
  const shared = Buffer.alloc(chunkOctets);
  parser.execute(Buffer.from(first, 'latin1'), first.length);
  for (let told = 0; told < toldOctets; told += chunkOctets) {
    // Goes on in the text where the last chunk ended.
    const from = told % octets.length;
    said.copy(shared, 0, from, from + chunkOctets);
    parser.execute(shared, chunkOctets);
  }
}

/** How many octets of `text` a fresh parser takes, one at a time, before it complains. */
function octetsUntilComplaint(text: (index: number) => number): number {
  const sink = new CountingSink();
  const parser = new ReplyParser(sink);
  const octet = Buffer.alloc(1);
  let count = 0;
  while (sink.complaints.length === 0 && count < MIB) {
    octet[0] = text(count);
    parser.execute(octet, 1);
    count++;
  }
  return count;
}

test.each([
  ['a line that never ends', 'overlong', '250 ', 'x'],
  ['a line of replies that never ends', 'overlong', '250 ', '250 '],
  ['lines that never come to the last one', 'limit', '', '250-and so on\r\n'],
  ['empty lines that never come to the last one', 'limit', '', '250-\n'],
] as const)('%s is given up as %s, once, and nothing of 300 MiB is kept', async (_what, kind, first, octets) => {
  const sink = new CountingSink();
  const parser = new ReplyParser(sink);
  const beforeBytes = await memoryBytes();
  tell(parser, first, octets, TOLD_OCTETS, CHUNK_OCTETS);
  expect((await memoryBytes()) - beforeBytes).toBeLessThan(GROWTH_MAX);
  expect(sink.complaints).toEqual([kind]);
  expect(sink.replies).toBe(0);
});

test('a line is given up at its cap and a reply at its last line, however small the pieces', () => {
  const head = Buffer.from('250 ');
  expect(octetsUntilComplaint((index) => head[index] ?? 0x78)).toBe(MAX_REPLY_LINE_OCTETS);
  const line = Buffer.from('250-x\r\n');
  expect(octetsUntilComplaint((index) => line[index % line.length] ?? 0)).toBe(MAX_REPLY_LINES * line.length);
});

test('replies as long as they may be, 32 MiB of them in pieces, are all read and none is kept', async () => {
  const line = (separator: string): string => `250${separator}${'x'.repeat(MAX_REPLY_LINE_OCTETS - 6)}\r\n`;
  const reply = line('-').repeat(15) + line(' ');
  const toldOctets = 32 * MIB;
  const sink = new CountingSink();
  const parser = new ReplyParser(sink);
  parser.wantsLines = true;
  const beforeBytes = await memoryBytes();
  // No piece ends where a line does.
  tell(parser, '', reply, toldOctets, reply.length - 1_001);
  expect((await memoryBytes()) - beforeBytes).toBeLessThan(GROWTH_MAX);
  expect(sink.complaints).toEqual([]);
  expect(sink.replies).toBeGreaterThanOrEqual(Math.floor(toldOctets / reply.length));
  expect(sink.lines).toBeGreaterThanOrEqual(sink.replies * 16);
});

test('a thousand half lines take no more than a thousand times the cap, and give it back', async () => {
  const parsers = Array.from({ length: 1_000 }, () => new ReplyParser(new CountingSink()));
  const half = Buffer.from(`250 ${'x'.repeat(MAX_REPLY_LINE_OCTETS - 10)}`, 'latin1');
  const beforeBytes = await memoryBytes();
  for (const parser of parsers) parser.execute(half, half.length);
  expect((await memoryBytes()) - beforeBytes).toBeLessThan(parsers.length * MAX_REPLY_LINE_OCTETS + GROWTH_MAX);
  for (const parser of parsers) parser.halt();
  expect((await memoryBytes()) - beforeBytes).toBeLessThan(GROWTH_MAX);
});

test('a parser that keeps what it is told would be found', async () => {
  class Hoarder extends ReplyParser {
    readonly #hoard: Buffer[] = [];

    override execute(chunk: Uint8Array, length: number): void {
      this.#hoard.push(Buffer.from(chunk));
      super.execute(chunk, length);
    }
  }
  const hoarder = new Hoarder(new CountingSink());
  const beforeBytes = await memoryBytes();
  tell(hoarder, '', '250-x\r\n', 2 * GROWTH_MAX, CHUNK_OCTETS);
  expect((await memoryBytes()) - beforeBytes).toBeGreaterThan(GROWTH_MAX);
  hoarder.halt();
});
