/** The messages of a scenario, compiled once for all its lanes, and only as they are sent: by DATA, in chunks, or both. */
import type { LanePlan } from '../plan/lane-plan.js';
import { recipientRange } from '../plan/script-counts.js';
import { MessageTemplate } from './message-template.js';

/** Both forms of a message. */
export class LaneMessages {
  readonly #lane: LanePlan;
  readonly #made = new Map<boolean, MessageTemplate>();

  constructor(lane: LanePlan) {
    this.#lane = lane;
  }

  /** The message as DATA or as chunks have it. */
  of(isChunked: boolean): MessageTemplate {
    const known = this.#made.get(isChunked);
    if (known !== undefined) return known;
    const lane = this.#lane;
    const extensions = { ...lane.extensions, isChunked };
    const made = new MessageTemplate({ ...lane, recipients: recipientRange(lane).max, extensions });
    this.#made.set(isChunked, made);
    return made;
  }
}
