/** Who the sessions of a lane say that they are, and how. */
import { randomBytes } from 'node:crypto';
import type { LanePlan } from '../plan/lane-plan.js';
import type { AuthPlan, TlsPlan } from '../plan/load-plan.js';
import type { AuthStep } from '../plan/script-steps.js';
import { PASSWORD_MECHANISMS, SASL_MECHANISMS } from '../protocol/sasl/mechanisms.js';
import type { SaslMechanism } from '../protocol/sasl/mechanisms.js';
import { ScramKeyCache } from '../protocol/sasl/scram-keys.js';
import type { AuthScript } from './compiled-script.js';
import { SessionAccounts } from './session-accounts.js';

/** 144 bits, as many as 24 characters of base64 hold. */
const SCRAM_NONCE_OCTETS = 18;

/** What AUTH has where nothing is said of it. */
const NOBODY: AuthPlan = { mechanism: 'auto', user: '', password: '', accounts: null, wrongPercent: 0 };

/** What a step of a script says by itself. */
type OwnAuth = Pick<AuthStep, 'mechanism' | 'user' | 'password'>;

/** @param own - what a step has in place of what the lane has; null: nothing */
export function compileAuth(lane: LanePlan, own: OwnAuth | null): AuthScript {
  const { tls, target } = lane;
  const auth = authOf(lane.auth ?? NOBODY, own);
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
  };
}

function authOf(auth: AuthPlan, own: OwnAuth | null): AuthPlan {
  if (own === null) return auth;
  const { user, password } = own;
  return {
    ...auth,
    mechanism: own.mechanism ?? auth.mechanism,
    ...(user === null ? {} : { user, accounts: null }),
    ...(password === null ? {} : { password, accounts: null }),
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
