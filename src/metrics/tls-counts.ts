/** TLS handshakes counted by what they agreed on. A server chooses from what we offer, so the rows are few. */
import type { TlsRow } from './interval-record.js';

/** What one handshake agreed on. */
export type TlsAgreement = Omit<TlsRow, 'count'>;

/** The handshakes of one phase. */
export class TlsCounts {
  readonly #rows = new Map<string, { readonly agreement: TlsAgreement; count: number }>();

  /** Counts one handshake that succeeded. */
  count(agreement: TlsAgreement, count = 1): void {
    const key = keyOf(agreement);
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { agreement, count });
    else row.count += count;
  }

  /** Plain copies of all rows, the most frequent first. */
  rows(): TlsRow[] {
    return Array.from(this.#rows.values(), ({ agreement, count }) => ({ ...agreement, count })).sort(
      (a, b) => b.count - a.count || (keyOf(a) < keyOf(b) ? -1 : 1),
    );
  }
}

function keyOf({ protocol, cipher, group, resumed }: TlsAgreement): string {
  return [protocol, cipher, group ?? '', resumed].join(' ');
}
