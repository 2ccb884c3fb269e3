import { describe, expect, test } from 'vitest';
import { ReplyBook } from '../../src/sink/reply-book.js';

describe('the book of replies', () => {
  test('makes a reply once', () => {
    const book = new ReplyBook(true);
    expect(book.line('mail', 250, '2.1.0', 'ok')).toBe(book.line('mail', 250, '2.1.0', 'ok'));
  });

  test('counts replies of one step and code together, whatever their texts', () => {
    const book = new ReplyBook(true);
    book.line('auth', 535, '5.7.8', 'no').tally.count++;
    book.line('auth', 535, '5.7.8', 'never').tally.count++;
    book.line('auth', 235, '2.7.0', 'yes');
    expect(book.rows()).toEqual([{ step: 'auth', code: 535, enhanced: '5.7.8', count: 2 }]);
  });

  test('counts passing replies with the others of their code, and does not keep them', () => {
    const book = new ReplyBook(true);
    expect(book.passing('auth', 334, 'same')).not.toBe(book.passing('auth', 334, 'same'));
    for (let index = 0; index < 10; index++) book.passing('auth', 334, String(index)).tally.count++;
    book.verbatim('auth', '334 from a fault row\r\n').tally.count++;
    expect(book.rows()).toEqual([{ step: 'auth', code: 334, enhanced: null, count: 11 }]);
  });

  test('has no row for octets that are no reply', () => {
    const book = new ReplyBook(true);
    book.verbatim('session', 'garbage').tally.count++;
    expect(book.rows()).toEqual([]);
  });
});
