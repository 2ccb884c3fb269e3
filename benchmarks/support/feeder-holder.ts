/** A thread that keeps a feeder as a worker of a load does, and says what is in it. */
import { parentPort } from 'node:worker_threads';
import { Feeder } from '../../src/data/feeder.js';
import type { FeederPlan } from '../../src/data/feeder.js';
import { RenderContext } from '../../src/data/render-context.js';

const held: Feeder[] = [];

parentPort?.on('message', (plan: FeederPlan) => {
  const feeder = new Feeder(plan, 1);
  held.push(feeder);
  const writer = feeder.writerOf(feeder.columns[0] ?? '');
  const context = new RenderContext();
  const target = Buffer.alloc(writer.maxLength);
  let checksum = 0;
  for (context.number = 0; context.number < plan.rows.rows; context.number += 997) {
    const end = writer.write(target, 0, context);
    for (let index = 0; index < end; index++) checksum += target[index] ?? 0;
  }
  parentPort?.postMessage(checksum);
});
