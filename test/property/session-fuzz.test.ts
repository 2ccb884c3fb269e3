/** Whatever octets come, in whatever pieces and at whatever times: a session never claims what it cannot know. */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ReplyParser } from '../../src/protocol/reply-parser.js';
import { Recorder } from '../../workers/recorder.js';
import { SessionActor } from '../../workers/session-actor.js';
import { play, playOut, type Seen } from '../support/hostile-play.js';
import { FUZZ_SEED, fuzzMs, fuzzParameters } from '../support/property-time.js';

const USUAL_MS = 4_000;

const nothingSeen = (): Seen => ({ accepted: 0, refused: 0, failed: 0, cut: 0, completed: 0, runs: 0 });

test(
  `random octets, spoilt replies, losses and pauses in any order leave the books and the deadlines right (seed ${FUZZ_SEED})`,
  () => {
    const seen = nothingSeen();
    fc.assert(
      fc.property(play, (each) => {
        playOut(each, seen);
      }),
      fuzzParameters(USUAL_MS),
    );
    // The play is no good if one of the roads is never taken.
    expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
  },
  fuzzMs(USUAL_MS) * 2 + 20_000,
);

describe('the same plays find', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** What the first failing play says. */
  function complaint(): string {
    const result = fc.check(
      fc.property(play, (each) => {
        playOut(each, nothingSeen());
      }),
      // A fixed seed: whether a broken engine is found must not be a matter of luck.
      { seed: 1, numRuns: 2_000, endOnFailure: true },
    );
    return result.errorInstance instanceof Error ? result.errorInstance.message : '';
  }

  test('a parser that loses a reply which straddles two chunks', () => {
    const execute = ReplyParser.prototype.execute;
    vi.spyOn(ReplyParser.prototype, 'execute').mockImplementation(function (this: ReplyParser, chunk, length) {
      execute.call(this, chunk, length);
      if (chunk[length - 1] !== 10) this.reset();
    });
    expect(complaint()).toMatch(/replies/);
  });

  test('a parser that takes a line of a longer reply for the whole of it', () => {
    const execute = ReplyParser.prototype.execute;
    vi.spyOn(ReplyParser.prototype, 'execute').mockImplementation(function (this: ReplyParser, chunk, length) {
      execute.call(
        this,
        Buffer.from(Buffer.from(chunk.subarray(0, length)).toString('latin1').replaceAll('-', ' '), 'latin1'),
        length,
      );
    });
    expect(complaint()).toMatch(/replies are counted/);
  });

  test('a session that takes 4yz for a success', () => {
    const onReply = SessionActor.prototype.onReply;
    vi.spyOn(SessionActor.prototype, 'onReply').mockImplementation(function (this: SessionActor, parser) {
      if (parser.code >= 400 && parser.code < 500) parser.code -= 200;
      onReply.call(this, parser);
    });
    expect(complaint()).toMatch(/messages are accepted, and \d+ can be/);
  });

  test('a session that does not mind its deadlines', () => {
    vi.spyOn(SessionActor.prototype, 'onDeadline').mockImplementation(() => undefined);
    expect(complaint()).toMatch(/deadline/);
  });

  test('a recorder that counts one message twice', () => {
    const messageSettled = Recorder.prototype.messageSettled;
    vi.spyOn(Recorder.prototype, 'messageSettled').mockImplementation(function (this: Recorder, end, nowUs) {
      messageSettled.call(this, end, nowUs);
      if (end.outcome === 2) messageSettled.call(this, end, nowUs);
    });
    expect(complaint()).toMatch(/balance/);
  });
});
