/** The verdict as JUnit XML, so that a build server shows objectives and gates as tests. */
import { clip, cleanText } from './clean-text.js';
import { formatGateValue } from './generator-section.js';
import type { RunResult } from './result-schema.js';
import { formatObjective } from './verdict-section.js';

/** Longer texts are cut: build servers show them in one line. */
const MAX_TEXT = 500;

interface TestCase {
  readonly group: string;
  readonly name: string;
  /** Null: it passed. An error is no finding about the server: the numbers do not count. */
  readonly problem: { readonly kind: 'failure' | 'error'; readonly text: string } | null;
  /** It was switched off. */
  readonly isSkipped?: boolean;
}

/** The whole file. One suite: the run, its objectives, the health of the generator and the books. */
export function renderJunit(result: RunResult): string {
  const cases = [...runCases(result), ...objectiveCases(result), ...gateCases(result), bookCase(result)];
  const count = (kind: 'failure' | 'error'): number => cases.filter(({ problem }) => problem?.kind === kind).length;
  const skipped = cases.filter(({ isSkipped }) => isSkipped === true).length;
  const time = (result.window.measuredSec + result.window.warmupSec + result.window.drainSec).toFixed(3);
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${skipped}"`;
  const name = attribute(`postrush run ${result.target.url}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="postrush" ${counts} time="${time}">`,
    `  <testsuite name="${name}" ${counts} time="${time}" timestamp="${result.window.startedAt.slice(0, 19)}">`,
    ...cases.map(caseText),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** What else speaks against the run. */
function runCases({ reasons, verdict }: RunResult): TestCase[] {
  const told = new Set(['objective', 'books']);
  const others = reasons.filter(({ kind }) => !told.has(kind) && !isGate(kind));
  if (others.length === 0)
    return [{ group: 'run', name: 'the load was placed, and the target was there', problem: null }];
  return others.map(({ kind, text }) => ({
    group: 'run',
    name: kind,
    problem: { kind: verdict === 'fail' ? 'failure' : 'error', text },
  }));
}

function isGate(kind: string): boolean {
  return /\.p99$|^utilisation$|Limit$/.test(kind);
}

function objectiveCases({ objectives, verdict }: RunResult): TestCase[] {
  return objectives.map((objective) => ({
    group: 'objectives',
    name: objective.expression,
    problem: objective.pass
      ? null
      : { kind: verdict === 'invalid' ? 'error' : 'failure', text: formatObjective(objective) },
  }));
}

function gateCases({ generator }: RunResult): TestCase[] {
  return generator.gates.map(({ name, value, bound, unit, ok }) => ({
    group: 'generator',
    name,
    isSkipped: bound === null,
    problem: ok
      ? null
      : {
          kind: 'error',
          text: `${formatGateValue(value ?? 0, unit)} (bound ${formatGateValue(bound ?? 0, unit)}): the generator was the limit, the numbers do not count`,
        },
  }));
}

function bookCase({ books }: RunResult): TestCase {
  const broken = books.checks.filter(({ ok }) => !ok).map(({ name, left, right }) => `${name} (${left} and ${right})`);
  return {
    group: 'generator',
    name: 'the books balance',
    problem: books.balanced ? null : { kind: 'error', text: broken.join('; ') },
  };
}

function caseText({ group, name, problem, isSkipped = false }: TestCase): string {
  const head = `    <testcase classname="postrush.${group}" name="${attribute(name)}"`;
  if (isSkipped) return `${head}><skipped message="switched off (--gate)"/></testcase>`;
  if (problem === null) return `${head}/>`;
  return `${head}><${problem.kind} message="${attribute(problem.text)}"/></testcase>`;
}

/** Server text may be anything: XML 1.0 has no place for control characters, and attributes none for markup. */
function attribute(text: string): string {
  return clip(cleanText(text), MAX_TEXT)
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
