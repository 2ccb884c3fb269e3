/** Reads what a plan says of objectives and gates: all of it, or every problem with it. Before anything is sent. */
import { PostrushError, type ConfigIssue } from '../errors.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { OPTION_NAMES } from '../plan/options.js';
import { markedAt } from '../plan/text-mark.js';
import { GATE_GRAMMAR, parseGate, type GateBounds } from './gate-grammar.js';
import { OBJECTIVE_GRAMMAR, contradiction, parseObjective, type Objective } from './objective-grammar.js';

/** What the verdict depends on, beside the health of the generator. */
export interface Conditions {
  readonly objectives: readonly Objective[];
  readonly gates: GateBounds;
}

/** What is read. */
type Written = Pick<LoadPlan, 'objectives' | 'gates' | 'scenarios' | 'durationMs' | 'abortOnFail'>;

/** Reads conditions; problems are added to `issues`. */
export function readConditions(plan: Written, issues: ConfigIssue[]): Conditions {
  const refuse = (option: 'objectives' | 'gates', text: string, at: number, message: string, grammar: string): void => {
    issues.push({
      path: OPTION_NAMES[option],
      message: `${message} at character ${at + 1}; it takes ${grammar}`,
      received: text,
      frame: markedAt(text, at),
    });
  };
  const names = plan.scenarios.map(({ name }) => name);
  const objectives: Objective[] = [];
  for (const text of plan.objectives) {
    const parsed = parseObjective(text, names);
    if ('message' in parsed) refuse('objectives', text, parsed.at, parsed.message, OBJECTIVE_GRAMMAR);
    else objectives.push(parsed);
  }
  const gates: Record<string, number | null> = {};
  for (const text of plan.gates) {
    const parsed = parseGate(text);
    if ('message' in parsed) refuse('gates', text, parsed.at, parsed.message, GATE_GRAMMAR);
    else gates[parsed.name] = parsed.bound;
  }
  issues.push(...timeIssues(objectives, plan), ...contradictions(objectives));
  if (plan.abortOnFail && plan.objectives.length === 0) {
    issues.push({ path: OPTION_NAMES.abortOnFail, message: 'needs an objective that can be missed: give --slo' });
  }
  return { objectives, gates };
}

/**
 * The conditions of a plan.
 *
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function conditionsOf(plan: Written): Conditions {
  const issues: ConfigIssue[] = [];
  const conditions = readConditions(plan, issues);
  if (issues.length === 0) return conditions;
  const list = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new PostrushError('E_CONFIG', `these options are unusable: ${list}`, { issues });
}

/** A stretch that the run has no room for would never be measured. */
function timeIssues(objectives: readonly Objective[], { durationMs }: Written): ConfigIssue[] {
  return objectives.flatMap(({ expression, overMs, afterMs }) => {
    if (durationMs === null || (overMs ?? 1) + afterMs <= durationMs) return [];
    const message = `looks at more time than is measured, ${durationMs / 1e3} s: lengthen the run (-d)`;
    return [{ path: OPTION_NAMES.objectives, message, received: expression }];
  });
}

function contradictions(objectives: readonly Objective[]): ConfigIssue[] {
  const pair = contradiction(objectives);
  if (pair === null) return [];
  const [one, two] = pair.map((index) => objectives[index]?.expression ?? '');
  return [
    {
      path: OPTION_NAMES.objectives,
      message: `contradicts another one, ${one ?? ''}: no run can meet both`,
      received: two ?? '',
    },
  ];
}
