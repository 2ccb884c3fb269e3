/** Reads the arguments of MAIL and RCPT: a path, then parameters (RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.2). */
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
  readonly #extensions: SinkExtensions;
  /** Index behind the path's closing bracket. */
  #end = 0;

  constructor(extensions: SinkExtensions) {
    this.#extensions = extensions;
  }

  /** Reads a MAIL command line. */
  readMail(line: string): void {
    this.problem = this.#readPath(line, 'from:');
    if (this.problem === ArgumentProblem.none && this.#end < line.length) this.problem = this.#readMailParameters(line);
  }

  /** Reads a RCPT command line. No parameter is on offer. The null path has no place here. */
  readRcpt(line: string): void {
    this.problem = this.#readPath(line, 'to:');
    if (this.problem !== ArgumentProblem.none) return;
    if (this.path === '') this.problem = ArgumentProblem.path;
    else if (this.#end < line.length) {
      this.problem = line.charCodeAt(this.#end) === SPACE ? ArgumentProblem.parameter : ArgumentProblem.syntax;
    }
  }

  /** `word` stands behind the verb and a space. Spaces before the path are no RFC, but common, and harmless. */
  #readPath(line: string, word: string): ArgumentProblem {
    this.path = '';
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
      if (!(code >= SPACE && code < DELETE)) return ArgumentProblem.path;
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
    this.#end = at + 1;
    return ArgumentProblem.none;
  }

  #readMailParameters(line: string): ArgumentProblem {
    if (line.charCodeAt(this.#end) !== SPACE) return ArgumentProblem.syntax;
    for (const parameter of line.slice(this.#end).trim().split(/ +/)) {
      const [keyword = '', value = ''] = parameter.toUpperCase().split('=', 2);
      const problem = this.#readMailParameter(keyword, value);
      if (problem !== ArgumentProblem.none) return problem;
    }
    return ArgumentProblem.none;
  }

  #readMailParameter(keyword: string, value: string): ArgumentProblem {
    switch (keyword) {
      case '':
        return ArgumentProblem.none;
      case 'SIZE':
        if (!this.#extensions.size) return ArgumentProblem.parameter;
        this.declaredOctets = Number(value);
        return /^\d{1,20}$/.test(value) ? ArgumentProblem.none : ArgumentProblem.syntax;
      case 'BODY':
        if (!this.#extensions.eightBitMime) return ArgumentProblem.parameter;
        return value === '7BIT' || value === '8BITMIME' ? ArgumentProblem.none : ArgumentProblem.syntax;
      case 'AUTH':
        if (this.#extensions.mechanisms.length === 0) return ArgumentProblem.parameter;
        return value === '' ? ArgumentProblem.syntax : ArgumentProblem.none;
      default:
        return ArgumentProblem.parameter;
    }
  }
}

/** Index behind the source route `@one,@two:`, which a server ignores (RFC 5321 §4.1.1.3), or -1. */
function routeEnd(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === COLON) return at + 1;
    if (code <= SPACE || code === CLOSE || code === QUOTE) return -1;
  }
  return -1;
}
