/** Verifies DKIM signatures as RFC 6376 has it, for rsa-sha256 with relaxed/relaxed: nothing of it is shared with who signs. */
import { createHash, createVerify } from 'node:crypto';

/** What is wrong with the topmost signature of a message; null: it holds. */
export function dkimFault(message: string, publicKey: string): string | null {
  const end = message.indexOf('\r\n\r\n');
  const fields = message.slice(0, end).split(/\r\n(?![ \t])/);
  const signature = fields.find((field) => /^dkim-signature:/i.test(field));
  if (signature === undefined) return 'no signature';
  const tags = new Map(
    signature
      .slice(signature.indexOf(':') + 1)
      .split(';')
      .map((tag): [string, string] => {
        const equals = tag.indexOf('=');
        return [tag.slice(0, equals).trim(), tag.slice(equals + 1).replaceAll(/\s/g, '')];
      }),
  );
  if (tags.get('a') !== 'rsa-sha256' || tags.get('c') !== 'relaxed/relaxed') return 'another algorithm';
  const body = message
    .slice(end + 4)
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ (?=\r\n)/g, '')
    .replace(/(\r\n)+$/, '\r\n');
  const hash = createHash('sha256')
    .update(body === '\r\n' ? '' : body, 'latin1')
    .digest('base64');
  if (hash !== tags.get('bh')) return 'the body is another';
  const names = (tags.get('h') ?? '').split(':');
  if (!names.includes('from')) return 'From is not signed';
  const left = [...fields];
  const signed = names.map((name) => {
    // Of several the last one is meant, then the one before it (RFC 6376 §5.4.2).
    const at = left.findLastIndex((field) => field.slice(0, field.indexOf(':')).trim().toLowerCase() === name);
    return at < 0 ? '' : `${relaxed(left.splice(at, 1)[0] ?? '')}\r\n`;
  });
  const own = relaxed(signature.replace(/(\bb=)[^;]*$/, '$1'));
  const isTrue = createVerify('RSA-SHA256')
    .update(signed.join('') + own, 'latin1')
    .verify(publicKey, tags.get('b') ?? '', 'base64');
  return isTrue ? null : 'the signature is another';
}

function relaxed(field: string): string {
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim();
  return `${field.slice(0, colon).trim().toLowerCase()}:${value}`;
}
