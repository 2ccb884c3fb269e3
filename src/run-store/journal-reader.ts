/** Reads the directory of a run, also of one that was killed: what can be read is read, and what is missing is told. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';
import { JournalLine, MAX_LINE_OCTETS, parsed } from './journal-line.js';
import { HEAD_SCHEMA, JOURNAL_SCHEMA, RUN_FILES } from './run-directory.js';

const CHUNK_BYTES = 1024 * 1024;
const LF = 0x0a;

/** What a journal holds. */
export interface JournalSummary {
  readonly events: number;
  /** Lines that are no events. The last one of a run that was killed may be one. */
  readonly brokenLines: number;
}

/**
 * Reads what was known before the load began.
 *
 * @throws PostrushError `E_CONFIG` when the directory is none of a run
 */
export function readHead(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(join(path, RUN_FILES.head), 'utf8');
  } catch (error) {
    throw unusable(path, `holds no run: ${RUN_FILES.head}: ${fileProblem(error)}`);
  }
  const head = parsed(text);
  if (head === null) throw unusable(path, `${RUN_FILES.head} is torn: the run was ended before its load began`);
  if (head['schema'] !== HEAD_SCHEMA) {
    throw unusable(path, `${RUN_FILES.head} is of another version: ${String(head['schema'])}, and not ${HEAD_SCHEMA}`);
  }
  return head;
}

/**
 * Gives every line of the journal to `take`, in order.
 *
 * @param take - gets a line, and what it says; returns false for what it cannot use
 * @throws PostrushError `E_CONFIG` when there is no journal, or one of another version
 */
export function readJournal(path: string, take: (line: JournalLine) => boolean): JournalSummary {
  let events = 0;
  let brokenLines = 0;
  let isFirst = true;
  for (const text of linesOf(path)) {
    if (isFirst) {
      isFirst = false;
      checkFirst(path, parsed(text));
      continue;
    }
    if (take(new JournalLine(text))) events++;
    else brokenLines++;
  }
  if (isFirst) throw unusable(path, `${RUN_FILES.journal} is empty: nothing was measured`);
  return { events, brokenLines };
}

function checkFirst(path: string, event: Record<string, unknown> | null): void {
  if (event === null) throw unusable(path, `${RUN_FILES.journal} is torn in its first line: nothing was measured`);
  if (event['schema'] === JOURNAL_SCHEMA) return;
  throw unusable(
    path,
    `${RUN_FILES.journal} is of another version: ${String(event['schema'])}, and not ${JOURNAL_SCHEMA}`,
  );
}

/** The lines of a journal, without all of them in memory. */
function* linesOf(path: string): Generator<string> {
  let handle: number;
  try {
    handle = openSync(join(path, RUN_FILES.journal), 'r');
  } catch (error) {
    throw unusable(path, `holds no journal: ${RUN_FILES.journal}: ${fileProblem(error)}`);
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (;;) {
      const length = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) break;
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      let start = 0;
      for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF, start)) {
        yield rest.toString('utf8', start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > MAX_LINE_OCTETS)
        throw unusable(path, `${RUN_FILES.journal} is no journal: one of its lines has no end`);
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    closeSync(handle);
  }
}

function unusable(path: string, message: string): PostrushError {
  return new PostrushError('E_CONFIG', `${path} ${message}`, { issues: [{ path, message }] });
}
