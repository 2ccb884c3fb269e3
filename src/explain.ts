/** What a plan would do, put together: rehearsed sessions, arithmetic, limits of the machine. Sends nothing, asks for no name. */
import { assert } from './assert.js';
import { rehearse } from './coordinator/rehearse.js';
import { fileLimit, filesNeeded, portLimit } from './machine-limits.js';
import type { Rehearsed, RehearsalTask, SessionCost } from './messages/dialogue-record.js';
import { laneTable } from './plan/lane-table.js';
import { laneWeights } from './plan/lane-plan.js';
import type { ArrivalPlan, LoadPlan, ScenarioPlan } from './plan/load-plan.js';
import { LoadProfile } from './plan/load-profile.js';
import { TIME_WAIT_SEC, portNeeds } from './plan/port-needs.js';
import { messagesIn } from './plan/script-counts.js';
import { redactPlan } from './plan/redact-plan.js';
import type { Estimate, Explanation, ExplainedScenario, PlannedRates } from './report/explanation.js';

/** Servers that answer so fast. */
const REPLY_MS = [1, 10, 100];
/** Sessions that are rehearsed where they are not all alike. */
const SAMPLES = 20;
/** Messages of a rehearsed session at most. */
const MOST_MESSAGES = 200;
/** Messages of a session that is kept open for as long as the run lasts. */
const ENDLESS = 1_000_000;
/** Parts of the time for which the rate of arrivals is told. */
const RATE_PARTS = 48;

/**
 * Explains a plan.
 *
 * @param isBuiltInSink - its target is only a stand-in for the built-in sink
 * @throws PostrushError `E_WORKER_CRASH` when the rehearsal died
 */
export async function explainPlan(plan: LoadPlan, isBuiltInSink: boolean): Promise<Explanation> {
  const tasks = plan.scenarios.map((scenario, index) => tasksFor(plan, scenario, index));
  const rehearsed = await rehearse(tasks.flat());
  let at = 0;
  const shares = sharesOf(plan);
  const scenarios = plan.scenarios.map((scenario, index): ExplainedScenario => {
    const mine = rehearsed.slice(at, (at += tasks[index]?.length ?? 0));
    const [first, second] = mine;
    assert(first !== undefined, 'every scenario is rehearsed');
    return {
      ...(shares[index] as { share: number; firstClients: number }),
      session: withMeanContent(costOf(scenario, first, second), scenario),
      dialogue: first.dialogue,
    };
  });
  return {
    plan: redactPlan(plan),
    isBuiltInSink,
    rates: plan.arrivals === null ? null : ratesOf(plan.arrivals),
    scenarios,
    estimates: REPLY_MS.map((replyMs) =>
      plan.arrivals === null
        ? estimate(plan, scenarios, replyMs)
        : estimateOpen({ ...plan, arrivals: plan.arrivals }, scenarios, replyMs),
    ),
    needs: {
      files: filesNeeded(plan.sessions, isBuiltInSink),
      fileLimit: fileLimit(),
      portLimit: portLimit(),
      addressPairs: portNeeds(plan)?.addressPairs ?? 0,
    },
  };
}

/** The rate of arrivals, part by part. */
function ratesOf({ profile, endMs }: ArrivalPlan): PlannedRates {
  const curve = new LoadProfile(profile);
  // Without an end it is one rate all the time.
  const partSec = (endMs ?? 1e3) / 1e3 / RATE_PARTS;
  const perSec = Array.from({ length: RATE_PARTS }, (_, part) => {
    return (curve.countAt((part + 1) * partSec) - curve.countAt(part * partSec)) / partSec;
  });
  return { perSec, peakPerSec: curve.peakPerSec };
}

/** One sample; where a session is a matter of arithmetic, a second one with one message more. */
function tasksFor(plan: LoadPlan, { session, messagesPerSession }: ScenarioPlan, scenario: number): RehearsalTask[] {
  const common = { kind: 'rehearse', plan, scenario, hidesSecrets: true } as const;
  if (session.steps !== null) {
    return [{ ...common, sessions: SAMPLES, messages: Math.min(messagesIn(session.steps), MOST_MESSAGES) }];
  }
  const one = { ...common, sessions: 1, messages: 1 };
  return messagesPerSession === 1 ? [one] : [one, { ...one, messages: 2 }];
}

/** @param two - with a message more; undefined: there was no need for one */
function costOf(
  { session, messagesPerSession }: ScenarioPlan,
  { mean: first }: Rehearsed,
  two: Rehearsed | undefined,
): SessionCost {
  if (two === undefined || session.steps !== null) return first;
  const count = messagesPerSession ?? ENDLESS;
  const extend = (key: keyof SessionCost): number => {
    const more = two.mean[key] - first[key];
    return first[key] + more * (count - 1);
  };
  return {
    messages: count,
    octetsSent: extend('octetsSent'),
    contents: extend('contents'),
    contentOctets: extend('contentOctets'),
    octetsReceived: extend('octetsReceived'),
    roundTrips: extend('roundTrips'),
    pausedMs: extend('pausedMs'),
  };
}

/** Which messages of a corpus a few samples have is a matter of chance: their mean is known. */
function withMeanContent(cost: SessionCost, { message }: ScenarioPlan): SessionCost {
  if (message.corpus === null) return cost;
  const contentOctets = cost.contents * message.sizeBytes;
  return { ...cost, octetsSent: cost.octetsSent - cost.contentOctets + contentOctets, contentOctets };
}

/** Which part of the clients each scenario has, over all targets. */
function sharesOf(plan: LoadPlan): { share: number; firstClients: number }[] {
  const table = laneTable(laneWeights(plan));
  const { targets, scenarios, sessions } = plan;
  const countIn = (places: number, scenario: number): number =>
    table.subarray(0, places).reduce((sum, lane) => sum + (Math.floor(lane / targets.length) === scenario ? 1 : 0), 0);
  return scenarios.map((_, scenario) => {
    const perPeriod = countIn(table.length, scenario);
    const rest = countIn(sessions % table.length, scenario);
    return {
      share: perPeriod / table.length,
      firstClients: Math.floor(sessions / table.length) * perPeriod + rest,
    };
  });
}

/** A closed load: every place begins the next session when the last one is over. */
function estimate(plan: LoadPlan, scenarios: readonly ExplainedScenario[], replyMs: number): Estimate {
  const { sessions, durationMs, warmupMs, messages: planned, connections } = plan;
  const meanOf = (value: (session: SessionCost) => number): number =>
    scenarios.reduce((sum, { share, session }) => sum + share * value(session), 0);
  const talkSec = meanOf(({ roundTrips, pausedMs }) => (roundTrips * replyMs + pausedMs) / 1e3);
  const sessionSec = talkSec + meanMs(plan.thinkMs) / 1e3;
  const sessionsPerSec = sessions / sessionSec;
  const messagesPerSec = sessionsPerSec * meanOf(({ messages }) => messages);
  const octetsPerSec = sessionsPerSec * meanOf(({ octetsSent, octetsReceived }) => octetsSent + octetsReceived);
  const lastsSec = Math.min(
    durationMs === null ? Infinity : durationMs / 1e3,
    planned === null ? Infinity : planned / messagesPerSec,
    connections === null ? Infinity : connections / sessionsPerSec,
  );
  const waiting = sessionsPerSec * shareClosedHere(scenarios) * Math.min(TIME_WAIT_SEC, lastsSec);
  return {
    replyMs,
    sessionsPerSec,
    peakSessions: null,
    messagesPerSec,
    octetsPerSec,
    lastsSec: lastsSec + warmupMs / 1e3,
    messages: messagesPerSec * lastsSec,
    octets: octetsPerSec * lastsSec,
    ports: plan.targets.every(({ path }) => path !== null) ? null : Math.round(sessions + waiting),
  };
}

/** Mean of a time to think. */
function meanMs(delay: LoadPlan['thinkMs']): number {
  if (typeof delay === 'number') return delay;
  if (delay.shape === 'exponential') return delay.meanMs;
  return delay.shape === 'uniform' ? (delay.minMs + delay.maxMs) / 2 : 0;
}

/** Arrivals by plan: the rate is given, and how many sessions are open follows from how long each lasts (Little's law). */
function estimateOpen(
  plan: LoadPlan & { readonly arrivals: ArrivalPlan },
  scenarios: readonly ExplainedScenario[],
  replyMs: number,
): Estimate {
  const { arrivals, sessions, warmupMs, messages: planned, connections } = plan;
  const meanOf = (value: (session: SessionCost) => number): number =>
    scenarios.reduce((sum, { share, session }) => sum + share * value(session), 0);
  const curve = new LoadProfile(arrivals.profile);
  const perSession = meanOf(({ messages }) => messages);
  // An arrival is a session, or one message of a session that is kept.
  const part = arrivals.isReusing ? 1 / perSession : 1;
  const messagesEach = perSession * part;
  const arrivalSec = meanOf(({ roundTrips, pausedMs }) => (roundTrips * replyMs + pausedMs) / 1e3) * part;
  const octetsEach = meanOf(({ octetsSent, octetsReceived }) => octetsSent + octetsReceived) * part;
  const warmupSec = warmupMs / 1e3;
  const before = curve.countAt(warmupSec);
  const count = Math.min(
    arrivals.endMs === null ? Infinity : curve.countAt(arrivals.endMs / 1e3) - before,
    planned === null ? Infinity : planned / messagesEach,
    connections ?? Infinity,
  );
  const endSec = arrivals.endMs === null ? Infinity : arrivals.endMs / 1e3;
  const isCounted = planned !== null || connections !== null;
  const measuredSec = (isCounted ? Math.min(endSec, curve.walk().secAt(before + count)) : endSec) - warmupSec;
  const rate = count / measuredSec;
  const peakSessions = Math.max(1, Math.ceil(curve.peakPerSec * arrivalSec));
  const waiting = rate * part * shareClosedHere(scenarios) * Math.min(TIME_WAIT_SEC, measuredSec);
  return {
    replyMs,
    sessionsPerSec: rate * part,
    peakSessions,
    messagesPerSec: rate * messagesEach,
    octetsPerSec: rate * octetsEach,
    lastsSec: measuredSec + warmupSec,
    messages: count * messagesEach,
    octets: count * octetsEach,
    ports: plan.targets.every(({ path }) => path !== null)
      ? null
      : Math.round(Math.min(sessions, peakSessions) + waiting),
  };
}

/** Part of the sessions whose connection is closed from here with FIN, so that their ports are kept. */
function shareClosedHere(scenarios: readonly ExplainedScenario[]): number {
  return scenarios.reduce((sum, { share, dialogue: { entries } }) => {
    const last = entries.at(-1);
    return sum + (last?.kind === 'event' && last.event === 'closed' ? share : 0);
  }, 0);
}
