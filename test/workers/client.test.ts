/** A client: its messages over as many sessions as it takes, and the pauses between them. */
import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import { Ending, Outcome } from '../../src/metrics/outcome.js';
import { Client, FIRST_PAUSE_US, LONGEST_PAUSE_US } from '../../workers/client.js';
import type { ClientHost, ClientLane } from '../../workers/client.js';
import { MessageSupply } from '../../workers/message-supply.js';
import { Recorder } from '../../workers/recorder.js';
import { SeededRandom } from '../../src/seeded-random.js';
import type { SessionActor } from '../../workers/session-actor.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A lane whose tools nobody uses. */
function laneFor(recorder: Recorder, messagesPerClient: number): Mutable<ClientLane> {
  return {
    index: 0,
    recorder,
    retries: null,
    messagesPerClient,
    recipients: 2,
    sendsMail: true,
    beginsWithMessage: true,
    isOneSession: false,
    tools: {} as ClientLane['tools'],
    connections: {} as ClientLane['connections'],
  };
}

/** A host that writes down what clients ask for, and a session that only notes with which message it began. */
class Stage implements ClientHost {
  readonly recorder = new Recorder(new LoadWindow(0));
  readonly lane: Mutable<ClientLane>;
  readonly supply: MessageSupply;
  readonly client: Client;
  readonly begun: number[] = [];
  readonly pausesUs: number[] = [];
  startRequests = 0;
  doneCount = 0;
  greetedUs = -1;
  endedGreeted: boolean[] = [];
  supplyEmptyCount = 0;
  idleCount = 0;
  think = 0;
  nowUs = 0;
  readonly #random: () => number;

  stopsAsked = 0;

  constructor(messages: number | null, messagesPerClient = Infinity, random: () => number = () => 0.5) {
    this.supply = new MessageSupply({ workerId: 0, workerCount: 1, messages }, new LoadWindow(0));
    this.lane = laneFor(this.recorder, messagesPerClient);
    this.#random = random;
    this.client = new Client(this, this.lane);
    const begin = (message: number): void => {
      this.begun.push(message);
    };
    this.client.attach({ begin } as unknown as SessionActor, { enter: () => undefined });
  }

  nextLane(): ClientLane {
    return this.lane;
  }

  hasWork(nowUs: number): boolean {
    return this.supply.has(nowUs);
  }

  rest(client: Client): void {
    client.retire();
  }

  random(): number {
    return this.#random();
  }

  requestStart(): void {
    this.startRequests++;
  }

  schedule(_client: Client, deadlineUs: number): void {
    this.pausesUs.push(deadlineUs - this.nowUs);
  }

  onGreeted(nowUs: number): void {
    this.greetedUs = nowUs;
  }

  onStopAsked(): void {
    this.stopsAsked++;
  }

  thinkUs(): number {
    return this.think;
  }

  onIdle(): void {
    this.idleCount++;
  }

  onSessionOver(_client: Client, wasGreeted: boolean): void {
    this.endedGreeted.push(wasGreeted);
  }

  onSupplyEmpty(): void {
    this.supplyEmptyCount++;
  }

  onClientDone(): void {
    this.doneCount++;
  }

  start(connectSettled: (() => void) | null = null): void {
    this.nowUs += 1_000;
    this.client.start(this.nowUs, connectSettled);
  }

  /** The session ends, having had `accepted` messages accepted. */
  end(ending: Ending, accepted: number): void {
    this.nowUs += 1_000;
    this.client.onSessionEnded(ending, accepted, this.nowUs);
  }

  /** A whole session that takes as many further messages as it may, up to `messages` in all. */
  session(messages: number, ending: Ending, accepted: number): void {
    this.start();
    for (let taken = 1; taken < messages && this.client.hasMessage(this.nowUs); taken++) {
      this.begun.push(this.client.takeMessage(this.nowUs));
    }
    this.end(ending, accepted);
  }

  get clients(): { started: number; ended: readonly number[] } {
    const { started, ended } = this.recorder.phaseOf(0).clients;
    return { started, ended: [...ended] };
  }
}

describe('the next connection', () => {
  test('is asked for at once when a message was accepted', () => {
    const stage = new Stage(null);
    stage.session(1, Ending.completed, 1);
    expect([stage.startRequests, stage.pausesUs]).toEqual([1, []]);
    stage.session(3, Ending.failed, 2);
    expect([stage.startRequests, stage.pausesUs]).toEqual([2, []]);
  });

  test('begins with a whole client where a client is one session', () => {
    const stage = new Stage(null, 2);
    stage.lane.isOneSession = true;
    stage.session(1, Ending.failed, 0);
    stage.client.onDeadline();
    stage.session(9, Ending.completed, 2);
    expect(stage.begun).toEqual([0, 1, 2]);
    expect(stage.clients.started).toBe(2);
  });

  test('comes after a pause that doubles from 50 ms to 5 s when none was', () => {
    const stage = new Stage(null);
    for (let session = 0; session < 10; session++) {
      stage.session(1, session % 2 === 0 ? Ending.completed : Ending.failed, 0);
      expect(stage.startRequests).toBe(session);
      stage.client.onDeadline();
    }
    expect(stage.pausesUs.map((us) => us / 1_000)).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect([FIRST_PAUSE_US, LONGEST_PAUSE_US]).toEqual([50_000, 5_000_000]);
  });

  test('comes after a short pause again once a message was accepted', () => {
    const stage = new Stage(null);
    for (let session = 0; session < 5; session++) stage.session(1, Ending.failed, 0);
    stage.session(1, Ending.completed, 1);
    stage.session(1, Ending.failed, 0);
    expect(stage.pausesUs.at(-1)).toBe(FIRST_PAUSE_US);
  });

  test('comes after the time to think, once its client is over', () => {
    const stage = new Stage(null, 2);
    stage.think = 700_000;
    // One of two messages: the client goes on at once.
    stage.session(1, Ending.completed, 1);
    expect([stage.startRequests, stage.pausesUs]).toEqual([1, []]);
    stage.session(1, Ending.completed, 1);
    expect([stage.startRequests, stage.pausesUs]).toEqual([1, [700_000]]);
    stage.client.onDeadline();
    expect(stage.startRequests).toBe(2);
    // A pause after nothing good is no shorter than that.
    stage.session(2, Ending.failed, 0);
    expect(stage.pausesUs.at(-1)).toBe(700_000);
  });

  test('is spread by half of the pause to either side, by the seed', () => {
    const pausesOf = (seed: number): number[] => {
      const random = new SeededRandom(seed, 0);
      const stage = new Stage(null, Infinity, () => random.next());
      for (let session = 0; session < 200; session++) stage.session(1, Ending.failed, 0);
      return stage.pausesUs;
    };
    const pauses = pausesOf(1);
    const longest = pauses.slice(8).map((us) => us / LONGEST_PAUSE_US);
    expect(Math.min(...longest)).toBeGreaterThanOrEqual(0.5);
    expect(Math.min(...longest)).toBeLessThan(0.55);
    expect(Math.max(...longest)).toBeLessThan(1.5);
    expect(Math.max(...longest)).toBeGreaterThan(1.45);
    expect(pauses[0]! / FIRST_PAUSE_US).toBeGreaterThanOrEqual(0.5);
    expect(pauses[0]! / FIRST_PAUSE_US).toBeLessThan(1.5);
    expect(pausesOf(1)).toEqual(pauses);
    expect(pausesOf(2)).not.toEqual(pauses);
  });

  test('counts against the limit of connects until the connect is settled, once', () => {
    const stage = new Stage(null);
    let settled = 0;
    stage.start(() => settled++);
    expect(settled).toBe(0);
    stage.client.onConnectSettled();
    expect(settled).toBe(1);
    // A second sign, when a session ends that had connected, is none.
    stage.client.onConnectSettled();
    expect(settled).toBe(1);
  });

  test('gives its place among the connects back when there is nothing to connect for', () => {
    const stage = new Stage(0);
    let settled = 0;
    stage.start(() => settled++);
    expect([settled, stage.begun, stage.doneCount]).toEqual([1, [], 1]);
    stage.start(() => settled++);
    expect([settled, stage.begun, stage.doneCount]).toEqual([2, [], 1]);
  });
});

describe('the messages of a client', () => {
  test('are taken one by one, up to its own number', () => {
    const stage = new Stage(100, 3);
    stage.session(99, Ending.completed, 3);
    expect(stage.begun).toEqual([0, 1, 2]);
    expect(stage.clients).toEqual({ started: 1, ended: [1, 0, 0] });
    stage.start();
    expect(stage.begun).toEqual([0, 1, 2, 3]);
    expect(stage.clients).toEqual({ started: 2, ended: [1, 0, 0] });
    expect(stage.client.startedAtUs).toBe(stage.nowUs);
  });

  test('that a session ended early has left go into a new session of the same client', () => {
    const stage = new Stage(100, 5);
    stage.session(2, Ending.failed, 1);
    const { startedAtUs } = stage.client;
    expect(stage.clients).toEqual({ started: 1, ended: [0, 0, 0] });
    stage.session(2, Ending.completed, 0);
    expect(stage.client.startedAtUs).toBe(startedAtUs);
    stage.session(99, Ending.completed, 1);
    expect(stage.begun).toEqual([0, 1, 2, 3, 4]);
    expect(stage.clients).toEqual({ started: 1, ended: [1, 0, 0] });
    expect(stage.client.startedAtUs).toBe(-1);
  });

  test('end with the plan, whatever the client could still have sent', () => {
    const stage = new Stage(2, 5);
    stage.session(99, Ending.completed, 2);
    expect(stage.begun).toEqual([0, 1]);
    expect([stage.doneCount, stage.startRequests]).toEqual([1, 0]);
    expect(stage.clients).toEqual({ started: 1, ended: [1, 0, 0] });
  });

  test('are counted with their recipients when they are taken', () => {
    const stage = new Stage(3);
    stage.session(99, Ending.failed, 0);
    const book = stage.recorder.phaseOf(0);
    expect([book.messagesAttempted, book.recipientsAttempted]).toEqual([3, 6]);
  });

  test('of which the last was taken are told of, so that nobody waits for more', () => {
    const stage = new Stage(3, 2);
    stage.session(99, Ending.completed, 2);
    expect(stage.supplyEmptyCount).toBe(0);
    stage.start();
    expect(stage.supplyEmptyCount).toBe(1);
  });

  test('of which there are none left make no client at all', () => {
    const stage = new Stage(0);
    stage.start();
    expect(stage.begun).toEqual([]);
    expect(stage.clients).toEqual({ started: 0, ended: [0, 0, 0] });
    expect(stage.doneCount).toBe(1);
  });
});

describe('a client', () => {
  test.each(['completed', 'failed'] as const)('has ended as its last session did (%s)', (ending) => {
    const stage = new Stage(100, 2);
    stage.session(1, ending === 'completed' ? Ending.failed : Ending.completed, 1);
    stage.session(1, Ending[ending], 1);
    expect(stage.clients.ended[Ending[ending]]).toBe(1);
  });

  test('that is cut is done, though there is more to send', () => {
    const stage = new Stage(null, 10);
    stage.session(1, Ending.cut, 0);
    expect([stage.doneCount, stage.startRequests, stage.pausesUs]).toEqual([1, 0, []]);
    expect(stage.clients).toEqual({ started: 1, ended: [0, 0, 1] });
  });

  test('that pauses is retired when nothing more is started, once', () => {
    const stage = new Stage(null, 10);
    stage.session(1, Ending.failed, 0);
    expect(stage.client.isWaiting).toBe(true);
    stage.supply.close();
    stage.client.retire();
    expect(stage.client.isWaiting).toBe(false);
    expect(stage.clients).toEqual({ started: 1, ended: [0, 1, 0] });
    // Its pause ends, and its turn to connect comes, all the same.
    stage.client.onDeadline();
    stage.start();
    expect([stage.doneCount, stage.startRequests]).toEqual([1, 0]);
    expect(stage.begun).toHaveLength(1);
  });

  test('that is at work when the run ends goes on to the end of its session, and no further', () => {
    const stage = new Stage(null, 10);
    stage.start();
    expect(stage.client.isWaiting).toBe(false);
    stage.supply.close();
    expect(stage.client.hasMessage(stage.nowUs)).toBe(false);
    stage.end(Ending.completed, 1);
    expect([stage.doneCount, stage.startRequests]).toEqual([1, 0]);
  });

  test('whose turn comes after the last message was taken is done', () => {
    const stage = new Stage(1);
    stage.supply.take(0);
    stage.start();
    expect(stage.doneCount).toBe(1);
  });

  test('passes on that a server has greeted it', () => {
    const stage = new Stage(null);
    stage.client.onGreeted(77);
    expect(stage.greetedUs).toBe(77);
  });

  test('counts in the phase in which it began, however late it ends', () => {
    const recorder = new Recorder(new LoadWindow(5_000));
    recorder.clientStarted(4_000);
    recorder.clientEnded(Ending.completed, 4_000);
    expect([...recorder.phaseOf(0).clients.ended]).toEqual([1, 0, 0]);
    expect(recorder.phaseOf(5_000).clients.started).toBe(0);
    expect(recorder.phaseOf(5_000).messages[Outcome.accepted]).toBe(0);
  });
});
