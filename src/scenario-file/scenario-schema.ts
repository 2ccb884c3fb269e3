/** The grammar of a scenario file. The keys that are options of a run come from the tables of `file-keys.ts`. */
import { z } from 'zod';
import { closedObject } from '../config-file/closed-object.js';
import { LOAD_KEYS, SCENARIO_KEYS } from './file-keys.js';
import { corpus, feeders, weight } from './data-schema.js';
import type { WrittenCorpus, WrittenFeeder } from './data-schema.js';
import type { FileKey } from './file-keys.js';
import { stepList } from './step-schema.js';
import type { WrittenStep } from './step-schema.js';

/** Values under their keys, before they are options. */
export type WrittenSettings = Readonly<Record<string, unknown>>;

/** What a scenario holds beside its settings. */
export interface WrittenScenario extends WrittenSettings {
  readonly name?: string;
  readonly weight?: number;
  readonly steps?: readonly WrittenStep[];
  readonly corpus?: WrittenCorpus;
}

/** What a file holds beside the settings of all its scenarios. */
export interface WrittenFile extends WrittenSettings {
  readonly target?: string;
  readonly targets?: readonly { readonly url: string; readonly weight?: number }[];
  readonly load?: WrittenSettings;
  readonly scenarios?: readonly WrittenScenario[];
  readonly feeders?: Readonly<Record<string, WrittenFeeder>>;
  readonly corpus?: WrittenCorpus;
}

const MAX_SCENARIOS = 100;
const MAX_TARGETS = 1000;

const CONSENT = 'is consent, which is given on the command line only';
/** Keys that make sense and are not taken. */
const CONSENT_KEYS = {
  allowTarget: `${CONSENT}: --allow-target`,
  allowTargets: `${CONSENT}: --allow-target`,
  'allow-target': `${CONSENT}: --allow-target`,
  allowDomain: `${CONSENT}: --allow-domain`,
  allowDomains: `${CONSENT}: --allow-domain`,
  'allow-domain': `${CONSENT}: --allow-domain`,
  authClear: `${CONSENT}: --auth-clear`,
  'auth-clear': `${CONSENT}: --auth-clear`,
};
const REFUSED = CONSENT_KEYS;

/** A part of a load profile: the words of its text as a map. */
const rate = z.string().regex(/^\d+(?:\.\d+)?\/(?:s|min|m|h)$/, { error: 'takes a rate such as 200/s' });
const rates = z.string().regex(/^\S+\.\.\S+$/, { error: 'takes two rates such as 50/s..500/s' });
const stage = z.union(
  [
    z.string(),
    closedObject({ rate, for: z.string() }),
    closedObject({ from: rate, to: rate, for: z.string() }),
    closedObject({ pause: z.string() }),
    closedObject({ stairs: rates, step: rate, every: z.string() }),
    closedObject({ spikes: rates, of: z.string(), every: z.string(), for: z.string() }),
    closedObject({ sine: rates, period: z.string(), for: z.string() }),
  ],
  {
    error:
      'takes { rate, for }, { from, to, for }, { pause }, { stairs, step, every }, { spikes, of, every, for }, ' +
      '{ sine, period, for } or the same as text',
  },
);

const VALUES: Readonly<Record<FileKey['kind'], z.ZodType>> = {
  value: z.union([z.string(), z.number()], { error: 'takes a number or text' }),
  text: z.string(),
  secret: z.string(),
  switch: z.boolean(),
  words: z.union([z.string(), z.array(z.string()).min(1)], { error: 'takes text, or a list of texts' }),
  file: z.string().min(1),
  attributes: z.record(z.string(), z.union([z.string(), z.number()], { error: 'takes text' })),
  chunks: z.union([z.boolean(), z.string(), z.number()], { error: 'takes true, or the size of each chunk' }),
  retries: z.union(
    [
      z.string(),
      closedObject({
        after: z.string().exactOptional().describe('Wait before the second try (default: 30s)'),
        factor: z.number().exactOptional().describe('Each wait is so many times the one before (default: 2)'),
        max: z.string().exactOptional().describe('Longest wait (default: 10m)'),
        attempts: z.int().exactOptional().describe('Tries in all, the first among them (default: 5)'),
        jitter: z
          .union([z.string(), z.number()], { error: 'takes a percentage' })
          .exactOptional()
          .describe('Waits differ by up to so much (default: 20%)'),
      }),
    ],
    { error: 'takes a time such as 30s, or { after, factor, max, attempts, jitter }' },
  ),
  stages: z.union([z.string(), z.array(stage).min(1)], { error: 'takes text, or a list of its parts' }),
  deadlines: z.union([z.string(), z.record(z.string(), z.string())], {
    error: 'takes a time, or times by step such as { connect: 5s, endOfData: 60s, all: 30s }',
  }),
};
/** What a block may be instead of a map. */
const SHORT_BLOCKS: Readonly<Record<string, z.ZodType>> = {
  tls: z.string(),
  auth: z.literal('off'),
};

/** The keys of a table, in their blocks. */
function shapeOf(keys: readonly FileKey[]): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  const blocks = new Map<string, Record<string, z.ZodType>>();
  for (const { path, kind, about, fallback } of keys) {
    const described = VALUES[kind].describe(fallback === null ? about : `${about} (default: ${fallback})`);
    const [first = '', second] = path;
    if (second === undefined) shape[first] = described.optional();
    else blocks.set(first, { ...blocks.get(first), [second]: described.optional() });
  }
  for (const [name, block] of blocks) {
    const map = closedObject(block, REFUSED);
    const short = SHORT_BLOCKS[name];
    shape[name] = (
      short === undefined
        ? map
        : z.union([short, map], {
            error: `takes ${name === 'tls' ? 'off, opportunistic or required' : 'off'}, or ${Object.keys(block).join(', ')}`,
          })
    ).optional();
  }
  return shape;
}

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, {
  error: 'must begin with a letter or digit and go on with up to 39 letters, digits, blanks, dots, _ and -',
});
const scenarioShape = shapeOf(SCENARIO_KEYS);

const scenario = closedObject(
  {
    name: name.optional(),
    weight: weight.optional(),
    ...scenarioShape,
    corpus: corpus.optional(),
    steps: stepList.optional().describe('What a session does; without it: EHLO, STARTTLS, AUTH, messages, QUIT'),
  },
  REFUSED,
).meta({ id: 'Scenario' });

/** The whole file. */
export const scenarioFileSchema = closedObject(
  {
    target: z.string().optional().describe('smtp://host[:port], smtps://, lmtp://, smtp+unix:/path or lmtp+unix:/path'),
    targets: z
      .array(closedObject({ url: z.string(), weight: weight.optional() }))
      .min(1)
      .max(MAX_TARGETS)
      .optional(),
    ...shapeOf(LOAD_KEYS),
    ...scenarioShape,
    feeders: feeders.optional(),
    corpus: corpus.optional(),
    scenarios: z.array(scenario).min(1).max(MAX_SCENARIOS).optional().describe('Classes of clients'),
  },
  REFUSED,
).meta({
  title: 'postrush scenario',
  description:
    'What postrush run -f reads. What is said at the top holds for all scenarios; a block in one of them takes its place.',
}) as unknown as z.ZodType<WrittenFile>;
