/** The compiled scripts of lanes. */
import type { LanePlan } from '../src/plan/lane-plan.js';
import { compileLoadScript } from '../src/scenario/compile-script.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import { LaneData, type WorkerData } from '../src/scenario/lane-data.js';

/** Lane by lane. Those of one scenario share its messages, which may be large. */
export function compileScripts(lanes: readonly LanePlan[], worker: WorkerData): CompiledScript[] {
  const byName = new Map<string, LaneData>();
  return lanes.map((lane) => {
    const data = byName.get(lane.name) ?? new LaneData(lane, worker);
    byName.set(lane.name, data);
    return compileLoadScript(lane, data);
  });
}
