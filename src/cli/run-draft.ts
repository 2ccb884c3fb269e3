/** What flags, environment and scenario file say together, before it is judged: options, and where each came from. */
import { dirname, resolve } from 'node:path';
import type { ConfigPath } from '../config-file/read-config.js';
import type { ConfigIssue } from '../errors.js';
import type { LoadTestOptions } from '../plan/options.js';
import { takesSecret } from '../plan/read-auth.js';
import { FILE_KEYS, LOAD_KEYS } from '../scenario-file/file-keys.js';
import type { FileKey } from '../scenario-file/file-keys.js';
import type { FileSetting, ScenarioFile, ScenarioReading } from '../scenario-file/scenario-file.js';
import type { Environment, MergedFlags } from './environment.js';
import { ANY_CONTENT, readOptionFile } from './option-files.js';
import { RUN_FLAGS, longName } from './run-flags.js';

/** The name of an option. */
export type Option = keyof LoadTestOptions;

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly path: ConfigPath };

/** Options and where they came from. */
export interface Draft {
  readonly options: LoadTestOptions;
  readonly origins: ReadonlyMap<Option, Origin>;
  /** What was written: for options that stand for the content of a file, its path. */
  readonly written: ReadonlyMap<Option, string>;
}

/** The draft of one scenario. */
export interface ScenarioDraft extends Draft {
  readonly name: string;
  readonly weight: number;
  /** Where it stands in the file; empty: nowhere of its own. */
  readonly path: ConfigPath;
}

/** A target, and where it came from. */
export interface TargetDraft {
  /** With its weight, as options take it. */
  readonly text: string;
  readonly origin: Origin;
}

/** The draft of a run. */
export interface RunDraft {
  /** What concerns the run as a whole; without a file the same object as the draft of its one scenario. */
  readonly load: Draft;
  readonly scenarios: readonly ScenarioDraft[];
  /** Empty: the built-in sink. */
  readonly targets: readonly TargetDraft[];
  /** Null: there is no file, or nothing of it can be used. */
  readonly file: ScenarioFile | null;
}

const PASSWORD_VARIABLE = 'POSTRUSH_PASSWORD';
const PASSWORD_FLAG = '--password-file';
/** Options of the run that no file may hold. */
const RUN_CONSENT: readonly Option[] = ['allowTargets', 'authClear'];
const LOAD_OPTIONS: readonly Option[] = [...LOAD_KEYS.map(({ option }) => option), ...RUN_CONSENT];
/** What a flag takes the place of beside the key of its own. */
const RIVALS: Partial<Record<Option, readonly Option[]>> = {
  rate: ['profile'],
  profile: ['rate'],
  size: ['message'],
  subject: ['message'],
  message: ['size', 'subject'],
  user: ['credentials', 'credentialsOrder'],
  password: ['credentials', 'credentialsOrder'],
  credentials: ['user', 'password'],
  tlsCa: ['tlsInsecure'],
  tlsInsecure: ['tlsCa'],
};
const TLS_OPTIONS = FILE_KEYS.filter(({ path }) => path[0] === 'tls').map(({ option }) => option);
/** Flags that say how the standard session goes. */
const STANDARD_SESSION: readonly Option[] = [
  'messagesPerSession',
  'recipients',
  'size',
  'from',
  'to',
  'auth',
  'tls',
  'steps',
  'authOnly',
  'hold',
  'dropAfter',
];

/** A draft in the making. */
class DraftBuilder implements Draft {
  readonly values: Record<string, unknown> = {};
  readonly origins = new Map<Option, Origin>();
  readonly written = new Map<Option, string>();

  get options(): LoadTestOptions {
    return this.values;
  }

  set(option: Option, value: unknown, origin: Origin, written: string): void {
    this.values[option] = value;
    this.origins.set(option, origin);
    this.written.set(option, written);
  }

  drop(option: Option): void {
    if (this.origins.get(option)?.kind !== 'file') return;
    Reflect.deleteProperty(this.values, option);
    this.origins.delete(option);
    this.written.delete(option);
  }
}

/** One value of a flag or of the environment, its file read. */
interface FlagValue {
  readonly option: Option;
  readonly value: unknown;
  readonly written: string;
  readonly origin: Origin;
}

/**
 * Puts together what there is.
 *
 * @param named - targets of the command line
 * @param reading - what reading the file gave; null: there is none
 * @param filePath - where the file is
 * @param issues - problems are added to it
 */
export function draftRun(
  named: readonly string[],
  merged: MergedFlags,
  environment: Environment,
  reading: ScenarioReading | null,
  filePath: string,
  issues: ConfigIssue[],
): RunDraft {
  const password = passwordOf(environment, merged);
  const values = flagValues(merged, password === null ? [] : [PASSWORD_FLAG], issues);
  const file = reading?.file ?? null;
  const targets: readonly TargetDraft[] =
    named.length === 0
      ? (file?.targets ?? []).map(({ url, weight, path }) => ({
          text: weight === 1 ? url : `${url},weight=${String(weight)}`,
          origin: { kind: 'file', path },
        }))
      : named.map((text) => ({ text, origin: { kind: 'flag', name: 'TARGET' } }));
  if (file === null) {
    const draft = new DraftBuilder();
    addFlags(draft, values);
    addPassword(draft, password);
    return { load: draft, scenarios: [{ ...frozen(draft), name: 'default', weight: 1, path: [] }], targets, file };
  }
  const load = new DraftBuilder();
  for (const setting of file.load) addSetting(load, setting, file, filePath, issues);
  addFlags(
    load,
    values.filter(({ option }) => LOAD_OPTIONS.includes(option)),
  );
  const own = values.filter(({ option }) => !LOAD_OPTIONS.includes(option));
  const scenarios = file.scenarios.map(({ name, weight, settings, steps, path }) => {
    const draft = new DraftBuilder();
    for (const setting of settings) addSetting(draft, setting, file, filePath, issues);
    if (steps !== null) {
      refuseStandardFlags(own, file, filePath, issues);
      draft.set('steps', steps, { kind: 'file', path: [...path, 'steps'] }, '');
    }
    addFlags(draft, steps === null ? own : own.filter(({ option }) => !STANDARD_SESSION.includes(option)));
    addPassword(draft, password);
    return { ...frozen(draft), name, weight, path };
  });
  return { load: frozen(load), scenarios, targets, file };
}

function frozen({ options, origins, written }: DraftBuilder): Draft {
  return { options, origins, written };
}

/** Values of flags and environment but those of `skipped`. Problems of their files are added to `issues`. */
function flagValues(
  { flags, variables }: MergedFlags,
  skipped: readonly string[],
  issues: ConfigIssue[],
): readonly FlagValue[] {
  const values: FlagValue[] = [];
  for (const flag of RUN_FLAGS) {
    const name = longName(flag);
    const value = flags.get(name);
    if (value === undefined || flag.option === null || skipped.includes(name)) continue;
    const variable = variables.get(name);
    const origin =
      variable === undefined ? ({ kind: 'flag', name } as const) : ({ kind: 'variable', name: variable } as const);
    const written = String(value);
    if (flag.kind !== 'file') values.push({ option: flag.option, value, written, origin });
    else {
      const content = readOptionFile(flag.option, written);
      if ('problem' in content) issues.push({ path: origin.name, message: `${written} ${content.problem}` });
      values.push({ option: flag.option, value: contentOf(flag.option, content), written, origin });
    }
  }
  return values;
}

function contentOf(option: Option, content: ReturnType<typeof readOptionFile>): Uint8Array | string {
  return 'problem' in content ? (ANY_CONTENT[option] ?? 'unread') : content.value;
}

function addFlags(draft: DraftBuilder, values: readonly FlagValue[]): void {
  for (const { option, value } of values) {
    for (const rival of RIVALS[option] ?? []) draft.drop(rival);
    if (option === 'tls' && value === 'off') for (const each of TLS_OPTIONS) draft.drop(each);
  }
  for (const { option, value, origin, written } of values) draft.set(option, value, origin, written);
}

/** What `POSTRUSH_PASSWORD` says. A file named on the command line wins, one named by the environment does not. */
function passwordOf(environment: Environment, { flags, variables }: MergedFlags): string | null {
  const password = environment[PASSWORD_VARIABLE] ?? '';
  const isFileGiven = flags.has(PASSWORD_FLAG) && !variables.has(PASSWORD_FLAG);
  return password === '' || isFileGiven ? null : password;
}

/** The password of the environment is used when one is wanted, and disturbs nobody otherwise. */
function addPassword(draft: DraftBuilder, password: string | null): void {
  const { auth, credentials } = draft.options;
  const isWanted = typeof auth === 'string' && takesSecret(auth) && credentials === undefined;
  if (password !== null && isWanted) draft.set('password', password, { kind: 'variable', name: PASSWORD_VARIABLE }, '');
}

function addSetting(
  draft: DraftBuilder,
  { key, value, path }: FileSetting,
  file: ScenarioFile,
  filePath: string,
  issues: ConfigIssue[],
): void {
  const { option } = key;
  if (draft.origins.has(option)) {
    issues.push(file.problemAt(path, 'contradicts another key for the same: leave one of the two out'));
    return;
  }
  const origin: Origin = { kind: 'file', path };
  if (key.kind !== 'file') {
    draft.set(option, value, origin, writtenText(key, value));
    return;
  }
  const written = String(value);
  // A file counts from where the file that names it is.
  const content = readOptionFile(option, resolve(dirname(filePath), written));
  if ('problem' in content) issues.push(file.problemAt(path, `${content.problem} (got '${written}')`));
  draft.set(option, contentOf(option, content), origin, written);
}

function writtenText({ kind }: FileKey, value: unknown): string {
  if (kind === 'secret') return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Names the key to edit in place of a flag that has no meaning beside steps. */
function refuseStandardFlags(
  values: readonly FlagValue[],
  file: ScenarioFile,
  filePath: string,
  issues: ConfigIssue[],
): void {
  for (const { option, origin } of values) {
    if (!STANDARD_SESSION.includes(option) || origin.kind === 'file') continue;
    const key = FILE_KEYS.find((each) => each.option === option)?.path.join('.') ?? 'steps';
    const setting = file.scenarios.flatMap(({ settings }) => settings).find((each) => each.key.option === option);
    const place = setting === undefined ? filePath : file.placeOf(setting.path);
    const message = `shapes the standard session, and this file has steps of its own: change ${key} in ${place}`;
    issues.push({ path: origin.name, message });
  }
}
