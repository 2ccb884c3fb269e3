import { describe, expect, test } from 'vitest';
import { SINK_FILE_EXAMPLE, readSinkFile } from '../../src/sink/sink-file.js';
import type { SinkFile } from '../../src/sink/sink-file.js';
import { FAULT_EVENTS, SINK_DEFAULTS, resolveSinkOptions } from '../../src/sink/sink-options.js';
import type { FaultRow } from '../../src/sink/sink-options.js';

function optionsOf(text: string): SinkFile {
  const reading = readSinkFile('sink.yaml', text);
  if ('issues' in reading) throw new Error(reading.issues.map(({ path, message }) => `${path} ${message}`).join('\n'));
  return reading.value;
}

describe('the file of a sink', () => {
  test('that is printed as an example is a good one, and names every key and every event', () => {
    const { tls, ...options } = optionsOf(SINK_FILE_EXAMPLE);
    expect(tls).toBe(true);
    expect(resolveSinkOptions(options)).toMatchObject({ maxRecipients: 100, replyDelayMs: 2 });
    // Kept messages are for programs. What is commented out is a good line all the same.
    const keys = [...Object.keys(SINK_DEFAULTS).filter((key) => key !== 'keepMessages'), 'processes'];
    const all = optionsOf(SINK_FILE_EXAMPLE.replace(/^# (?=save:)/m, ''));
    expect(Object.keys(all).sort()).toEqual(keys.sort());
    expect(resolveSinkOptions({ ...options, save: all.save ?? null }).save).toEqual({
      folder: 'saved',
      messages: 1000,
    });
    for (const event of FAULT_EVENTS) expect(SINK_FILE_EXAMPLE).toMatch(new RegExp(`^#.*\\b${event}\\b`, 'm'));
  });

  test('takes everything that a fault row can hold', () => {
    const row: Required<FaultRow> = {
      on: 'mail',
      nth: 1,
      everyNth: 2,
      after: 3,
      perSession: true,
      probability: 0.5,
      fromSec: 1,
      untilSec: 2,
      ratePerSec: 3,
      matching: 'x',
      reply: '450 no',
      raw: 'x',
      repeat: 2,
      delayMs: { shape: 'pareto', minMs: 1, alpha: 2, maxMs: 3 },
      dripMs: 1,
      then: 'close',
      stopReading: false,
    };
    expect(optionsOf(JSON.stringify({ faults: [row] }))).toEqual({ faults: [row] });
  });

  test.each<[string, RegExp]>([
    ['faults: [{ on: noon }]', /^sink\.yaml:1:16 faults\[0\]\.on: /],
    [
      'faults: [{ on: mail, delayMs: { shape: gauss } }]',
      /^sink\.yaml:1:31 faults\[0\]\.delayMs: takes milliseconds, or/,
    ],
    ['port: 25', /`port` is not known here/],
  ])('%s is refused', (text, problem) => {
    expect(() => optionsOf(text)).toThrow(problem);
  });
});
