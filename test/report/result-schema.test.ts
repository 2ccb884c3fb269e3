import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import { RESULT_STEP_NAMES, resultJsonSchema, runResultSchema } from '../../src/report/result-schema.js';
import { nothingResult, sampleInterval, sampleResult, sinkResult } from '../support/sample-result.js';

/** The part of a JSON Schema that is walked here. */
interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const RESULTS = [
  ['a busy run', sampleResult()],
  ['a run against the built-in sink', sinkResult()],
  ['a run cut at once', nothingResult()],
] as const;

const validate = new Ajv2020({ allErrors: true }).compile(resultJsonSchema());

/** The sample result as read from a file, with another value at `path`; undefined leaves the field out. */
function changed(path: string, value: unknown): unknown {
  const result = JSON.parse(JSON.stringify(sampleResult()));
  const fields = path.split('.');
  const last = fields.pop() ?? '';
  const parent = fields.reduce((at, field) => at[field], result);
  parent[last] = value;
  return JSON.parse(JSON.stringify(result));
}

const WRONG: readonly (readonly [string, unknown])[] = [
  ['an unknown field', changed('extra', 1)],
  ['an unknown field deep inside', changed('messages.droppedBy.weather', 1)],
  ['a missing block', changed('books', undefined)],
  ['another version', changed('schema', 'postrush.result/2')],
  ['an unknown verdict', changed('verdict', 'maybe')],
  ['an unknown step', changed('steps.teleport', sampleResult().steps.mail)],
  ['an unknown error kind', changed('errors.0.kind', 'bad mood')],
  ['an unknown percentile', changed('latency.message.weak', ['p42'])],
  ['a negative count', changed('messages.accepted', -1)],
  ['half a message', changed('messages.accepted', 0.5)],
  ['a time without a zone', changed('window.startedAt', '2026-11-23T20:23:19')],
  [
    'more intervals than a result may hold',
    changed(
      'intervals',
      Array.from({ length: 3_601 }, (_, i) => sampleInterval(i)),
    ),
  ],
];

describe.each(RESULTS)('%s', (_name, result) => {
  test('passes the schema', () => {
    expect(runResultSchema.parse(result)).toEqual(result);
  });

  test('passes the JSON Schema once it is written as JSON', () => {
    validate(JSON.parse(JSON.stringify(result)));
    expect(validate.errors).toBeNull();
  });
});

test.each(WRONG)('%s is refused by both schemas', (_name, result) => {
  expect(runResultSchema.safeParse(result).success).toBe(false);
  expect(validate(result)).toBe(false);
});

test('a number that JSON cannot hold is refused', () => {
  const { window } = sampleResult();
  const result = sampleResult({ window: { ...window, measuredSec: NaN } });
  expect(runResultSchema.safeParse(result).success).toBe(false);
});

test('the plan may hold more than reports read', () => {
  expect(validate(changed('plan.giveUpMs', 30_000))).toBe(true);
});

test('steps have the names that the protocol gives them', () => {
  expect(RESULT_STEP_NAMES).toEqual(STEP_NAMES);
});

test('every number of the JSON Schema is described', () => {
  const bare: string[] = [];
  const visit = (schema: JsonSchema, path: string) => {
    const isNumber = schema.type === 'number' || schema.type === 'integer';
    if (isNumber && schema.description === undefined) bare.push(path);
    for (const [name, property] of Object.entries(schema.properties ?? {})) visit(property, `${path}.${name}`);
    for (const [name, definition] of Object.entries(schema.$defs ?? {})) visit(definition, name);
    if (schema.items !== undefined) visit(schema.items, `${path}[]`);
  };
  visit(resultJsonSchema(), '');
  expect(bare).toEqual([]);
});
