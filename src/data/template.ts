/**
 * Templates: text with `{{variables}}`. Checked where a user's text is read, compiled once per worker into writers of
 * octets, and written without another look at the text.
 *
 * A value can never end its line: text that would is a problem, feeders refuse such values when they are loaded, and in
 * captured ones CR, LF and NUL become `?`. Only a raw template takes and writes everything.
 */
import { assert } from '../assert.js';
import type { RenderContext } from './render-context.js';
import { parseTemplate } from './template-syntax.js';
import type { TemplateProblem, TemplateSyntax } from './template-syntax.js';
import { breaksLine, lineBreakProblem, variableOf } from './template-variables.js';
import type { TemplateData, TemplateNames } from './template-variables.js';
import { LiteralWriter } from './value-writers.js';
import type { ValueWriter } from './value-writers.js';

/** A text to compile. */
export interface TemplateSource {
  readonly text: string;
  /**
   * Where it stands, such as `scenarios.inbound.steps[3].rcpt`: random values follow from this name, the seed and the
   * number of the message, so that the same text elsewhere has others.
   */
  readonly place: string;
  /** Line ends and NUL may be anywhere: for commands that are to be wrong. Missing: they may not. */
  readonly isRaw?: boolean;
}

/** A compiled template. Writes, and is part of others like any variable. */
export class Template implements ValueWriter {
  readonly minLength: number;
  readonly maxLength: number;
  readonly isConstant: boolean;
  /** What it consists of. */
  readonly writers: readonly ValueWriter[];

  constructor(writers: readonly ValueWriter[]) {
    this.writers = joined(writers);
    this.minLength = writers.reduce((sum, { minLength }) => sum + minLength, 0);
    this.maxLength = writers.reduce((sum, { maxLength }) => sum + maxLength, 0);
    this.isConstant = writers.every(({ isConstant }) => isConstant);
  }

  /**
   * Writes the octets for what the context stands for.
   *
   * @param target - has room for `maxLength` octets from `offset` on
   * @returns the index behind the last octet
   */
  write(target: Buffer, offset: number, context: RenderContext): number {
    let end = offset;
    const { writers } = this;
    for (let index = 0; index < writers.length; index++)
      end = (writers[index] as ValueWriter).write(target, end, context);
    return end;
  }

  /** The octets alone, in memory of their own. Not for the way of every message. */
  octets(context: RenderContext): Buffer {
    const target = Buffer.alloc(this.maxLength);
    return target.subarray(0, this.write(target, 0, context));
  }
}

/**
 * Finds everything that is wrong with a template.
 *
 * @returns empty: {@link compileTemplate} takes it
 */
export function checkTemplate(text: string, names: TemplateNames, isRaw = false): TemplateProblem[] {
  const { pieces, problems } = parseTemplate(text);
  const found = [...problems];
  for (const { text: piece, offset, words } of pieces) {
    if (words === null) {
      if (!isRaw && breaksLine(piece)) found.push(literalProblem(piece, offset));
      continue;
    }
    const variable = variableOf(words, names, isRaw);
    if ('problem' in variable) {
      const { word, problem } = variable;
      found.push({ offset: word.offset, length: word.text.length, message: problem });
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/**
 * Compiles texts into one template that writes them one after the other.
 *
 * @param sources - each has passed {@link checkTemplate}; octets are taken as they are
 */
export function compileTemplate(sources: readonly (TemplateSource | Buffer)[], data: TemplateData): Template {
  return new Template(
    sources.flatMap((source) =>
      Buffer.isBuffer(source) ? [new LiteralWriter(source)] : writersOf(source, parseTemplate(source.text), data),
    ),
  );
}

/** The names that templates may use, of data that is at hand. */
export function namesOf({ feeders, captures, values }: TemplateData): TemplateNames {
  return {
    feeders: new Map([...feeders].map(([name, { columns }]) => [name, columns])),
    captures,
    values: [...values.keys()],
  };
}

function writersOf(
  { text, place, isRaw = false }: TemplateSource,
  syntax: TemplateSyntax,
  data: TemplateData,
): ValueWriter[] {
  const names = namesOf(data);
  assert(checkTemplate(text, names, isRaw).length === 0, 'a template is checked before it is compiled');
  let ordinal = 0;
  return syntax.pieces.map(({ text: piece, words }) => {
    if (words === null) return new LiteralWriter(Buffer.from(piece, 'utf8'));
    const variable = variableOf(words, names, isRaw);
    assert('make' in variable, 'a checked template names only what there is');
    return variable.make(data, `${place}#${ordinal++}`, isRaw);
  });
}

function literalProblem(text: string, offset: number): TemplateProblem {
  const at = text.search(/[\r\n\0]/);
  return { offset: offset + at, length: 1, message: lineBreakProblem() };
}

/** Templates give their parts, literals that follow each other become one: fewer calls (benchmarks/micro/corpus-message.bench.ts). */
function joined(writers: readonly ValueWriter[]): ValueWriter[] {
  const all: ValueWriter[] = [];
  for (const writer of writers.flatMap((one) => (one instanceof Template ? one.writers : [one]))) {
    const last = all.at(-1);
    if (writer instanceof LiteralWriter && last instanceof LiteralWriter) {
      all[all.length - 1] = new LiteralWriter(Buffer.concat([last.octets, writer.octets]));
    } else if (writer.maxLength > 0) all.push(writer);
  }
  return all;
}
