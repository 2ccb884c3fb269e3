/** Which extensions of SMTP the messages use, and what they add to MAIL and RCPT. */
import type { ExtensionPlan, TlsPlan } from './load-plan.js';
import { MAX_MESSAGE_BYTES } from './message-content.js';
import type { OptionReader } from './option-reader.js';
import { parseSizeBytes } from './units.js';

/** RFC 3461 §4.4: 100 characters. */
const MAX_ENVID_LENGTH = 100;
/** RFC 3461 §4, in xtext. */
const XTEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})+$/;

/** Reads the extensions. */
export function readExtensions(reader: OptionReader, tls: TlsPlan): ExtensionPlan {
  const requireTls = reader.flag('requireTls');
  if (requireTls && tls.mode === 'off') {
    reader.refuse('requireTls', 'needs TLS: give --tls required or smtps:// (RFC 8689 §2)');
  }
  return {
    ...readChunks(reader),
    declareSize: reader.flag('declareSize'),
    eightBitMime: reader.flag('eightBitMime'),
    smtpUtf8: reader.flag('smtpUtf8'),
    requireTls,
    ...readDsn(reader),
  };
}

function readChunks(reader: OptionReader): Pick<ExtensionPlan, 'isChunked' | 'chunkBytes'> {
  if (!reader.has('bdat')) return { isChunked: false, chunkBytes: null };
  const text = reader.written('bdat') ?? '';
  if (text === 'true') return { isChunked: true, chunkBytes: null };
  const reading = parseSizeBytes(text, 1, MAX_MESSAGE_BYTES);
  if (!reading.ok) reader.refuse('bdat', `${reading.takes} for each chunk, or nothing for one chunk`, text);
  return { isChunked: true, chunkBytes: reading.ok ? reading.value : null };
}

/** `RET=HDRS ENVID=x NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x`: the first two go to MAIL, the others to RCPT. */
function readDsn(reader: OptionReader): Pick<ExtensionPlan, 'dsnMail' | 'dsnRcpt'> {
  const text = reader.text('dsn', null);
  if (text === null) return { dsnMail: '', dsnRcpt: '' };
  const mail: string[] = [];
  const rcpt: string[] = [];
  const words = text.split(/\s+/).filter((each) => each !== '');
  for (const word of words) {
    const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/s.exec(word) ?? [];
    const problem = dsnProblem(name.toUpperCase(), value);
    if (problem !== null) reader.refuse('dsn', problem, word);
    else if (name.toUpperCase() === 'RET' || name.toUpperCase() === 'ENVID')
      mail.push(` ${name.toUpperCase()}=${value}`);
    else rcpt.push(` ${name.toUpperCase()}=${value}`);
  }
  if (words.length === 0) reader.refuse('dsn', "takes such words as 'RET=HDRS NOTIFY=FAILURE'", text);
  return { dsnMail: mail.join(''), dsnRcpt: rcpt.join('') };
}

function dsnProblem(name: string, value: string): string | null {
  switch (name) {
    case 'RET':
      return /^(?:FULL|HDRS)$/i.test(value) ? null : 'takes RET=FULL or RET=HDRS';
    case 'ENVID':
      return XTEXT.test(value) && value.length <= MAX_ENVID_LENGTH
        ? null
        : `takes ENVID with up to ${String(MAX_ENVID_LENGTH)} visible characters, + and = as +2B and +3D; %d is a number`;
    case 'NOTIFY':
      return /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})$/i.test(value)
        ? null
        : 'takes NOTIFY=NEVER, or SUCCESS, FAILURE and DELAY with commas between';
    case 'ORCPT':
      return /^[A-Za-z0-9-]+;/.test(value) && XTEXT.test(value)
        ? null
        : 'takes ORCPT=rfc822;address, + as +2B; %d is a number';
    default:
      return 'knows RET, ENVID, NOTIFY and ORCPT (RFC 3461 §4)';
  }
}
