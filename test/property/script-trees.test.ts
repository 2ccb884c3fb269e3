/** Whatever steps a script has and whatever a server says to them: it ends, and the books balance. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandStep, Otherwise, ScriptStep } from '../../src/plan/script-steps.js';
import { SeededRandom } from '../../src/seeded-random.js';
import { EngineSession } from '../support/engine-session.js';
import { FUZZ_SEED, fuzzMs, fuzzParameters } from '../support/property-time.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { bdat, choose, expecting, numbered, rcpts, repeat, wait, word } from '../support/script-tree.js';

const USUAL_MS = 3_000;
/** The longest scripts have some hundreds of commands and pauses. */
const MAX_EVENTS = 20_000;
const REFUSALS = ['421 leaving', '450 4.2.0 later', '550 5.1.1 no', '503 order', '354 go', '250 2.0.0 ok'];

const command = fc
  .oneof(
    fc.constantFrom(...['ehlo', 'helo', 'noop', 'rset', 'mail', 'mail', 'data', 'data', 'help'].map(word)),
    fc.constantFrom(rcpts('a@example.test', 'b@example.test'), numbered(1), numbered(3), bdat(), bdat(300)),
    fc.constant<ScriptStep>({ kind: 'data', sendsContent: false, expect: null, captures: [] }),
    fc.constant<ScriptStep>({ kind: 'raw', text: 'XTRA', expect: null, captures: [] }),
  )
  .chain((step) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(step) },
      {
        weight: 1,
        arbitrary: fc
          .record({
            codes: fc.subarray(['250', '2yz', '354', '450', '5yz', '503']),
            enhanced: fc.constantFrom(null, '2.x.x'),
            pattern: fc.constantFrom(null, 'ok', '^[0-9.]+ (\\w+)'),
            otherwise: fc.constantFrom<Otherwise>('count', 'count', 'reset', 'quit', 'drop', 'stopRun'),
            captures: fc.constantFrom([], [{ name: 'word', pattern: '(\\w+)$' }]),
          })
          .map(({ captures, ...expected }) => expecting(step, expected, ...captures)),
      },
    ),
  );

const message = fc
  .tuple(fc.constantFrom(numbered(1), numbered(5), rcpts('a@example.test')), fc.constantFrom(word('data'), bdat(400)))
  .map(([rcpt, content]) => [word('mail'), rcpt, content]);

const { steps: tree } = fc.letrec<{ steps: ScriptStep[]; step: ScriptStep }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3 },
    { weight: 6, arbitrary: command },
    {
      weight: 1,
      arbitrary: fc.constantFrom(wait(0), wait(20), wait({ shape: 'exponential', meanMs: 30, maxMs: 500 })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(2), fc.nat(2), tie('steps'))
        .map(([min, more, steps]) => repeat(min, Math.max(1, min + more), ...steps)),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(fc.integer({ min: 1, max: 3 }), tie('steps')), { minLength: 1, maxLength: 3 })
        .map((branches) => choose(...branches.map(([weight, steps]) => [weight, ...steps] as const))),
    },
    { weight: 1, arbitrary: fc.constantFrom(word('quit'), word('drop')) },
  ),
  steps: fc
    .array(fc.oneof({ weight: 3, arbitrary: tie('step').map((step) => [step]) }, { weight: 1, arbitrary: message }), {
      minLength: 0,
      maxLength: 5,
    })
    .map((parts) => parts.flat()),
}));

const settings = fc.record({
  pipelining: fc.constantFrom('auto', 'off', 'across'),
  messages: fc.nat(5),
  seed: fc.nat(1_000),
  refusals: fc.constantFrom(0, 0, 50, 300),
  ends: fc.constantFrom(0, 0, 5),
  target: fc.constantFrom('127.0.0.1:25', '127.0.0.1:25', 'lmtp://127.0.0.1:24'),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test(
  `random trees of steps against random servers (seed ${FUZZ_SEED})`,
  () => {
    const seen = { runs: 0, accepted: 0, unexpected: 0, loose: 0, captured: 0, completed: 0 };
    fc.assert(
      fc.property(tree, settings, (steps, { pipelining, messages, seed, refusals, ends, target }) => {
        const random = new SeededRandom(seed, 0);
        const chance = (perThousand: number): boolean => random.next() * 1_000 < perThousand;
        const session = new EngineSession(
          { pipelining, size: '1KiB', seed },
          { steps: [word('ehlo'), ...steps], messages, target },
        );
        const server = new ScriptedServer({
          keywords: ['PIPELINING', 'CHUNKING', 'ENHANCEDSTATUSCODES'],
          answer: () => (chance(refusals) ? REFUSALS[Math.floor(random.next() * REFUSALS.length)] : undefined),
        });
        const { connection } = session;
        session.begin().connected();
        for (let event = 0; event < MAX_EVENTS && !connection.isDropped; event++) {
          if (chance(ends)) session.session.end(session.nowUs);
          const answer = server.next(connection.sent);
          if (answer === null || answer === '') session.passes(session.session.isHolding ? 50_000 : 30_000_000);
          else session.saysOctets(answer);
        }
        expect(connection.isDropped).toBe(true);
        session.closed();
        const counts = session.counts();
        expect(session.endings).toHaveLength(1);
        expect(sum(counts.messages)).toBe(counts.messagesAttempted);
        expect(counts.messagesAttempted).toBe(session.takenCount);
        expect(sum(counts.recipients)).toBe(counts.recipientsAttempted);
        expect(sum(counts.inFlight)).toBe(0);
        seen.runs++;
        seen.accepted += counts.messages[0]!;
        seen.unexpected += sum(counts.unexpected.map(({ count }) => count));
        seen.loose += server.heard.filter((line) => line === 'BDAT 0 LAST').length;
        seen.captured += steps.filter((step) => ((step as CommandStep).captures?.length ?? 0) > 0).length;
        seen.completed += session.endings[0]?.ending === 'completed' ? 1 : 0;
        session.destroy();
      }),
      fuzzParameters(USUAL_MS),
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  },
  fuzzMs(USUAL_MS) + 60_000,
);
