/** Where settings of a scenario file may hold templates: in the texts that sessions say, and nowhere else. */
import type { ConfigIssue } from '../errors.js';
import { listOf } from '../plan/option-reader.js';
import type { ScenarioFile } from './scenario-file.js';

/** Options that may. */
const OPEN_OPTIONS: readonly string[] = ['helo', 'from', 'to', 'subject'];

/** Every template in a place that would send it as it is written. */
export function misplacedTemplates({ scenarios, load, problemAt }: ScenarioFile): readonly ConfigIssue[] {
  return [...load, ...scenarios.flatMap(({ settings }) => settings)]
    .filter(({ key, value }) => !OPEN_OPTIONS.includes(key.option) && key.kind !== 'secret' && isTemplate(value))
    .map(({ path }) =>
      problemAt(path, `takes no template: ${listOf([...OPEN_OPTIONS, 'headers'])} do, and the texts of steps`),
    );
}

function isTemplate(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isTemplate) : typeof value === 'string' && value.includes('{{');
}
