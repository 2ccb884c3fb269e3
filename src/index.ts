/**
 * postrush as a library: `import { run } from 'postrush'`.
 *
 * @packageDocumentation
 */
export { run, type RunHooks } from './run.js';
export { PostrushError, type ConfigIssue, type ErrorCode } from './errors.js';
export type { LoadTestOptions } from './plan/options.js';
export type { RunProgress } from './report/progress.js';
export type { RunResult } from './report/result-schema.js';
