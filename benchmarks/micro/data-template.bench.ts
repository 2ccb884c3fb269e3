/**
 * What it costs to write a variable of a template, by variable.
 * `node dist/benchmarks/micro/data-template.bench.js [messages]` prints a line per variable.
 */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { Feeder } from '../../src/data/feeder.js';
import type { FeederOrder } from '../../src/data/row-order.js';
import { readFeederFile } from '../../src/data/read-feeder-file.js';
import { RenderContext } from '../../src/data/render-context.js';
import { compileTemplate } from '../../src/data/template.js';
import type { TemplateData } from '../../src/data/template-variables.js';
import { nsPerUnit } from '../support/statistics.js';

/** What one variable cost. */
export interface TemplateFigure {
  readonly text: string;
  readonly nsPerMessage: number;
  /** Best of the rounds; the median is `nsPerMessage`. */
  readonly nsPerMessageMin: number;
  /** Sums octets of every message. */
  readonly checksum: number;
}

const ROUNDS = 5;
/** Rows of every feeder: more than caches hold. */
const ROWS = 100_000;
const SEED = 42;

const TEXTS = [
  'plain text of a header',
  '{{seq}}',
  '{{session}}',
  '{{trace}}',
  '{{now}}',
  '{{random.int 1 1000}}',
  '{{random.hex 16}}',
  '{{random.pick red green blue}}',
  '{{random.name}}',
  '{{in-order.user}}',
  '{{random-rows.user}}',
  '{{zipf.user}}',
  '{{unique.user}}',
  '{{zipf.user}} {{zipf.password}}',
  '{{captured}}',
  'Message-ID: <{{trace}}@postrush.test>\nSubject: news {{seq}} for {{in-order.user}}\nX-Id: {{random.hex 8}}',
] as const;

/** The data that the variables name. */
function benchData(): TemplateData {
  const rows = Array.from({ length: ROWS }, (_, row) => `user${row}@example.test,password-${row * 7}\n`);
  const reading = readFeederFile(Buffer.from(`user,password\n${rows.join('')}`), 'csv', null);
  if ('problems' in reading) throw new Error(reading.problems.join());
  const { table } = reading;
  const feeder = (name: string, order: FeederOrder): [string, Feeder] => [
    name,
    new Feeder({ name, order, exponent: 1.1, rows: table }, SEED),
  ];
  return {
    seed: SEED,
    feeders: new Map([
      feeder('in-order', 'in-order'),
      feeder('random-rows', 'random'),
      feeder('zipf', 'zipf'),
      feeder('unique', 'unique'),
    ]),
    captures: ['captured'],
    values: new Map(),
  };
}

/**
 * Measures every variable.
 *
 * @param messages - per round; a smoke test needs 1,000, a figure 1,000,000
 */
export function runBench(messages: number): Promise<TemplateFigure[]> {
  const data = benchData();
  const context = new RenderContext();
  context.places = 20;
  context.captures = [Buffer.from('4fR7tY2QhBz1K')];
  const figures = TEXTS.map((text) => {
    const template = compileTemplate([{ text, place: 'bench', isRaw: true }], data);
    const target = Buffer.alloc(template.maxLength);
    let checksum = 0;
    const { median, best } = nsPerUnit(ROUNDS, messages, () => {
      checksum = 0;
      for (let number = 0; number < messages; number++) {
        context.number = number;
        context.session = number;
        // Some 10,000 messages per second.
        context.nowMs = 1.8e12 + number / 10;
        const end = template.write(target, 0, context);
        checksum += end + (target[number % end] ?? 0);
      }
    });
    return { text, nsPerMessage: median, nsPerMessageMin: best, checksum };
  });
  return Promise.resolve(figures);
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const { text, nsPerMessage, nsPerMessageMin, checksum } of await runBench(Number(argv[2] ?? 1_000_000))) {
    const shown = JSON.stringify(text).padEnd(42);
    console.log(
      `${shown} ${nsPerMessage.toFixed(1).padStart(7)} ns (best ${nsPerMessageMin.toFixed(1)}), checksum ${checksum}`,
    );
  }
}
