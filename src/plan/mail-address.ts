/** Mail addresses as a user writes them: what they must look like, and where mail for them could end up. */

/** A reverse-path or forward-path without brackets. */
export interface MailAddress {
  /** As it goes between `<` and `>`; empty: the null reverse-path. */
  readonly path: string;
  /**
   * Every domain that mail for the address could be sent on to: its own, and those hidden in the local part for servers
   * that still route by it (`user%host`, `host!user`, `"user@host"`). They keep their `%d`. Empty: a bare local part, an
   * address literal or the null reverse-path.
   */
  readonly domains: readonly string[];
}

/** RFC 5321 §4.5.3.1.3, less the two brackets. */
const MAX_PATH_OCTETS = 254;

/**
 * Reads an address, with or without `<` and `>`: `user@domain`, a bare local part, `user@[address literal]`, a quoted
 * local part. `%d` may stand in it any number of times.
 *
 * @param isUtf8 - more than ASCII is welcome (RFC 6531 §3.3)
 * @returns the address, or what the text would have had to be
 */
export function parseMailAddress(text: string, isUtf8 = false): MailAddress | { readonly takes: string } {
  if (isUtf8 ? /\p{Cc}/u.test(text) : !/^[\x20-\x7e]*$/.test(text)) {
    return { takes: `takes an address in printable ${isUtf8 ? 'text' : 'ASCII'} on one line` };
  }
  const path = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
  if (path === '') return { path, domains: [] };
  if (new TextEncoder().encode(path).length > MAX_PATH_OCTETS)
    return { takes: `takes an address of at most ${MAX_PATH_OCTETS} octets` };
  const match = /^("(?:[^"\\]|\\.)*"|[^"@()<>[\]\\,;:\s]+)(?:@(.*))?$/.exec(path);
  if (match === null) return { takes: 'takes one address such as user%d@example.test, without name and comments' };
  const [, localPart = '', domain] = match;
  const routes = domainsInLocalPart(localPart);
  if (domain === undefined || /^\[[^[\]\s]+\]$/.test(domain)) return { path, domains: routes };
  if (!isMailDomain(domain.replaceAll('%d', '0'), isUtf8) || /%d[^.]*$/.test(domain)) {
    return { takes: 'takes an address with a domain of letters, digits, dots and hyphens (%d not in the last part)' };
  }
  return { path, domains: [domain.toLowerCase(), ...routes] };
}

/** Labels of letters, digits, hyphens and underscores (RFC 5321 §2.3.5 without its fine print: labs have odd names). */
export function isMailDomain(text: string, isUtf8 = false): boolean {
  const label = isUtf8 ? /^[\p{L}\p{M}\p{N}_-]{1,63}$/u : /^[a-z0-9_-]{1,63}$/i;
  return text.length <= 253 && text.split('.').every((each) => label.test(each));
}

/** Hosts of source routes in disguise: behind `%` or `@`, before `!`. */
function domainsInLocalPart(localPart: string): string[] {
  const bare = localPart.startsWith('"') ? localPart.slice(1, -1).replace(/\\(.)/g, '$1') : localPart;
  // The `%` of a number routes nowhere. An address holds no tab, so one can stand in for the number meanwhile.
  const marked = bare.replaceAll('%d', '\t');
  const behind = marked.split(/[%@]/).slice(1);
  const before = marked.split('!').slice(0, -1);
  return [...behind, ...before]
    .filter((domain) => domain !== '')
    .map((domain) => domain.toLowerCase().replaceAll('\t', '%d'));
}
