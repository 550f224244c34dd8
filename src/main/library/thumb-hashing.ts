import type { Library } from './library.ts';

export interface ThumbHashingOptions {
  library: Pick<Library, 'hashThumbs'>;
  /** Whether other work is going on, which this makes way for. */
  busy: () => boolean;
  /** How long it waits before it begins, and before it looks whether others have finished, in milliseconds. */
  wait: number;
}

/**
 * Makes the blurred pictures of what has come into the library, in the background: an import only makes thumbnails.
 * What is still to be made stands in the database, so that it is gone on with after a restart.
 */
export class ThumbHashing {
  readonly #options: ThumbHashingOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<void> | null = null;
  /** Pictures may have come since it began to look for some. */
  #more = false;

  constructor(options: ThumbHashingOptions) {
    this.#options = options;
  }

  /** To be called when pictures may have come. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#more = true;
    if (this.#making === null) this.#timer ??= setTimeout(() => this.#begin(), this.#options.wait);
  }

  #begin(): void {
    this.#timer = undefined;
    this.#more = false;
    this.#making = this.#make().finally(() => {
      this.#making = null;
      if (this.#more) this.wake();
    });
  }

  async #make(): Promise<void> {
    const { library, busy } = this.#options;
    try {
      const { left } = await library.hashThumbs({ signal: this.#closing.signal, free: () => !busy() });
      this.#more ||= left;
    } catch {
      // A database that cannot be written now is told of by whoever needs it; the next picture that comes wakes this.
    }
  }

  /** Ends it, keeping what is made; resolves when the library is no longer used. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#making;
  }
}
