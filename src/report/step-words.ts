/** The steps of a scripted session in words, as short as `--steps` has them. */
import { cleanText } from './clean-text.js';
import { formatSeconds } from './quantities.js';
import type { ScenarioResultPlan } from './plan-schema.js';

const MS_PER_SEC = 1000;

/** As a result has them: what stands beside `kind` depends on it. */
type Steps = NonNullable<ScenarioResultPlan['session']['steps']>;

/** One word for each step, or more where it holds others. */
export function stepWords(steps: Steps): string[] {
  return steps.map((step) => {
    switch (step.kind) {
      case 'repeat': {
        const times =
          step['min'] === step['max'] ? textOf(step['max']) : `${textOf(step['min'])}-${textOf(step['max'])}`;
        return `${times}x(${stepWords(stepsOf(step['steps'])).join(' ')})`;
      }
      case 'choose':
        return `(${branchesOf(step['branches'])
          .map((branch) => stepWords(branch).join(' '))
          .join(' | ')})`;
      case 'pause': {
        const delay = step['delay'];
        return typeof delay === 'number' ? `pause:${formatSeconds(delay / MS_PER_SEC).replaceAll(' ', '')}` : 'pause';
      }
      default: {
        const argument = textOf(step['argument'] ?? step['text']);
        return cleanText(argument === '' ? step.kind : `${step.kind}:${argument}`);
      }
    }
  });
}

/** Whether a session of these steps sends messages. */
export function hasMail(steps: Steps): boolean {
  return steps.some((step) => {
    const inner = [stepsOf(step['steps']), ...branchesOf(step['branches'])];
    return step.kind === 'mail' || inner.some(hasMail);
  });
}

function stepsOf(value: unknown): Steps {
  return Array.isArray(value) ? (value as Steps) : [];
}

function branchesOf(value: unknown): Steps[] {
  return Array.isArray(value) ? value.map((branch: { steps?: unknown }) => stepsOf(branch.steps)) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
