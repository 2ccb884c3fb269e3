/**
 * Buffers for the few lines that straddle two reads. One pool per thread, because a module is loaded once per thread.
 * Knows nothing of replies.
 */
import { assert } from '../assert.js';

/** Octets of an ordinary line buffer: RFC 5321 §4.5.3.1.5 allows a reply line 512 octets. */
const SMALL_OCTETS = 512;
/** Octets of the larger kind, for servers that exceed what the RFC allows; no line longer than this can be held. */
export const MAX_HELD_OCTETS = 8192;
/** How many idle buffers of each size are kept; what is given back beyond that is left to the garbage collector. */
const MAX_IDLE = 16;

const idleSmall: Uint8Array[] = [];
const idleLarge: Uint8Array[] = [];

/**
 * Takes a buffer of at least `octets` (at most {@link MAX_HELD_OCTETS}) out of the pool, or makes one. Its content is
 * arbitrary.
 */
export function takeLineBuffer(octets: number): Uint8Array {
  assert(octets <= MAX_HELD_OCTETS, 'no held line is longer than the cap');
  if (octets <= SMALL_OCTETS) return idleSmall.pop() ?? new Uint8Array(SMALL_OCTETS);
  return idleLarge.pop() ?? new Uint8Array(MAX_HELD_OCTETS);
}

/** Gives a buffer back, which the giver must then forget. */
export function giveBackLineBuffer(buffer: Uint8Array): void {
  const idle = buffer.length === SMALL_OCTETS ? idleSmall : idleLarge;
  if (idle.length < MAX_IDLE) idle.push(buffer);
}
