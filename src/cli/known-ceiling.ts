/** What is known of the generator's ceiling before a run, and whether the plan is beyond it. */
import { usableCores } from '../calibration/generator-ceiling.js';
import { peakMessagesPerSec } from '../calibration/planned-rate.js';
import { workShape } from '../calibration/work-shape.js';
import type { LoadPlan } from '../plan/load-plan.js';
import type { KnownCeiling } from '../report/generator-schema.js';
import { formatRate } from '../report/quantities.js';
import { machineOf } from '../machine.js';
import { ceilingPath, findCeiling, readCeilings, type CeilingKey } from './calibration-file.js';
import type { Environment } from './environment.js';

/** The key of a plan on this machine. */
export function ceilingKey(plan: LoadPlan, workers: number): CeilingKey {
  const machine = machineOf();
  const { node, cpuModel } = machine;
  return { node, cpuModel, cores: usableCores(machine), workers, shape: workShape(plan) };
}

/**
 * Looks for the ceiling of a plan.
 *
 * @param tell - called with a line when the file cannot be used, or the plan asks for more than the ceiling
 * @returns the ceiling; null: none is known
 */
export function knownCeiling(
  plan: LoadPlan,
  environment: Environment,
  tell: (line: string) => void,
): KnownCeiling | null {
  const path = ceilingPath(environment);
  if (path === null) return null;
  const stored = readCeilings(path);
  if ('problem' in stored) {
    tell(`no calibration is used: ${stored.problem}`);
    return null;
  }
  // Most users never calibrate, and pay no hash.
  const found = stored.length === 0 ? null : findCeiling(stored, ceilingKey(plan, plan.workers));
  if (found === null) return null;
  const { messagesPerSec, calibratedAt, workers } = found;
  const peak = peakMessagesPerSec(plan);
  if (peak !== null && peak > messagesPerSec) {
    tell(
      `warning: the plan asks for up to ${formatRate(peak)} messages/s, and this generator came to ${formatRate(messagesPerSec)} when it was calibrated (${calibratedAt.slice(0, 10)}): it will be the limit itself`,
    );
  }
  return { messagesPerSec, calibratedAt, workers };
}
