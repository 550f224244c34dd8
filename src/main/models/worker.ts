import { availableParallelism } from 'node:os';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import { ToWorkerSchema, type Answer, type FromWorker, type Task } from './messages.ts';
import { Sessions } from './session.ts';
import { Starter } from './starter/starter.ts';

/**
 * The worker process: loads networks and runs them, one request after the other. It knows neither the store nor
 * Electron; it is started by `child_process.fork` or by Electron's `utilityProcess`, which differ in the port only.
 */

interface Port {
  send(message: FromWorker): void;
  listen(listener: (message: unknown) => void): void;
}

/** Electron's utility processes talk through `process.parentPort`; Node's children through `process.send`. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

function openPort(): Port {
  const parentPort = (process as { parentPort?: ParentPort }).parentPort;
  if (parentPort) {
    return {
      send: (message) => parentPort.postMessage(message),
      listen: (listener) => parentPort.on('message', (event) => listener(event.data)),
    };
  }
  // The studio is gone, whatever the way it went: nobody waits for an answer any more.
  process.on('disconnect', () => process.exit(0));
  // Ctrl+C reaches the whole process group; the studio decides when the worker ends.
  process.on('SIGINT', () => undefined);
  return {
    send: (message) => process.send?.(message),
    listen: (listener) => process.on('message', listener),
  };
}

const port = openPort();
const starter = new Starter(new Sessions({ threads: availableParallelism() }));
const waiting: { id: number; task: Task; abort: AbortController }[] = [];
let busy = false;

function perform(task: Task, signal: AbortSignal): Promise<Answer> {
  switch (task.kind) {
    case 'encode-images':
      return starter
        .encodeImages(task.with, task.pixels, task.count, signal)
        .then((vectors) => ({ vectors, captions: [] }));
    case 'encode-texts':
      return starter
        .encodeTexts(task.with, task.texts, signal)
        .then((vectors) => ({ vectors, captions: [] }));
    case 'caption-images':
      return starter.captionImages(task.with, task.encode, task.pixels, task.count, signal);
  }
}

async function drain(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let next = waiting[0]; next; next = waiting[0]) {
    const { id, task, abort } = next;
    try {
      abort.signal.throwIfAborted();
      port.send({ kind: 'done', id, answer: await perform(task, abort.signal) });
    } catch (error) {
      const failure = toFailure(abort.signal.aborted ? new FabulaError('cancelled', 'Cancelled.') : error);
      port.send({ kind: 'failed', id, code: failure.code, message: failure.message });
    }
    waiting.shift();
  }
  busy = false;
}

port.listen((raw) => {
  const message = ToWorkerSchema.parse(raw);
  if (message.kind === 'cancel') {
    waiting.find((request) => request.id === message.id)?.abort.abort();
    return;
  }
  waiting.push({ id: message.id, task: message.task, abort: new AbortController() });
  void drain();
});
port.send({ kind: 'ready' });
