/** What content senders need of messages: {@link MessageTemplate} gives the same one for every number, a corpus chooses. Types only. */
import type { MessageContent } from '../data/corpus/corpus.js';

/** The messages of a scenario. */
export interface MessageSource {
  /** Octets of the largest, as SIZE would declare them. */
  readonly largestBytes: number;
  /** Whether heads are written from the worker's context, which then has to be filled before. */
  readonly usesContext: boolean;
  /** The one with this number (global, from 0). */
  messageOf(number: number): MessageContent;
}
