import { expect, test } from 'vitest';
import { giveBackLineBuffer, MAX_HELD_OCTETS, takeLineBuffer } from '../../src/protocol/line-buffer-pool.js';
import { ReplyParser } from '../../src/protocol/reply-parser.js';
import { RecordingSink } from '../support/reply-corpus.js';

function send(parser: ReplyParser, text: string): void {
  parser.execute(Buffer.from(text, 'latin1'), text.length);
}

test('a buffer is as small as an ordinary line lets it be', () => {
  expect(takeLineBuffer(1).length).toBe(512);
  expect(takeLineBuffer(512).length).toBe(512);
  expect(takeLineBuffer(513).length).toBe(MAX_HELD_OCTETS);
  expect(takeLineBuffer(MAX_HELD_OCTETS).length).toBe(MAX_HELD_OCTETS);
  expect(() => takeLineBuffer(MAX_HELD_OCTETS + 1)).toThrow('no held line is longer');
});

test.each([1, 513])('a buffer of at least %i octets that was given back is used again', (octets) => {
  const buffer = takeLineBuffer(octets);
  giveBackLineBuffer(buffer);
  expect(takeLineBuffer(octets)).toBe(buffer);
});

test('the pool keeps a few idle buffers, not all that a burst of half lines needed', () => {
  const burst = Array.from({ length: 1_000 }, () => takeLineBuffer(1));
  burst.forEach(giveBackLineBuffer);
  const again = Array.from({ length: 1_000 }, () => takeLineBuffer(1));
  const kept = again.filter((buffer) => burst.includes(buffer)).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(100);
});

test.each([
  ['when the line has ended', (parser: ReplyParser) => send(parser, 'k\r\n')],
  ['when it is reset', (parser: ReplyParser) => parser.reset()],
  ['when it is halted', (parser: ReplyParser) => parser.halt()],
  ['when it cannot understand', (parser: ReplyParser) => send(parser, `k\r\n${'?'.repeat(9)}`)],
  ['when the line has become too long', (parser: ReplyParser) => send(parser, 'k'.repeat(9_000))],
])('a parser gives its buffer back %s', (_when, end) => {
  const buffer = takeLineBuffer(1);
  giveBackLineBuffer(buffer);
  const parser = new ReplyParser(new RecordingSink());
  send(parser, '250 O');
  const other = takeLineBuffer(1);
  expect(other).not.toBe(buffer);
  end(parser);
  expect(takeLineBuffer(1)).toBe(buffer);
});

test('a parser that was reset shares no buffer with the next one that holds a line', () => {
  const [first, second] = [new RecordingSink(), new RecordingSink()];
  const [one, two] = [new ReplyParser(first), new ReplyParser(second)];
  send(one, '250-ha');
  one.reset();
  send(two, '250 oth');
  send(one, '220 sec');
  send(two, 'er\r\n');
  send(one, 'ond\r\n');
  expect([first.events, second.events]).toEqual([['220 - x1 "second"'], ['250 - x1 "other"']]);
});
