/** Colours of the terminal, or none. The only module that knows the colour library. */
import picocolors from 'picocolors';

/** How a piece of text is painted. */
export type Style =
  'plain' | 'strong' | 'faint' | 'good' | 'doubtful' | 'bad' | 'goodBadge' | 'doubtfulBadge' | 'badBadge';

/** Paints a piece of text. Adds no visible character. */
export type Paint = (style: Style, text: string) => string;

/** A painter that uses colours, or one that changes nothing. */
export function createPaint(color: boolean): Paint {
  const colors = picocolors.createColors(color);
  const painters: Record<Style, (text: string) => string> = {
    plain: (text) => text,
    strong: (text) => colors.bold(text),
    faint: (text) => colors.dim(text),
    good: (text) => colors.green(text),
    doubtful: (text) => colors.yellow(text),
    bad: (text) => colors.red(text),
    goodBadge: (text) => colors.bold(colors.inverse(colors.green(text))),
    doubtfulBadge: (text) => colors.bold(colors.inverse(colors.yellow(text))),
    badBadge: (text) => colors.bold(colors.inverse(colors.red(text))),
  };
  return (style, text) => painters[style](text);
}
