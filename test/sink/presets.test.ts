import { describe, expect, test } from 'vitest';
import { SINK_PRESETS } from '../../src/sink/presets.js';
import { resolveSinkOptions } from '../../src/sink/sink-options.js';
import { codeOf, openSession, sendMessage } from './open-sink.js';

const optionsOf = (name: string) => SINK_PRESETS[name]?.options ?? {};

describe('a preset', () => {
  test.each(Object.keys(SINK_PRESETS))('%s is one that a sink understands', (name) => {
    expect(resolveSinkOptions(optionsOf(name))).toMatchObject(optionsOf(name));
  });

  test('fast accepts everything', async () => {
    const { client } = await openSession(optionsOf('fast'));
    for (let message = 0; message < 50; message++) {
      expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    }
  });

  test('greylisting defers who comes for the first time', async () => {
    const { client } = await openSession(optionsOf('greylisting'));
    expect(await sendMessage(client)).toContain('450 4.7.1');
  });

  test('realistic bounces and defers the shares that it says, through the wire', async () => {
    const faults = (optionsOf('realistic').faults ?? []).filter(
      ({ on, reply }) => on === 'rcpt' && reply !== undefined,
    );
    const { client } = await openSession({ faults, maxRecipients: 100_000, seed: 7 });
    await client.command('MAIL FROM:<a@b.test>');
    const rounds = 20_000;
    client.write('RCPT TO:<c@d.test>\r\n'.repeat(rounds));
    const counts = new Map<string, number>();
    for (const reply of await client.replies(rounds)) counts.set(codeOf(reply), (counts.get(codeOf(reply)) ?? 0) + 1);
    for (const { reply = '', probability = 0 } of faults) {
      // Four standard deviations of a binomial count; rows behind others meet slightly fewer recipients.
      const expected = rounds * probability;
      const count = counts.get(codeOf(reply)) ?? 0;
      expect(Math.abs(count - expected), reply).toBeLessThan(4 * Math.sqrt(expected) + 0.04 * expected);
    }
  });
});
