/** Leads problems with options back to where their values came from: a flag, a variable, or a line of the scenario file. */
import type { ConfigPath } from '../config-file/read-config.js';
import type { ConfigIssue } from '../errors.js';
import { OPTION_NAMES } from '../plan/options.js';
import type { RequestIssue } from '../plan/resolve-plan.js';
import { FILE_KEYS } from '../scenario-file/file-keys.js';
import type { Draft, Option, Origin, RunDraft } from './run-draft.js';
import { RUN_FLAGS } from './run-flags.js';

/** A flag in a sentence. */
const MENTION = /(?<![\w-])--?[a-z0-9][a-z0-9-]*/gi;

/**
 * Names for every problem what its reader can change.
 *
 * @param broken - values of the file that are wrong in themselves: what follows from them is left out
 */
export function leadBack(
  issues: readonly RequestIssue[],
  draft: RunDraft,
  broken: readonly ConfigPath[],
): readonly ConfigIssue[] {
  const brokenBlocks = new Set(broken.flatMap((path) => blockOf(path) ?? []));
  // The values of this block have little to do with each other.
  brokenBlocks.delete('load');
  const brokenKeys = new Set(broken.map((path) => path.join('.')));
  return issues.flatMap(({ scenario, at = [], ...issue }) => {
    const option = optionOf(issue.path);
    const found = option === null ? null : draftOf(draft, option, scenario);
    if (option !== null) {
      const key = pathOf(option);
      if (brokenBlocks.has(blockOf(key) ?? '') || brokenKeys.has(key.join('.'))) return [];
    }
    const origin: Origin | null =
      option === 'target'
        ? ((draft.targets.find(({ text }) => text === issue.received) ?? draft.targets[0])?.origin ?? null)
        : option === null || found === null
          ? null
          : (found.origins.get(option) ?? null);
    const isStep = at.length > 0 && origin?.kind === 'file';
    return [inWords(issue, isStep ? { ...origin, path: [...origin.path, ...at] } : origin, found, draft)];
  });
}

function inWords(
  issue: ConfigIssue,
  origin: Origin | null,
  own: (Draft & { path?: ConfigPath }) | null,
  draft: RunDraft,
): ConfigIssue {
  const { file } = draft;
  if (file === null) return origin?.kind === 'variable' ? { ...issue, path: origin.name } : issue;
  const isOfFile = origin === null || origin.kind === 'file';
  const message = issue.message.replace(MENTION, (mention) => {
    const option = optionOf(mention);
    if (option === null) return mention;
    const source = own?.origins.get(option) ?? draft.load.origins.get(option) ?? null;
    const isKey = source === null ? isOfFile : source.kind === 'file';
    return isKey && isInFiles(option) ? pathOf(option).join('.') : mention;
  });
  if (origin?.kind === 'flag' || origin?.kind === 'variable') return { ...issue, message, path: origin.name };
  const shown = issue.received === undefined ? '' : ` (got '${issue.received}')`;
  const place = origin?.path ?? own?.path ?? [];
  return file.problemAt(place, `${message}${shown}`);
}

/** The draft that an option belongs to. */
function draftOf({ load, scenarios }: RunDraft, option: Option, scenario: number): Draft | null {
  if (scenario >= 0) return scenarios[scenario] ?? null;
  return [load, ...scenarios].find(({ origins }) => origins.has(option)) ?? null;
}

function optionOf(name: string): Option | null {
  const flag = RUN_FLAGS.find(({ usage }) => usage.split(/[ ,]+/).includes(name));
  if (flag !== undefined) return flag.option;
  const entry = Object.entries(OPTION_NAMES).find(([, each]) => each === name);
  return (entry?.[0] ?? null) as Option | null;
}

function isInFiles(option: Option): boolean {
  return option === 'steps' || FILE_KEYS.some((key) => key.option === option);
}

/** The key of an option in files. */
function pathOf(option: Option): readonly string[] {
  return FILE_KEYS.find((key) => key.option === option)?.path ?? [option];
}

/** The block in which a path leads: `auth` of `scenarios[0].auth.user`. */
function blockOf(path: ConfigPath): string | null {
  const [first, , second] = path;
  const block = first === 'scenarios' ? second : first;
  return block === undefined ? null : String(block);
}
