/** Reads the arguments of MAIL and RCPT: a path, then parameters (RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.2). */
import { isUtf8 } from 'node:buffer';
import type { SinkExtensions } from './sink-replies.js';

/** What is wrong with an argument; 0: nothing. */
export const ArgumentProblem = {
  none: 0,
  /** Not `FROM:<...>` or `TO:<...>`, or a parameter with a bad value. */
  syntax: 1,
  /** A path that RFC 5321 §4.1.2 does not allow. */
  path: 2,
  /** A parameter of an extension that was not offered (555, RFC 5321 §4.1.1.11). */
  parameter: 3,
  /** Octets beyond ASCII in a MAIL without SMTPUTF8, or that are no UTF-8 (RFC 6531 §3.3, §3.4). */
  notAscii: 4,
} as const;
/** A problem's integer. */
export type ArgumentProblem = (typeof ArgumentProblem)[keyof typeof ArgumentProblem];

/** RFC 5321 §4.5.3.1.3, with its angle brackets. */
const PATH_OCTETS_MAX = 256;
const SPACE = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN = 0x3c;
const CLOSE = 0x3e;
const AT = 0x40;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Reads one argument at a time into its own fields; one serves all sessions of a sink. */
export class EnvelopeArgument {
  /** The path without brackets and source route; '' is the null reverse-path. */
  path = '';
  /** What is wrong with it. */
  problem: ArgumentProblem = ArgumentProblem.none;
  /** What SIZE declared, octets; 0: nothing. */
  declaredOctets = 0;
  /** The path is ASCII; otherwise it is UTF-8. */
  isAscii = true;
  /** MAIL came with SMTPUTF8. */
  isInternational = false;
  readonly #extensions: SinkExtensions;
  /** Index behind the path's closing bracket. */
  #end = 0;

  constructor(extensions: SinkExtensions) {
    this.#extensions = extensions;
  }

  /** Reads a MAIL command line. */
  readMail(line: string): void {
    this.problem = this.#readPath(line, 'from:');
    if (this.problem === ArgumentProblem.none) this.problem = this.#readParameters(line, MAIL_PARAMETERS);
    if (this.problem === ArgumentProblem.none && !this.isAscii && !this.isInternational) {
      this.problem = ArgumentProblem.notAscii;
    }
  }

  /** Reads a RCPT command line. The null path has no place here. */
  readRcpt(line: string): void {
    this.problem = this.#readPath(line, 'to:');
    if (this.problem !== ArgumentProblem.none) return;
    if (this.path === '') this.problem = ArgumentProblem.path;
    else this.problem = this.#readParameters(line, RCPT_PARAMETERS);
  }

  /** `word` stands behind the verb and a space. Spaces before the path are no RFC, but common, and harmless. */
  #readPath(line: string, word: string): ArgumentProblem {
    this.path = '';
    this.isAscii = true;
    this.isInternational = false;
    this.declaredOctets = 0;
    this.#end = line.length;
    for (let index = 0; index < word.length; index++) {
      if ((line.charCodeAt(5 + index) | 0x20) !== word.charCodeAt(index)) return ArgumentProblem.syntax;
    }
    let at = 5 + word.length;
    while (line.charCodeAt(at) === SPACE) at++;
    if (line.charCodeAt(at) !== OPEN) return at === line.length ? ArgumentProblem.syntax : ArgumentProblem.path;
    return this.#readBracketed(line, at);
  }

  #readBracketed(line: string, open: number): ArgumentProblem {
    const from = line.charCodeAt(open + 1) === AT ? routeEnd(line, open + 1) : open + 1;
    if (from === -1) return ArgumentProblem.path;
    let quoted = false;
    let lastAt = -1;
    let at = from;
    for (; ; at++) {
      const code = line.charCodeAt(at);
      if (code > DELETE && this.#extensions.smtpUtf8) this.isAscii = false;
      else if (!(code >= SPACE && code < DELETE)) return ArgumentProblem.path;
      if (quoted) {
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) quoted = false;
      } else if (code === QUOTE) {
        quoted = true;
      } else if (code === CLOSE) {
        break;
      } else if (code === SPACE || code === OPEN) {
        return ArgumentProblem.path;
      } else if (code === AT) {
        if (lastAt !== -1) return ArgumentProblem.path;
        lastAt = at;
      }
    }
    if (lastAt === from || (lastAt !== -1 && lastAt === at - 1)) return ArgumentProblem.path;
    if (at + 1 - open > PATH_OCTETS_MAX) return ArgumentProblem.path;
    this.path = line.slice(from, at);
    if (!this.isAscii && !this.#decode()) return ArgumentProblem.path;
    this.#end = at + 1;
    return ArgumentProblem.none;
  }

  /** The path as UTF-8; false when it is none. */
  #decode(): boolean {
    const octets = Buffer.from(this.path, 'latin1');
    this.path = octets.toString('utf8');
    return isUtf8(octets);
  }

  #readParameters(line: string, known: ParameterTable): ArgumentProblem {
    if (this.#end === line.length) return ArgumentProblem.none;
    if (line.charCodeAt(this.#end) !== SPACE) return ArgumentProblem.syntax;
    const seen = new Set<string>();
    for (const parameter of line.slice(this.#end).trim().split(/ +/)) {
      const equals = parameter.indexOf('=');
      const keyword = (equals === -1 ? parameter : parameter.slice(0, equals)).toUpperCase();
      if (!Object.hasOwn(known, keyword)) return ArgumentProblem.parameter;
      const rule = known[keyword];
      const offered = rule !== undefined && this.#extensions[rule.extension];
      if (rule === undefined || offered === false || (Array.isArray(offered) && offered.length === 0))
        return ArgumentProblem.parameter;
      const value = equals === -1 ? null : parameter.slice(equals + 1);
      if (seen.has(keyword) || !rule.value.test(value ?? '')) return ArgumentProblem.syntax;
      seen.add(keyword);
      if (keyword === 'SIZE') this.declaredOctets = Number(value);
      else if (keyword === 'SMTPUTF8') this.isInternational = true;
    }
    return ArgumentProblem.none;
  }
}

/** Which extension brings a parameter, and what its value looks like; `^$`: it has none. */
type ParameterTable = Readonly<Record<string, { readonly extension: keyof SinkExtensions; readonly value: RegExp }>>;

/** Graphic ASCII but `+` and `=`, which come as `+3D` (xtext, RFC 3461 §4). */
const XTEXT = '(?:[!-*,-<>-~]|\\+[0-9A-F]{2})+';
const MAIL_PARAMETERS: ParameterTable = {
  SIZE: { extension: 'size', value: /^\d{1,20}$/ },
  BODY: { extension: 'eightBitMime', value: /^(?:7BIT|8BITMIME)$/i },
  AUTH: { extension: 'mechanisms', value: /^.+$/ },
  SMTPUTF8: { extension: 'smtpUtf8', value: /^$/ },
  // RFC 3461 §4.3 and §4.4.
  RET: { extension: 'dsn', value: /^(?:FULL|HDRS)$/i },
  ENVID: { extension: 'dsn', value: new RegExp(`^${XTEXT}$`) },
};
const RCPT_PARAMETERS: ParameterTable = {
  // RFC 3461 §4.1 and §4.2.
  NOTIFY: { extension: 'dsn', value: /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i },
  ORCPT: { extension: 'dsn', value: new RegExp(`^[A-Za-z0-9-]+;${XTEXT}$`) },
};

/** Index behind the source route `@one,@two:`, which a server ignores (RFC 5321 §4.1.1.3), or -1. */
function routeEnd(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === COLON) return at + 1;
    if (code <= SPACE || code === CLOSE || code === QUOTE) return -1;
  }
  return -1;
}
