/** The generator's own health as the result file has it. */
import { z } from 'zod';
import { latencySummary, microseconds } from './latency-schema.js';
import { amount, amountOrNull, count, flag, isoTime, text } from './schema-words.js';

const workerHealth = z
  .strictObject({
    workerId: count('Number of the worker, from 0'),
    busy: amount('Share of the measured time its event loop was busy, 0 to 1'),
    cpuSec: amountOrNull('User and system CPU of the thread, s; null: the platform does not tell'),
    eventLoopLagP99Us: microseconds('99th percentile of its event-loop lag'),
    gcSec: amount('Pauses of the thread for garbage collection, all together, s'),
    lost: flag('Crashed or exited before its end'),
    sessions: count('Sessions it started'),
  })
  .meta({ id: 'WorkerHealth' });
/** Health of one worker. */
export type WorkerHealth = z.infer<typeof workerHealth>;

const healthGate = z
  .strictObject({
    name: text('What is watched'),
    value: z.number().nullable().describe('What was measured, in `unit`; null: no data'),
    bound: z.number().nullable().describe('Where it breaks, in `unit`'),
    unit: text('Unit of value and bound: "us", "share", "count"'),
    ok: flag('Whether it held'),
  })
  .meta({
    id: 'HealthGate',
    description: 'A bound on the health of the generator; when it breaks, the numbers do not count',
  });
/** One health gate of the generator. */
export type HealthGate = z.infer<typeof healthGate>;

const functionCosts = z
  .strictObject({
    calls: count('Calls in all workers'),
    usPerCall: amountOrNull('Mean time of a call, µs; null: there was none'),
    share: amountOrNull('Their part of the CPU of all workers, 0 to 1; null: unknown'),
  })
  .meta({ id: 'FunctionCosts' });

const orNull = (meaning: string) => z.int().nonnegative().nullable().describe(meaning);

const localPorts = z
  .strictObject({
    available: orNull('Local ports for all pairs of addresses together; null: not known'),
    addressPairs: count('Pairs of an address here and a target address: each has all local ports for itself'),
    atOnce: count('Connections at once that the plan allows'),
    plannedConnectsPerSec: amountOrNull(
      'Most new connections per second that are planned; null: how many there are follows from the server, or from kept sessions',
    ),
    timeWaitBefore: orNull(
      'Closed connections of the whole machine that still held their ports (TIME_WAIT) when the load began; null: not known',
    ),
    timeWaitPeak: orNull('The most of them during the run; null: not known'),
  })
  .meta({ id: 'LocalPorts' });

const generatorCeiling = z
  .strictObject({
    messagesPerSec: amount('Messages per second that the workers can do on this machine, as calibrated'),
    calibratedAt: isoTime('When that was found'),
    share: amount('Messages attempted per second of measured time as a part of it, 0 to 1 and above'),
  })
  .meta({ id: 'GeneratorCeiling' });

/** A ceiling that was calibrated for the plan of a run on its machine. */
export interface KnownCeiling {
  readonly messagesPerSec: number;
  /** ISO 8601, UTC. */
  readonly calibratedAt: string;
  readonly workers: number;
}

/** What the result holds of it. */
export const generatorHealth = z
  .strictObject({
    workers: z.array(workerHealth),
    eventLoopLag: latencySummary.describe('Lateness of the workers’ own clock ticks'),
    busy: amount('Busiest worker: share of the measured time its event loop was busy, 0 to 1'),
    cpuSec: amountOrNull('User and system CPU of all workers, s; null: the platform does not tell'),
    cpuUsPerMessage: amountOrNull('CPU of all workers per attempted message, µs; null: unknown'),
    startupSec: amount('From the start of the program to the start of the load, s'),
    fileLimitHits: count('Connects that failed for want of file descriptors'),
    portLimitHits: count('Connects that failed for want of local ports'),
    gc: z
      .strictObject({
        count: count('Pauses'),
        sec: amount('All together, s'),
        longestUs: amount('The longest, µs'),
      })
      .describe('Pauses of the workers for garbage collection'),
    sendStalls: z
      .strictObject({
        count: count('Times that the kernel did not take what a connection had written within 10 ms'),
        sec: amount('How long that was, over all connections, s'),
      })
      .describe('Connections that the server, or the network, read more slowly than they were written to'),
    files: z
      .strictObject({
        peakOpen: orNull('Files that this process had open at most; null: not known'),
        limit: orNull('How many it may have; null: not known'),
      })
      .describe('Open files against their limit'),
    ports: localPorts.nullable().describe('Local ports against what the plan needs; null: unix sockets need none'),
    functions: functionCosts.nullable().describe('Cost of the functions of the scenario; null: it has none'),
    ceiling: generatorCeiling
      .nullable()
      .describe('How near to its own limit it was; null: none is known for such sessions (`postrush calibrate`)'),
    gates: z.array(healthGate),
  })
  .meta({ id: 'GeneratorHealth' });
/** Health of the generator. */
export type GeneratorHealth = z.infer<typeof generatorHealth>;
