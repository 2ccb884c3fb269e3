/** The flags of `run` that say how clients come, and when the run ends. */
import { DEFAULTS } from '../plan/options.js';
import { formatDuration } from '../plan/units.js';
import { byDefault, timeByDefault, type RunFlagGroup } from './run-flag.js';

/** They stand together in the help. */
export const LOAD_FLAGS: RunFlagGroup = {
  title: 'Load:',
  flags: [
    {
      usage: '-s, --sessions <n>',
      kind: 'value',
      option: 'sessions',
      help: `concurrent sessions, all workers ${byDefault(DEFAULTS.sessions)}; with arrivals the most at once ${byDefault(DEFAULTS.sessionsAtMost)}`,
    },
    {
      usage: '--ramp <time>',
      kind: 'value',
      option: 'ramp',
      help: `closed load: the sessions begin one after the other over so long ${timeByDefault(DEFAULTS.rampMs)}`,
    },
    {
      usage: '--think <time>',
      kind: 'value',
      option: 'think',
      help: "closed load: what a client waits before its next session: 2s, 'exponential 2s', 'uniform 1s..3s'",
    },
    {
      usage: '-r, --rate <rate>',
      kind: 'value',
      option: 'rate',
      help: 'open load: so many clients arrive per second (200/s), minute (30/min) or hour (900/h), whatever becomes of them',
    },
    {
      usage: '--profile <text>',
      kind: 'value',
      option: 'profile',
      help: "a rate that changes: '0/s ->(30s) 200/s ->(5m) 200/s; pause 30s; 400/s for 1m'; it ends the run",
    },
    {
      usage: '--arrivals <pattern>',
      kind: 'value',
      option: 'arrivals',
      help: `even, or poisson: as independent people come ${byDefault(DEFAULTS.arrivals)}`,
    },
    {
      usage: '--on-full <what>',
      kind: 'value',
      option: 'onFull',
      help: `an arrival that finds -s sessions open: drop or queue it ${byDefault(DEFAULTS.onFull)}`,
    },
    {
      usage: '--reuse',
      kind: 'switch',
      option: 'reuse',
      help: 'arrivals are messages for sessions that are kept open, as an MTA sends them',
    },
    {
      usage: '-d, --duration <time>',
      kind: 'value',
      option: 'duration',
      help: `measured time ${byDefault(`${formatDuration(DEFAULTS.durationMs)} without -m`)}`,
    },
    {
      usage: '-m, --messages <n>',
      kind: 'value',
      option: 'messages',
      help: 'messages to attempt; with -d, whichever is reached first ends the run',
    },
    {
      usage: '-n, --messages-per-session <n>',
      kind: 'value',
      option: 'messagesPerSession',
      help: `messages before QUIT and a new connection; "all" keeps it ${byDefault(DEFAULTS.messagesPerSession)}; with --reuse all`,
    },
    {
      usage: '--connections <n>',
      kind: 'value',
      option: 'connections',
      help: 'sessions to begin, where they send no mail (--auth-only, --hold, --steps)',
    },
    {
      usage: '-w, --workers <n>',
      kind: 'value',
      option: 'workers',
      help: 'worker threads (default: one per core, at most -s)',
    },
    {
      usage: '--connect-limit <n>',
      kind: 'value',
      option: 'connectLimit',
      help: `connects in progress per worker ${byDefault(DEFAULTS.connectLimit)}`,
    },
    {
      usage: '--warmup <time|auto>',
      kind: 'value',
      option: 'warmup',
      help: `load before the measured time; auto: until it is steady ${timeByDefault(DEFAULTS.warmupMs)}`,
    },
    {
      usage: '--drain <time>',
      kind: 'value',
      option: 'drain',
      help: `longest wait for messages under way at the end ${timeByDefault(DEFAULTS.drainMs)}`,
    },
    {
      usage: '--give-up <time>',
      kind: 'value',
      option: 'giveUp',
      help: `end when no greeting came for so long ${timeByDefault(DEFAULTS.giveUpMs)}`,
    },
    {
      usage: '--seed <n>',
      kind: 'value',
      option: 'seed',
      help: `seed of everything random ${byDefault(DEFAULTS.seed)}`,
    },
  ],
};
