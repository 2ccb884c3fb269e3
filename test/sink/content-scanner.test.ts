import { describe, expect, test } from 'vitest';
import { ContentScanner, unstuff } from '../../src/sink/content-scanner.js';

/** What a client sends behind 354, where it ends, and what SIZE would have declared. */
const CONTENTS: readonly { name: string; octets: string; size: number }[] = [
  { name: 'no line at all', octets: '.\r\n', size: 0 },
  { name: 'one line', octets: 'one\r\n.\r\n', size: 5 },
  { name: 'an empty line', octets: '\r\n.\r\n', size: 2 },
  { name: 'a stuffed dot', octets: 'a\r\n..b\r\n.\r\n', size: 7 },
  { name: 'a stuffed dot in the first line', octets: '..\r\n.\r\n', size: 3 },
  { name: 'lines of dots', octets: '...\r\n....\r\n..\r\n.\r\n', size: 12 },
  { name: 'a dot before a bare CR', octets: 'a\r\n.\rb\r\n.\r\n', size: 7 },
  { name: 'a dot before two CRs', octets: 'a\r\n.\r\r\n.\r\n', size: 6 },
  { name: 'a dot between bare LFs', octets: 'a\n.\nb\r\n.\r\n', size: 7 },
  { name: 'a dot before a bare LF', octets: 'a\r\n.\nb\r\n.\r\n', size: 7 },
  { name: 'a dot behind a bare LF', octets: 'a\n.\r\nb\r\n.\r\n', size: 8 },
  { name: 'a dot behind a bare CR', octets: 'a\r.\r\nb\r\n.\r\n', size: 8 },
  { name: 'CR CR LF before the dot', octets: 'a\r\r\n.\r\n', size: 4 },
  { name: 'a dot that is not alone', octets: 'a\r\n.b\r\n.\r\n', size: 6 },
  { name: 'dots inside lines', octets: 'a.b.\r\nc.\r\n.\r\n', size: 10 },
  { name: 'every octet', octets: `${String.fromCharCode(...Array(256).keys())}\r\n.\r\n`, size: 258 },
];

function scanAll(scanner: ContentScanner, chunks: readonly string[]): { end: number; octets: number } {
  let before = 0;
  for (const chunk of chunks) {
    const end = scanner.scan(Buffer.from(chunk, 'latin1'), 0);
    if (end !== -1) return { end: before + end, octets: scanner.octets };
    before += chunk.length;
  }
  return { end: -1, octets: scanner.octets };
}

describe.each(CONTENTS)('content with $name', ({ octets, size }) => {
  const behind = 'MAIL FROM:<a@b.test>\r\n.\r\n';

  test('ends at its dot, whatever follows, at every split into two', () => {
    const all = octets + behind;
    for (let at = 0; at <= all.length; at++) {
      const scanner = new ContentScanner();
      scanner.begin();
      expect(scanAll(scanner, [all.slice(0, at), all.slice(at)]), `split at ${at}`).toEqual({
        end: octets.length,
        octets: size,
      });
    }
  });

  test('ends at its dot, octet by octet', () => {
    const scanner = new ContentScanner();
    scanner.begin();
    expect(scanAll(scanner, Array.from(octets + behind))).toEqual({ end: octets.length, octets: size });
  });

  test('does not end before its last octet', () => {
    const scanner = new ContentScanner();
    scanner.begin();
    expect(scanAll(scanner, [octets.slice(0, -1)]).end).toBe(-1);
  });

  test('unstuffs to what SIZE counts', () => {
    const content = unstuff(Buffer.from(octets.slice(0, -3), 'latin1'));
    expect(content.length).toBe(size);
    expect(content.toString('latin1')).toBe(octets.slice(0, -3).replace(/(^|\r\n)\./g, '$1'));
  });
});

test('a scanner begins each message anew', () => {
  const scanner = new ContentScanner();
  scanner.begin();
  expect(scanAll(scanner, ['a\r\n..\r\n.\r\n'])).toEqual({ end: 10, octets: 6 });
  scanner.begin();
  expect(scanAll(scanner, ['.\r\n'])).toEqual({ end: 3, octets: 0 });
});
