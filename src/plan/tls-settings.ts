/** How TLS is spoken where it is: versions, ciphers, groups, resumption. Pure; whether OpenSSL knows a name it must say itself. */
import type { TlsMode, TlsPlan, TlsSettings, TlsVersion } from './load-plan.js';
import type { OptionKey, OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { parsePercent } from './units.js';

/** Names with the punctuation of OpenSSL's lists (openssl-ciphers(1)): a slip must not become a surprise. */
const NAME_LIST = /^[A-Za-z0-9][A-Za-z0-9_+!@=:.,-]*$/;
const MAX_LIST_LENGTH = 2000;
const SETTINGS = [
  'tlsShare',
  'tlsMin',
  'tlsMax',
  'tlsCiphers',
  'tlsGroups',
  'tlsResume',
] as const satisfies readonly OptionKey[];

/** Reads the settings of TLS. */
export function readTlsSettings(reader: OptionReader, mode: TlsMode): TlsSettings {
  const minVersion = readVersion(reader, 'tlsMin', DEFAULTS.tlsMin);
  const maxVersion = readVersion(reader, 'tlsMax', DEFAULTS.tlsMax);
  if (minVersion > maxVersion) reader.refuse('tlsMin', `is above --tls-max (${maxVersion})`, minVersion);
  if (mode === 'off') {
    for (const key of SETTINGS) {
      if (reader.has(key)) reader.refuse(key, 'needs TLS: give --tls required, --tls opportunistic or smtps://');
    }
  }
  return {
    minVersion,
    maxVersion,
    ciphers: readNames(reader, 'tlsCiphers'),
    groups: readNames(reader, 'tlsGroups')?.replaceAll(',', ':') ?? null,
    sharePercent: readShare(reader, mode),
    resumePercent: readResumption(reader),
  };
}

/** The settings as Node's `tls.createSecureContext` takes them. */
export function contextSettings({ minVersion, maxVersion, ciphers, groups }: TlsPlan): {
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
  ciphers?: string;
  ecdhCurve?: string;
} {
  return {
    minVersion,
    maxVersion,
    ...(ciphers === null ? {} : { ciphers }),
    ...(groups === null ? {} : { ecdhCurve: groups }),
  };
}

function readVersion(reader: OptionReader, key: 'tlsMin' | 'tlsMax', fallback: TlsVersion): TlsVersion {
  const text = reader.text(key, fallback);
  const number = /^(?:TLSv?)?(1\.[23])$/i.exec(text)?.[1];
  if (number === undefined) reader.refuse(key, 'takes TLSv1.2 or TLSv1.3', text);
  return number === undefined ? fallback : number === '1.2' ? 'TLSv1.2' : 'TLSv1.3';
}

function readNames(reader: OptionReader, key: 'tlsCiphers' | 'tlsGroups'): string | null {
  const text = reader.text(key, null);
  if (text === null || (NAME_LIST.test(text) && text.length <= MAX_LIST_LENGTH)) return text;
  reader.refuse(key, "takes names as OpenSSL has them, separated by ':'", text);
  return null;
}

function readShare(reader: OptionReader, mode: TlsMode): number {
  const text = reader.written('tlsShare');
  if (text === null) return DEFAULTS.tlsSharePercent;
  const percent = parsePercent(text, 1);
  if (!percent.ok) {
    reader.refuse('tlsShare', percent.takes, text);
    return DEFAULTS.tlsSharePercent;
  }
  if (mode === 'implicit') reader.refuse('tlsShare', 'is for STARTTLS, and smtps:// is TLS from the start', text);
  return percent.value;
}

/** `off`, `on`, or the percentage of the sessions that try it. */
function readResumption(reader: OptionReader): number {
  const text = reader.written('tlsResume');
  if (text === null || text.toLowerCase() === 'off') return DEFAULTS.tlsResumePercent;
  if (text.toLowerCase() === 'on') return 100;
  const percent = parsePercent(text, 0);
  if (percent.ok) return percent.value;
  reader.refuse('tlsResume', 'takes off, on or a percentage from 0 to 100', text);
  return DEFAULTS.tlsResumePercent;
}
