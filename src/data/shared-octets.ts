/** Octets that threads of one process share: what is large and never changes crosses to workers without being copied. */

/** A copy that every thread may read where it lies. */
export function sharedCopy(octets: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(octets.length));
  copy.set(octets);
  return copy;
}
