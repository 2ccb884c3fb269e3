/**
 * Text that is safe to print. Replies, greetings, certificates and options come from elsewhere and may hold escape
 * sequences, text that runs backwards, or characters two columns wide. Everything printed passes through here.
 */

const WHITE_SPACE = /[\t\r\n]+/g;
// What is left is printable ASCII and the one other letter that our own texts use: the micro sign.
const NOT_PLAIN = /[^\x20-\x7e\u00b5]/gu;
const ELLIPSIS = '…';

/**
 * Plain text of what a server or a user wrote, one column per character: runs of tabs and line ends become one space,
 * other control characters (C0, DEL, C1) their value as `\x1b`, and everything else beyond ASCII a question mark.
 */
export function cleanText(text: string): string {
  return text.replace(WHITE_SPACE, ' ').replace(NOT_PLAIN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0xa0 ? `\\x${code.toString(16).padStart(2, '0')}` : '?';
  });
}

/** `text` in at most `width` columns, ending in an ellipsis when it was longer. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width <= 0) return '';
  return text.slice(0, width - 1).trimEnd() + ELLIPSIS;
}

/** Breaks clean text at spaces into at most `maxLines` lines of `width` columns; what does not fit is clipped. */
export function wrap(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest.length > width && lines.length < maxLines - 1) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  lines.push(clip(rest, width));
  return lines;
}
