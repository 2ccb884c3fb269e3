/** Builds a corpus before the load begins: whatever takes time or memory happens here, once, and within bounds. */
import type { ConfigIssue } from '../../errors.js';
import { RenderContext } from '../render-context.js';
import { namesOf } from '../template.js';
import type { TemplateData } from '../template-variables.js';
import { composeMail, composedBytes } from './compose-mail.js';
import type { CorpusOptions, CorpusPart, CorpusPlan, CorpusSource } from './corpus-plan.js';
import { CorpusWriter, MAX_CORPUS_BYTES, MAX_CORPUS_MESSAGES } from './corpus-writer.js';
import { dkimField, dkimProblem } from './dkim-signature.js';
import { eicarMail, gtubeMail } from './filter-tests.js';
import { parseMail } from './mail-file.js';
import type { MailParts } from './mail-file.js';
import { MessageHead, compileFields, headProblems, tooLongFields } from './message-head.js';
import type { HeaderTemplate } from './message-head.js';
import { weightsProblem } from './size-distribution.js';
import { TextSource, textProblem } from './text-source.js';

/** Octets of all headers that are written per message: they go into a worker's outbox with what follows. */
const MAX_HEAD_BYTES = 16_384;
/** RFC 5322 wants a Date; a constant one keeps messages repeatable. */
const DATE: HeaderTemplate = { name: 'Date', value: 'Thu, 01 Jan 2026 00:00:00 +0000' };
const MESSAGE_ID: HeaderTemplate = { name: 'Message-ID', value: '<{{trace}}@postrush.test>' };
const TRACE: HeaderTemplate = { name: 'X-Postrush-Trace', value: '{{trace}}' };
const CRLF = Buffer.from('\r\n', 'latin1');

/** A corpus, or everything that is wrong with what it is to be made of. */
export type CorpusBuilding = { readonly corpus: CorpusPlan } | { readonly issues: readonly ConfigIssue[] };

/**
 * Builds a corpus. Paths of issues are those of {@link CorpusOptions}: `headers[0].value`, `parts[1].size`.
 *
 * @param data - its `values` have `from` and `to`, the addresses of the envelope, unless `headers` have others
 */
export async function buildCorpus(options: CorpusOptions, data: TemplateData): Promise<CorpusBuilding> {
  const issues = optionIssues(options, data);
  if (issues.length > 0) return { issues };
  const writer = new CorpusWriter(options.isChunked);
  const parts = options.parts.filter(({ weight }) => weight > 0);
  for (const part of parts) {
    const problem = await addPart(part, options, data, writer);
    if (problem !== null) issues.push({ path: `parts[${options.parts.indexOf(part)}]`, message: problem });
  }
  if (issues.length > 0) return { issues };
  const hasUnicodeHeaders = writer.heads.flat().some(({ value }) => /[^\0-\x7f]/.test(value));
  return { corpus: writer.plan(hasUnicodeHeaders) };
}

/** What can be told without building anything. */
function optionIssues({ parts, headers, dkim }: CorpusOptions, data: TemplateData): ConfigIssue[] {
  const issues: ConfigIssue[] = headProblems(headers, namesOf(data)).map(({ index, message }) => ({
    path: `headers[${index}]`,
    message,
  }));
  const twice = headers.findIndex(({ name }, index) => headers.findIndex((other) => isSame(other.name, name)) < index);
  if (twice >= 0) issues.push({ path: `headers[${twice}]`, message: 'is there already' });
  const weights = weightsProblem(parts.map(({ weight }) => weight));
  if (weights !== null) issues.push({ path: 'parts', message: weights });
  const key = dkim === null ? null : dkimProblem(dkim);
  if (key !== null) issues.push({ path: 'dkim', message: key });
  return issues;
}

/** Adds the messages of a part. Gives one sentence when that cannot be. */
async function addPart(
  { weight, source }: CorpusPart,
  options: CorpusOptions,
  data: TemplateData,
  writer: CorpusWriter,
): Promise<string | null> {
  const { dkim } = options;
  const fields = fieldsOf(source, options.headers);
  const missing = headProblems(fields, namesOf(data))[0];
  if (missing !== undefined) return `${fields[missing.index]?.name ?? ''}: ${missing.message}`;
  const [tooLong] = tooLongFields(fields, data);
  if (tooLong !== undefined) return `${tooLong} may get longer than 998 octets, the longest line of mail`;
  const isConstant = (field: HeaderTemplate): boolean => compileFields([field], data).isConstant;
  const varying = dkim === null ? fields : fields.filter((field) => !isConstant(field));
  const head: PartHead = {
    index: writer.heads.push(varying) - 1,
    length: new MessageHead(varying, data).length,
    names: new Set(fields.map(({ name }) => name.toLowerCase())),
    constant:
      dkim === null ? Buffer.alloc(0) : compileFields(fields.filter(isConstant), data).octets(new RenderContext()),
  };
  if (head.length > MAX_HEAD_BYTES) return `has headers of more than ${MAX_HEAD_BYTES} octets`;
  if (dkim !== null && varying.some(({ name }) => isSame(name, 'from'))) {
    return 'From differs from message to message, and a signature has to cover it (RFC 6376 §5.4): make it the same';
  }
  const before = writer.entries.length;
  const problem =
    source.kind === 'text'
      ? await addTexts(source, head, options, data, writer)
      : await addMails(source, head, options, data, writer);
  if (problem !== null) return problem;
  // Weights within the part are made up to that of the part.
  const own = writer.entries.splice(before);
  const total = own.reduce((sum, entry) => sum + entry.weight, 0);
  for (const entry of own) writer.entries.push({ ...entry, weight: (entry.weight / total) * weight });
  return null;
}

/** What all messages of a part have before their own. */
interface PartHead {
  /** In `heads`. */
  readonly index: number;
  readonly length: number;
  /** Fields of a message that it replaces, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Those of its fields that are signed. */
  readonly constant: Buffer;
}

async function addTexts(
  source: Extract<CorpusSource, { kind: 'text' }>,
  head: PartHead,
  { dkim }: CorpusOptions,
  data: TemplateData,
  writer: CorpusWriter,
): Promise<string | null> {
  const texts = new TextSource(source, head.constant, dkim, data.seed);
  const headBytes = head.length + (await texts.ownBytes());
  const problem = textProblem(source, headBytes, MAX_CORPUS_BYTES - writer.bytes);
  if (problem !== null) return problem;
  await texts.addTo(writer, head.index, headBytes);
  return null;
}

async function addMails(
  source: Exclude<CorpusSource, { kind: 'text' }>,
  head: PartHead,
  { dkim }: CorpusOptions,
  data: TemplateData,
  writer: CorpusWriter,
): Promise<string | null> {
  const count = source.kind === 'files' ? source.files.length : source.kind === 'composed' ? source.variants : 1;
  if (!(count >= 1 && Number.isInteger(count))) return 'has no messages';
  if (writer.entries.length + count > MAX_CORPUS_MESSAGES)
    return `makes more than ${MAX_CORPUS_MESSAGES} messages in all`;
  for (let index = 0; index < count; index++) {
    if (writer.bytes + bytesOf(source, index) > MAX_CORPUS_BYTES)
      return `makes more than ${MAX_CORPUS_BYTES} octets in all`;
    const { fields, body } = await mailOf(source, index, data.seed);
    const own = fields.filter(({ name }) => !head.names.has(name));
    if (dkim !== null && !head.names.has('from') && !own.some(({ name }) => name === 'from')) {
      const name = source.kind === 'files' ? (source.files[index]?.name ?? '') : source.kind;
      return `${name} has no From, which a signature has to cover (RFC 6376 §5.4)`;
    }
    const octets = Buffer.concat([head.constant, ...own.map((field) => field.octets), CRLF, body]);
    const signature = dkim === null ? Buffer.alloc(0) : await dkimField(octets, dkim);
    const block = writer.block(Buffer.concat([signature, octets]));
    writer.add({ head: head.index, own: Buffer.alloc(0), block, skipped: 0, weight: 1 });
  }
  return null;
}

function mailOf(
  source: Exclude<CorpusSource, { kind: 'text' }>,
  index: number,
  seed: number,
): MailParts | Promise<MailParts> {
  switch (source.kind) {
    case 'files':
      return parseMail(source.files[index]?.octets ?? new Uint8Array(0));
    case 'composed':
      return composeMail(source.mail, seed, index);
    case 'gtube':
      return gtubeMail();
    case 'eicar':
      return eicarMail(seed);
  }
}

/** Octets of a message before it is made, roughly. */
function bytesOf(source: Exclude<CorpusSource, { kind: 'text' }>, index: number): number {
  if (source.kind === 'files') return source.files[index]?.octets.length ?? 0;
  return source.kind === 'composed' ? composedBytes(source.mail) : 0;
}

/** The fields that are written per message, those of the user among them. */
function fieldsOf({ kind }: CorpusSource, headers: readonly HeaderTemplate[]): HeaderTemplate[] {
  const invented: readonly HeaderTemplate[] = [
    { name: 'From', value: '<{{from}}>' },
    { name: 'To', value: '<{{to}}>' },
    DATE,
    { name: 'Subject', value: 'postrush' },
  ];
  const usual = [MESSAGE_ID, ...(kind === 'files' ? [] : invented), TRACE];
  const given = (name: string): HeaderTemplate | undefined => headers.find((header) => isSame(header.name, name));
  const others = headers.filter(({ name }) => !usual.some((field) => isSame(field.name, name)));
  return [...usual.map((field) => given(field.name) ?? field), ...others];
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
