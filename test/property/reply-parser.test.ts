import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplyParser } from '../../src/protocol/reply-parser.js';
import { mutated, mutation, noise, octet } from '../support/octet-mutations.js';
import { FUZZ_SEED, fuzzMs, fuzzParameters } from '../support/property-time.js';
import { eventsOf } from '../support/reply-corpus.js';

const USUAL_MS = 2_000;

/** The same grammar in ten lines: no limits, no chunks, no speed. A halt ends the list with `malformed`. */
function naiveEventsOf(sent: string): string[] {
  const events: string[] = [];
  let lines: { code: string; text: string }[] = [];
  for (const line of sent.split('\n').slice(0, -1)) {
    const [, code, separator, text = ''] = /^([1-5][0-9]{2})(?:([ -])([^]*?))?\r?$/.exec(line) ?? [];
    if (code === undefined || (lines[0] ?? { code }).code !== code) return [...events, 'malformed'];
    lines.push({ code, text });
    events.push(`line ${code} ${lines.length} "${text}"`);
    if (separator === '-') continue;
    const pattern = new RegExp(`^${/[245]/.exec(code[0]!)?.[0] ?? 'none'}\\.\\d{1,3}\\.\\d{1,3}(?= |$)`);
    const found = lines.map((each) => pattern.exec(each.text)?.[0]).find((each) => each !== undefined);
    const enhanced = found?.split('.').map(Number).join('.') ?? '-';
    events.push(`${code} ${enhanced} x${lines.length} "${text.slice(0, 160)}"`);
    lines = [];
  }
  return events;
}

const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n');
const enhanced = fc
  .tuple(fc.constantFrom('2', '4', '5'), fc.nat(9), fc.nat(1_200))
  .map(([first, subject, detail]) => `${first}.${subject}.${detail}`);
const text = fc.oneof(
  fc.constantFrom('', 'Ok', '\r', ' ', '-'),
  enhanced,
  fc.tuple(enhanced, fc.constantFrom(' ', 'x', '.', ' <a@b.test> Ok')).map((parts) => parts.join('')),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: octet, maxLength: 300 }),
);
const code = fc.oneof(
  fc.constantFrom('220', '250', '354', '421', '550'),
  fc.integer({ min: 100, max: 599 }).map((number) => String(number)),
);
const reply = fc
  .tuple(code, fc.array(fc.tuple(text, lineEnd), { maxLength: 4 }), fc.option(text), lineEnd)
  .map(
    ([digits, before, last, end]) =>
      before.map(([words, its]) => `${digits}-${words.replaceAll('\n', '')}${its}`).join('') +
      (last === null ? digits : `${digits} ${last.replaceAll('\n', '')}`) +
      end,
  );
const garbage = fc.oneof(fc.string({ unit: octet, maxLength: 20 }), fc.constantFrom('\r\n', '25', '250', '2500 x\r\n'));
const stream = fc
  .array(fc.oneof({ arbitrary: reply, weight: 12 }, { arbitrary: garbage, weight: 1 }), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** Replies with a few things spoilt, and octets that were never a reply. */
const spoiltStream = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(stream, fc.array(mutation, { minLength: 1, maxLength: 4 })) },
  { weight: 1, arbitrary: fc.tuple(noise, fc.constant([])) },
);

const withoutSample = (event: string): string => (event.startsWith('malformed') ? 'malformed' : event);

/** Parses as cut, and compares with the naive parser. @returns how many things were read */
function compare(sent: string, places: readonly number[]): number {
  const cuts = places.filter((place) => place < sent.length).toSorted((a, b) => a - b);
  const wanted = naiveEventsOf(sent);
  const seen = eventsOf((sink) => new ReplyParser(sink), sent, cuts).map(withoutSample);
  // The parser sees garbage without waiting for its line end, which the naive one does.
  const early = seen.length > wanted.length && seen.at(-1) === 'malformed' ? seen.slice(0, -1) : seen;
  expect(early).toEqual(wanted);
  return seen.length;
}

const places = fc.array(fc.nat(2_000), { maxLength: 12 });

test(
  `random replies, randomly cut, mean what a naive parser says (seed ${FUZZ_SEED})`,
  () => {
    let replies = 0;
    fc.assert(
      fc.property(stream, places, (sent, cuts) => {
        replies += compare(sent, cuts);
      }),
      fuzzParameters(USUAL_MS),
    );
    expect(replies).toBeGreaterThan(1_000);
  },
  fuzzMs(USUAL_MS) * 2 + 20_000,
);

test(
  `spoilt replies and noise, randomly cut, mean what a naive parser says (seed ${FUZZ_SEED})`,
  () => {
    const seen = { replies: 0, complaints: 0 };
    fc.assert(
      fc.property(spoiltStream, places, ([sent, mutations], cuts) => {
        const spoilt = mutations.reduce(mutated, sent);
        seen.replies += compare(spoilt, cuts);
        if (naiveEventsOf(spoilt).at(-1) === 'malformed') seen.complaints++;
      }),
      fuzzParameters(USUAL_MS),
    );
    expect(seen.replies).toBeGreaterThan(100);
    expect(seen.complaints).toBeGreaterThan(10);
  },
  fuzzMs(USUAL_MS) * 2 + 20_000,
);
