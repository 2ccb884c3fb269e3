/** Who the sessions of a lane say that they are, and how. */
import { randomBytes } from 'node:crypto';
import type { AuthPlan, TlsPlan } from '../plan/load-plan.js';
import { authOfStep } from '../plan/step-auth.js';
import type { OwnAuth } from '../plan/step-auth.js';
import { PASSWORD_MECHANISMS, SASL_MECHANISMS } from '../protocol/sasl/mechanisms.js';
import type { SaslMechanism } from '../protocol/sasl/mechanisms.js';
import { ScramKeyCache } from '../protocol/sasl/scram-keys.js';
import type { AuthScript } from './compiled-script.js';
import type { ScriptBuilder } from './script-builder.js';
import { SessionAccounts } from './session-accounts.js';

const NOTHING_OWN: OwnAuth = { mechanism: null, user: null, password: null };
/** 144 bits, as many as 24 characters of base64 hold. */
const SCRAM_NONCE_OCTETS = 18;

/**
 * Compiles AUTH.
 *
 * @param own - what a step has in place of what the lane has; null: nothing
 * @param place - names the step, for random values
 */
export function compileAuth({ lane, data }: ScriptBuilder, own: OwnAuth | null, place: string): AuthScript {
  const { tls, target } = lane;
  const auth = authOfStep(lane.auth, own ?? NOTHING_OWN);
  const candidates = auth.mechanism === 'auto' ? candidatesOf(auth, tls) : [SASL_MECHANISMS[auth.mechanism]];
  const names = candidates.map(({ name, needsTls }) => (needsTls ? `${name} (inside TLS)` : name));
  return {
    candidates,
    notOffered: `${names.length === 1 ? `${names.join()} is not` : `none of ${names.join(', ')} is`} among the AUTH mechanisms of EHLO`,
    accounts: new SessionAccounts(
      {
        user: auth.user,
        secret: auth.password,
        host: target.host,
        port: target.port,
        nonce: scramNonce,
        scramKeys: new ScramKeyCache(),
      },
      auth,
      lane,
    ),
    user: data.text(own?.user ?? '', `${place}.user`),
    password: data.text(own?.password ?? '', `${place}.password`),
  };
}

/** What a certificate proves crosses no wire and can be asked of nobody, so that it comes first; then what a password can do. */
function candidatesOf(auth: AuthPlan, tls: TlsPlan): readonly SaslMechanism[] {
  return [
    ...(tls.clientCertificate === null ? [] : [SASL_MECHANISMS.external]),
    ...(auth.password === '' ? [] : PASSWORD_MECHANISMS),
  ];
}

/** Printable and without comma (RFC 5802 §5.1). */
function scramNonce(): string {
  return randomBytes(SCRAM_NONCE_OCTETS).toString('base64');
}
