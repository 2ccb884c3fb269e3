/** Reads where the load goes, and what of several targets makes no sense together. */
import { MAX_PERIOD, periodOf, wholeWeights } from './lane-table.js';
import type { OptionReader } from './option-reader.js';
import { parseWeightedTarget } from './target.js';
import type { ParsedTarget } from './target.js';

/** A target as read. */
export type ReadTarget = ParsedTarget & { readonly weight: number };

const MAX_TARGETS = 64;

/** Stands in for targets that could not be read, so that the other options are still checked. */
const NO_TARGET: ReadTarget = {
  ...{ url: '', protocol: 'smtp', host: '', port: 0, path: null, isMx: false, implicitTls: false },
  weight: 1,
};

/** Reads `target`, or `targets`. */
export function readTargets(reader: OptionReader): readonly [ReadTarget, ...ReadTarget[]] {
  const given = reader.list('targets');
  if (reader.has('target') && reader.has('targets')) {
    reader.refuse('targets', 'contradicts target: name all of them in one of the two');
  }
  const targets: ReadTarget[] = [];
  for (const text of given.length === 0 ? [reader.text('target', '')] : given) {
    const target = parseWeightedTarget(text);
    if (!('problem' in target)) targets.push(target);
    // What stands before an @ may be a password.
    else reader.refuse('target', target.problem, text.includes('@') || text === '' ? undefined : text);
  }
  checkTogether(reader, targets);
  const [first = NO_TARGET, ...others] = targets;
  return [first, ...others];
}

function checkTogether(reader: OptionReader, targets: readonly ReadTarget[]): void {
  const twice = targets.find(({ url }, index) => targets.findIndex((other) => other.url === url) < index);
  if (twice !== undefined) {
    reader.refuse('target', 'is there twice: give it once, with the sum of the weights (,weight=N)', twice.url);
  }
  if (targets.length > MAX_TARGETS) {
    reader.refuse('target', `takes at most ${String(MAX_TARGETS)} targets`, String(targets.length));
  }
  if (new Set(targets.map(({ protocol }) => protocol)).size > 1) {
    reader.refuse(
      'target',
      'takes SMTP or LMTP in one run: LMTP answers content once per recipient, so that totals over both mean nothing',
    );
  }
  if (new Set(targets.map(({ implicitTls }) => implicitTls)).size > 1) {
    reader.refuse('target', 'takes smtps:// or smtp:// in one run: what --tls says holds for all targets');
  }
  const period = targets.length === 0 ? 0 : periodOf(wholeWeights(targets.map(({ weight }) => weight)));
  if (period > MAX_PERIOD) {
    reader.refuse(
      'target',
      `has weights that ${String(period)} clients are needed to divide: take some that ${String(MAX_PERIOD)} are enough for`,
    );
  }
}
