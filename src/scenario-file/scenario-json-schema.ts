/** The grammar of scenario files as a JSON Schema, for editors. */
import { z } from 'zod';
import { scenarioFileSchema } from './scenario-schema.js';

/** The JSON Schema (2020-12) of a scenario file. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioFileSchema, { target: 'draft-2020-12', io: 'input' });
}
