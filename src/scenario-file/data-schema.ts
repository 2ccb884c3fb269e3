/** The grammar of what scenario files say of their data: feeders, and messages to choose from. */
import { z } from 'zod';
import { closedObject } from '../config-file/closed-object.js';

/** Part of all, in proportion to others. */
export const weight = z
  .number()
  .nonnegative()
  .max(1e9)
  .describe('Its part of all, in proportion to the others (default: 1)');

const octets = z.union([z.string(), z.int().positive()], { error: 'takes a size such as 4KiB' });
const size = z.union(
  [
    z.string(),
    z.int().positive(),
    closedObject({ shape: z.literal('uniform'), min: octets, max: octets }),
    closedObject({
      shape: z.literal('logNormal'),
      median: octets,
      sigma: z.number().positive().max(10),
      min: octets.exactOptional(),
      max: octets,
    }),
    closedObject({
      shape: z.literal('table'),
      sizes: z
        .array(closedObject({ size: octets, weight: weight.exactOptional() }))
        .min(1)
        .max(1000),
    }),
  ],
  {
    error:
      'takes a size, { shape: uniform, min, max }, { shape: logNormal, median, sigma, max } or { shape: table, sizes }',
  },
);
/** A size of a message as it is written. */
export type WrittenSize = z.infer<typeof size>;

const text = z.union([z.string(), closedObject({ size: octets })], {
  error: 'takes text, or { size } of invented text',
});
const attachment = closedObject({
  file: z.string().min(1).exactOptional().describe('Goes along as it is'),
  name: z.string().min(1).exactOptional().describe('Name of random octets'),
  size: octets.exactOptional().describe('So many random octets'),
  type: z.string().min(1).exactOptional().describe('Media type (default: by the name)'),
}).superRefine((written, context) => {
  if (Object.hasOwn(written, 'file') === Object.hasOwn(written, 'size')) {
    context.addIssue({ code: 'custom', message: 'needs either file, or size with a name' });
  }
});
const parts = closedObject({
  text: text.exactOptional(),
  html: text.exactOptional(),
  attachments: z.array(attachment).min(1).max(100).exactOptional(),
  variants: z.int().min(1).max(1000).exactOptional().describe('So many different ones, where something is invented'),
}).superRefine((written, context) => {
  if (!['text', 'html', 'attachments'].some((part) => Object.hasOwn(written, part))) {
    context.addIssue({ code: 'custom', message: 'needs one of text, html, attachments' });
  }
});

const MESSAGE_SOURCES = ['size', 'file', 'folder', 'mbox', 'parts', 'filterTest'] as const;
const message = closedObject({
  weight: weight.exactOptional(),
  size: size.exactOptional().describe('Invented text: headers and body have so many octets'),
  utf8: z.boolean().exactOptional().describe('Invented text is UTF-8, and MAIL says BODY=8BITMIME (default: false)'),
  file: z.string().min(1).exactOptional().describe('A message (.eml)'),
  folder: z.string().min(1).exactOptional().describe('All messages (.eml) of a folder'),
  mbox: z.string().min(1).exactOptional().describe('All messages of an mbox'),
  parts: parts.exactOptional().describe('A multipart message'),
  filterTest: z.enum(['gtube', 'eicar']).exactOptional().describe('What filters of spam, or of viruses, have to find'),
}).superRefine((written, context) => {
  const sources = MESSAGE_SOURCES.filter((source) => Object.hasOwn(written, source));
  if (sources.length !== 1) context.addIssue({ code: 'custom', message: `needs one of ${MESSAGE_SOURCES.join(', ')}` });
});
/** A message of the corpus as it is written. */
export type WrittenMessage = z.infer<typeof message>;

const messages = z.array(message).min(1).max(255);
const fullCorpus = closedObject({
  messages,
  headers: z
    .record(z.string(), z.union([z.string(), z.number()], { error: 'takes text' }))
    .exactOptional()
    .describe('Header fields of every message, templates; they take the place of those that it has'),
  dkim: closedObject({
    domain: z.string(),
    selector: z.string(),
    keyFile: z.string().min(1).describe('PEM of an RSA key'),
  })
    .exactOptional()
    .describe('Sign every message (RFC 6376)'),
});

/** Messages to choose from. */
export const corpus = z
  .union([messages, fullCorpus], { error: 'takes a list of messages, or { messages, headers, dkim }' })
  .describe('Messages to choose from, by weight');
/** Messages to choose from, as they are written. */
export type WrittenCorpus = z.infer<typeof corpus>;

const feeder = closedObject({
  file: z.string().min(1).exactOptional().describe('CSV with a header, or an object of JSON per line (.jsonl)'),
  range: z
    .union([z.string().min(1), z.record(z.string(), z.string())], {
      error: 'takes a text such as user{0001..9999}@example.test, or such texts by column',
    })
    .exactOptional()
    .describe('Counted values: user{0001..9999}@example.test, in a column called value, or texts by column'),
  order: z
    .enum(['in-order', 'random', 'zipf', 'unique'])
    .exactOptional()
    .describe('Which message gets which row; unique: sessions at once never share one (default: in-order)'),
  exponent: z.number().min(0).max(10).exactOptional().describe('Of zipf (default: 1)'),
}).superRefine((written, context) => {
  const has = (key: string): boolean => Object.hasOwn(written, key);
  if (has('file') === has('range')) context.addIssue({ code: 'custom', message: 'needs either file or range' });
  if (has('exponent') && written.order !== 'zipf') {
    context.addIssue({ code: 'custom', path: ['exponent'], message: 'is for the order zipf alone' });
  }
});
/** A feeder as it is written. */
export type WrittenFeeder = z.infer<typeof feeder>;

/** Feeders by their names. */
export const feeders = z.record(z.string(), feeder).describe('Rows for templates, by name');
