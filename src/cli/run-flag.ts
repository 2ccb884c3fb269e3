/** What a flag of `run` is, and how its help is written. */
import type { LoadTestOptions } from '../plan/options.js';
import { formatDuration } from '../plan/units.js';

/** One flag of `run`. */
export interface RunFlag {
  /** As the help shows it: `-s, --sessions <n>`. */
  readonly usage: string;
  /**
   * `value`: takes one, the last one counts; `list`: may be repeated; `switch`: takes none; `file`: takes the path of a
   * file, whose content becomes the option.
   */
  readonly kind: 'value' | 'list' | 'switch' | 'file';
  /** The option that the flag sets; null: it concerns files or the output, and not the load. */
  readonly option: keyof LoadTestOptions | null;
  /** What it means, with its default. */
  readonly help: string;
  /** Consent is given on the command line only, never by the environment. */
  readonly isConsent?: true;
}

/** Flags under a heading. */
export interface RunFlagGroup {
  readonly title: string;
  readonly flags: readonly RunFlag[];
}

/** What stands behind the meaning of a flag. */
export const byDefault = (value: string | number): string => `(default: ${value})`;
/** The same for a time. */
export const timeByDefault = (ms: number): string => byDefault(formatDuration(ms));
