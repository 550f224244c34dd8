import { EventEmitter } from 'node:events';
import type { EventName, StudioEvents } from '../shared/contract.ts';

type EventMap = { [Name in EventName]: [StudioEvents[Name]] };

/** What the studio tells every open window; the names and payloads are the contract's. */
export class StudioEmitter extends EventEmitter<EventMap> {
  constructor() {
    super();
    // One listener a window and event, and any number of windows.
    this.setMaxListeners(0);
  }

  /** Tells everybody who listens. */
  tell<Name extends EventName>(name: Name, payload: StudioEvents[Name]): void {
    const emitter: EventEmitter = this;
    emitter.emit(name, payload);
  }

  /** Listens until the function returned is called. */
  listen<Name extends EventName>(name: Name, listener: (payload: StudioEvents[Name]) => void): () => void {
    const heard = listener as (...payload: unknown[]) => void;
    const emitter: EventEmitter = this;
    emitter.on(name, heard);
    return () => {
      emitter.off(name, heard);
    };
  }
}
