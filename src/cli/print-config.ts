/** `--print-config`: every value that a run would have, and who said so, as a scenario file with comments. */
import type { ConfigPath } from '../config-file/read-config.js';
import { OPTION_NAMES } from '../plan/options.js';
import type { LoadPlan, ScenarioPlan } from '../plan/load-plan.js';
import { formatDuration, formatSize } from '../plan/units.js';
import { FILE_KEYS, LOAD_KEYS, SCENARIO_KEYS } from '../scenario-file/file-keys.js';
import type { FileKey } from '../scenario-file/file-keys.js';
import type { Draft, Option, Origin, RunDraft, ScenarioDraft } from './run-draft.js';

/** Where comments begin. */
const COMMENT_COLUMN = 48;
const HIDDEN = '(hidden)';
/** Text that YAML takes for text without quotes. */
const PLAIN = /^[A-Za-z0-9.][A-Za-z0-9 ._/:%@+-]*$/;

/**
 * Writes the configuration.
 *
 * @param draft - what was asked for, and by whom
 * @param plan - what came of it
 */
export function renderConfig(draft: RunDraft, plan: LoadPlan): string {
  const lines = new ConfigLines(draft);
  const [only, ...more] = draft.targets;
  if (only !== undefined && more.length === 0) lines.add(0, 'target', only.text, only.origin);
  if (more.length > 0) lines.plain('targets:');
  for (const { text, origin } of more.length > 0 ? draft.targets : []) {
    const [, url = text, weight = '1'] = /^(.*),weight=([\d.]+)$/.exec(text) ?? [];
    lines.add(2, '- { url', `${url}, weight: ${weight} }`, origin);
  }
  if (draft.targets.length === 0) lines.comment(0, 'target: the built-in sink', 'default');
  addKeys(lines, LOAD_KEYS, draft.load, 0, (key) => loadValue(key, plan));
  addAsWritten(lines, 0, 'feeders', draft.file?.written.feeders, ['feeders']);
  addAsWritten(lines, 0, 'corpus', draft.file?.written.corpus, ['corpus']);
  for (const [index, scenario] of draft.scenarios.entries()) {
    const made = plan.scenarios[index] ?? plan.scenarios[0];
    const isNamed = (draft.file?.written.scenarios?.length ?? 0) > 0;
    if (isNamed && index === 0) lines.plain('scenarios:');
    if (isNamed) {
      const path = draft.file === null ? '' : draft.file.placeOf(scenario.path);
      lines.plain(`  - name: ${scenario.name}`.padEnd(COMMENT_COLUMN) + `# ${path}`);
      lines.plain(`    weight: ${String(scenario.weight)}`);
    }
    addKeys(lines, SCENARIO_KEYS, scenario, isNamed ? 4 : 0, (key) => scenarioValue(key, made));
    addOwn(lines, draft, scenario, index);
    addOthers(lines, scenario, isNamed ? 4 : 0);
  }
  if (draft.file !== null) addOthers(lines, draft.load, 0);
  return lines.text();
}

const ARRIVAL_OPTIONS: readonly Option[] = ['arrivals', 'onFull', 'reuse'];

/** The lines of the text. */
class ConfigLines {
  readonly #lines: string[] = [];
  readonly #draft: RunDraft;

  constructor(draft: RunDraft) {
    this.#draft = draft;
  }

  plain(line: string): void {
    this.#lines.push(line);
  }

  add(indent: number, name: string, value: string, origin: Origin | null): void {
    this.#lines.push(`${`${' '.repeat(indent)}${name}: ${value}`.padEnd(COMMENT_COLUMN)} # ${this.who(origin)}`);
  }

  comment(indent: number, text: string, who: string): void {
    this.#lines.push(`${`${' '.repeat(indent)}# ${text}`.padEnd(COMMENT_COLUMN)} # ${who}`);
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  who(origin: Origin | null): string {
    if (origin === null) return 'default';
    return origin.kind === 'file' ? (this.#draft.file?.placeOf(origin.path) ?? '') : origin.name;
  }
}

/** The keys of a table that have a value, in their blocks. */
function addKeys(
  lines: ConfigLines,
  keys: readonly FileKey[],
  draft: Draft,
  indent: number,
  byDefault: (key: FileKey) => string | null,
): void {
  let block = '';
  for (const key of keys) {
    const origin = originOf(key, draft);
    const value = origin === null ? byDefault(key) : writtenValue(key, draft);
    if (value === null || (origin === null && draft.origins.has(key.option))) continue;
    const [first = '', second] = key.path;
    if (second !== undefined && first !== block) {
      lines.plain(`${' '.repeat(indent)}${first}:`);
      block = first;
    }
    lines.add(second === undefined ? indent : indent + 2, second ?? first, value, origin);
  }
}

/** Two keys may be one option: the value belongs to the one that was written, or to the one that flags stand for. */
function originOf({ option, kind, path }: FileKey, { origins }: Draft): Origin | null {
  const origin = origins.get(option) ?? null;
  if (origin === null || option !== 'password') return origin;
  const isFile = kind === 'file';
  const isWritten =
    origin.kind === 'file' ? origin.path.at(-1) === path.at(-1) : isFile === (origin.name !== 'POSTRUSH_PASSWORD');
  return isWritten ? origin : null;
}

function writtenValue({ option, kind }: FileKey, { written, options }: Draft): string {
  if (kind === 'secret') return HIDDEN;
  if (kind === 'deadlines') return deadlines(options.timeouts ?? []);
  const value: unknown = options[option];
  if (kind === 'attributes') return attributes(value as string | readonly string[]);
  return Array.isArray(value)
    ? `[${value.map((each) => quoted(String(each))).join(', ')}]`
    : quoted(written.get(option) ?? '');
}

/** `NAME=value` as the map that files have. */
function attributes(given: string | readonly string[]): string {
  const pairs = (typeof given === 'string' ? [given] : given).map((each) => {
    const at = each.indexOf('=');
    return `${each.slice(0, at)}: ${JSON.stringify(each.slice(at + 1))}`;
  });
  return `{ ${pairs.join(', ')} }`;
}

function deadlines(given: string | readonly string[]): string {
  const times = (typeof given === 'string' ? [given] : given).map((each) => {
    const [name, time] = each.includes('=') ? each.split('=') : ['all', each];
    return `${name ?? ''}: ${time ?? ''}`;
  });
  return `{ ${times.join(', ')} }`;
}

function quoted(text: string): string {
  const isValue = /^(?:\d+|true|false)$/.test(text);
  const isText = PLAIN.test(text) && !/: |:$|^[\d.]+$|^(?:true|false|null)$/.test(text);
  return isValue || isText ? text : JSON.stringify(text);
}

/** What holds by default where the table cannot know. */
function loadValue({ option, fallback }: FileKey, plan: LoadPlan): string | null {
  if (option === 'workers') return String(plan.workers);
  if (option === 'sessions') return String(plan.sessions);
  // What hangs on arrivals is no value without them.
  if (plan.arrivals !== null && option === 'ramp') return null;
  if (plan.arrivals === null && ARRIVAL_OPTIONS.includes(option)) return null;
  if (option === 'duration') return plan.durationMs === null ? null : formatDuration(plan.durationMs);
  return fallback;
}

function scenarioValue({ option, fallback, path }: FileKey, scenario: ScenarioPlan): string | null {
  const { tls, auth, message, timeoutsMs } = scenario;
  // What hangs on something that is not there is no value.
  if (path[0] === 'auth' && (auth === null || (option === 'credentialsOrder' && auth.accounts === null))) return null;
  if (path[0] === 'tls' && option !== 'tls' && tls.mode === 'off') return null;
  const isWithoutPassword =
    auth?.mechanism === 'external' || (auth?.mechanism === 'auto' && tls.clientCertificate !== null);
  if (option === 'authWrong' && isWithoutPassword) return null;
  if (option === 'messagesPerSession' && scenario.session.steps !== null) return null;
  if (option === 'tlsShare' && tls.mode === 'implicit') return null;
  switch (option) {
    case 'messagesPerSession':
      return scenario.messagesPerSession === null ? 'all' : fallback;
    case 'tls':
      return tls.mode === 'implicit' ? null : tls.mode;
    case 'size':
      return message.content === null && message.corpus === null ? formatSize(message.sizeBytes) : null;
    case 'subject':
      return message.content === null && message.corpus === null ? quoted(message.subject) : null;
    case 'timeouts': {
      const { connect, endOfData, mail } = timeoutsMs;
      return deadlines([
        `connect=${formatDuration(connect)}`,
        `endOfData=${formatDuration(endOfData)}`,
        formatDuration(mail),
      ]);
    }
    default:
      return fallback === null ? null : quoted(fallback);
  }
}

/** What a scenario holds beside its options. */
function addOwn(lines: ConfigLines, { file }: RunDraft, { path }: ScenarioDraft, index: number): void {
  const { corpus, steps } = file?.written.scenarios?.[index] ?? {};
  addAsWritten(lines, 4, 'corpus', corpus, [...path, 'corpus']);
  addAsWritten(lines, 4, 'steps', steps, [...path, 'steps']);
}

/** A value of the file as it is written there, in one line. */
function addAsWritten(lines: ConfigLines, indent: number, name: string, value: unknown, path: ConfigPath): void {
  if (value === undefined) return;
  const text = JSON.stringify(value, (key, each: unknown) => (key === 'password' ? HIDDEN : each));
  lines.plain(`${' '.repeat(indent)}# ${lines.who({ kind: 'file', path })}`);
  lines.plain(`${' '.repeat(indent)}${name}: ${text}`);
}

/** Flags that no file may hold. */
function addOthers(lines: ConfigLines, draft: Draft, indent: number): void {
  for (const [option, origin] of draft.origins) {
    if (isKey(option) || (option === 'steps' && origin.kind === 'file')) continue;
    lines.comment(indent, `${OPTION_NAMES[option]} ${draft.written.get(option) ?? ''}`, lines.who(origin));
  }
}

function isKey(option: Option): boolean {
  return FILE_KEYS.some((key) => key.option === option);
}
