/** Templates with their data, ready to be written. */
import { Feeder } from '../../src/data/feeder.js';
import type { FeederPlan } from '../../src/data/feeder.js';
import { readFeederFile } from '../../src/data/read-feeder-file.js';
import { RenderContext } from '../../src/data/render-context.js';
import { checkTemplate, compileTemplate, namesOf } from '../../src/data/template.js';
import type { Template } from '../../src/data/template.js';
import type { TemplateData } from '../../src/data/template-variables.js';

/** A feeder of CSV. */
export function csvFeeder(name: string, csv: string, options: Partial<FeederPlan> = {}): FeederPlan {
  const reading = readFeederFile(Buffer.from(csv), 'csv', null);
  if ('problems' in reading) throw new Error(reading.problems.join('; '));
  return { name, order: 'in-order', exponent: 1, rows: reading.table, ...options };
}

export function dataOf(options: {
  seed?: number;
  feeders?: readonly FeederPlan[];
  captures?: readonly string[];
}): TemplateData {
  const { seed = 1, feeders = [], captures = [] } = options;
  return {
    seed,
    feeders: new Map(feeders.map((plan) => [plan.name, new Feeder(plan, seed)])),
    captures,
    values: new Map(),
  };
}

export function contextOf(values: Partial<RenderContext> = {}): RenderContext {
  return Object.assign(new RenderContext(), values);
}

export function compiled(text: string, data: TemplateData = dataOf({}), place = 'here', isRaw = false): Template {
  const problems = checkTemplate(text, namesOf(data), isRaw);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
  return compileTemplate([{ text, place, isRaw }], data);
}

/** What a template writes, and that it keeps within the lengths that it states and the place that it is given. */
export function written(template: Template, context: RenderContext): string {
  const target = Buffer.alloc(template.maxLength + 10, 0xee);
  const end = template.write(target, 5, context);
  if (end - 5 > template.maxLength || end - 5 < template.minLength) {
    throw new Error(`${end - 5} octets, not from ${template.minLength} to ${template.maxLength}`);
  }
  if (target.subarray(0, 5).some((octet) => octet !== 0xee) || target.subarray(end).some((octet) => octet !== 0xee)) {
    throw new Error('wrote outside of its place');
  }
  return target.toString('utf8', 5, end);
}
