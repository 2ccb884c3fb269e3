/** The grammar of the steps of a scenario file. What order they may have is judged elsewhere. */
import { z } from 'zod';
import { closedObject } from '../config-file/closed-object.js';
import { AUTH_CHOICES } from '../plan/read-auth.js';
import { parseDurationMs, parseSizeBytes } from '../plan/units.js';
import type { Reading } from '../plan/units.js';

/** Bounds of what one session may hold. */
const MAX_RECIPIENTS = 1000;
const MAX_REPEATS = 1_000_000_000;
const MAX_PAUSE_MS = 500 * 3_600_000;
const MAX_CHUNK_BYTES = 64 * 1_048_576;
const MAX_PATTERN_LENGTH = 500;

const measured = (read: (text: string) => Reading<number>) =>
  z.string().refine((text) => read(text).ok, {
    error: ({ input }) => {
      const reading = read(String(input));
      return reading.ok ? '' : reading.takes;
    },
  });
const time = measured((text) => parseDurationMs(text, 1, MAX_PAUSE_MS)).describe('A time with its unit: 250ms, 2s');
const timeOrZero = measured((text) => parseDurationMs(text, 0, MAX_PAUSE_MS));

/** Text that becomes part of a command: no second line may hide in it. */
const line = z
  .string()
  .regex(/^[^\p{Cc}]*$/u, { error: 'must be on one line, without control characters' })
  .refine(hasWholeTemplates, { error: 'has {{ without }}' });
const words = line.min(1);

const codes = z.union([z.int().min(200).max(599), z.string().regex(/^[2-5](?:yz|[0-5]\d)$/, { error: codeSentence })], {
  error: codeSentence,
});
function codeSentence(): string {
  return 'takes a code such as 250 or a class such as 2yz';
}

const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH)
  .refine(isPattern, { error: 'must be a regular expression' })
  .describe('A regular expression');

const codeOrCodes = z.union([codes, z.array(codes).min(1)], { error: codeSentence });

const expect = z
  .union(
    [
      codeOrCodes,
      closedObject({
        codes: codeOrCodes.exactOptional(),
        enhanced: z
          .string()
          .regex(/^[245]\.(?:x|\d{1,3})\.(?:x|\d{1,3})$/, { error: 'takes an enhanced code such as 5.1.1, or 5.1.x' })
          .exactOptional(),
        pattern: pattern.exactOptional(),
        otherwise: z.enum(['count', 'reset', 'quit', 'drop', 'stop-run']).exactOptional(),
      }),
    ],
    {
      error:
        'takes a code such as 250, a class such as 2yz, a list of them, or { codes, enhanced, pattern, otherwise }',
    },
  )
  .describe('What the reply should be, and what to do otherwise');

const captured = closedObject({
  name: z.string().regex(/^[A-Za-z]\w*$/, { error: 'must be a letter, then letters, digits or _' }),
  pattern,
});
const capture = z
  .union([captured, z.array(captured).min(1)], { error: 'takes { name, pattern }, or a list of them' })
  .describe('Takes a value out of the reply: the first group of the pattern, or all that it matches');

const pause = z.union(
  [
    time,
    closedObject({ shape: z.literal('uniform'), min: timeOrZero, max: time }),
    closedObject({ shape: z.literal('exponential'), mean: time, max: time.exactOptional() }),
    closedObject({
      shape: z.literal('logNormal'),
      median: time,
      sigma: z.number().positive().max(10),
      max: time.exactOptional(),
    }),
  ],
  {
    error:
      'takes a time such as 2s, or { shape: uniform, min, max }, { shape: exponential, mean } or { shape: logNormal, median, sigma }, the last two perhaps with max',
  },
);

const count = z.int().min(1).max(MAX_RECIPIENTS);
const rcpt = z.union(
  [
    words,
    z.array(words).min(1).max(MAX_RECIPIENTS),
    closedObject({
      count: count.exactOptional(),
      to: z
        .union([words, z.array(words).min(1).max(MAX_RECIPIENTS)], { error: 'takes an address or a list' })
        .exactOptional(),
      parameters: words.exactOptional(),
    }).refine(({ count, to }) => count === undefined || !Array.isArray(to), {
      error: 'takes count with one numbered address, and not with a list',
    }),
  ],
  { error: 'takes an address, a list of addresses, or { count, to, parameters }' },
);

const repeatCount = z.union(
  [
    z.int().min(1).max(MAX_REPEATS),
    closedObject({ min: z.int().min(0).max(MAX_REPEATS), max: z.int().min(1).max(MAX_REPEATS) }),
  ],
  { error: 'takes a whole number, or { min, max }' },
);

/** The words that may stand alone. */
const BARE_STEPS = [
  'connect',
  'ehlo',
  'helo',
  'lhlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'bdat',
  'rset',
  'noop',
  'help',
  'quit',
  'drop',
] as const;

/** All words, each of which begins a step. */
export const STEP_KINDS = [...BARE_STEPS, 'vrfy', 'expn', 'raw', 'pause', 'repeat', 'choose'] as const;

/** A step as it is written: a word alone, or a word with what belongs to it. */
export type WrittenStep = (typeof BARE_STEPS)[number] | WrittenMap;

/** What a step of more than a word may hold; exactly one of {@link STEP_KINDS} is there. */
export interface WrittenMap {
  readonly connect?: { readonly greeting: boolean } | null;
  readonly ehlo?: string | null;
  readonly helo?: string | null;
  readonly lhlo?: string | null;
  readonly starttls?: null;
  readonly auth?: z.infer<typeof auth> | null;
  readonly mail?: z.infer<typeof mail> | null;
  readonly rcpt?: z.infer<typeof rcpt> | null;
  readonly data?: { readonly content: boolean } | null;
  readonly bdat?: string | number | null;
  readonly rset?: null;
  readonly noop?: string | null;
  readonly vrfy?: string;
  readonly expn?: string;
  readonly help?: string | null;
  readonly raw?: string;
  readonly pause?: z.infer<typeof pause>;
  readonly repeat?: { readonly count: z.infer<typeof repeatCount>; readonly steps: readonly WrittenStep[] };
  readonly choose?: readonly { readonly weight: number; readonly steps: readonly WrittenStep[] }[];
  readonly quit?: null;
  readonly drop?: 'fin' | 'rst' | null;
  readonly expect?: WrittenExpectation;
  readonly capture?: z.infer<typeof capture>;
}

/** An expectation as it is written. */
export type WrittenExpectation = z.infer<typeof expect>;
/** A pause as it is written. */
export type WrittenPause = z.infer<typeof pause>;

const auth = z.union(
  [
    z.enum(AUTH_CHOICES),
    closedObject({
      mechanism: z.enum(AUTH_CHOICES).exactOptional(),
      user: words.exactOptional(),
      password: words.exactOptional(),
    }),
  ],
  { error: 'takes a mechanism, or { mechanism, user, password }' },
);
const mail = z.union([line, closedObject({ from: line.exactOptional(), parameters: words.exactOptional() })], {
  error: 'takes an address, or { from, parameters }',
});

const step: z.ZodType<WrittenStep> = z.lazy(() => writtenStep);
/** The steps of a session, or of a part of it. */
export const stepList = z.array(step).min(1);

const writtenMap = closedObject({
  connect: closedObject({ greeting: z.boolean() })
    .nullable()
    .exactOptional()
    .describe('The connection and its greeting; implied'),
  ehlo: words.nullable().exactOptional().describe('EHLO, perhaps with another name'),
  helo: words.nullable().exactOptional(),
  lhlo: words.nullable().exactOptional().describe('LHLO of LMTP'),
  starttls: z.null().exactOptional().describe('STARTTLS, the handshake and EHLO again'),
  auth: auth.nullable().exactOptional(),
  mail: mail.nullable().exactOptional().describe('MAIL, perhaps from another address'),
  rcpt: rcpt.nullable().exactOptional().describe('RCPT for one address, a list, or a number of numbered ones'),
  data: closedObject({ content: z.boolean() }).nullable().exactOptional().describe('DATA and the content'),
  bdat: z
    .union([z.int().min(1).max(MAX_CHUNK_BYTES), measured((text) => parseSizeBytes(text, 1, MAX_CHUNK_BYTES))], {
      error: 'takes the size of a chunk: 16KiB',
    })
    .nullable()
    .exactOptional()
    .describe('The content by BDAT, in one chunk or in chunks of this size'),
  rset: z.null().exactOptional(),
  noop: words.nullable().exactOptional(),
  vrfy: words.exactOptional(),
  expn: words.exactOptional(),
  help: words.nullable().exactOptional(),
  raw: z
    .string()
    .min(1)
    .refine(hasWholeTemplates, { error: 'has {{ without }}' })
    .exactOptional()
    .describe('A line of your own'),
  pause: pause.exactOptional().describe('Silence'),
  repeat: closedObject({ count: repeatCount, steps: stepList }).exactOptional().describe('The same steps again'),
  choose: z
    .array(closedObject({ weight: z.number().nonnegative().max(1e9), steps: z.array(step) }))
    .min(1)
    .exactOptional()
    .describe('One of several ways, by weight'),
  quit: z.null().exactOptional(),
  drop: z.enum(['fin', 'rst']).nullable().exactOptional().describe('The end without a word'),
  expect: expect.exactOptional(),
  capture: capture.exactOptional(),
}).superRefine((written, context) => {
  const kinds = STEP_KINDS.filter((kind) => Object.hasOwn(written, kind));
  if (kinds.length === 1) return;
  const message =
    kinds.length === 0 ? `needs one of ${STEP_KINDS.join(', ')}` : `is one step and not ${kinds.join(' and ')}`;
  context.addIssue({ code: 'custom', message });
});

const writtenStep = z
  .union([z.enum(BARE_STEPS), writtenMap], {
    error: `takes a step: ${BARE_STEPS.join(', ')}, or one with more to it such as { rcpt: user@example.test }`,
  })
  .meta({ id: 'Step' });

function hasWholeTemplates(text: string): boolean {
  return !text.replaceAll(/\{\{[^{}]*\}\}/g, '').includes('{{');
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    // What the engine says of it helps nobody who looks at the pattern.
    return false;
  }
}
