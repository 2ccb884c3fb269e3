/** How many messages per second a plan asks for at its peak. Pure arithmetic. */
import type { LoadPlan, ScenarioPlan } from '../plan/load-plan.js';
import { LoadProfile } from '../plan/load-profile.js';
import type { ScriptStep } from '../plan/script-steps.js';

/** The highest planned rate, arrivals times the messages of each; null: closed load plans none. */
export function peakMessagesPerSec({ arrivals, scenarios }: Pick<LoadPlan, 'arrivals' | 'scenarios'>): number | null {
  if (arrivals === null) return null;
  const { peakPerSec } = new LoadProfile(arrivals.profile);
  if (arrivals.isReusing) return peakPerSec;
  const parts = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  return peakPerSec * scenarios.reduce((sum, each) => sum + (each.weight / parts) * messagesOf(each), 0);
}

function messagesOf({ session, messagesPerSession }: ScenarioPlan): number {
  return session.steps === null ? (messagesPerSession ?? 1) : meanMessages(session.steps);
}

/** Messages of a session of these steps on average, if none of its replies ends it early. */
function meanMessages(steps: readonly ScriptStep[]): number {
  let sum = 0;
  for (const step of steps) {
    if (step.kind === 'quit' || step.kind === 'drop') break;
    if (step.kind === 'mail') sum++;
    else if (step.kind === 'repeat') sum += ((step.min + step.max) / 2) * meanMessages(step.steps);
    else if (step.kind === 'choose') {
      const all = step.branches.reduce((total, { weight }) => total + weight, 0);
      sum += step.branches.reduce((mean, way) => mean + (way.weight / all) * meanMessages(way.steps), 0);
    }
  }
  return sum;
}
