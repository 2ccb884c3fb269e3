/**
 * The generator, and a little later the end of one worker. What happens to the first worker stands in the environment:
 * `throw`, `reject`, `exit` and `memory` after it has sent an interval record, `early` before it is ready.
 */
import runTask from '../../dist/workers/run-task.js';

/** Between the first interval record and the crash: the record is told, what comes after it is lost. */
const CRASH_AFTER_MS = 200;

const CRASHES = {
  throw: () => {
    throw new Error('thrown by the worker');
  },
  exit: () => {
    process.exit(7);
  },
  memory: () => {
    const hoard = [];
    for (;;) hoard.push(new Array(10_000).fill({}).map(() => ({ more: 'and more' })));
  },
};

/** Runs a task as the generator does, unless it is the load of the first worker. */
export default function runTaskAndCrash(task) {
  const how = process.env['INTEGRATION_CRASH'];
  if (task.kind !== 'load' || task.share.workerId !== 0) return runTask(task);
  if (how === 'early') throw new Error('thrown before the load');
  return new Promise((resolve, reject) => {
    const crash = CRASHES[how] ?? (() => reject(new Error('thrown by the task')));
    onFirstInterval(task.port, () => setTimeout(crash, CRASH_AFTER_MS));
    runTask(task).then(resolve, reject);
  });
}

/** Calls `then` when the first interval record goes out. */
function onFirstInterval(port, then) {
  const post = port.postMessage.bind(port);
  port.postMessage = (message) => {
    post(message);
    if (message.type !== 'interval') return;
    port.postMessage = post;
    then();
  };
}
