/**
 * What it costs to write the octets that differ from message to message: envelope and head.
 * `node dist/benchmarks/micro/message-template.bench.js [messages]` prints a line.
 */
import { assert } from '../../src/assert.js';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { firstLane } from '../../src/plan/lane-plan.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';
import { compileLoadScript } from '../../src/scenario/compile-script.js';
import { recipientNumber, senderNumber } from '../../src/scenario/message-template.js';
import { nsPerUnit } from '../support/statistics.js';

/** What the messages cost. */
export interface MessageTemplateFigure {
  readonly nsPerMessage: number;
  /** Best of the rounds; the median is `nsPerMessage`. */
  readonly nsPerMessageMin: number;
  /** Sums octets of every message. */
  readonly checksum: number;
}

const ROUNDS = 7;

/**
 * Measures the default message.
 *
 * @param messages - per round; a smoke test needs 1,000, a figure 1,000,000
 */
export function runBench(messages: number): Promise<MessageTemplateFigure> {
  const script = compileLoadScript(firstLane(resolvePlan({ target: '127.0.0.1:25' }, 1)));
  const { mails, rcpts, contents, recipients, addresses } = script;
  const [[mail], [rcpt], [content]] = [mails, rcpts, contents];
  assert(mail !== undefined && rcpt !== undefined && content !== undefined, 'the standard session sends messages');
  const message = content.messages.messageOf(0);
  const target = Buffer.alloc(mail.octets.maxLength + rcpt.octets.maxLength + message.maxHeadLength);
  let checksum = 0;
  const { median, best } = nsPerUnit(ROUNDS, messages, () => {
    checksum = 0;
    for (let number = 0; number < messages; number++) {
      let end = mail.octets.write(target, 0, senderNumber(number, addresses));
      end = rcpt.octets.write(target, end, recipientNumber(number, 0, recipients, addresses));
      end = message.writeHead(target, end, number);
      checksum += end + (target[number % end] ?? 0);
    }
  });
  return Promise.resolve({ nsPerMessage: median, nsPerMessageMin: best, checksum });
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const figure = await runBench(Number(argv[2] ?? 1_000_000));
  const median = figure.nsPerMessage.toFixed(1);
  console.log(`${median} ns per message (best ${figure.nsPerMessageMin.toFixed(1)}), checksum ${figure.checksum}`);
}
