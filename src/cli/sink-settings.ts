/** From flags and files to what `sink` does, or to everything that is wrong with them. Listens nowhere. */
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { parseCount, parseDurationMs, parseSizeBytes } from '../plan/units.js';
import type { Reading } from '../plan/units.js';
import { SINK_PRESETS } from '../sink/presets.js';
import { selfSignedPair } from '../sink/self-signed.js';
import { SINK_DEFAULTS, resolveSinkOptions } from '../sink/sink-options.js';
import type { SinkOptions } from '../sink/sink-options.js';
import type { GivenFlags, Invocation } from './command-line.js';
import { readSmallFile } from './read-files.js';
import { resultPathProblem } from './result-file.js';
import { longName } from './run-flags.js';
import { DEFAULT_LISTEN, SINK_FLAGS } from './sink-flags.js';
import type { SinkFlag } from './sink-flags.js';

/** Everything about a sink that is known before it listens. */
export interface SinkCommandSettings {
  readonly options: SinkOptions;
  /** When it ends by itself, ms; null: never. */
  readonly durationMs: number | null;
  /** Where the statistics go as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly isQuiet: boolean;
}

/** What one message may have: SIZE is a limit against filling memory, and nobody's mail is larger. */
const LARGEST_BYTES = 1024 ** 3;
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
  const options: Record<string, unknown> = { listen: [DEFAULT_LISTEN], ...preset, ...file };
  // The rows of the file come first, and so win; those of the preset go on behind them.
  if (preset.faults !== undefined) options['faults'] = [...(file.faults ?? []), ...preset.faults];
  for (const flag of SINK_FLAGS) {
    const value = flags.get(longName(flag));
    if (value === undefined || flag.option === null) continue;
    const reading = readValue(flag, value);
    if (reading.ok) options[flag.option] = reading.value;
    else issues.push({ path: longName(flag), message: reading.takes, received: String(value) });
  }
  options['users'] = { ...(options['users'] as SinkOptions['users']), ...readUsers(flags, issues) };
  options['tls'] = await readTls(flags, options, issues);
  const durationMs = readDuration(flags, issues);
  const jsonPath = textOf(flags, '--json');
  const jsonProblem = jsonPath === null ? null : resultPathProblem(jsonPath);
  if (jsonProblem !== null) issues.push({ path: '--json', message: jsonProblem });
  issues.push(...optionIssues(options));
  if (issues.length > 0) throw new PostrushError('E_CONFIG', 'flags or files are unusable', { issues });
  return { options, durationMs, jsonPath, isQuiet: flags.has('--quiet') };
}

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
async function readConfigFile(flags: GivenFlags, issues: ConfigIssue[]): Promise<SinkOptions> {
  const path = textOf(flags, '--config');
  if (path === null) return {};
  const file = readSmallFile(path);
  if ('problem' in file) {
    issues.push({ path: '--config', message: file.problem, received: path });
    return {};
  }
  // Loaded here and nowhere else: most sinks start without a file, and at once.
  const { readSinkFile } = await import('../sink/sink-file.js');
  const reading = readSinkFile(path, new TextDecoder().decode(file.octets));
  if ('value' in reading) return reading.value;
  issues.push(...reading.issues);
  return {};
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

/** Key and certificate: those given, or a pair made now where TLS is wanted. */
async function readTls(
  flags: GivenFlags,
  options: Readonly<Record<string, unknown>>,
  issues: ConfigIssue[],
): Promise<SinkOptions['tls']> {
  const cert = readPem(flags, '--tls-cert', issues);
  const key = readPem(flags, '--tls-key', issues);
  if (cert !== null && key !== null) return { cert, key };
  if (cert !== null || key !== null) {
    const [given, missing] = cert === null ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
    issues.push({ path: given, message: `needs ${missing} beside it` });
  }
  const listen = options['listen'] as readonly string[];
  if (!flags.has('--tls') && !listen.some((text) => /^smtps:/i.test(text))) return null;
  return selfSignedPair(typeof options['name'] === 'string' ? options['name'] : SINK_DEFAULTS.name);
}

/** '' stands for a file that cannot be read, which is an issue already. */
function readPem(flags: GivenFlags, name: string, issues: ConfigIssue[]): string | null {
  const path = textOf(flags, name);
  if (path === null) return null;
  const file = readSmallFile(path);
  if ('octets' in file) return new TextDecoder().decode(file.octets);
  issues.push({ path: name, message: file.problem, received: path });
  return '';
}

/** What the sink itself finds wrong, by the names of the flags. */
function optionIssues(options: Readonly<Record<string, unknown>>): ConfigIssue[] {
  try {
    resolveSinkOptions(options);
    return [];
  } catch (error) {
    if (!(error instanceof PostrushError)) throw error;
    return error.issues.map((issue) => {
      const flag = SINK_FLAGS.find(({ option }) => option === issue.path);
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
