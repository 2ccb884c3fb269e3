/** Several targets and scenarios in one run: who gets how much, and that every number is told where it belongs. */
import { describe, expect, test } from 'vitest';
import { firstLane } from '../../src/plan/lane-plan.js';
import type { LoadPlan, ScenarioPlan } from '../../src/plan/load-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';
import type { LaneResult, RunResult } from '../../src/report/result-schema.js';
import { testCertificate } from '../support/certificate.js';
import { openSink, outcomesOf, reasonsOf, repliesOf, runLanes } from '../support/integration-run.js';

const planFor = (targets: readonly string[], options: Partial<LoadTestOptions> = {}): LoadPlan =>
  resolvePlan({ targets, sessions: 8, workers: 1, drain: '2s', ...options }, 2);

/** What the pre-flight counts in a sink and no block of the result does. */
const PREFLIGHT_SESSIONS = 1;

const sumOf = (lanes: readonly LaneResult[], value: (lane: LaneResult) => number): number =>
  lanes.reduce((sum, lane) => sum + value(lane), 0);

/** The lanes add up to the totals. */
function expectSums(result: RunResult): void {
  const { scenarios } = result;
  expect(sumOf(scenarios, ({ messages }) => messages.attempted)).toBe(result.messages.attempted);
  expect(sumOf(scenarios, ({ messages }) => messages.accepted)).toBe(result.messages.accepted);
  expect(sumOf(scenarios, ({ recipients }) => recipients.accepted)).toBe(result.recipients.accepted);
  expect(sumOf(scenarios, ({ sessions }) => sessions.started)).toBe(result.sessions.started);
  expect(sumOf(scenarios, ({ clients }) => clients.started)).toBe(result.clients.started);
  expect(sumOf(scenarios, ({ bytes }) => bytes.sent)).toBe(result.bytes.sent);
  expect(sumOf(scenarios, ({ latency }) => latency.message?.count ?? 0)).toBe(result.latency.message?.count);
  expect(sumOf(scenarios, ({ throughput }) => throughput.acceptedPerSec)).toBeCloseTo(result.throughput.acceptedPerSec);
}

describe('targets with weights 3 and 1', () => {
  test.each([1, 2, 3])('get 300 and 100 of 400 clients from %d workers', async (workers) => {
    const sinks = [await openSink(), await openSink()] as const;
    // As many clients for every worker as there are in a period, or the last ones are a matter of chance.
    const messages = workers === 3 ? 396 : 400;
    const plan = planFor([`${sinks[0].url},weight=3`, sinks[1].url], { workers, messages, sessions: 12 });
    const { result, stats } = await runLanes(sinks, plan);
    expect(reasonsOf(result)).toEqual([]);
    const clients = result.scenarios.map((lane) => lane.clients.started);
    expect(clients).toEqual([(messages / 4) * 3, messages / 4]);
    expect(result.scenarios.map(({ weight, clientShare }) => [weight, clientShare])).toEqual([
      [0.75, 0.75],
      [0.25, 0.25],
    ]);
    expect(stats.map((sink) => sink.messages)).toEqual(clients);
    expect(stats.map((sink) => sink.connections - PREFLIGHT_SESSIONS)).toEqual(
      result.scenarios.map(({ sessions }) => sessions.started),
    );
    expectSums(result);
    expect(result.targets.map(({ url }) => url)).toEqual([sinks[0].url, sinks[1].url]);
    expect(result.target).toEqual(result.targets[0]);
    expect(result.preflight.connections).toBe(2);
  });

  test('keep their parts where connections are kept, as far as clients can be divided', async () => {
    const sinks = [await openSink(), await openSink()] as const;
    const plan = planFor([`${sinks[0].url},weight=3`, sinks[1].url], { messages: 400, messagesPerSession: 'all' });
    const { result, stats } = await runLanes(sinks, plan);
    expect(result.scenarios.map((lane) => lane.clients.started)).toEqual([6, 2]);
    expect(stats.map((sink) => sink.connections - PREFLIGHT_SESSIONS)).toEqual([6, 2]);
    expectSums(result);
  });
});

test('a target that refuses everything shows in its row, and the clients of the other go on', async () => {
  const sinks = [await openSink({ faults: [{ on: 'mail', reply: '550 5.7.1 no' }] }), await openSink()] as const;
  const plan = planFor([sinks[0].url, sinks[1].url], { messages: 40, sessions: 2 });
  const { result } = await runLanes(sinks, plan);
  const [refusing, taking] = result.scenarios;
  expect(outcomesOf(refusing!.messages)).toEqual({ rejected: 20 });
  expect(repliesOf(refusing!, 'mail')).toEqual({ '550 5.7.1': 20 });
  expect(outcomesOf(taking!.messages)).toEqual({ accepted: 20 });
  expect(repliesOf(taking!, 'mail')).toEqual({ '250 2.1.0': 20 });
  expectSums(result);
});

describe('scenarios', () => {
  /** Scenarios with parts of the clients, each as flags describe one. */
  function planOf(
    target: string,
    options: Partial<LoadTestOptions>,
    scenarios: readonly (readonly [name: string, weight: number, options: Partial<LoadTestOptions>])[],
  ): LoadPlan {
    const plan = planFor([target], options);
    const [first, ...others] = scenarios.map(([name, weight, own]): ScenarioPlan => {
      const [scenario] = planFor([target], own).scenarios;
      return { ...scenario, name, weight };
    });
    return { ...plan, scenarios: [first!, ...others] };
  }

  test('of other sessions, extensions and sizes share the places, and each is told for itself', async () => {
    const sink = await openSink({ keepMessages: 200 });
    const plan = planOf(sink.url, { messages: 140, sessions: 5, workers: 1 }, [
      ['inbound', 7, { messagesPerSession: 1 }],
      ['newsletter', 2, { recipients: 50, bdat: '700', messagesPerSession: 1 }],
      ['asking', 1, { steps: 'ehlo vrfy:postmaster mail rcpt rset quit' }],
    ]);
    const { result, stats } = await runLanes([sink], plan);
    expect(result.scenarios.map(({ name, clients }) => [name, clients.started])).toEqual([
      ['inbound', 98],
      ['newsletter', 28],
      ['asking', 14],
    ]);
    const [inbound, newsletter, asking] = result.scenarios;
    expect(inbound!.steps.data?.sent).toBe(98);
    expect(newsletter!.recipients.accepted).toBe(28 * 50);
    expect([newsletter!.steps.data, newsletter!.steps.bdat?.sent]).toEqual([undefined, 28]);
    expect(outcomesOf(asking!.messages)).toEqual({ abandoned: 14 });
    expect(Object.keys(asking!.steps).sort()).toEqual(
      ['connect', 'ehlo', 'greeting', 'mail', 'quit', 'rcpt', 'rset', 'vrfy'], // prettier-ignore
    );
    expect(stats[0]).toMatchObject({ messages: 126, recipients: 98 + 28 * 50 });
    expectSums(result);
  });

  test('that send no mail stand beside others that do, and end with their messages', async () => {
    const sink = await openSink();
    const plan = planOf(sink.url, { messages: 30, sessions: 4 }, [
      ['mail', 3, { messagesPerSession: 1 }],
      ['probe', 1, { steps: 'ehlo noop quit' }],
    ]);
    const { result } = await runLanes([sink], plan);
    expect(result).toMatchObject({ endedBy: 'plan', messages: { offered: 30, attempted: 30, accepted: 30 } });
    const [, probe] = result.scenarios;
    expect(probe!.messages.attempted).toBe(0);
    // 30 of the first need 40 starts, and the last of them may find that there is nothing left.
    expect(probe!.sessions.started).toBeGreaterThanOrEqual(9);
    expect(probe!.sessions.started).toBeLessThanOrEqual(10);
  });

  test('use STARTTLS in their own part of their own sessions', async () => {
    const sink = await openSink({ tls: await testCertificate() });
    const tls = { tls: 'required', tlsInsecure: true };
    const plan = planOf(sink.url, { messages: 80, sessions: 4 }, [
      ['half', 1, { ...tls, tlsShare: 50, messagesPerSession: 1 }],
      ['clear', 1, { messagesPerSession: 1 }],
    ]);
    const { result } = await runLanes([sink], plan);
    expect(result.scenarios.map(({ steps }) => steps.tls?.sent ?? 0)).toEqual([20, 0]);
  });
});

test('a plan with one lane has no table of them', async () => {
  const sink = await openSink();
  const plan = planFor([sink.url], { messages: 4 });
  expect(firstLane(plan).weight).toBe(1);
  const { result } = await runLanes([sink], plan);
  expect(result.scenarios).toEqual([]);
  expect(result.targets).toHaveLength(1);
});
