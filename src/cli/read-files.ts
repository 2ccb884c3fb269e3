/** Reads the files that flags name. What is wrong with one is an issue among others, not the end. */
import { isUtf8 } from 'node:buffer';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { MAX_CONFIG_BYTES } from '../config-file/config-limits.js';
import { fileProblem } from '../file-problem.js';
import { MAX_MESSAGE_BYTES } from '../plan/message-content.js';
import { MAX_CREDENTIALS_BYTES } from '../plan/read-credentials.js';
import { formatSize } from '../plan/units.js';

/** A file's octets, or one sentence on why there are none. */
export type FileReading = { readonly octets: Uint8Array } | { readonly problem: string };

/** Passwords and lists of roots are small; a wrong path should not fill the memory. */
const MAX_SMALL_FILE_BYTES = 1024 * 1024;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** Reads a message. */
export function readMessageFile(path: string): FileReading {
  return readOctets(path, MAX_MESSAGE_BYTES);
}

/** Reads a list of certificates in PEM, and makes sure that each of them is one. */
export function readCertificateFile(path: string): FileReading {
  const reading = readOctets(path, MAX_SMALL_FILE_BYTES);
  if ('problem' in reading) return reading;
  const certificates = new TextDecoder().decode(reading.octets).match(PEM_CERTIFICATE) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch {
    // What the library says of broken PEM helps nobody.
    return { problem: 'holds a certificate that cannot be read' };
  }
  return certificates.length === 0 ? { problem: 'holds no certificate in PEM' } : reading;
}

/** Reads a private key in PEM, and makes sure that it is one that can be used without a passphrase. */
export function readKeyFile(path: string): FileReading {
  const reading = readOctets(path, MAX_SMALL_FILE_BYTES);
  if ('problem' in reading) return reading;
  const text = new TextDecoder().decode(reading.octets);
  if (!text.includes('PRIVATE KEY-----')) return { problem: 'holds no private key in PEM' };
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return { problem: 'holds an encrypted key: give one without passphrase' };
  }
  try {
    createPrivateKey(text);
  } catch {
    // What the library says of broken PEM helps nobody.
    return { problem: 'holds a private key that cannot be read' };
  }
  return reading;
}

/** Reads accounts. */
export function readCredentialsFile(path: string): FileReading {
  const reading = readOctets(path, MAX_CREDENTIALS_BYTES);
  // Otherwise names and passwords would quietly become others.
  return 'problem' in reading || isUtf8(reading.octets) ? reading : { problem: 'is not UTF-8' };
}

/** Reads a scenario. */
export function readScenarioText(path: string): FileReading {
  const reading = readOctets(path, MAX_CONFIG_BYTES);
  return 'problem' in reading || isUtf8(reading.octets) ? reading : { problem: 'is not UTF-8' };
}

/** Reads a password. */
export function readSmallFile(path: string): FileReading {
  return readOctets(path, MAX_SMALL_FILE_BYTES);
}

/** A password as files hold it: one newline at the end belongs to the file. */
export function withoutFinalNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function readOctets(path: string, maxBytes: number): FileReading {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size > maxBytes) return { problem: tooLarge(maxBytes, size) };
      const octets = size > 0 ? readFileSync(file) : readPipe(file, maxBytes);
      if (octets.length > maxBytes) return { problem: tooLarge(maxBytes, octets.length) };
      return octets.length === 0 ? { problem: 'is empty' } : { octets };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { problem: `cannot be read: ${fileProblem(error)}` };
  }
}

/** A pipe has no size before it is read, and some devices never end: reads no more than tells that it is too much. */
function readPipe(file: number, maxBytes: number): Buffer {
  const octets = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const count = readSync(file, octets, length, octets.length - length, null);
    length += count;
    if (count === 0 || length === octets.length) return octets.subarray(0, length);
  }
}

function tooLarge(maxBytes: number, size: number): string {
  return `has ${size} octets, and ${formatSize(maxBytes)} is the limit`;
}
