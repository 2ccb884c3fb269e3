/** Our sink as a process of its own: tells its port to the process that started it, and ends with it. */
import { startSink } from '../../src/sink/sink.js';

if (process.send !== undefined) {
  const sink = await startSink({});
  process.on('disconnect', () => process.exit());
  process.send({ port: sink.port });
}
