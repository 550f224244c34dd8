import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FabulaError } from '../../shared/errors.ts';
import type {
  DrawAnswer,
  DrawRequest,
  SetAnswer,
  SetRequest,
  TypesetterData,
  TypesetterReply,
  TypesetterRequest,
} from './pdf-worker.ts';

/** Root of the files a document names. Nothing is read from it: what a document may see is handed to the typesetter. */
export const workspace = join(tmpdir(), 'fabula-typst');

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** A document to set. */
export interface Document {
  /** The page design. */
  template: string;
  data: object;
  /** Files the document names that the typesetter does not have yet, by path in the workspace. */
  files: { path: string; bytes: Uint8Array }[];
  /** Paths that no document needs any more. */
  drop?: string[];
  /** Null where the typesetter has them from the document before. They are moved to it, not copied. */
  fonts: Uint8Array[] | null;
  /** Seconds since 1970. */
  timestamp: number;
  /** Keeps the PDF open for drawing under this name, and answers with its pages instead of its bytes. */
  keep?: string;
}

/**
 * A thread that sets pages and, where it was given PDFium, draws them, one thing after another. Neither can be
 * interrupted: what is cancelled is no longer waited for, and left out when it had not begun.
 */
export class Typesetter {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: SetAnswer | DrawAnswer) => void; reject: (error: FabulaError) => void }
  >();
  #next = 1;
  #turn: Promise<void> = Promise.resolve();
  #ended: FabulaError | null = null;

  /** @param pdfium PDFium's WebAssembly, from {@link readPdfium}; null where nothing is drawn */
  constructor(pdfium: ArrayBuffer | null = null) {
    this.#worker = new Worker(workerFile(), {
      workerData: { workspace, pdfium } satisfies TypesetterData,
      transferList: pdfium === null ? [] : [pdfium],
    });
    // Only work under way keeps the process alive, not a thread that waits for some.
    this.#worker.unref();
    this.#worker.on('message', (reply: TypesetterReply) => {
      const waiting = this.#waiting.get(reply.id);
      if (waiting === undefined) return;
      if (reply.ok) waiting.resolve(reply.answer);
      else waiting.reject(new FabulaError('internal', `The pages could not be set: ${reply.message}`));
    });
    this.#worker.on('error', (error) => {
      this.#end(
        new FabulaError('internal', `The typesetter stopped: ${String(error)}`, {}, { cause: error }),
      );
    });
    this.#worker.on('exit', (code) => {
      this.#end(new FabulaError('internal', `The typesetter stopped with code ${code}.`));
    });
  }

  /** False once the thread has stopped, by itself or by {@link close}. */
  get usable(): boolean {
    return this.#ended === null;
  }

  /**
   * @param make what to set, asked for when its turn has come; never when it was cancelled before
   * @throws FabulaError `cancelled`; `internal` when the pages cannot be set
   */
  set(make: () => Document | Promise<Document>, signal?: AbortSignal): Promise<SetAnswer> {
    return this.#inTurn(async () => {
      const { data, fonts, drop = [], keep = null, ...rest } = await make();
      const request = { ...rest, kind: 'set' as const, data: JSON.stringify(data), fonts, drop, keep };
      // The fonts can have 50 MB and are read for this one document.
      return (await this.#ask(
        request,
        (fonts ?? []).map(({ buffer }) => buffer as ArrayBuffer),
      )) as SetAnswer;
    }, signal);
  }

  /**
   * @param page from 0
   * @param width in pixels
   * @throws FabulaError `cancelled`
   */
  draw(document: string, page: number, width: number, signal?: AbortSignal): Promise<DrawAnswer> {
    return this.#inTurn(
      async () => (await this.#ask({ kind: 'draw', document, page, width })) as DrawAnswer,
      signal,
    );
  }

  /** Lets go of a kept document. */
  forget(document: string): void {
    if (this.#ended === null)
      this.#worker.postMessage({ kind: 'close', document } satisfies TypesetterRequest);
  }

  close(): void {
    this.#end(cancelled());
    // Typst cannot be interrupted: the thread ends by itself once it returns, and nobody waits for it.
    void this.#worker.terminate();
  }

  /** Does one thing after another. Whoever cancels is answered at once, whatever the thread is at. */
  #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      const abort = (): void => reject(cancelled());
      signal?.addEventListener('abort', abort);
      this.#turn = this.#turn
        .then(async () => {
          if (signal?.aborted !== true) resolve(await work());
        })
        .catch(reject)
        .finally(() => signal?.removeEventListener('abort', abort));
    });
  }

  #ask(
    request: DistributiveOmit<SetRequest | DrawRequest, 'id'>,
    transfer: ArrayBuffer[] = [],
  ): Promise<SetAnswer | DrawAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      const id = this.#next++;
      const settle = (work: () => void): void => {
        this.#waiting.delete(id);
        if (this.#waiting.size === 0) this.#worker.unref();
        work();
      };
      this.#waiting.set(id, {
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      });
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id }, transfer);
    });
  }

  #end(error: FabulaError): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}

// Not called `require`: the bundler declares that name itself.
const packages = createRequire(import.meta.url);

/** PDFium's WebAssembly, read anew each time because it is moved to its thread. */
export async function readPdfium(): Promise<ArrayBuffer> {
  const file = packages.resolve('@hyzyla/pdfium/pdfium.wasm');
  try {
    const bytes = await readFile(file);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  } catch (error) {
    throw new FabulaError(
      'unavailable',
      `${file} cannot be read. Install Fabula again.`,
      { file },
      { cause: error },
    );
  }
}

/** The typesetter's entry: beside this file in the sources, beside the bundles or one folder up in `out/main`. */
function workerFile(): string {
  const { dirname, filename } = import.meta;
  if (filename.endsWith('.ts')) return join(dirname, 'pdf-worker.ts');
  const beside = join(dirname, 'pdf-worker.js');
  return existsSync(beside) ? beside : join(dirname, '..', 'pdf-worker.js');
}

function cancelled(): FabulaError {
  return new FabulaError('cancelled', 'The export was cancelled; nothing was written.');
}
