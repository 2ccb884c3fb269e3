/** What a client counts for its arrival, and where. */
import { expect, test } from 'vitest';
import { ArrivalCount } from '../../src/metrics/arrival-counts.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { Census } from '../../src/metrics/phase-book.js';
import { ClientArrival } from '../../workers/client-arrival.js';
import { Recorder } from '../../workers/recorder.js';
import { closedInterval } from '../support/engine-records.js';

test('an arrival that is never begun is dropped in its own lane, whatever lane the client had before', () => {
  const recorders = [new Recorder(new LoadWindow(0)), new Recorder(new LoadWindow(0))] as const;
  const source = {
    ...{ isReusing: false, isOver: false, numberOf: () => 0, nextFor: () => null },
    recorderOf: (lane: number): Recorder => recorders[lane as 0 | 1],
  };
  const arrival = new ClientArrival(source, () => undefined);
  const planned = { intendedUs: 5, firstMessage: 0, messages: 2, sureMessages: 2 };
  arrival.assign({ ...planned, lane: 0 }, 5);
  arrival.begin(recorders[0], 6);
  arrival.end();
  arrival.assign({ ...planned, lane: 1 }, 7);
  arrival.end();
  const counts = recorders.map((recorder) => {
    const { arrivals } = closedInterval(recorder, [new Census(), new Census()]).phases[1];
    return [ArrivalCount.started, ArrivalCount.droppedEnd, ArrivalCount.messagesDroppedEnd].map((at) => arrivals[at]);
  });
  expect(counts).toEqual([
    [1, 0, 2],
    [0, 1, 2],
  ]);
});
