/** For which message, session and moment a template is written. One object per worker, filled anew before each writing. */

/** A reply has no longer lines (RFC 5321 §4.5.3.1.5), so that nothing longer is captured. */
export const LONGEST_CAPTURE = 512;

/** What variables are written from. */
export class RenderContext {
  /**
   * Global number of the message, from 0. Outside of messages: of the one that the session was opened for; in a session
   * that sends none, the session's.
   */
  number = 0;
  /** Which repetition within the message, from 0 and below `count`: a recipient, a round of a loop. */
  index = 0;
  /** How many repetitions every message has; feeders in order give each its own row. */
  count = 1;
  /** Number of the session in the run, from 0. */
  session = 0;
  /** Which of the sessions at once it is, over all workers, from 0. */
  place = 0;
  /** How many sessions its place had before it. */
  visit = 0;
  /** Sessions at once over all workers. */
  places = 1;
  /** From 0. */
  worker = 0;
  /** Wall-clock time, ms since 1970. */
  nowMs = 0;
  /** What the session captured, by the index of the name among those of the scenario; null: nothing yet. */
  captures: readonly (Uint8Array | null)[] = [];
}
