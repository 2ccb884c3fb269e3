/** `postrush schema`: the shape of what postrush reads and writes, for other programs. */
import { PostrushError } from '../errors.js';
import { SCHEMA_NAMES } from './schema-names.js';

/**
 * Makes the text of a schema.
 *
 * @param name - one of {@link SCHEMA_NAMES}
 * @throws PostrushError `E_CONFIG` when there is no such schema
 */
export async function schemaText(name: string): Promise<string> {
  if (!SCHEMA_NAMES.includes(name)) {
    const issue = { path: 'schema', message: `takes one of: ${SCHEMA_NAMES.join(', ')}`, received: name };
    throw new PostrushError('E_CONFIG', `there is no schema of that name`, { issues: [issue] });
  }
  // Loaded here and nowhere else: the schema library would cost every run some of its start-up time.
  return `${JSON.stringify(await schemaNamed(name), null, 2)}\n`;
}

async function schemaNamed(name: string): Promise<object> {
  switch (name) {
    case 'sink':
      return (await import('../report/sink-schema.js')).sinkJsonSchema();
    case 'check':
      return (await import('../report/check-schema.js')).checkJsonSchema();
    case 'calibration':
      return (await import('../report/calibration-schema.js')).calibrationJsonSchema();
    case 'scenario':
      return (await import('../scenario-file/scenario-json-schema.js')).scenarioJsonSchema();
    default:
      return (await import('../report/result-schema.js')).resultJsonSchema();
  }
}
