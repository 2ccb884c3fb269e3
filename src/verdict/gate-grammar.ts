/** Bounds of the health gates as people write them: `lag.p99 < 20ms`, `utilisation < 85%`, `utilisation=off`. Pure. */
import { nearestWord } from '../nearest-word.js';

/** What may be written, for people who mistyped it. */
export const GATE_GRAMMAR = "GATE < VALUE or GATE=off, such as 'lag.p99 < 20ms' or utilisation=off";

/** Gates that may be set or switched off, with the unit of their bounds. Lost workers and unbalanced books always count. */
export const GATE_UNITS = {
  'lag.p99': 'us',
  'eventLoopLag.p99': 'us',
  utilisation: 'share',
  fileLimit: 'count',
  portLimit: 'count',
} as const;
/** Name of a gate. */
export type GateName = keyof typeof GATE_UNITS;

/** What was said of gates: bounds in the unit of the gate; null: it is switched off. */
export type GateBounds = Readonly<Partial<Record<GateName, number | null>>>;

const NAMES = Object.keys(GATE_UNITS) as readonly GateName[];

/** Reads what is said of one gate. `at`: the place of a mistake, counted in characters from 0. */
export function parseGate(
  text: string,
): { readonly name: GateName; readonly bound: number | null } | { readonly message: string; readonly at: number } {
  const [, lead = '', word = '', gap = '', operator = '', space = '', value = '', rest = ''] =
    /^(\s*)([A-Za-z0-9.]*)(\s*)(<=|<|=|)(\s*)(\S*)(.*)$/s.exec(text) ?? [];
  const name = NAMES.find((one) => one === word);
  const operatorAt = lead.length + word.length + gap.length;
  const valueAt = operatorAt + operator.length + space.length;
  if (name === undefined) {
    const near = nearestWord(word, NAMES);
    const hint = near === null ? `it takes ${NAMES.join(', ')}` : `did you mean ${near}?`;
    return { message: `knows no gate ${word === '' ? 'there' : word}: ${hint}`, at: lead.length };
  }
  if (operator === '=') {
    return value === 'off'
      ? { name, bound: null }
      : { message: `expects ${name}=off, or ${name} < VALUE`, at: valueAt };
  }
  if (operator !== '<') return { message: 'expects <, or =off', at: operatorAt };
  const bound = parseBound(GATE_UNITS[name], value);
  if (rest.trim() !== '') return { message: 'expects nothing more', at: valueAt + value.length + rest.search(/\S/) };
  return typeof bound === 'string' ? { message: bound, at: valueAt } : { name, bound };
}

function parseBound(unit: (typeof GATE_UNITS)[GateName], text: string): number | string {
  if (unit === 'us') {
    const [, amount, name = ''] = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text) ?? [];
    const us = Number(amount) * ({ us: 1, ms: 1e3, s: 1e6 }[name] ?? Number.NaN);
    return us > 0 ? us : 'expects a time above 0 such as 20ms';
  }
  if (unit === 'share') {
    const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]);
    return percent > 0 && percent <= 100 ? percent / 100 : 'expects a share above 0% and up to 100%, such as 85%';
  }
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 'expects a whole number above 0';
}
