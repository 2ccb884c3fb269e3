import { describe, expect, test } from 'vitest';
import * as commands from '../../src/protocol/commands.js';
import { NumberedBytes } from '../../src/protocol/numbered-bytes.js';

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8');

describe('a command', () => {
  test.each(['STARTTLS', 'DATA', 'RSET', 'QUIT'] as const)('%s is its verb and CRLF', (verb) => {
    expect(text(commands[verb])).toBe(`${verb}\r\n`);
  });

  test('is not what ends the data: that is a lone dot', () => {
    expect(text(commands.END_OF_DATA)).toBe('.\r\n');
  });

  test('EHLO and HELO carry the name', () => {
    expect(text(commands.ehlo('client.example.test'))).toBe('EHLO client.example.test\r\n');
    expect(text(commands.helo('[127.0.0.1]'))).toBe('HELO [127.0.0.1]\r\n');
    expect(text(commands.ehlo('bücher.test'))).toBe('EHLO bücher.test\r\n');
  });

  test.each(['a\rb', 'a\nb', 'a\0b', 'a\r\nQUIT', '\n'])('with the argument %j is refused', (argument) => {
    expect(() => commands.ehlo(argument)).toThrow('no CR, LF or NUL');
    expect(() => commands.helo(argument)).toThrow('no CR, LF or NUL');
    expect(() => new NumberedBytes(argument, 'RCPT TO:<', '>\r\n')).toThrow('no CR, LF or NUL');
  });
});
