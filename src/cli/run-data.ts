/** Reads the data that a scenario file names: feeders, and messages to choose from. Files count from where the scenario file is. */
import { basename, dirname, resolve } from 'node:path';
import type { ConfigPath } from '../config-file/read-config.js';
import type { ComposedAttachment, ComposedText } from '../data/corpus/compose-mail.js';
import type { CorpusPart, CorpusSource } from '../data/corpus/corpus-plan.js';
import { MAX_CORPUS_BYTES } from '../data/corpus/corpus-writer.js';
import type { DkimKey } from '../data/corpus/dkim-signature.js';
import { readMailFiles } from '../data/corpus/read-mail-files.js';
import type { SizeDistribution } from '../data/corpus/size-distribution.js';
import type { FeederPlan } from '../data/feeder.js';
import { readRanges } from '../data/generated-range.js';
import { readDataFile } from '../data/read-data-file.js';
import { MAX_FEEDER_BYTES, columnsOf, readFeederFile } from '../data/read-feeder-file.js';
import { parseTemplate } from '../data/template-syntax.js';
import { nameProblem } from '../data/template-variables.js';
import type { ConfigIssue } from '../errors.js';
import { parseSizeBytes } from '../plan/units.js';
import type { CorpusRequest } from '../scenario/build-corpora.js';
import type { WrittenCorpus, WrittenFeeder, WrittenMessage, WrittenSize } from '../scenario-file/data-schema.js';
import type { FileScenario, ScenarioFile } from '../scenario-file/scenario-file.js';
import { readKeyFile } from './read-files.js';

/** The data of a run. */
export interface RunData {
  readonly feeders: readonly FeederPlan[];
  /** By scenario; null: it has no messages to choose from. */
  readonly corpora: readonly (CorpusRequest | null)[];
}

/** Where the messages of a scenario stand; null: it has none to choose from. */
export type CorpusPlace = { readonly path: ConfigPath; readonly written: WrittenCorpus } | null;

/** Column of a feeder that has one text for all its rows. */
const ONLY_COLUMN = 'value';
/** Octets of PEM files. */
const MAX_ATTACHMENT_BYTES = MAX_CORPUS_BYTES;

/**
 * Reads all data.
 *
 * @param texts - everything else that may hold templates, such as flags
 * @param issues - problems are added to it
 */
export function readRunData(file: ScenarioFile, filePath: string, texts: unknown, issues: ConfigIssue[]): RunData {
  const reader = new DataReader(file, filePath, issues);
  const used = usedColumns([file.written, texts]);
  const feeders = Object.entries(file.written.feeders ?? {}).flatMap(([name, written]) =>
    reader.feeder(name, written, used.get(name) ?? []),
  );
  return { feeders, corpora: file.scenarios.map((scenario) => reader.corpus(scenario)) };
}

/** Which messages a scenario chooses from. */
export function corpusOf({ written }: ScenarioFile, { path }: Pick<FileScenario, 'path'>): CorpusPlace {
  const [, index] = path;
  const own = typeof index === 'number' ? written.scenarios?.[index] : undefined;
  if (own?.corpus !== undefined) return { path: [...path, 'corpus'], written: own.corpus };
  // A message of its own takes the place of all that stand above.
  const isReplaced = ['size', 'file'].some((name) => hasKey(own?.['message'], name));
  return isReplaced || written.corpus === undefined ? null : { path: ['corpus'], written: written.corpus };
}

/** The place in the file of a problem with messages: `parts[1].size` is the second message there. */
export function corpusPath({ path, written }: NonNullable<CorpusPlace>, problem: string): ConfigPath {
  const [, kind, index] = /^(parts|headers|dkim)(?:\[(\d+)\])?/.exec(problem) ?? [];
  const isList = Array.isArray(written);
  if (kind === 'headers' && !isList) {
    const names = Object.keys(written.headers ?? {});
    return [...path, 'headers', ...(names[Number(index)] === undefined ? [] : [names[Number(index)] ?? ''])];
  }
  if (kind === 'dkim') return [...path, 'dkim'];
  const list: ConfigPath = isList ? path : [...path, 'messages'];
  return index === undefined ? list : [...list, Number(index)];
}

class DataReader {
  readonly #file: ScenarioFile;
  readonly #folder: string;
  readonly #issues: ConfigIssue[];
  /** Messages of blocks that several scenarios share are read once. */
  readonly #requests = new Map<WrittenCorpus, CorpusRequest>();

  constructor(file: ScenarioFile, filePath: string, issues: ConfigIssue[]) {
    this.#file = file;
    this.#folder = dirname(filePath);
    this.#issues = issues;
  }

  /** A feeder, or none when it cannot be read. */
  feeder(name: string, written: WrittenFeeder, used: readonly string[]): readonly FeederPlan[] {
    const path = ['feeders', name];
    const { file, range, order = 'in-order', exponent = 1 } = written;
    const wrongName = nameProblem(name, 'feeder');
    if (wrongName !== null) this.#refuse(path, wrongName);
    if (range !== undefined) {
      const reading = readRanges(typeof range === 'string' ? { [ONLY_COLUMN]: range } : range);
      if ('range' in reading) return [{ name, order, exponent, rows: reading.range }];
      for (const { column, problem } of reading.problems) {
        this.#refuse([...path, 'range', ...(typeof range === 'string' ? [] : [column])], problem);
      }
      return [];
    }
    const place = [...path, 'file'];
    const reading = readDataFile(resolve(this.#folder, file ?? ''), MAX_FEEDER_BYTES);
    if ('problem' in reading) {
      this.#refuse(place, `${reading.problem} (got '${file ?? ''}')`);
      return [];
    }
    const format = /\.(?:jsonl|ndjson|json)$/i.test(file ?? '') ? 'jsonl' : 'csv';
    const head = columnsOf(reading.octets, format);
    if ('problems' in head) {
      for (const problem of head.problems) this.#refuse(place, `${file ?? ''}: ${problem}`);
      return [];
    }
    const { columns } = head;
    const wanted = columns.filter((column) => used.includes(column));
    const rows = readFeederFile(reading.octets, format, wanted.length === 0 ? columns.slice(0, 1) : wanted);
    if ('table' in rows) return [{ name, order, exponent, rows: rows.table, columns }];
    for (const problem of rows.problems) this.#refuse(place, `${file ?? ''}: ${problem}`);
    return [];
  }

  corpus(scenario: FileScenario): CorpusRequest | null {
    const place = corpusOf(this.#file, scenario);
    if (place === null) return null;
    const sized = scenario.settings.find(({ key }) => key.option === 'size' || key.option === 'message');
    if (sized !== undefined) this.#refuse(sized.path, 'contradicts corpus: leave one of the two out');
    const known = this.#requests.get(place.written) ?? this.#request(place);
    this.#requests.set(place.written, known);
    const subject = scenario.settings.find(({ key }) => key.option === 'subject');
    if (subject === undefined) return known;
    const headers = known.headers.filter(({ name }) => name.toLowerCase() !== 'subject');
    return { ...known, headers: [...headers, { name: 'Subject', value: String(subject.value) }] };
  }

  #request({ path, written }: NonNullable<CorpusPlace>): CorpusRequest {
    const full = Array.isArray(written) ? { messages: written as readonly WrittenMessage[] } : written;
    const list: ConfigPath = Array.isArray(written) ? path : [...path, 'messages'];
    const parts = full.messages.flatMap((message, index): CorpusPart[] => {
      const source = this.#source(message, [...list, index]);
      return source === null ? [] : [{ weight: message.weight ?? 1, source }];
    });
    const { headers = {}, dkim = null } = full as Exclude<WrittenCorpus, readonly unknown[]>;
    return {
      parts,
      headers: Object.entries(headers).map(([name, value]) => ({ name, value: String(value) })),
      dkim: dkim === null ? null : this.#dkim(dkim, [...path, 'dkim', 'keyFile']),
    };
  }

  #dkim(
    { domain, selector, keyFile }: Omit<DkimKey, 'privateKey'> & { keyFile: string },
    path: ConfigPath,
  ): DkimKey | null {
    const reading = readKeyFile(resolve(this.#folder, keyFile));
    if (!('problem' in reading)) {
      return { domain, selector, privateKey: new TextDecoder().decode(reading.octets) };
    }
    this.#refuse(path, `${reading.problem} (got '${keyFile}')`);
    return null;
  }

  #source(message: WrittenMessage, path: ConfigPath): CorpusSource | null {
    const { size, utf8: isUnicode = false, filterTest, parts } = message;
    if (size !== undefined) return { kind: 'text', size: this.#size(size, [...path, 'size']), isUnicode };
    if (filterTest !== undefined) return { kind: filterTest };
    if (parts !== undefined) {
      const { text, html, attachments = [], variants } = parts;
      const isInvented = [text, html, ...attachments].some((part) => typeof part === 'object' && hasKey(part, 'size'));
      const mail = {
        text: this.#text(text, [...path, 'parts', 'text']),
        html: this.#text(html, [...path, 'parts', 'html']),
        attachments: attachments.flatMap((each, index) =>
          this.#attachment(each, [...path, 'parts', 'attachments', index]),
        ),
        isUnicode,
      };
      return { kind: 'composed', mail, variants: variants ?? (isInvented ? 10 : 1) };
    }
    const kind = (['file', 'folder', 'mbox'] as const).find((each) => message[each] !== undefined) ?? 'file';
    const name = message[kind] ?? '';
    const reading = readMailFiles(resolve(this.#folder, name));
    if ('files' in reading) return { kind: 'files', files: reading.files };
    this.#refuse([...path, kind], `${reading.problem} (got '${name}')`);
    return null;
  }

  #size(size: WrittenSize, path: ConfigPath): SizeDistribution {
    if (typeof size !== 'object') return this.#octets(size, path);
    switch (size.shape) {
      case 'uniform':
        return {
          shape: 'uniform',
          minBytes: this.#octets(size.min, [...path, 'min']),
          maxBytes: this.#octets(size.max, [...path, 'max']),
        };
      case 'logNormal':
        return {
          shape: 'logNormal',
          medianBytes: this.#octets(size.median, [...path, 'median']),
          sigma: size.sigma,
          ...(size.min === undefined ? {} : { minBytes: this.#octets(size.min, [...path, 'min']) }),
          maxBytes: this.#octets(size.max, [...path, 'max']),
        };
      case 'table':
        return {
          shape: 'table',
          rows: size.sizes.map(({ size: each, weight = 1 }, index) => ({
            bytes: this.#octets(each, [...path, 'sizes', index, 'size']),
            weight,
          })),
        };
    }
  }

  #octets(text: string | number, path: ConfigPath): number {
    const reading = parseSizeBytes(String(text), 1, MAX_CORPUS_BYTES);
    if (reading.ok) return reading.value;
    this.#refuse(path, `${reading.takes} (got '${String(text)}')`);
    return MAX_CORPUS_BYTES;
  }

  #text(written: string | { readonly size: string | number } | undefined, path: ConfigPath): ComposedText | null {
    if (written === undefined || typeof written === 'string') return written ?? null;
    return { bytes: this.#octets(written.size, [...path, 'size']) };
  }

  #attachment(
    { file, name, size, type }: NonNullable<NonNullable<WrittenMessage['parts']>['attachments']>[number],
    path: ConfigPath,
  ): readonly ComposedAttachment[] {
    if (file === undefined) {
      return [
        {
          name: name ?? 'attachment.bin',
          type: type ?? null,
          content: { bytes: this.#octets(size ?? 0, [...path, 'size']) },
        },
      ];
    }
    const reading = readDataFile(resolve(this.#folder, file), MAX_ATTACHMENT_BYTES);
    if ('octets' in reading) return [{ name: name ?? basename(file), type: type ?? null, content: reading.octets }];
    this.#refuse([...path, 'file'], `${reading.problem} (got '${file}')`);
    return [];
  }

  #refuse(path: ConfigPath, message: string): void {
    this.#issues.push(this.#file.problemAt(path, message));
  }
}

/** Which columns of which feeders are named anywhere. */
function usedColumns(values: unknown): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, string[]>();
  const look = (value: unknown): void => {
    if (typeof value === 'string') {
      if (!value.includes('{{')) return;
      for (const { words } of parseTemplate(value).pieces) {
        const [feeder = '', column] = /^([^.]+)\.(.+)$/.exec(words?.[0]?.text ?? '')?.slice(1) ?? [];
        if (column !== undefined) used.set(feeder, [...(used.get(feeder) ?? []), column]);
      }
    } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
      Object.values(value).forEach(look);
    }
  };
  look(values);
  return used;
}

function hasKey(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}
