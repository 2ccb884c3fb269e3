/** A rehearsed session as a text that shows every octet: what changes in a dialogue shows as a line that changes. */
import { readCommandLine } from '../../src/cli/command-line.js';
import { prepareRun } from '../../src/cli/run-settings.js';
import type { PostrushError } from '../../src/errors.js';
import type { DialogueEntry, DialogueRecord } from '../../src/messages/dialogue-record.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import { rehearse } from '../../workers/rehearsal.js';

/** Lines of a content that are shown; the digest stands for the others. */
const CONTENT_LINES = 7;
/** Contents of a dialogue that are shown so. */
const MOST_HEADS = 2;

/** The plan of a command line of `run`, as the program makes it. */
export async function planOfWords(words: readonly string[]): Promise<LoadPlan> {
  const invocation = readCommandLine(['run', ...words], '0.0.0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  try {
    return (await prepareRun(invocation, {}, 2)).plan;
  } catch (error) {
    throw new Error(JSON.stringify((error as PostrushError).issues), { cause: error });
  }
}

/** One session of a scenario. */
export async function dialogueOf(
  plan: LoadPlan,
  { scenario = 0, messages = 2, hidesSecrets = false, sessions = 1 } = {},
): Promise<DialogueRecord> {
  const { dialogue } = await rehearse({ kind: 'rehearse', plan, scenario, sessions, messages, hidesSecrets });
  return dialogue;
}

/** Its text. */
export function goldenText({ entries, isCutShort }: DialogueRecord): string {
  const shown = entries.filter(({ kind }) => kind === 'content').slice(0, MOST_HEADS);
  return [...entries.map((entry) => textOf(entry, shown.includes(entry))), ...(isCutShort ? ['(cut short)'] : [])]
    .map((line) => `${line}\n`)
    .join('');
}

/** @param isShown - the first lines of a content, too */
function textOf(entry: DialogueEntry, isShown: boolean): string {
  switch (entry.kind) {
    case 'command':
      return `C: ${visible(entry.text)}`;
    case 'reply':
      return entry.text
        .split('\r\n')
        .map((line) => `S: ${visible(line)}`)
        .join('\n');
    case 'content':
      return [
        ...entry.head
          .split('\r\n')
          .slice(0, isShown ? CONTENT_LINES : 0)
          .map((line) => `   | ${visible(line)}`.trimEnd()),
        `   (content of ${String(entry.octets)} octets, SHA-256 ${entry.digest.slice(0, 16)})`,
      ].join('\n');
    case 'event':
      return `   (${entry.event}${entry.detail === '' ? '' : ` ${entry.detail}`})`;
  }
}

function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
