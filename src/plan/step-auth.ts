/** AUTH steps with a mechanism or an account of their own, and what the scenario adds to them. Pure. */
import type { AuthPlan } from './load-plan.js';
import type { AuthStep, ScriptStep } from './script-steps.js';

/** What AUTH has where nothing is said of it. */
const NOBODY: AuthPlan = { mechanism: 'auto', user: '', password: '', accounts: null, wrongPercent: 0 };

/** What a step of a script may say by itself. */
export type OwnAuth = Pick<AuthStep, 'mechanism' | 'user' | 'password'>;

/** How a step authenticates. User and password may be templates. */
export function authOfStep(auth: AuthPlan | null, { mechanism, user, password }: OwnAuth): AuthPlan {
  const usual = auth ?? NOBODY;
  return {
    ...usual,
    mechanism: mechanism ?? usual.mechanism,
    ...(user === null ? {} : { user, accounts: null }),
    ...(password === null ? {} : { password, accounts: null }),
  };
}

/** The AUTH steps at any depth. */
export function authSteps(steps: readonly ScriptStep[]): readonly AuthStep[] {
  return steps.flatMap((step): readonly AuthStep[] => {
    if (step.kind === 'repeat') return authSteps(step.steps);
    if (step.kind === 'choose') return step.branches.flatMap(({ steps: own }) => authSteps(own));
    return step.kind === 'auth' ? [step] : [];
  });
}
