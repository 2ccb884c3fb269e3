/** Finds the lines of commands in chunks. Knows no command. Holds a part of a line only while its end has not come. */
import { CR, LF } from '../protocol/ascii.js';

/** Reads one line at a time into its own fields. */
export class LineReader {
  /** The line at hand, Latin-1, without its end. */
  line = '';
  /** Whether a line is at hand; otherwise the chunk ended first. */
  isWhole = false;
  /** It ended with CRLF, and not with a bare LF, which ends no line (RFC 5321 §2.3.8). Then `line` is ''. */
  hasCrLf = false;
  /** Nothing came behind it. */
  isLast = false;
  /** What has come of a line whose end has not. */
  partial = '';

  /**
   * Takes a line, or the part of one that is there.
   *
   * @returns the index in `chunk` behind what was taken
   */
  read(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from);
    this.isWhole = end !== -1;
    if (end === -1) {
      this.partial += chunk.toString('latin1', from);
      return chunk.length;
    }
    this.isLast = end === chunk.length - 1;
    if (this.partial === '') {
      this.hasCrLf = end > from && chunk[end - 1] === CR;
      this.line = this.hasCrLf ? chunk.toString('latin1', from, end - 1) : '';
    } else {
      const whole = this.partial + chunk.toString('latin1', from, end);
      this.partial = '';
      this.hasCrLf = whole.endsWith('\r');
      this.line = this.hasCrLf ? whole.slice(0, -1) : '';
    }
    return end + 1;
  }
}
