/** Takes templates apart: text, and what stands between `{{` and `}}`. Knows no variable. */

const OPEN = '{{';
const CLOSE = '}}';

/** Something wrong with a template. */
export interface TemplateProblem {
  /** Index in the text, UTF-16 units from 0. */
  readonly offset: number;
  /** How much of the text it concerns. */
  readonly length: number;
  /** One sentence: what is wrong and what to try. */
  readonly message: string;
}

/** A word of a placeholder. */
export interface TemplateWord {
  readonly text: string;
  readonly offset: number;
  /** It stood in quotes, and may hold anything but these. */
  readonly isQuoted: boolean;
}

/** A piece of a template: text, or a placeholder where `words` is not null. */
export interface TemplatePiece {
  readonly text: string;
  readonly offset: number;
  readonly words: readonly TemplateWord[] | null;
}

/** A template taken apart. */
export interface TemplateSyntax {
  readonly pieces: readonly TemplatePiece[];
  readonly problems: readonly TemplateProblem[];
}

/** Takes a template apart. Never fails: what cannot be read is left out and named. */
export function parseTemplate(text: string): TemplateSyntax {
  const pieces: TemplatePiece[] = [];
  const problems: TemplateProblem[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf(OPEN, at);
    const end = open === -1 ? text.length : open;
    if (end > at) pieces.push({ text: text.slice(at, end), offset: at, words: null });
    if (open === -1) break;
    const { words, close } = readWords(text, open + OPEN.length);
    if (close === -1) {
      const isQuoteOpen = words.at(-1)?.isQuoted === true && !text.endsWith('"');
      const message = `${OPEN} is not closed by ${CLOSE}${isQuoteOpen ? ': a quote is not closed either' : ''}`;
      problems.push({ offset: open, length: text.length - open, message });
      break;
    }
    at = close + CLOSE.length;
    if (words.length > 0) pieces.push({ text: text.slice(open, at), offset: open, words });
    else problems.push({ offset: open, length: at - open, message: `${OPEN}${CLOSE} has to name a variable` });
  }
  return { pieces, problems };
}

/** The words up to `}}`; `close` is -1 where there is none. */
function readWords(text: string, from: number): { words: TemplateWord[]; close: number } {
  const words: TemplateWord[] = [];
  // A quoted word, a bare one (`}` may be part of it, `}}` not), or the end.
  const token = /\s*(?:"([^"]*)(?:"|$)|(\}\})|((?:(?!\}\})[^\s"])+))/y;
  token.lastIndex = from;
  for (;;) {
    const start = token.lastIndex;
    const found = token.exec(text);
    if (found === null) return { words, close: -1 };
    const [whole, quoted, close, bare] = found;
    if (close !== undefined) return { words, close: token.lastIndex - CLOSE.length };
    const offset = start + whole.length - whole.trimStart().length;
    words.push({ text: quoted ?? bare ?? '', offset, isQuoted: quoted !== undefined });
  }
}
