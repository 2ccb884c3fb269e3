/** Reads where a sink listens: the forms of a target, and port 0 for any free one. Resolves no name. */
import { isIP } from 'node:net';

/** One place to listen. */
export interface ListenAddress {
  readonly isLmtp: boolean;
  /** TLS from the first octet (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  /** Address to bind; '' with a unix socket. */
  readonly host: string;
  /** 0: any free one, or a unix socket. */
  readonly port: number;
  /** Path of a unix socket, or null. */
  readonly path: string | null;
}

const FORMS =
  'takes smtp://address[:port], smtps://…, lmtp://…, smtp+unix:/path, lmtp+unix:/path or address:port, IPv6 in brackets';
const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
  ['smtp', 25],
  ['smtps', 465],
  ['lmtp', 24],
]);
/** `sun_path` of Linux with its final NUL. Node would bind to a shortened path and say nothing. */
const UNIX_PATH_OCTETS_MAX = 107;

/**
 * Reads one address to listen on.
 *
 * @param text - as written
 * @returns the address, or one sentence on why it is none
 */
export function parseListenAddress(text: string): ListenAddress | { readonly problem: string } {
  const unix = /^(smtp|lmtp)\+unix:(?:\/\/)?(\/[^\0]*)$/i.exec(text);
  if (unix !== null) return unixAddress(unix[1]?.toLowerCase() === 'lmtp', unix[2] ?? '');
  const parts = /^(?:([a-z]+):\/\/)?(?:\[([0-9a-f:.]+)\]|([^:/[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  if (parts === null) return { problem: FORMS };
  const [, scheme, ipv6, plain = '', port] = parts;
  const usualPort = SCHEME_PORTS.get(scheme?.toLowerCase() ?? 'smtp');
  if (usualPort === undefined) return { problem: FORMS };
  if (scheme === undefined && port === undefined) return { problem: `${FORMS}; without smtp:// the port is needed` };
  const host = ipv6 ?? (plain.toLowerCase() === 'localhost' ? '127.0.0.1' : plain);
  if (isIP(host) !== (ipv6 === undefined ? 4 : 6)) {
    return { problem: `${FORMS}; names other than localhost are not resolved` };
  }
  const number = port === undefined ? usualPort : Number(port);
  if (number > 65_535) return { problem: `${FORMS}, where port is a number from 0 to 65535` };
  return {
    isLmtp: scheme?.toLowerCase() === 'lmtp',
    implicitTls: scheme?.toLowerCase() === 'smtps',
    host,
    port: number,
    path: null,
  };
}

function unixAddress(isLmtp: boolean, path: string): ListenAddress | { readonly problem: string } {
  if (Buffer.byteLength(path) > UNIX_PATH_OCTETS_MAX) {
    return { problem: `takes paths of unix sockets up to ${String(UNIX_PATH_OCTETS_MAX)} octets` };
  }
  return { isLmtp, implicitTls: false, host: '', port: 0, path };
}

/** The address as a target, with the port that the system chose. */
export function formatListenAddress({ isLmtp, implicitTls, host, path }: ListenAddress, port: number): string {
  const scheme = isLmtp ? 'lmtp' : 'smtp';
  if (path !== null) return `${scheme}+unix:${path}`;
  return `${scheme}${implicitTls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
