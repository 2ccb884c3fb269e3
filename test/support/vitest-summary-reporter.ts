/** Ends a test run with the reasons of all skips and one plain line, `N passed, N failed`, which CI adds up. */
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** A vitest reporter beside the default one. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    const reasons = new Set<string>();
    for (const module of modules) {
      // A file that could not be loaded, or a hook that failed, has no failing test to show for it.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else {
          skipped += 1;
          reasons.add(('note' in result ? result.note : undefined) ?? `test.skip in ${module.relativeModuleId}`);
        }
      }
    }
    const lines = [...reasons].map((reason) => `skipped: ${reason}`);
    lines.push(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    // On exit, so that it comes after the default reporter's own summary.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}
