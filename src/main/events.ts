import { EventEmitter } from 'node:events';
import type { EventName, StudioEvents } from '../shared/contract.ts';

/** What the studio tells every open window; the names and payloads are the contract's. */
export class StudioEmitter {
  readonly #emitter = new EventEmitter();

  constructor() {
    // One listener a window and event, and any number of windows.
    this.#emitter.setMaxListeners(0);
  }

  /** Tells everybody who listens. */
  tell<Name extends EventName>(name: Name, payload: StudioEvents[Name]): void {
    this.#emitter.emit(name, payload);
  }

  /** Listens until the function returned is called. */
  listen<Name extends EventName>(name: Name, listener: (payload: StudioEvents[Name]) => void): () => void {
    this.#emitter.on(name, listener);
    return () => {
      this.#emitter.off(name, listener);
    };
  }

  /** How many listen to an event. */
  listeners(name: EventName): number {
    return this.#emitter.listenerCount(name);
  }
}
