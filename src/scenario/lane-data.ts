/** What differs from message to message in a worker: feeders, templates as lines of octets, and messages to choose from. */
import { Corpus } from '../data/corpus/corpus.js';
import { compileAddress } from '../data/envelope-address.js';
import type { AddressRole } from '../data/envelope-address.js';
import { Feeder } from '../data/feeder.js';
import type { FeederPlan } from '../data/feeder.js';
import { FUNCTION_PREFIX, FunctionCosts, FunctionWriter } from '../data/scenario-functions.js';
import type { FunctionTable } from './load-functions.js';
import { RenderContext } from '../data/render-context.js';
import { Template, compileTemplate } from '../data/template.js';
import type { TemplateData } from '../data/template-variables.js';
import { LiteralWriter } from '../data/value-writers.js';
import type { ValueWriter } from '../data/value-writers.js';
import type { LanePlan } from '../plan/lane-plan.js';
import { recipientRange } from '../plan/script-counts.js';
import { captureNames } from '../plan/script-texts.js';
import { isTemplate } from '../plan/template-rules.js';
import { NumberedBytes } from '../protocol/numbered-bytes.js';
import { MessageTemplate } from './message-template.js';
import { MessageSize } from './message-size.js';
import type { MessageSource } from './message-source.js';

/** A command with its CRLF. */
export interface ScriptLine {
  /** The same in every session; empty where a template takes their place. */
  readonly octets: Uint8Array;
  readonly template: Template | null;
}

/** A command that differs from message to message: by a number alone, or by what a template says. */
export interface NumberedLine {
  /** Empty where a template takes their place. */
  readonly octets: NumberedBytes;
  readonly template: Template | null;
}

const NO_OCTETS = new Uint8Array(0);
const NO_NUMBERED_OCTETS = new NumberedBytes('', '', '');
const CRLF = '\r\n';

/** What all lanes of a worker share. */
export class WorkerData {
  /** Filled anew before each writing. */
  readonly context = new RenderContext();
  readonly feeders: ReadonlyMap<string, Feeder>;

  readonly functions: FunctionTable;
  /** What they have cost. */
  readonly costs = new FunctionCosts();

  /**
   * @param functions - of the plan, as this thread has them
   * @param worker - from 0
   * @param sessions - at once, over all workers
   */
  constructor(
    feeders: readonly FeederPlan[],
    functions: FunctionTable,
    { seed, sessions }: Pick<LanePlan, 'seed' | 'sessions'>,
    worker = 0,
  ) {
    this.functions = functions;
    this.context.worker = worker;
    this.context.places = sessions;
    this.feeders = new Map(feeders.map((plan) => [plan.name, new Feeder(plan, seed)]));
  }
}

/** The data of one scenario, compiled once for all its lanes, and only as it is used. */
export class LaneData {
  readonly context: RenderContext;
  readonly captures: readonly string[];
  readonly #lane: LanePlan;
  readonly #data: TemplateData;
  /** The same for addresses, whose domains functions cannot change. */
  readonly #addressData: TemplateData;
  /** By whether content goes in chunks. */
  readonly #messages = new Map<boolean, MessageSource>();

  constructor(lane: LanePlan, { context, feeders, functions, costs } = new WorkerData([], new Map(), lane)) {
    const { addresses, seed, from, to } = lane;
    this.context = context;
    this.#lane = lane;
    this.captures = captureNames(lane.session.steps ?? []);
    const writers = (isLocalPart: boolean): (readonly [string, ValueWriter])[] =>
      [...functions].map(([name, value]) => [
        FUNCTION_PREFIX + name,
        new FunctionWriter(name, value, { seed, costs, isLocalPart }),
      ]);
    const inAddresses = new Map(writers(true));
    const bare: TemplateData = { seed, feeders, captures: this.captures, values: inAddresses };
    const common = new Map<string, ValueWriter>([
      ['from', compileAddress(from, 'from', 'sender', addresses, bare)],
      ['to', compileAddress(to, 'to', 'recipient', addresses, bare)],
      ['size', new MessageSize(() => this.messages(this.#isSizedInChunks))],
    ]);
    this.#data = { ...bare, values: new Map([...writers(false), ...common]) };
    this.#addressData = { ...bare, values: new Map([...inAddresses, ...common]) };
  }

  /** The messages as DATA or as chunks have them. */
  messages(isChunked: boolean): MessageSource {
    const known = this.#messages.get(isChunked);
    if (known !== undefined) return known;
    const lane = this.#lane;
    const corpus = lane.message.corpus?.[isChunked ? 'chunks' : 'data'] ?? null;
    const extensions = { ...lane.extensions, isChunked };
    const made =
      corpus === null
        ? new MessageTemplate({ ...lane, recipients: recipientRange(lane).max, extensions })
        : new Corpus(corpus, this.#data, this.context, lane.name);
    this.#messages.set(isChunked, made);
    return made;
  }

  /** What header fields are made from. */
  get forHeaders(): TemplateData {
    return this.#data;
  }

  /** `SIZE=…` of the messages, for MAIL. */
  get sizeParameter(): string {
    const { message, extensions } = this.#lane;
    const isFixed = message.corpus === null;
    return ` SIZE=${isFixed ? String(this.messages(extensions.isChunked).largestBytes) : '{{size}}'}`;
  }

  /** A message has the same size in both forms; a corpus may have been made in one of them only. */
  get #isSizedInChunks(): boolean {
    const { message, extensions } = this.#lane;
    return message.corpus === null ? extensions.isChunked : message.corpus.data === null;
  }

  /**
   * A command that is no part of an envelope.
   *
   * @param argument - '' where there is none
   * @param usual - gives its octets where no template is in it
   */
  line(verb: string, argument: string, place: string, usual: () => Uint8Array): ScriptLine {
    if (!isTemplate(argument)) return { octets: usual(), template: null };
    const isRaw = verb === '';
    const template = compileTemplate(
      [Buffer.from(isRaw ? '' : `${verb} `), { text: argument, place, isRaw }, Buffer.from(CRLF)],
      this.#data,
    );
    return { octets: NO_OCTETS, template };
  }

  /** A text that is no command of its own; null: it is the same everywhere. */
  text(text: string, place: string): Template | null {
    return isTemplate(text) ? compileTemplate([{ text, place }], this.#data) : null;
  }

  /**
   * MAIL or RCPT.
   *
   * @param before - the command up to the `<` of the path
   * @param address - its path; that of the scenario says the same as the headers
   * @param parameters - what follows the path
   */
  path(before: string, address: string, parameters: string, role: AddressRole, place: string): NumberedLine {
    if (!isTemplate(address + parameters)) {
      return { octets: new NumberedBytes(`${address}>${parameters}`, before, CRLF), template: null };
    }
    const { addresses } = this.#lane;
    const template = new Template([
      new LiteralWriter(Buffer.from(before)),
      compileAddress(address, place, role, addresses, this.#addressData),
      compileAddress(`>${parameters}`, `${place} parameters`, role, addresses, this.#data),
      new LiteralWriter(Buffer.from(CRLF)),
    ]);
    return { octets: NO_NUMBERED_OCTETS, template };
  }
}
