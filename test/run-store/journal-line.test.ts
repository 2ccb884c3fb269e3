import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JournalLine, journalLine } from '../../src/run-store/journal-line.js';

/** A line as a reader of the journal sees it. */
function read(line: Buffer): JournalLine {
  expect(line.indexOf('\n')).toBe(line.length - 1);
  return new JournalLine(line.toString('utf8').trimEnd());
}

/** An event of about so many octets, as compressible as a record of many lanes. */
const longEvent = (octets: number, text = '{"sent":[0,0,0]}') => ({
  type: 'interval',
  record: { version: 8, workerId: 3, lanes: Array.from({ length: Math.ceil(octets / text.length) }, () => text) },
});

describe('a line of a journal', () => {
  test('stands as it is while it is short', () => {
    const event = longEvent(10_000);
    expect(journalLine(event).toString('utf8')).toBe(`${JSON.stringify(event)}\n`);
  });

  test('is packed when it is long, and says what it is without being unpacked', () => {
    const event = longEvent(300_000);
    const line = journalLine(event);
    expect(line.length).toBeLessThan(10_000);
    const back = read(line);
    expect(back).toMatchObject({ type: 'interval', workerId: 3 });
    expect(line.toString('utf8')).not.toContain('version');
    expect(back.parse()).toEqual(event);
  });

  test('gives back what was written, whatever is in it and however long it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.integer({ min: 1, max: 200_000 }),
        (text, octets) => {
          const event = longEvent(octets, text === '' ? 'x' : text);
          expect(read(journalLine(event)).parse()).toEqual(event);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('that is packed and torn, or changed, says nothing', () => {
    const text = journalLine(longEvent(300_000)).toString('utf8').trimEnd();
    for (let end = 1; end < text.length; end += 7) expect(new JournalLine(text.slice(0, end)).parse()).toBeNull();
    const middle = text.length / 2;
    const changed = new JournalLine(`${text.slice(0, middle)}AAAAAAAA${text.slice(middle + 8)}`).parse();
    expect(changed).toBeNull();
  });
});
