/**
 * postrush as a library: `import { run } from 'postrush'`.
 *
 * @packageDocumentation
 */
export { run, type RunHooks } from './run.js';
export {
  startSink,
  type AddedDelay,
  type ArchiveStats,
  type Delay,
  type FaultRow,
  type RunningSink,
  type SinkMessage,
  type SinkOptions,
  type SinkReplyRow,
  type SinkSecond,
  type SinkStats,
  type SinkTls,
  type SinkTlsRow,
  type SinkTlsVersion,
} from './sink/sink.js';
export type { MailResolver } from './coordinator/find-mail-hosts.js';
export { PostrushError, type ConfigIssue, type ErrorCode } from './errors.js';
export type { LatencySummary } from './metrics/latency-histograms.js';
export type { LoadTestOptions } from './plan/options.js';
export type { KnownCeiling } from './report/generator-schema.js';
export type { RunProgress, SessionProgress } from './report/progress.js';
export type { RunResult } from './report/result-schema.js';
export {
  defineScenario,
  type FunctionMoment,
  type ScenarioClass,
  type ScenarioCorpus,
  type ScenarioDefinition,
  type ScenarioFunction,
  type ScenarioSettings,
  type ScenarioStep,
  type ScenarioText,
} from './scenario-file/scenario-definition.js';
