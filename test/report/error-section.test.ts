import { expect, test } from 'vitest';
import { ERROR_KIND_NAMES } from '../../src/metrics/outcome.js';
import { renderTextReport } from '../../src/report/text-report.js';
import { sampleResult } from '../support/sample-result.js';

test.each(ERROR_KIND_NAMES)('the meaning of %s fits beside it', (kind) => {
  const report = renderTextReport(sampleResult({ errors: [{ step: 'mail', kind, count: 1, sample: '' }] }), {
    color: false,
    width: 80,
  });
  expect(report).toMatch(new RegExp(`^mail +${kind} +1 {2}\\w[^…]+$`, 'm'));
});

test('the commonest errors are shown when there are too many', () => {
  const errors = ERROR_KIND_NAMES.flatMap((kind) =>
    (['mail', 'rcpt'] as const).map((step, index) => ({ step, kind, count: 100 - index, sample: '' })),
  );
  const report = renderTextReport(sampleResult({ errors }), { color: false, width: 80 });
  expect(report).toContain('\n16 rarer rows in the result file (--json)\n');
});
