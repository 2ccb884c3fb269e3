/** Entry of one process among those of a sink: listens as it is told over its channel, asks what it may not decide, ends. */
import { PostrushError } from '../errors.js';
import type { PartNotice, PartRequest } from './process-messages.js';
import { RemoteArbiter } from './remote-arbiter.js';
import { resolveSinkOptions } from './sink-options.js';
import { startSinkPart } from './sink.js';
import type { RunningSink } from './sink.js';

/** How often a change of the number of open connections is told. */
const OPEN_MS = 20;

// Ctrl-C reaches every process of a terminal; when to end is decided by one of them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);

let sink: RunningSink | null = null;
let arbiter: RemoteArbiter | null = null;

process.on('message', (request: PartRequest) => {
  switch (request.type) {
    case 'start':
      void start(request);
      break;
    case 'decisions':
      arbiter?.onDecisions(request.decisions);
      break;
    case 'stats':
      if (sink !== null) tell({ type: 'stats', stats: sink.stats() });
      break;
    case 'close':
      void sink?.close().then((stats) => tell({ type: 'closed', stats }, () => process.exit(0)));
      break;
  }
});

tell({ type: 'ready' });

async function start({ options, archive }: Extract<PartRequest, { type: 'start' }>): Promise<void> {
  try {
    const settings = resolveSinkOptions(options);
    sink = await startSinkPart(settings, {
      arbiterFor: (nowMs) => {
        arbiter = new RemoteArbiter(settings, nowMs, (questions) => tell({ type: 'questions', questions }));
        return arbiter;
      },
      archive,
    });
    const { openNow, urls } = sink;
    let told = 0;
    setInterval(() => {
      if (openNow() === told) return;
      told = openNow();
      tell({ type: 'open', open: told });
    }, OPEN_MS);
    tell({ type: 'listening', urls });
  } catch (error) {
    const message = error instanceof PostrushError ? error.message : String(error);
    tell({ type: 'failed', message }, () => process.exit(1));
  }
}

function tell(notice: PartNotice, onSent?: () => void): void {
  // Where the other end is gone this process ends with it; there is nobody left to tell.
  process.send?.(notice, undefined, undefined, () => onSent?.());
}
