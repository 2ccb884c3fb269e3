/** Lines of a text report: pieces of text with a style, clipped and painted only when printed. */
import { clip, wrap } from './clean-text.js';
import type { Paint, Style } from './paint.js';

/** A piece of a line. The text holds neither control characters nor any that are not one column wide. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** One line; an empty one has no pieces. */
export type ReportLine = readonly Piece[];

/** Width of the labels at the left of a report. */
export const LABEL_WIDTH = 12;

/** Most lines of a paragraph, unless it says otherwise. */
const PARAGRAPH_LINES = 4;

/** A piece of text. */
export function piece(text: string, style: Style = 'plain'): Piece {
  return { text, style };
}

/** A label and a short note beside it; the note must fit. */
export function heading(name: string, note: string): ReportLine {
  return [piece(name.padEnd(LABEL_WIDTH), 'strong'), piece(note, 'faint')];
}

/** A paragraph beside a label, broken so that it stays beside it. `text` must be clean. */
export function labelled(
  label: string,
  text: string,
  width: number,
  style: Style = 'plain',
  maxLines = PARAGRAPH_LINES,
): ReportLine[] {
  return wrap(text, width - LABEL_WIDTH, maxLines).map((part, index) => [
    piece((index === 0 ? label : '').padEnd(LABEL_WIDTH), 'strong'),
    piece(part, style),
  ]);
}

/** The line as printed: at most `width` columns, without spaces at its end. */
export function printLine(line: ReportLine, width: number, paint: Paint): string {
  const whole = line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
  const visible = clip(whole, width);
  let printed = '';
  let start = 0;
  for (const { text, style } of line) {
    const part = visible.slice(start, start + text.length);
    if (part !== '') printed += paint(style, part);
    start += text.length;
  }
  return printed;
}
