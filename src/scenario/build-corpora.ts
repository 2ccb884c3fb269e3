/** Makes the messages of a plan's scenarios before the load begins, where they are more than one message with numbers in it. */
import { buildCorpus } from '../data/corpus/build-corpus.js';
import type { CorpusOptions, CorpusPlan } from '../data/corpus/corpus-plan.js';
import { Corpus } from '../data/corpus/corpus.js';
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { lanePlan } from '../plan/lane-plan.js';
import type { CorpusForms, LoadPlan, ScenarioPlan } from '../plan/load-plan.js';
import { OPTION_NAMES } from '../plan/options.js';
import { contentForms } from '../plan/script-counts.js';
import { isTemplate } from '../plan/template-rules.js';
import { uncalledFunctions } from './load-functions.js';
import { LaneData, WorkerData } from './lane-data.js';

/** The messages that a user wants; how they travel is known from the plan. */
export type CorpusRequest = Omit<CorpusOptions, 'isChunked'>;

/** Something wrong with the messages of a scenario. */
export interface CorpusIssue extends ConfigIssue {
  /** Index of the scenario. */
  readonly scenario: number;
}

/**
 * Makes the messages.
 *
 * @param requests - by scenario; null: it has no messages of its own
 * @returns the plan with them, or everything that is wrong: paths are those of {@link CorpusOptions}, or of options
 */
export async function withCorpora(
  plan: LoadPlan,
  requests: readonly (CorpusRequest | null)[],
): Promise<LoadPlan | { readonly issues: readonly CorpusIssue[] }> {
  const worker = new WorkerData(plan.feeders, uncalledFunctions(plan.functions), plan);
  const issues: CorpusIssue[] = [];
  const made = await Promise.all(
    plan.scenarios.map(async (scenario, index) => {
      const request = requests[index] ?? impliedRequest(scenario);
      if (request === null) return scenario;
      const data = new LaneData(lanePlan(scenario, plan.targets[0], plan), worker);
      const forms = contentForms(scenario.session.steps, scenario.extensions.isChunked);
      const building = async (isWanted: boolean, isChunked: boolean): Promise<CorpusPlan | null> => {
        if (!isWanted) return null;
        const result = await buildCorpus({ ...request, isChunked }, data.forHeaders);
        if ('corpus' in result) return result.corpus;
        // Both forms have the same mistakes.
        if (!isChunked || !forms.data) issues.push(...result.issues.map((issue) => ({ ...issue, scenario: index })));
        return null;
      };
      const corpus = { data: await building(forms.data, false), chunks: await building(forms.chunks, true) };
      return withCorpus(scenario, corpus, data, worker);
    }),
  );
  if (issues.length > 0) return { issues };
  const [first = plan.scenarios[0], ...others] = made;
  return { ...plan, scenarios: [first, ...others] };
}

/**
 * As {@link withCorpora} for a plan whose messages are described by its options alone.
 *
 * @throws PostrushError `E_CONFIG`
 */
export async function withImpliedCorpora(plan: LoadPlan): Promise<LoadPlan> {
  const made = await withCorpora(plan, []);
  if (!('issues' in made)) return made;
  const issues = made.issues.map(({ message }) => ({ path: OPTION_NAMES.size, message }));
  throw new PostrushError('E_CONFIG', `these options are unusable: ${issues[0]?.message ?? ''}`, { issues });
}

/** What a scenario needs where its headers hold more than numbers; null: one message with numbers will do. */
function impliedRequest({ from, to, message, extensions }: ScenarioPlan): CorpusRequest | null {
  const { subject, content, sizeBytes } = message;
  if (content !== null || ![from, to, subject].some(isTemplate)) return null;
  const source = { kind: 'text', size: sizeBytes, isUnicode: extensions.eightBitMime } as const;
  return { parts: [{ weight: 1, source }], headers: [{ name: 'Subject', value: subject }], dkim: null };
}

function withCorpus(scenario: ScenarioPlan, corpus: CorpusForms, data: LaneData, worker: WorkerData): ScenarioPlan {
  const plan = corpus.data ?? corpus.chunks;
  if (plan === null) return scenario;
  const { messages } = new Corpus(plan, data.forHeaders, worker.context, scenario.name);
  const mean = messages.reduce((sum, { sizeBytes }, index) => {
    const share = (plan.shareEnd[index] ?? 0) - (plan.shareEnd[index - 1] ?? 0);
    return sum + share * sizeBytes;
  }, 0);
  const { eightBitMime, smtpUtf8 } = scenario.extensions;
  return {
    ...scenario,
    message: { ...scenario.message, sizeBytes: Math.round(mean), corpus },
    // What messages hold has to be declared (RFC 6152 §3, RFC 6531 §3.4).
    extensions: {
      ...scenario.extensions,
      eightBitMime: eightBitMime || plan.isEightBit,
      smtpUtf8: smtpUtf8 || plan.hasUnicodeHeaders,
    },
  };
}
