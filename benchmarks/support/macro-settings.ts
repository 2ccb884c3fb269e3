/** The flags that the macro benchmarks share, and the line about the machine that comes before their figures. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

/** What a macro benchmark was told. */
export interface MacroSettings {
  readonly rounds: number;
  /** Fraction of the messages of a full run. */
  readonly scale: number;
  /** Whether the case of this name is measured. */
  wants(name: string): boolean;
  /** Writes the figures where `--json` says, if it does. */
  writeJson(figures: object): void;
  /** The value of the further flag that was asked for, if it was given. */
  readonly further: string | undefined;
}

/** Where figures come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Load average of the last minute before the benchmark. */
  readonly loadBefore: number;
}

/** One flag more than all have. */
interface FurtherFlag {
  readonly name: string;
  readonly values: readonly string[];
}

/** Reads the command line. A mistake ends the program with a line of usage and code 2. */
export function readMacroSettings(cases: readonly string[], further?: FurtherFlag): MacroSettings {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        scale: { type: 'string', default: '1' },
        only: { type: 'string' },
        json: { type: 'string' },
        ...(further === undefined ? {} : { [further.name]: { type: 'string' as const } }),
      },
    });
    const given: Record<string, string | undefined> = values;
    const [rounds, scale] = [Number(given['rounds']), Number(given['scale'])];
    const only = given['only']?.split(',');
    const more = further === undefined ? undefined : given[further.name];
    const json = given['json'];
    if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a whole number from 1');
    if (!(scale > 0)) throw new Error('--scale takes a number above 0');
    if (only?.some((name) => !cases.includes(name)) === true) throw new Error('--only takes names of cases');
    if (further !== undefined && more !== undefined && !further.values.includes(more)) {
      throw new Error(`--${further.name} takes ${further.values.join(' or ')}`);
    }
    return {
      rounds,
      scale,
      wants: (name) => only?.includes(name) ?? true,
      writeJson: (figures) => {
        if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
      },
      further: more,
    };
  } catch (error) {
    const flag = further === undefined ? '' : `--${further.name} ${further.values.join('|')}, `;
    console.error(
      `${(error as Error).message}\n` +
        `options: --rounds <n> (3), --scale <fraction> (1), --only <case,...> (all), ${flag}--json <file>\n` +
        `cases: ${cases.join(', ')}`,
    );
    process.exit(2);
  }
}

/** Prints what the figures come from, and says when it is not fit for measuring. */
export function printMachine(): Machine {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    loadBefore: loadavg()[0] ?? NaN,
  };
  console.log(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load before ${machine.loadBefore.toFixed(2)}`,
  );
  if (machine.loadBefore > 0.5) console.log('The machine is not idle: the figures spread more than they should.');
  return machine;
}
