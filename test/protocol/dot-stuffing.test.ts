import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dotStuff } from '../../src/protocol/dot-stuffing.js';

const stuffed = (text: string): string => Buffer.from(dotStuff(Buffer.from(text, 'latin1'))).toString('latin1');

/** What a server does with the lines it gets (RFC 5321 §4.5.2). */
const unstuffed = (text: string): string => text.replaceAll(/(^|\r\n)\./g, '$1');

describe('dot-stuffing', () => {
  test.each([
    ['a line', 'a\r\n', 'a\r\n'],
    ['a line that begins with a dot', '.a\r\n', '..a\r\n'],
    ['a lone dot', '.\r\n', '..\r\n'],
    ['a lone dot within the content', 'a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n'],
    ['two dots', '..\r\n', '...\r\n'],
    ['dots within lines', 'a.b.\r\n', 'a.b.\r\n'],
    ['a dot behind a bare LF, which would be smuggled', 'a\n.\nb', 'a\r\n..\r\nb\r\n'],
    ['a dot behind a bare CR, which would be smuggled', 'a\r.\rb', 'a\r\n..\r\nb\r\n'],
    ['an LF before a CR', 'a\n\rb', 'a\r\n\r\nb\r\n'],
    ['two CRs before an LF', 'a\r\r\nb', 'a\r\n\r\nb\r\n'],
    ['a last line without its end', 'a\r\nb', 'a\r\nb\r\n'],
    ['a last CR', 'a\r', 'a\r\n'],
    ['a last dot', 'a\r\n.', 'a\r\n..\r\n'],
    ['empty lines', '\r\n\r\n', '\r\n\r\n'],
    ['no content', '', ''],
    ['8-bit octets and NUL', '\xff\0\r\n', '\xff\0\r\n'],
  ])('of %s', (_what, content, wanted) => {
    expect(stuffed(content)).toBe(wanted);
  });

  test('leaves the content as it was', () => {
    const content = Buffer.from('.a\n');
    dotStuff(content);
    expect(content.toString()).toBe('.a\n');
  });

  test('is undone by the server, holds no bare CR or LF, and never ends the data early', () => {
    const part = fc.constantFrom('.', '..', '\r', '\n', '\r\n', '\r\n.\r\n', 'x', 'xyz');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const content = parts.join('');
        const normal = content.replaceAll(/\r\n|\r|\n/g, '\r\n');
        const ended = normal === '' || normal.endsWith('\r\n') ? normal : `${normal}\r\n`;
        const sent = stuffed(content);
        expect(unstuffed(sent)).toBe(ended);
        expect(/\r(?!\n)|(?<!\r)\n/.test(sent)).toBe(false);
        expect(`\r\n${sent}`).not.toContain('\r\n.\r\n');
      }),
    );
  });
});
