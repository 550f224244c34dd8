import { availableParallelism } from 'node:os';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import { ToWorkerSchema, type Answer, type FromWorker, type Task } from './messages.ts';
import { Sessions } from './session.ts';
import { Starter } from './starter/starter.ts';
import { Writer } from './writer/writer.ts';

/**
 * The worker process: loads networks and runs them. Pictures and texts are looked at one request after the other;
 * writing goes on beside them, piece by piece, so that neither waits for the other. It knows neither the store nor
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

interface Request {
  id: number;
  task: Task;
  abort: AbortController;
}

const port = openPort();
const sessions = new Sessions({ threads: availableParallelism() });
const starter = new Starter(sessions);
const writer = new Writer(sessions);
/** Every request that is not answered yet. */
const open = new Map<number, Request>();
/** Those that look at pictures and texts, in order. */
const waiting: Request[] = [];
let busy = false;

async function perform({ id, task, abort: { signal } }: Request): Promise<Answer> {
  const onText = (text: string): void => port.send({ kind: 'part', id, text });
  switch (task.kind) {
    case 'encode-images': {
      const { pixels, count, words } = task;
      return { captions: [], text: '', ...(await starter.look(task.with, words, pixels, count, signal)) };
    }
    case 'read-words': {
      const words = await starter.readWords(task.with, task.pixels, task.count, signal);
      return { vectors: null, captions: [], text: '', words };
    }
    case 'encode-texts': {
      const vectors = await starter.encodeTexts(task.with, task.texts, signal);
      return { vectors, captions: [], text: '' };
    }
    case 'caption-images': {
      const { encode, words, pixels, count, steering } = task;
      return starter.captionImages(task.with, encode, pixels, count, signal, {
        steering,
        ...(words ? { words } : {}),
        ...(task.parts ? { onText } : {}),
      });
    }
    case 'caption-regions': {
      const regions = await starter.captionRegions(task.with, task.pixels, task.count, signal);
      return { vectors: null, captions: [], text: '', regions };
    }
    case 'write': {
      const { panels, seen, settings } = task;
      const text = await writer.write(task.with, panels, seen, settings, signal, onText);
      return { vectors: null, captions: [], text };
    }
    case 'read-story': {
      const { vector, condition } = await writer.read(task.with, task.join, task.panels, task.seen, signal);
      return { vectors: vector, captions: [], text: '', condition };
    }
    case 'tell-images': {
      const { join, pixels, count } = task;
      const captions = await writer.tell(task.with, { with: join, pixels, count }, signal);
      return { vectors: null, captions, text: '' };
    }
  }
}

/** Never throws: a request is answered with what came of it. */
async function answer(request: Request): Promise<void> {
  const { id, abort } = request;
  try {
    abort.signal.throwIfAborted();
    port.send({ kind: 'done', id, answer: await perform(request) });
  } catch (error) {
    const failure = toFailure(abort.signal.aborted ? new FabulaError('cancelled', 'Cancelled.') : error);
    port.send({ kind: 'failed', id, code: failure.code, message: failure.message, details: failure.details });
  }
  open.delete(id);
}

async function drain(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let next = waiting.shift(); next; next = waiting.shift()) await answer(next);
  busy = false;
}

port.listen((raw) => {
  const message = ToWorkerSchema.parse(raw);
  if (message.kind === 'cancel') {
    open.get(message.id)?.abort.abort();
    return;
  }
  const request: Request = { id: message.id, task: message.task, abort: new AbortController() };
  open.set(request.id, request);
  if (request.task.kind === 'write') {
    void answer(request);
  } else {
    waiting.push(request);
    void drain();
  }
});
port.send({ kind: 'ready' });
