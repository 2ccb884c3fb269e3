/** What can be counted in a tree of steps without walking it at run time. Pure. */
import type { ScriptStep } from './script-steps.js';

/** Whether sessions of these steps send messages; null are the steps of the standard session, which does. */
export function sendsMail(steps: readonly ScriptStep[] | null): boolean {
  return steps === null || messagesIn(steps) > 0;
}

/** How many messages one session of these steps sends at most. */
export function messagesIn(steps: readonly ScriptStep[]): number {
  return steps.reduce((sum, step) => sum + messagesOf(step), 0);
}

function messagesOf(step: ScriptStep): number {
  switch (step.kind) {
    case 'mail':
      return 1;
    case 'repeat':
      return step.max * messagesIn(step.steps);
    case 'choose':
      return Math.max(...step.branches.map(({ weight, steps }) => (weight > 0 ? messagesIn(steps) : 0)));
    default:
      return 0;
  }
}
