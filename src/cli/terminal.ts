/** What a terminal can show, as its user has set it. */
import type { Environment } from './environment.js';

/** Whether to colour: never with NO_COLOR (no-color.org), always with FORCE_COLOR, else on a terminal that can. */
export function usesColor(isTerminal: boolean, environment: Environment): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && environment['TERM'] !== 'dumb';
}

/** Whether a line may be written over: not in a log, which is what terminals of CI systems end up in. */
export function canRewriteLine(isTerminal: boolean, environment: Environment): boolean {
  return isTerminal && environment['TERM'] !== 'dumb' && (environment['CI'] ?? '') === '';
}

/** Text fit for a terminal: without anything that could move the cursor or change its state. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\t' ? ' ' : '\ufffd',
  );
}
