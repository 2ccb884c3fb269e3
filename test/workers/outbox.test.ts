import { expect, test } from 'vitest';
import { Outbox, OUTBOX_BYTES } from '../../workers/outbox.js';

const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('is filled by appending and by writing in place', () => {
  const outbox = new Outbox();
  outbox.append(octets('MAIL\r\n'));
  outbox.length = outbox.target.write('RCPT\r\n', outbox.length, 'latin1') + outbox.length;
  outbox.append(octets('DATA\r\n'));
  expect(outbox.view(0, outbox.length).toString('latin1')).toBe('MAIL\r\nRCPT\r\nDATA\r\n');
  expect(outbox.view(6, 12).toString('latin1')).toBe('RCPT\r\n');
  expect(outbox.room).toBe(OUTBOX_BYTES - 18);
});

test('is filled again from its start', () => {
  const outbox = new Outbox();
  outbox.append(octets('first'));
  const buffer = outbox.target;
  outbox.clear();
  outbox.append(octets('2nd'));
  expect(outbox.view(0, outbox.length).toString('latin1')).toBe('2nd');
  expect(outbox.target).toBe(buffer);
});

test('leaves what was given away as it was', () => {
  const outbox = new Outbox();
  outbox.append(octets('kept'));
  const view = outbox.view(0, 4);
  outbox.giveAway();
  expect(outbox.length).toBe(0);
  outbox.append(octets('lost'));
  expect(view.toString('latin1')).toBe('kept');
});

test('holds what it says and not an octet more', () => {
  const outbox = new Outbox();
  outbox.append(new Uint8Array(OUTBOX_BYTES));
  expect(outbox.room).toBe(0);
  expect(() => outbox.append(new Uint8Array(1))).toThrow(/fits the outbox/);
});
