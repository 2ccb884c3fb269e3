import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PostrushError } from '../../src/errors.js';
import { MessageTemplate, recipientNumber, senderNumber } from '../../src/scenario/message-template.js';
import { laneOf } from '../support/engine-plan.js';
import type { EngineOptions } from '../support/engine-plan.js';

const templateOf = (options: EngineOptions = {}): MessageTemplate => new MessageTemplate(laneOf(options));

/** The octets of a message as DATA carries them, with the final dot. */
function written(template: MessageTemplate, number: number, unused = 0xff): string {
  const target = Buffer.alloc(template.maxHeadLength + 10, unused);
  const end = template.writeHead(target, 5, number);
  expect(end - 5).toBeLessThanOrEqual(template.maxHeadLength);
  // Nothing is written outside.
  expect([...target.subarray(0, 5), ...target.subarray(end)].every((octet) => octet === unused)).toBe(true);
  return target.toString('latin1', 5, end) + Buffer.from(template.body).toString('latin1');
}

/** Headers and body as SIZE declares them: without the final dot and without the stuffed ones. */
function declared(octets: string): string {
  expect(octets.endsWith('\r\n.\r\n')).toBe(true);
  return octets.slice(0, -'.\r\n'.length).replaceAll(/^\./gm, '');
}

describe('a generated message', () => {
  test.each([0, 8, 9, 10, 98, 99, 999, 99_998, 99_999, 100_000, 123_456_789, 999_999_999_999])(
    'has the size asked for, whatever its number has of digits (%i)',
    (number) => {
      for (const size of [300, 1024, 1025, 1026, 4096, 65_537]) {
        expect(declared(written(templateOf({ size }), number))).toHaveLength(size);
      }
    },
  );

  test('has the size asked for at every size from the smallest on', () => {
    const smallest = smallestSize({});
    for (let size = smallest; size < smallest + 200; size++) {
      const template = templateOf({ size });
      expect(template.sizeBytes).toBe(size);
      expect(declared(written(template, 7))).toHaveLength(size);
    }
  });

  test('is a message of lines that no server minds', () => {
    const octets = written(templateOf({ size: 5_000, recipients: 3, subject: 'hello' }), 4);
    const [headers, body] = octets.split(/\r\n\r\n([^]*)/);
    expect(headers!.split('\r\n')).toEqual([
      'Message-ID: <000000000004.1@postrush.test>',
      'From: <sender5@example.test>',
      'To: <user13@example.test>',
      'Date: Thu, 01 Jan 2026 00:00:00 +0000',
      'Subject: hello',
    ]);
    expect(body!.split('\r\n').every((line) => line.length <= 998)).toBe(true);
    expect(octets.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(body).not.toMatch(/^\.[^\r]/m);
    expect(octets).toMatch(/^[\x20-\x7e\r\n]*$/);
  });

  test('depends on the seed and its number alone', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(10_000_000), (seed, number) => {
        const [one, other] = [templateOf({ seed, sessions: 2 }), templateOf({ seed, sessions: 77, workers: 3 })];
        // Others are written in between.
        written(other, number + 1);
        // What the buffer held before does not matter either.
        expect(written(one, number)).toBe(written(other, number, 0x0a));
      }),
      { numRuns: 50 },
    );
  });

  test('has a Message-ID of its own, in every run with another seed', () => {
    const ids = [1, 2, 0xffff_ffff].flatMap((seed) => {
      const template = templateOf({ seed });
      return [0, 1, 9, 10, 999_999_999_999].map(
        (number) => /^Message-ID: <(\S+)>\r\n/.exec(written(template, number))?.[1],
      );
    });
    expect(new Set(ids).size).toBe(15);
    expect(ids).not.toContain(undefined);
  });

  test('names addresses without a number as they are, and an empty sender as none', () => {
    const octets = written(templateOf({ from: '', to: 'postmaster' }), 41);
    expect(octets).toContain('\r\nFrom: <>\r\nTo: <postmaster>\r\n');
  });

  test('is refused when its headers alone need more', () => {
    const smallest = smallestSize({});
    const plan = laneOf();
    const tooSmall = { ...plan, message: { ...plan.message, sizeBytes: smallest - 20 } };
    const refusal = (): unknown => {
      try {
        return new MessageTemplate(tooSmall);
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toBeInstanceOf(PostrushError);
    expect(refusal()).toMatchObject({ code: 'E_CONFIG', issues: [{ path: '--size' }] });
    expect((refusal() as PostrushError).message).toMatch(/^--size takes at least \d+ octets/);
  });
});

/** The smallest size that a plan accepts. */
function smallestSize(options: EngineOptions): number {
  try {
    laneOf({ ...options, size: 1 });
  } catch (error) {
    return Number(/takes at least (\d+)/.exec(String(error))?.[1]);
  }
  throw new Error('one octet is enough for a message');
}

describe('a message of a user', () => {
  const content = (message: string): string => written(templateOf({ message }), 12);
  const ID = 'Message-ID: <000000000012.1@postrush.test>\r\n';

  test('keeps its headers and its text', () => {
    const message = 'Subject: hi\r\nX-Own: 1\r\n\r\nText\r\n';
    expect(content(message)).toBe(`${ID}${message}.\r\n`);
  });

  test.each([
    'Message-ID: <own@example.test>\r\n',
    'message-id:<own@example.test>\r\n',
    'Message-Id:\r\n <own@example.test>\r\n\t(folded)\r\n',
  ])('has our Message-ID in place of its own (%j)', (own) => {
    expect(content(`Subject: hi\r\n${own}To: <a@example.test>\r\n\r\nText\r\n`)).toBe(
      `${ID}Subject: hi\r\nTo: <a@example.test>\r\n\r\nText\r\n.\r\n`,
    );
  });

  test.each([
    'Subject: hi\r\nMessage-ID: <own@example.test>\r\n',
    'Message-ID: <own@example.test>\nSubject: hi',
    'Subject: hi\nMessage-ID: <own@example.test>',
  ])('that is headers alone has one Message-ID (%j)', (message) => {
    expect(content(message)).toBe(`${ID}Subject: hi\r\n.\r\n`);
  });

  test('keeps what only looks like a Message-ID', () => {
    const message = 'Resent-Message-ID: <r@example.test>\r\nX: a\r\n\r\nMessage-ID: <body@example.test>\r\n';
    expect(content(message)).toBe(`${ID}${message}.\r\n`);
  });

  test('is dot-stuffed once, whatever line ends it had', () => {
    expect(content('Subject: dots\n\n.\n..two\nthe end.\n.')).toBe(
      `${ID}Subject: dots\r\n\r\n..\r\n...two\r\nthe end.\r\n..\r\n.\r\n`,
    );
  });

  test('keeps octets that are no ASCII', () => {
    const message = Buffer.from('Subject: x\r\n\r\n\xe9\xff\x80\r\n', 'latin1');
    expect(written(templateOf({ message }), 12)).toContain('\r\n\r\n\xe9\xff\x80\r\n.\r\n');
  });

  test.each(['Subject: hi\n\nText', 'Subject: hi\r\nMessage-ID: <x@y.test>\r\n\r\n.\r\n..\r\n', '\r\nno headers\r\n'])(
    'has the size of what is sent (%j)',
    (message) => {
      const template = templateOf({ message });
      expect(declared(written(template, 3))).toHaveLength(template.sizeBytes);
      expect(declared(written(template, 999_999))).toHaveLength(template.sizeBytes);
    },
  );
});

test('a message without a line end gets one, and its size counts it', () => {
  const plan = laneOf({ message: 'x' });
  const content = 'Subject: x\r\n\r\nno end';
  const template = new MessageTemplate({ ...plan, message: { ...plan.message, content } });
  expect(declared(written(template, 3))).toHaveLength(template.sizeBytes);
});

describe('numbers of addresses', () => {
  test('of message i are i·R + 1 … i·R + R, wrapping', () => {
    const numbersOf = (message: number): number[] => [0, 1, 2].map((index) => recipientNumber(message, index, 3, 10));
    expect([0, 1, 2, 3, 4].map(numbersOf)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [10, 1, 2],
      [3, 4, 5],
    ]);
  });

  test('are used equally often, and stay exact for the largest plans', () => {
    const counts = new Array<number>(7).fill(0);
    for (let message = 0; message < 70; message++) {
      for (let index = 0; index < 3; index++) {
        const number = recipientNumber(message, index, 3, 7);
        counts[number - 1] = counts[number - 1]! + 1;
      }
    }
    expect(counts).toEqual(new Array(7).fill(30));
    expect(recipientNumber(1e12 - 1, 999, 1_000, 1_000_000_000)).toBe(1_000_000_000);
  });

  test('of senders are those of the messages, wrapping', () => {
    expect([0, 1, 98, 99, 100, 199].map((number) => senderNumber(number, 100))).toEqual([1, 2, 99, 100, 1, 100]);
  });
});
