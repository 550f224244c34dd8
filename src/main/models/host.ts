import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FabulaError } from '../../shared/errors.ts';
import { FromWorkerSchema, type Answer, type Task, type ToWorker } from './messages.ts';

/** A running worker process, whatever started it. */
export interface WorkerProcess {
  send(message: ToWorker): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the process has ended or could not be started. */
  onExit(listener: (reason: string) => void): void;
  kill(): void;
}
export type SpawnWorker = () => WorkerProcess;

/** The worker's file: the source when Fabula runs from its sources, the bundle when it is built. */
export function workerFile(): string {
  if (import.meta.filename.endsWith('.ts')) return join(import.meta.dirname, 'worker.ts');
  // A bundle keeps what several entries share in a folder of its own, one below the entries.
  const beside = join(import.meta.dirname, 'worker.js');
  return existsSync(beside) ? beside : join(import.meta.dirname, '..', 'worker.js');
}

const STDERR_KEPT = 2000;

/** Starts the worker as a child of a plain Node process. */
export function spawnNodeWorker(): WorkerProcess & { readonly pid: number | undefined } {
  const child = fork(workerFile(), [], {
    // Binary data crosses as it is instead of as JSON.
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-STDERR_KEPT);
  });
  return {
    get pid() {
      return child.pid;
    },
    // A child that has just died is reported by its exit; the failed write says nothing more.
    send: (message) => void child.send(message, () => undefined),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => {
      let told = false;
      const tell = (reason: string): void => {
        if (told) return;
        told = true;
        listener(complaint.trim() === '' ? reason : `${reason}: ${complaint.trim()}`);
      };
      child.on('error', (error) => tell(error.message));
      child.on('exit', (code, signal) => tell(signal ? `ended by ${signal}` : `ended with code ${code}`));
    },
    kill: () => void child.kill(),
  };
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** Goes before what is not urgent: somebody waits for a search while thousands of pictures are being captioned. */
  urgent?: boolean;
  /** Hears the text so far, whole, while it is written; again from the start where the worker had to be. */
  onText?: ((text: string) => void) | undefined;
}

interface Request {
  id: number;
  task: Task;
  urgent: boolean;
  onText: ((text: string) => void) | undefined;
  /** How often the worker ended while this request was its first. */
  crashes: number;
  settled: boolean;
  resolve(answer: Answer): void;
  reject(error: FabulaError): void;
}

interface Running {
  process: WorkerProcess;
  ready: boolean;
  ended: Promise<string>;
}

/**
 * What the worker has of each kind: of looking, one being worked on and one waiting, so that it never idles between
 * two; of writing, which goes on beside, two texts at once.
 */
const IN_WORKER = 2;
type Lane = 'look' | 'write';
const laneOf = ({ task }: { task: Task }): Lane => (task.kind === 'write' ? 'write' : 'look');
/** A request is tried again after a crash this often. */
const RETRIES = 1;
const STARTS = 2;

/**
 * Keeps one worker process and one queue. The worker is started by the first request and again after a crash. A
 * request is answered, failed or cancelled, never lost: those that were being worked on when the worker crashed are
 * tried once more, each on its own, and fail with `model-failed` when they take the worker down again; the others just
 * wait.
 */
export class Host {
  readonly #spawn: SpawnWorker;
  readonly #idleMs: number;
  #queue: Request[] = [];
  #sent: Request[] = [];
  #running: Running | null = null;
  #failedStarts = 0;
  #nextId = 1;
  #closed = false;
  #idle: NodeJS.Timeout | undefined;

  /** @param idleMs The worker is ended, and its memory given back, after this long without a request. */
  constructor(spawn: SpawnWorker, idleMs = 300_000) {
    this.#spawn = spawn;
    this.#idleMs = idleMs;
  }

  /** @throws FabulaError `cancelled` once the signal is raised; `model-failed`; whatever the worker reports. */
  request(task: Task, { signal, urgent = false, onText }: RequestOptions = {}): Promise<Answer> {
    if (this.#closed) return Promise.reject(new FabulaError('cancelled', 'The models are closed.'));
    if (signal?.aborted) return Promise.reject(new FabulaError('cancelled', 'Cancelled.'));
    return new Promise((resolve, reject) => {
      const finish = (): boolean => {
        if (request.settled) return false;
        request.settled = true;
        signal?.removeEventListener('abort', cancel);
        return true;
      };
      const request: Request = {
        id: this.#nextId++,
        task,
        urgent,
        onText,
        crashes: 0,
        settled: false,
        resolve: (answer) => finish() && resolve(answer),
        reject: (error) => finish() && reject(error),
      };
      const cancel = (): void => {
        this.#queue = this.#queue.filter((other) => other !== request);
        // One that the worker has keeps its place until the worker answers, so that the count stays right.
        if (this.#sent.includes(request)) this.#running?.process.send({ kind: 'cancel', id: request.id });
        request.reject(new FabulaError('cancelled', 'Cancelled.'));
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const behind = urgent ? this.#queue.findIndex((other) => !other.urgent && other.crashes === 0) : -1;
      this.#queue.splice(behind < 0 ? this.#queue.length : behind, 0, request);
      this.#pump();
    });
  }

  /** Ends the worker. Requests that wait are cancelled. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    for (const request of [...this.#sent, ...this.#queue]) {
      request.reject(new FabulaError('cancelled', 'The models are closed.'));
    }
    this.#queue = [];
    this.#sent = [];
    await this.#stop();
  }

  #pump(): void {
    clearTimeout(this.#idle);
    if (this.#closed) return;
    if (this.#queue.length === 0 && this.#sent.length === 0) {
      this.#idle = setTimeout(() => void this.#stop(), this.#idleMs).unref();
      return;
    }
    for (let request = this.#next(); request; request = this.#next()) {
      this.#queue.splice(this.#queue.indexOf(request), 1);
      this.#sent.push(request);
      this.#running ??= this.#start();
      this.#running.process.send({ kind: 'run', id: request.id, task: request.task });
    }
  }

  /** The request to send now, if any. */
  #next(): Request | undefined {
    // One that has seen a crash is tried alone, so that it is known who is to blame.
    const [first] = this.#queue;
    if (
      this.#sent.length > 0 &&
      (this.#sent.some(({ crashes }) => crashes > 0) || (first?.crashes ?? 0) > 0)
    ) {
      return undefined;
    }
    const room = (lane: Lane): boolean =>
      this.#sent.filter((sent) => laneOf(sent) === lane).length < IN_WORKER;
    const open: Record<Lane, boolean> = { look: room('look'), write: room('write') };
    return this.#queue.find((request) => open[laneOf(request)]);
  }

  #start(): Running {
    const process = this.#spawn();
    const end = Promise.withResolvers<string>();
    const running: Running = { process, ready: false, ended: end.promise };
    process.onMessage((message) => {
      if (this.#running === running) this.#receive(running, message);
    });
    process.onExit((reason) => {
      end.resolve(reason);
      if (this.#running !== running) return;
      this.#running = null;
      this.#recover(running.ready, reason);
    });
    return running;
  }

  #receive(running: Running, raw: unknown): void {
    const parsed = FromWorkerSchema.safeParse(raw);
    if (!parsed.success) {
      // Out of its mind: started anew, it gets the request once more.
      running.process.kill();
      return;
    }
    const message = parsed.data;
    if (message.kind === 'ready') {
      running.ready = true;
      this.#failedStarts = 0;
      return;
    }
    const request = this.#sent.find((sent) => sent.id === message.id);
    if (!request) return;
    if (message.kind === 'part') {
      if (!request.settled) request.onText?.(message.text);
      return;
    }
    this.#sent = this.#sent.filter((sent) => sent !== request);
    if (message.kind === 'done') request.resolve(message.answer);
    else request.reject(new FabulaError(message.code, message.message, message.details));
    this.#pump();
  }

  #recover(wasReady: boolean, reason: string): void {
    // The worker looks in order, so the first one is the one it was at; it writes all its texts at once.
    const looking = this.#sent.find((request) => laneOf(request) === 'look');
    const atWork = this.#sent.filter((request) => request === looking || laneOf(request) === 'write');
    if (wasReady) for (const request of atWork) request.crashes++;
    const left = [...this.#sent, ...this.#queue].filter((request) => !request.settled);
    this.#queue = [
      ...left.filter(({ crashes }) => crashes > 0),
      ...left.filter(({ crashes }) => crashes === 0),
    ];
    this.#sent = [];
    if (!wasReady && ++this.#failedStarts >= STARTS) {
      this.#failedStarts = 0;
      this.#failAll(
        `The process that runs the models cannot be started (${reason}). Run "fabula doctor" to see why.`,
      );
    }
    for (const guilty of this.#queue.filter(({ crashes }) => crashes > RETRIES)) {
      this.#queue = this.#queue.filter((request) => request !== guilty);
      guilty.reject(
        new FabulaError(
          'model-failed',
          `The process that runs the models broke down twice over the same request (${reason}). The others go on; try this one again, or with another pack.`,
        ),
      );
    }
    this.#pump();
  }

  #failAll(message: string): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const request of queue) request.reject(new FabulaError('model-failed', message));
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (!running) return;
    running.process.kill();
    await running.ended;
  }
}
