import { FabulaError } from '../shared/errors.ts';
import type { RequestPart } from '../shared/contract.ts';

/** What a command is given to tell of its progress, and to hear that nobody waits any more. */
export interface RequestContext {
  readonly signal: AbortSignal;
  /** Sends a part of the answer ahead of the whole. */
  send(part: RequestPart): void;
}

/** Commands under way that send parts of their answer and can be cancelled, by the id their window gave them. */
export class Requests {
  readonly #running = new Map<string, AbortController>();
  readonly #emit: (request: string, part: RequestPart) => void;

  constructor(emit: (request: string, part: RequestPart) => void) {
    this.#emit = emit;
  }

  /**
   * Does a piece of work under an id; without one it can neither send parts nor be cancelled.
   *
   * @throws FabulaError `conflict` when the id is in use; `cancelled` once it was cancelled
   */
  async run<T>(id: string | undefined, work: (context: RequestContext) => T | Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    if (id === undefined) return work({ signal, send: () => undefined });
    if (this.#running.has(id)) {
      throw new FabulaError(
        'conflict',
        `Request ${id} is under way already. Give each request an id of its own.`,
      );
    }
    this.#running.set(id, controller);
    try {
      return await work({
        signal,
        send: (part) => {
          if (!signal.aborted) this.#emit(id, part);
        },
      });
    } finally {
      this.#running.delete(id);
    }
  }

  /** Cancels a request; false when it is not under way (any more). */
  cancel(id: string): boolean {
    const controller = this.#running.get(id);
    controller?.abort(new FabulaError('cancelled', 'Cancelled.'));
    return controller !== undefined;
  }

  /** Cancels everything, for closing. */
  cancelAll(): void {
    for (const id of this.#running.keys()) this.cancel(id);
  }
}
