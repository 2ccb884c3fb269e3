/**
 * Judges texts that may hold templates (`{{…}}`): what they name must be there, and whatever an address is made of, mail
 * may reach no stranger. Pure; the values of feeders are looked at, all of them.
 */
import { Feeder } from '../data/feeder.js';
import type { FeederPlan } from '../data/feeder.js';
import { FUNCTION_PREFIX, FunctionCosts, FunctionWriter } from '../data/scenario-functions.js';
import { judgeColumn } from '../data/feeder-values.js';
import { checkTemplate, compileTemplate, namesOf } from '../data/template.js';
import { parseTemplate } from '../data/template-syntax.js';
import type { TemplatePiece } from '../data/template-syntax.js';
import type { TemplateData } from '../data/template-variables.js';
import { strangeDomain } from './address-safety.js';
import { isMailDomain, parseMailAddress } from './mail-address.js';

/** Octets of a command line with all its values, at most: far more than RFC 5321 §4.5.3.1.4 allows. */
const LONGEST_LINE = 8_192;
/** What stands in a local part and begins neither another address nor a route. */
const LOCAL_PART = /^[A-Za-z0-9#$&'*+/=?^_`{|}~.-]*$/;
const LOCAL_PART_UTF8 = /^[\p{L}\p{M}\p{N}#$&'*+/=?^_`{|}~.-]*$/u;
const DOMAIN_PART = /^[A-Za-z0-9_.-]*$/;
/** Variables whose values are letters, digits, dots and hyphens alone. */
const HARMLESS = ['seq', 'session', 'worker', 'index', 'trace', 'random.int', 'random.hex', 'random.name'];
const HARMLESS_TIMES = ['unix', 'ms'];
/** Takes the place of a value while the text around it is judged. */
const ANY_VALUE = 'x';

/** What else decides. */
export interface TemplateSurroundings {
  readonly feeders: readonly FeederPlan[];
  /** Names of functions. */
  readonly functions: readonly string[];
  readonly allowDomains: readonly string[];
  /** Addresses may be more than ASCII. */
  readonly isUtf8: boolean;
}

const FUNCTION_ALONE =
  "a function gives the part before the @ alone: name it under functions, and write '{{function.NAME}}@example.test'";
/** Stands for every function: none is called here. */
const UNCALLED = new FunctionWriter('', () => '', { seed: 0, costs: new FunctionCosts(), isLocalPart: true });

/** Whether a text holds a placeholder. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

/** The judge of one scenario's texts. */
export class TemplateRules {
  readonly #around: TemplateSurroundings;
  readonly #data: TemplateData;

  /** @param captures - names of the values that sessions capture */
  constructor(around: TemplateSurroundings, captures: readonly string[]) {
    this.#around = around;
    this.#data = {
      seed: 0,
      feeders: new Map(around.feeders.map((plan) => [plan.name, new Feeder(plan, 0)])),
      captures,
      values: new Map(around.functions.map((name) => [FUNCTION_PREFIX + name, UNCALLED])),
    };
  }

  /** One sentence on what is wrong with a text; null: nothing. */
  textProblem(text: string, isRaw = false): string | null {
    if (!isTemplate(text)) return null;
    const [problem] = checkTemplate(text, namesOf(this.#data), isRaw);
    if (problem !== undefined) return problem.message;
    const { maxLength } = compileTemplate([{ text, place: '', isRaw }], this.#data);
    return maxLength > LONGEST_LINE ? `may get longer than ${LONGEST_LINE} octets` : null;
  }

  /** One sentence on what is wrong with an address without brackets; null: nothing. */
  addressProblem(text: string): string | null {
    if (!isTemplate(text)) return this.#plainProblem(text);
    const problem = this.textProblem(text);
    if (problem !== null) return problem;
    const { pieces } = parseTemplate(text);
    const at = pieces.findLastIndex(({ words, text: piece }) => words === null && piece.includes('@'));
    const isAlone = pieces.length === 1;
    if (isAlone) return this.#valueProblem(pieces[0], (value) => this.#plainProblem(value) ?? emptyProblem(value));
    const sample = pieces.map(({ words, text: piece }) => (words === null ? piece : ANY_VALUE)).join('');
    // The domain may be a value as a whole; otherwise what it ends with decides where mail goes.
    const isDomainValue = at === pieces.length - 2 && pieces[at]?.text.endsWith('@') === true;
    const isCut = at !== -1 && !isDomainValue && at < pieces.length - 1 && pieces.at(-1)?.words !== null;
    if (isCut) return 'takes a domain that is a value as a whole, or one that ends in text';
    const around = this.#plainProblem(isDomainValue ? sample.replace(/@[^@]*$/, '@x.test') : sample);
    if (around !== null) return around;
    for (const [index, piece] of pieces.entries()) {
      if (piece.words === null) continue;
      const isLocalPart = at === -1 || index < at;
      const found = this.#valueProblem(piece, this.#judgeOf(isLocalPart, isDomainValue), isLocalPart);
      if (found !== null) return found;
    }
    return null;
  }

  #judgeOf(isLocal: boolean, isDomainValue: boolean): (value: string) => string | null {
    const { isUtf8, allowDomains } = this.#around;
    if (isLocal) {
      const allowed = isUtf8 ? LOCAL_PART_UTF8 : LOCAL_PART;
      return (value) => (allowed.test(value) ? null : 'holds what a local part cannot: take letters, digits and dots');
    }
    if (!isDomainValue) return (value) => (DOMAIN_PART.test(value) ? null : 'holds what a domain cannot');
    return (value) =>
      isMailDomain(value, isUtf8) ? strangeDomain([value.toLowerCase()], allowDomains) : 'is no domain';
  }

  /** What is wrong with any of the values that a placeholder may have. */
  #valueProblem(
    piece: TemplatePiece | undefined,
    judge: (value: string) => string | null,
    isLocalPart = false,
  ): string | null {
    const [first, ...rest] = piece?.words ?? [];
    if (first === undefined) return null;
    const name = first.text;
    if (!first.isQuoted && name.startsWith(FUNCTION_PREFIX)) {
      // It may give anything, of which a local part takes what it can.
      return isLocalPart ? null : FUNCTION_ALONE;
    }
    const among = (values: readonly string[]): string | null => {
      const wrong = values.find((value) => judge(value) !== null);
      return wrong === undefined ? null : `'${wrong}' ${judge(wrong) ?? ''}`;
    };
    if (first.isQuoted) return among([name]);
    if (name === 'random.pick') return among(rest.map(({ text }) => text));
    if (HARMLESS.includes(name)) return among([ANY_VALUE]);
    if (name === 'now' && HARMLESS_TIMES.includes(rest[0]?.text ?? '')) return among(['1']);
    const dot = name.indexOf('.');
    const feeder = this.#around.feeders.find((each) => dot > 0 && each.name === name.slice(0, dot));
    // What a server said, or a moment with blanks and colons, could be any address at all.
    if (feeder === undefined) return `${name} cannot stand in an address: mail could go anywhere`;
    const wrong = judgeColumn(feeder, name.slice(dot + 1), judge);
    return wrong === null ? null : `${name} in row ${String(wrong.row + 1)} ${wrong.problem}`;
  }

  #plainProblem(text: string): string | null {
    const { isUtf8, allowDomains } = this.#around;
    const address = parseMailAddress(text, isUtf8);
    return 'takes' in address ? address.takes : strangeDomain(address.domains, allowDomains);
  }
}

function emptyProblem(value: string): string | null {
  return value === '' ? 'is empty, and no address' : null;
}
