/** EXTERNAL (RFC 4422 appendix A): the certificate of the TLS session has said already who the client is. */
import type { Secrets } from '../credentials.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';

/**
 * One message, the identity to act as; empty: that of the certificate. Whoever has a certificate that is trusted may act
 * as any user of the sink.
 *
 * @param certificateName - the common name of the client's certificate; null: it showed none that is trusted
 */
export function* external(credentials: Secrets, certificateName: string | null): SaslConversation {
  const identity = yield '';
  if (certificateName === null) return MEANINGLESS;
  if (identity === '' || identity === certificateName) return verdictOn(certificateName, true);
  return verdictOn(identity, credentials.secretOf(identity) !== null);
}
