/** Cases measured in turn, round by round, so that what the machine does meanwhile meets all of them alike. */
import type { MacroSettings } from './macro-settings.js';

/** Something whose cost is told beside that of others. */
export interface PairedCase {
  readonly name: string;
  readonly title: string;
  /** Names of the cases that its figures are compared with: measured whenever it is. */
  readonly besides: readonly string[];
}

/** The figure of every round by name of the case; index is the round. */
export type RoundFigures = ReadonlyMap<string, readonly number[]>;

/** The cases that `--only` names, with those that they are compared with, in their own order. */
export function wantedCases<C extends PairedCase>(cases: readonly C[], settings: MacroSettings): C[] {
  const wanted = cases.filter(({ name }) => settings.wants(name));
  const besides = new Set(wanted.flatMap((wantedCase) => wantedCase.besides));
  return cases.filter((each) => wanted.includes(each) || besides.has(each.name));
}

/** Measures one case right after the other; every second round the other way round, so that none is always the first. */
export async function playRounds<C extends PairedCase>(
  cases: readonly C[],
  rounds: number,
  measure: (each: C) => Promise<number>,
): Promise<RoundFigures> {
  const figures = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? cases : cases.toReversed()) figures.get(each.name)?.push(await measure(each));
  }
  return figures;
}

/** What `combine` makes of the figures of two cases within the same round; empty when one was not measured. */
export function pairs(
  figures: RoundFigures,
  [first, second]: readonly [string, string],
  combine: (first: number, second: number) => number,
): number[] {
  const others = figures.get(second) ?? [];
  return others.map((other, round) => combine(figures.get(first)?.[round] ?? NaN, other));
}
