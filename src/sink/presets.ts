/** Ready-made sinks by names that people understand. Data only; options that are given beside win. */
import type { SinkOptions } from './sink-options.js';

/** Octets of a line that no client should keep. */
const HUGE_LINE_OCTETS = 10 * 1024 * 1024;

/** The presets by name, each with what it stands for. */
export const SINK_PRESETS: Readonly<Record<string, { readonly about: string; readonly options: SinkOptions }>> = {
  fast: { about: 'accepts everything at full speed', options: {} },
  realistic: {
    about: 'answers like a large provider: some recipients bounce, some are deferred, content takes its time',
    options: {
      maxRecipients: 100,
      maxMessagesPerSession: 100,
      maxSize: 25 * 1024 * 1024,
      faults: [
        { on: 'rcpt', probability: 0.02, reply: '550 5.1.1 this mailbox does not exist, check the address' },
        { on: 'rcpt', probability: 0.01, reply: '450 4.2.1 this mailbox receives mail too fast, try later' },
        { on: 'rcpt', probability: 0.005, reply: '452 4.2.2 this mailbox is over its quota' },
        { on: 'rcpt', probability: 0.002, reply: '550 5.2.1 this mailbox is disabled' },
        { on: 'mail', probability: 0.005, reply: '421 4.7.0 unusual rate of mail from your address', then: 'close' },
        { on: 'endOfData', probability: 0.01, reply: '554 5.7.1 refused because of its content' },
        { on: 'endOfData', probability: 0.003, reply: '451 4.3.0 temporary system problem, try later' },
        { on: 'endOfData', delayMs: { shape: 'logNormal', medianMs: 40, sigma: 0.8, maxMs: 10_000 } },
        { on: 'rcpt', delayMs: { shape: 'logNormal', medianMs: 3, sigma: 0.6, maxMs: 1000 } },
        { on: 'connect', delayMs: { shape: 'exponential', meanMs: 10, maxMs: 1000 } },
      ],
    },
  },
  flaky: {
    about: 'loses connections, stalls and defers now and then',
    options: {
      faults: [
        { on: 'connect', probability: 0.01, then: 'close' },
        { on: 'connect', probability: 0.01, reply: '421 4.3.2 not available, try later', then: 'close' },
        { on: 'ehlo', probability: 0.005, dripMs: 5 },
        { on: 'mail', probability: 0.01, reply: '451 4.3.0 temporary problem' },
        { on: 'rcpt', probability: 0.005, then: 'reset' },
        { on: 'data', probability: 0.005, reply: '421 4.3.2 shutting down', then: 'close' },
        { on: 'content', probability: 0.005, then: 'reset' },
        { on: 'endOfData', probability: 0.005, then: 'close' },
        { on: 'endOfData', probability: 0.02, delayMs: { shape: 'pareto', minMs: 100, alpha: 1.2, maxMs: 20_000 } },
      ],
    },
  },
  overloaded: {
    about: 'has too little room: few connections, few messages per second, long waits',
    options: {
      maxConnections: 100,
      connectionsPerSec: 50,
      messagesPerSec: 100,
      faults: [
        { on: 'connect', delayMs: { shape: 'exponential', meanMs: 200, maxMs: 10_000 } },
        { on: 'endOfData', probability: 0.02, reply: '452 4.3.1 out of room, try later' },
        { on: 'endOfData', delayMs: { shape: 'exponential', meanMs: 400, maxMs: 20_000 } },
      ],
    },
  },
  greylisting: {
    about: 'defers every new sender and recipient for 30 s',
    options: { greylistMs: 30_000 },
  },
  hostile: {
    about: 'breaks the protocol: garbage, half lines, endless lines, silence',
    options: {
      tarpit: { afterErrors: 5, delayMs: 2000 },
      faults: [
        { on: 'connect', probability: 0.01, raw: '\x00\xff\xfe\x80garbage\r\n' },
        { on: 'connect', probability: 0.01, raw: '220-half a greeting' },
        { on: 'ehlo', probability: 0.01, raw: '250-first\r\n251 another code\r\n' },
        { on: 'ehlo', probability: 0.001, raw: `250 ${'x'.repeat(HUGE_LINE_OCTETS)}\r\n` },
        { on: 'mail', probability: 0.01, raw: '250 bare line feed\n' },
        { on: 'mail', probability: 0.01, raw: '250 ok\r\n250 nobody asked\r\n' },
        { on: 'rcpt', probability: 0.005, then: 'silence' },
        { on: 'data', probability: 0.01, raw: '999 no such code\r\n' },
        { on: 'content', probability: 0.01, reply: '554 5.7.1 heard enough', then: 'reset' },
        { on: 'endOfData', probability: 0.01, reply: '250 2.0.0 accepted', dripMs: 200 },
        { on: 'quit', probability: 0.1, then: 'silence' },
      ],
    },
  },
};
