import { describe, expect, test } from 'vitest';
import { PostrushError } from '../../src/errors.js';
import { SINK_DEFAULTS, resolveSinkOptions } from '../../src/sink/sink-options.js';
import type { SinkOptions } from '../../src/sink/sink-options.js';
import { startSink } from '../../src/sink/sink.js';

function problemsOf(options: unknown): string[] {
  try {
    resolveSinkOptions(options as SinkOptions);
  } catch (error) {
    if (error instanceof PostrushError) return error.issues.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('options of a sink', () => {
  test('are complete without any', () => {
    expect(resolveSinkOptions({})).toEqual(SINK_DEFAULTS);
  });

  test.each([
    [{ listen: [] }, /^listen: needs at least one/],
    [{ listen: ['http://127.0.0.1:1'] }, /^listen: takes smtp/],
    [{ maxSize: 1.5 }, /^maxSize: /],
    [{ replyDelayMs: Number.NaN }, /^replyDelayMs: /],
    [{ replyDelayMs: 2 ** 31 }, /^replyDelayMs: /],
    [{ listen: ['smtps://127.0.0.1:0'] }, /^listen: needs `tls`/],
    [{ requireAuth: true }, /^requireAuth: needs `users`/],
    [{ withhold: ['XCLIENT'] }, /^withhold: knows only/],
    [{ faults: [{ on: 'noon', then: 'close' }] }, /^faults\.0\.on: `on` knows only/],
    [{ authNeedsTls: true, users: { a: 'b' } }, /^authNeedsTls: needs `tls`/],
    [{ authLockOut: { afterFailures: 0, forMs: 1 } }, /^authLockOut: needs `afterFailures`/],
    [{ save: { folder: '/tmp', messages: 0 } }, /^save: needs `folder`, and `messages`/],
    [{ faults: [{ on: 'mail' }] }, /does nothing/],
    [{ faults: [{ on: 'mail', then: 'continue' }] }, /does nothing/],
    [{ faults: [{ on: 'content', delayMs: 5 }] }, /does nothing/],
    [{ faults: [{ on: 'connect', matching: 'x', then: 'close' }] }, /`matching` needs a command line/],
    [{ faults: [{ on: 'tls', stopReading: true }] }, /silence/],
    [{ faults: [{ on: 'mail', reply: '250 ok', raw: 'ok' }] }, /exclude each other/],
    [{ faults: [{ on: 'mail', reply: 'no' }] }, /three digits/],
    [{ faults: [{ on: 'mail', reply: '250 ok\r\n' }] }, /three digits/],
    [{ faults: [{ on: 'mail', reply: '250 a\n250 b' }] }, /three digits/],
    [{ faults: [{ on: 'mail', raw: '\u20ac' }] }, /Latin-1/],
    [{ faults: [{ on: 'mail', reply: '250 ok', repeat: 2 }] }, /`repeat` counts from 1 and needs `raw`/],
    [{ faults: [{ on: 'mail', raw: 'x'.repeat(1024), repeat: 65_537 }] }, /at most 64 MiB/],
    [{ faults: [{ on: 'mail', then: 'close', nth: 0 }] }, /`nth` counts from 1/],
    [{ faults: [{ on: 'mail', then: 'close', everyNth: 1.5 }] }, /`everyNth` counts from 1/],
    [{ faults: [{ on: 'mail', then: 'close', after: -1 }] }, /`after` counts from 0/],
    [{ faults: [{ on: 'mail', then: 'close', delayMs: -1 }] }, /`delayMs` must be/],
    [{ faults: [{ on: 'mail', delayMs: { shape: 'normal' } }] }, /`delayMs` knows the shapes uniform/],
    [{ faults: [{ on: 'mail', delayMs: { shape: 'exponential' } }] }, /needs `meanMs`/],
    [{ faults: [{ on: 'mail', delayMs: { shape: 'uniform', minMs: 2, maxMs: 1 } }] }, /not above `maxMs`/],
    [{ faults: [{ on: 'mail', delayMs: { shape: 'pareto', minMs: 0, alpha: 1 } }] }, /needs `minMs`/],
    [{ faults: [{ on: 'mail', then: 'close', probability: 0 }] }, /`probability` must be/],
    [{ faults: [{ on: 'mail', then: 'close', fromSec: 2, untilSec: 1 }] }, /`fromSec` and `untilSec`/],
    [{ faults: [{ on: 'mail', then: 'close', ratePerSec: 0 }] }, /`ratePerSec` must be/],
    [{ seed: 0.5 }, /^seed: /],
  ])('%j are refused', (options, problem) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(problem)]);
  });

  test('are refused with all their problems at once', async () => {
    const refused = startSink({ maxSize: -1, requireAuth: true, faults: [{ on: 'mail' }] });
    await expect(refused).rejects.toMatchObject({ code: 'E_CONFIG', issues: [{}, {}, {}] });
  });

  test('a certificate that is none is refused with one sentence', async () => {
    await expect(startSink({ tls: { key: 'x', cert: 'y' } })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('must be PEM'),
    });
  });
});
