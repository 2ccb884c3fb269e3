/** The files whose content is an option: how each of them is read. */
import type { LoadTestOptions } from '../plan/options.js';
import {
  readCertificateFile,
  readCredentialsFile,
  readKeyFile,
  readMessageFile,
  readSmallFile,
  withoutFinalNewline,
} from './read-files.js';
import type { FileReading } from './read-files.js';

/** Takes the place of a file that cannot be read, so that the options around it are still checked. */
export const ANY_CONTENT: Readonly<Record<string, string>> = {
  tlsCa: '-----BEGIN CERTIFICATE-----',
  tlsCert: '-----BEGIN CERTIFICATE-----',
  tlsKey: '-----BEGIN PRIVATE KEY-----',
  credentials: 'user,password\nx,x',
};
/** Files that are more than small. */
const FILE_READERS: Readonly<Record<string, (path: string) => FileReading>> = {
  message: readMessageFile,
  credentials: readCredentialsFile,
  tlsCa: readCertificateFile,
  tlsCert: readCertificateFile,
  tlsKey: readKeyFile,
};

/** Reads the file of an option. */
export function readOptionFile(
  option: keyof LoadTestOptions,
  path: string,
): { readonly value: Uint8Array | string } | { readonly problem: string } {
  const reading = (FILE_READERS[option] ?? readSmallFile)(path);
  if ('problem' in reading) return reading;
  if (option === 'message') return { value: reading.octets };
  const text = new TextDecoder().decode(reading.octets);
  return { value: option === 'password' ? withoutFinalNewline(text) : text };
}
