/** From flags and files to what `sink` does, or to everything that is wrong with them. Listens nowhere. */
import { dirname, resolve } from 'node:path';
import { PostrushError } from '../errors.js';
import type { ConfigPlaces } from '../config-file/read-config.js';
import type { ConfigIssue } from '../errors.js';
import { parseCount, parseDurationMs, parseSizeBytes } from '../plan/units.js';
import type { Reading } from '../plan/units.js';
import { SINK_PRESETS } from '../sink/presets.js';
import { selfSignedPair } from '../sink/self-signed.js';
import type { SinkFile } from '../sink/sink-file.js';
import { SAVED_MESSAGES_DEFAULT, SINK_DEFAULTS, resolveSinkOptions } from '../sink/sink-options.js';
import type { SinkOptions, SinkTls, SinkTlsVersion } from '../sink/sink-options.js';
import type { GivenFlags, Invocation } from './command-line.js';
import { readSmallFile } from './read-files.js';
import { resultPathProblem } from './result-file.js';
import { longName } from './run-flags.js';
import { DEFAULT_LISTEN, SINK_FLAGS } from './sink-flags.js';
import type { SinkFlag } from './sink-flags.js';

/** Everything about a sink that is known before it listens. */
export interface SinkCommandSettings {
  readonly options: SinkOptions;
  /** How many processes share the load. */
  readonly processes: number;
  /** When it ends by itself, ms; null: never. */
  readonly durationMs: number | null;
  /** Where the statistics go as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly isQuiet: boolean;
}

/** What one message may have: SIZE is a limit against filling memory, and nobody's mail is larger. */
const LARGEST_BYTES = 1024 ** 3;
/** More processes than this would only wait for each other. */
const PROCESSES_MAX = 64;
/** What Node's timers hold. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Checks everything that can be checked before the first connection.
 *
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export async function prepareSink({
  flags,
  problems,
}: Extract<Invocation, { kind: 'sink' }>): Promise<SinkCommandSettings> {
  const issues: ConfigIssue[] = [...problems];
  const preset = readPreset(flags, issues);
  const file = await readConfigFile(flags, issues);
  const { tls: fileTls, processes: fileProcesses, ...fileOptions } = file.value;
  const options: Record<string, unknown> = { listen: [DEFAULT_LISTEN], ...preset, ...fileOptions };
  // The rows of the file come first, and so win; those of the preset go on behind them.
  if (preset.faults !== undefined) options['faults'] = [...(fileOptions.faults ?? []), ...preset.faults];
  for (const flag of SINK_FLAGS) {
    const value = flags.get(longName(flag));
    if (value === undefined || flag.option === null) continue;
    const reading = readValue(flag, value);
    if (reading.ok) options[flag.option] = reading.value;
    else issues.push({ path: longName(flag), message: reading.takes, received: String(value) });
  }
  options['users'] = { ...(options['users'] as SinkOptions['users']), ...readUsers(flags, issues) };
  options['tls'] = await readTls(flags, file, fileTls, options, issues);
  const save = readSave(flags, fileOptions.save ?? null, issues);
  if (save !== null) options['save'] = save;
  const processes = readProcesses(flags, file, fileProcesses ?? 1, issues);
  const durationMs = readDuration(flags, issues);
  const jsonPath = textOf(flags, '--json');
  const jsonProblem = jsonPath === null ? null : resultPathProblem(jsonPath);
  if (jsonProblem !== null) issues.push({ path: '--json', message: jsonProblem });
  issues.push(...optionIssues(flags, file, options));
  if (issues.length > 0) throw new PostrushError('E_CONFIG', 'flags or files are unusable', { issues });
  return { options, processes, durationMs, jsonPath, isQuiet: flags.has('--quiet') };
}

/** The file of `--config`, or an empty one. */
interface ReadFile extends ConfigPlaces {
  readonly value: SinkFile;
  /** Where it is; null: there is none. */
  readonly path: string | null;
}

const NO_FILE: ReadFile = {
  value: {},
  path: null,
  placeOf: () => '',
  problemAt: (_path, message) => ({ path: '', message }),
};

function readValue({ kind }: SinkFlag, value: string | readonly string[] | true): Reading<unknown> {
  switch (kind) {
    case 'count':
      return parseCount(String(value), 0, Number.MAX_SAFE_INTEGER);
    case 'size':
      return parseSizeBytes(String(value), 0, LARGEST_BYTES);
    case 'time':
      return parseDurationMs(String(value), 0, LONGEST_MS);
    default:
      return { ok: true, value };
  }
}

function readPreset(flags: GivenFlags, issues: ConfigIssue[]): SinkOptions {
  const name = textOf(flags, '--preset');
  if (name === null) return {};
  if (Object.hasOwn(SINK_PRESETS, name)) return SINK_PRESETS[name]?.options ?? {};
  const known = Object.entries(SINK_PRESETS).map(([each, { about }]) => `${each} (${about})`);
  issues.push({ path: '--preset', message: `knows ${known.join('; ')}`, received: name });
  return {};
}

/** The options of the file that `--config` names. */
async function readConfigFile(flags: GivenFlags, issues: ConfigIssue[]): Promise<ReadFile> {
  const path = textOf(flags, '--config');
  if (path === null) return NO_FILE;
  const file = readSmallFile(path);
  if ('problem' in file) {
    issues.push({ path: '--config', message: file.problem, received: path });
    return NO_FILE;
  }
  // Loaded here and nowhere else: most sinks start without a file, and at once.
  const { readSinkFile } = await import('../sink/sink-file.js');
  const reading = readSinkFile(path, new TextDecoder().decode(file.octets));
  if ('value' in reading) return { ...reading, path };
  issues.push(...reading.issues);
  return NO_FILE;
}

function readProcesses(flags: GivenFlags, file: ReadFile, fromFile: number, issues: ConfigIssue[]): number {
  const text = textOf(flags, '--processes');
  const reading = parseCount(text ?? String(fromFile), 1, PROCESSES_MAX);
  if (reading.ok) return reading.value;
  issues.push(
    text === null ? file.problemAt(['processes'], reading.takes) : { path: '--processes', message: reading.takes },
  );
  return 1;
}

/** Where accepted messages go; flags win over the file. */
function readSave(flags: GivenFlags, fromFile: SinkOptions['save'], issues: ConfigIssue[]): SinkOptions['save'] {
  const folder = textOf(flags, '--save') ?? fromFile?.folder ?? null;
  const limit = textOf(flags, '--save-limit');
  const reading = limit === null ? null : parseCount(limit, 1, Number.MAX_SAFE_INTEGER);
  if (reading?.ok === false) issues.push({ path: '--save-limit', message: reading.takes, received: String(limit) });
  if (folder === null) {
    if (limit !== null) issues.push({ path: '--save-limit', message: 'needs --save DIR beside it' });
    return null;
  }
  return { folder, messages: reading?.ok === true ? reading.value : (fromFile?.messages ?? SAVED_MESSAGES_DEFAULT) };
}

function readDuration(flags: GivenFlags, issues: ConfigIssue[]): number | null {
  const text = textOf(flags, '--duration');
  if (text === null) return null;
  const reading = parseDurationMs(text, 1, LONGEST_MS);
  if (reading.ok) return reading.value;
  issues.push({ path: '--duration', message: reading.takes, received: text });
  return null;
}

function readUsers(flags: GivenFlags, issues: ConfigIssue[]): Record<string, string> {
  const pairs = listOf(flags, '--user').map((text) => ({ path: '--user', place: '', text }));
  const path = textOf(flags, '--users');
  if (path !== null) {
    const file = readSmallFile(path);
    if ('problem' in file) issues.push({ path: '--users', message: file.problem, received: path });
    else {
      new TextDecoder()
        .decode(file.octets)
        .split(/\r?\n/)
        .forEach((text, index) => {
          if (text.trim() !== '' && !text.startsWith('#')) {
            pairs.push({ path: '--users', place: ` in line ${String(index + 1)} of ${path}`, text });
          }
        });
    }
  }
  const users = new Map<string, string>();
  for (const { path: flag, place, text } of pairs) {
    const colon = text.indexOf(':');
    // The text may hold a password and is not repeated.
    if (colon < 1) issues.push({ path: flag, message: `takes name:password${place}` });
    else users.set(text.slice(0, colon), text.slice(colon + 1));
  }
  return Object.fromEntries(users);
}

/** Names of the options of TLS: in the file, and as flags. */
const TLS_FILES = { cert: '--tls-cert', key: '--tls-key', clientCa: '--tls-client-ca' } as const;
const TLS_TEXTS = { minVersion: '--tls-min', maxVersion: '--tls-max' } as const;
const TLS_FLAGS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...TLS_FILES, ...TLS_TEXTS, requireClientCert: '--require-client-cert' }),
);

/** How TLS is spoken: with the key and certificate that are given, or a pair made now. null: nobody wants it. */
async function readTls(
  flags: GivenFlags,
  file: ReadFile,
  fromFile: SinkFile['tls'],
  options: Readonly<Record<string, unknown>>,
  issues: ConfigIssue[],
): Promise<SinkOptions['tls']> {
  const inFile = typeof fromFile === 'object' ? fromFile : {};
  const given: { -readonly [Key in keyof SinkTls]?: SinkTls[Key] } = { ...inFile };
  for (const key of ['cert', 'key', 'clientCa'] as const) {
    const pem = readPem(flags, TLS_FILES[key], issues) ?? pemBeside(file, key, inFile[key], issues);
    if (pem !== null) given[key] = pem;
  }
  for (const key of ['minVersion', 'maxVersion'] as const) {
    const version = textOf(flags, TLS_TEXTS[key]);
    // Which there are the sink itself knows.
    if (version !== null) given[key] = version as SinkTlsVersion;
  }
  if (flags.has('--require-client-cert')) given.requireClientCert = true;
  const { cert, key, ...rest } = given;
  if ((cert === undefined) !== (key === undefined)) {
    const [has, lacks] = cert === undefined ? (['key', 'cert'] as const) : (['cert', 'key'] as const);
    const isFlag = flags.has(TLS_FILES[has]);
    const path = isFlag ? TLS_FILES[has] : file.placeOf(['tls', has]);
    issues.push({
      path,
      message: isFlag ? `needs ${TLS_FILES[lacks]} beside it` : `tls.${has}: needs ${lacks} beside it`,
    });
    return null;
  }
  if (cert !== undefined && key !== undefined) return { ...rest, cert, key };
  const listen = options['listen'] as readonly string[];
  const isWanted = flags.has('--tls') || Object.keys(given).length > 0 || listen.some((text) => /^smtps:/i.test(text));
  if (!isWanted && (fromFile === undefined || fromFile === false)) return null;
  const pair = await selfSignedPair(typeof options['name'] === 'string' ? options['name'] : SINK_DEFAULTS.name);
  return { ...rest, ...pair };
}

/** A PEM file that the configuration names: its path counts from where that file is. null: it names none. */
function pemBeside(
  file: ReadFile,
  name: keyof typeof TLS_FILES,
  path: string | undefined,
  issues: ConfigIssue[],
): string | null {
  if (path === undefined) return null;
  const reading = readSmallFile(resolve(dirname(file.path ?? ''), path));
  if ('octets' in reading) return new TextDecoder().decode(reading.octets);
  issues.push({ ...file.problemAt(['tls', name], reading.problem), received: path });
  return '';
}

/** null: the flag is not given. '' stands for a file that cannot be read, which is an issue already. */
function readPem(flags: GivenFlags, name: string, issues: ConfigIssue[]): string | null {
  const path = textOf(flags, name);
  if (path === null) return null;
  const file = readSmallFile(path);
  if ('octets' in file) return new TextDecoder().decode(file.octets);
  issues.push({ path: name, message: file.problem, received: path });
  return '';
}

/** What the sink itself finds wrong, by the names of the flags, or by its place in the file. */
function optionIssues(
  flags: GivenFlags,
  file: ReadFile,
  options: Readonly<Record<string, unknown>>,
): readonly ConfigIssue[] {
  try {
    resolveSinkOptions(options);
    return [];
  } catch (error) {
    if (!(error instanceof PostrushError)) throw error;
    return error.issues.map((issue) => {
      const path = issue.path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      const tlsFlag = path[0] === 'tls' ? TLS_FLAGS.get(String(path[1])) : undefined;
      if (tlsFlag !== undefined && flags.has(tlsFlag)) return { ...issue, path: tlsFlag };
      const flag = SINK_FLAGS.find(({ option }) => option === path[0]);
      const isFromFile =
        Object.hasOwn(file.value, String(path[0])) && (flag === undefined || !flags.has(longName(flag)));
      if (isFromFile) return { ...issue, ...file.problemAt(path, issue.message) };
      return flag === undefined ? issue : { ...issue, path: longName(flag) };
    });
  }
}

function textOf(flags: GivenFlags, name: string): string | null {
  const value = flags.get(name);
  return typeof value === 'string' ? value : null;
}

function listOf(flags: GivenFlags, name: string): readonly string[] {
  const value = flags.get(name);
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
