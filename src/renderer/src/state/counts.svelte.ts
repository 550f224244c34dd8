import * as api from '../api.ts';
import type { Notices } from './notices.svelte.ts';

const refreshMs = 600;

/** How many pictures the library holds, for its entry in the sidebar. */
export class CountsState {
  /** Null until the first answer. */
  pictures = $state<number | null>(null);
  readonly #notices: Notices;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(notices: Notices) {
    this.#notices = notices;
    const soon = (): void => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.load();
      }, refreshMs);
    };
    api.on('library.changed', soon);
    api.onReconnect(soon);
  }

  async load(): Promise<void> {
    const answer = await this.#notices.attempt(() => api.command('library.list', { limit: 1 }));
    if (answer) this.pictures = answer.total;
  }
}
