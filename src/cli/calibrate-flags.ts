/** The flags of `calibrate`: those of `run` that shape sessions, and two of its own. */
import { formatDuration } from '../plan/units.js';
import { byDefault, type RunFlag } from './run-flag.js';
import { OUTPUT_TITLE, RUN_FLAG_GROUPS, VERDICT_TITLE, longName } from './run-flags.js';
import { LOAD_FLAGS } from './run-load-flags.js';

/** Measured time of each trial. */
export const TRIAL_MS = 5000;
/** Shorter ones tell nothing, longer ones nothing more. */
export const SHORTEST_TRIAL_MS = 1000;
export const LONGEST_TRIAL_MS = 60_000;

const OF_LOAD: readonly string[] = ['--sessions', '--messages-per-session', '--workers', '--connect-limit', '--seed'];
/** They shape no session that is calibrated: nothing is deferred, and no mail is no message. */
const LEFT_OUT: readonly string[] = ['--print-config', '--retry', '--auth-only', '--hold'];

const OWN: readonly RunFlag[] = [
  {
    usage: '-d, --duration <time>',
    kind: 'value',
    option: null,
    help: `measured time of each of three trials, ${formatDuration(SHORTEST_TRIAL_MS)} to ${formatDuration(LONGEST_TRIAL_MS)} ${byDefault(formatDuration(TRIAL_MS))}`,
  },
  { usage: '--json <file>', kind: 'value', option: null, help: 'write the figures as JSON; "-" is stdout, alone' },
];

/** Those that the help explains; of the others it says that they are those of run. */
export const CALIBRATE_HELP: readonly string[] = [
  '--scenario',
  ...['--sessions', '--messages-per-session', '--workers', '--rcpt', '--size', '--tls', '--auth'],
  ...OWN.map(longName),
];

/** All of them. */
export const CALIBRATE_FLAGS: readonly RunFlag[] = [
  ...RUN_FLAG_GROUPS.filter(({ title }) => title !== OUTPUT_TITLE && title !== VERDICT_TITLE).flatMap((group) =>
    group.flags.filter((flag) => {
      const name = longName(flag);
      return group.title === LOAD_FLAGS.title ? OF_LOAD.includes(name) : !LEFT_OUT.includes(name);
    }),
  ),
  ...OWN,
];
