/**
 * The types of a scenario that is written as a module: the same structure as a file, with functions where a file has
 * templates. What the values must be is judged when the scenario is read, as that of a file is.
 */
import type { FunctionMoment, ScenarioFunction } from '../data/scenario-functions.js';
import type { WrittenCorpus, WrittenFeeder, WrittenMessage } from './data-schema.js';
import type { WrittenStep } from './step-schema.js';

export type { FunctionMoment, ScenarioFunction };

/** A text that may hold templates, or a function that gives it. A whole address cannot be one: see `functions`. */
export type ScenarioText = string | ScenarioFunction;

/** Text becomes {@link ScenarioText}, at any depth; words of the grammar stay what they are. */
type WithFunctions<T> = T extends string
  ? string extends T
    ? T | ScenarioFunction | RegExp
    : T
  : T extends readonly (infer Item)[]
    ? readonly WithFunctions<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: WithFunctions<T[Key]> }
      : T;

/** A step of a session. */
export type ScenarioStep = WithFunctions<WrittenStep>;

/** Messages to choose from. */
export type ScenarioCorpus =
  | readonly WrittenMessage[]
  | (Omit<Exclude<WrittenCorpus, readonly unknown[]>, 'headers'> & {
      readonly headers?: Readonly<Record<string, ScenarioText | number>>;
    });

/** A number, or a text with its unit. */
type Amount = number | string;

/** What shapes sessions and messages. At the top it holds for all scenarios; a block in one of them takes its place. */
export interface ScenarioSettings {
  readonly helo?: ScenarioText;
  readonly from?: string;
  readonly to?: string;
  readonly recipients?: number;
  readonly addresses?: number;
  readonly messagesPerSession?: number | 'all';
  readonly pipelining?: 'auto' | 'on' | 'off' | 'across' | 'force';
  readonly retry?:
    | string
    | {
        readonly after?: string;
        readonly factor?: number;
        readonly max?: string;
        readonly attempts?: number;
        readonly jitter?: Amount;
      };
  readonly timeouts?: string | Readonly<Record<string, string>>;
  readonly message?: { readonly size?: Amount; readonly file?: string; readonly subject?: ScenarioText };
  readonly tls?:
    | 'off'
    | 'opportunistic'
    | 'required'
    | {
        readonly mode?: 'off' | 'opportunistic' | 'required';
        readonly share?: Amount;
        readonly ca?: string;
        readonly cert?: string;
        readonly key?: string;
        readonly serverName?: string;
        readonly min?: 'TLSv1.2' | 'TLSv1.3';
        readonly max?: 'TLSv1.2' | 'TLSv1.3';
        readonly ciphers?: string;
        readonly groups?: string;
        readonly resume?: Amount;
        readonly insecure?: boolean;
      };
  readonly auth?:
    | 'off'
    | {
        readonly mechanism?: string;
        readonly user?: string;
        readonly password?: string;
        readonly passwordFile?: string;
        readonly credentials?: string;
        readonly order?: 'in-order' | 'random' | 'sticky';
        readonly wrong?: Amount;
      };
  readonly extensions?: {
    readonly bdat?: boolean | Amount;
    readonly declareSize?: boolean;
    readonly eightBitMime?: boolean;
    readonly smtpUtf8?: boolean;
    readonly requireTls?: boolean;
    readonly dsn?: string;
    readonly xclient?: Readonly<Record<string, Amount>>;
    readonly xforward?: Readonly<Record<string, Amount>>;
  };
  readonly connection?: {
    readonly localAddresses?: string | readonly string[];
    readonly proxy?: 'v1' | 'v2';
    readonly proxySources?: string | readonly string[];
    readonly close?: 'fin' | 'rst';
  };
  readonly corpus?: ScenarioCorpus;
}

/** A class of clients. */
export interface ScenarioClass extends ScenarioSettings {
  readonly name?: string;
  readonly weight?: number;
  /** What a session does; without it: EHLO, STARTTLS, AUTH, messages, QUIT. */
  readonly steps?: readonly ScenarioStep[];
}

/** A part of a load profile. */
export type ProfileStage =
  | string
  | { readonly rate: string; readonly for: string }
  | { readonly from: string; readonly to: string; readonly for: string }
  | { readonly pause: string }
  | { readonly stairs: string; readonly step: string; readonly every: string }
  | { readonly spikes: string; readonly of: string; readonly every: string; readonly for: string }
  | { readonly sine: string; readonly period: string; readonly for: string };

/** A whole scenario. */
export interface ScenarioDefinition extends ScenarioSettings {
  readonly target?: string;
  readonly targets?: readonly { readonly url: string; readonly weight?: number }[];
  readonly load?: {
    readonly sessions?: number;
    readonly ramp?: string;
    readonly think?: string;
    readonly rate?: string;
    readonly profile?: string | readonly ProfileStage[];
    readonly arrivals?: 'even' | 'poisson';
    readonly onFull?: 'drop' | 'queue';
    readonly reuse?: boolean;
    readonly duration?: string;
    readonly messages?: number;
    readonly connections?: number;
    readonly workers?: number;
    readonly warmup?: string;
    readonly drain?: string;
    readonly giveUp?: string;
    readonly connectLimit?: number;
    readonly seed?: number;
  };
  readonly objectives?: string | readonly string[];
  readonly abortOnFail?: boolean;
  readonly gates?: string | readonly string[];
  readonly feeders?: Readonly<Record<string, WrittenFeeder>>;
  /** Functions with names, for templates: `{{function.name}}`; in an address they give the part before the @. */
  readonly functions?: Readonly<Record<string, ScenarioFunction>>;
  readonly scenarios?: readonly ScenarioClass[];
}

/**
 * Gives a scenario its type: `export default defineScenario({ … })` in a module for `postrush run -f scenario.mjs`.
 *
 * @returns what it was given
 */
export function defineScenario(definition: ScenarioDefinition): ScenarioDefinition {
  return definition;
}
