import { FabulaError } from '../../../shared/errors.ts';

export interface Notice {
  id: number;
  kind: 'news' | 'problem';
  text: string;
  action: { label: string; run: () => void } | null;
}

/** How long news stays, and news that offers something to do; problems stay until they are dismissed. */
const newsMs = 6000;
const offerMs = 20_000;

/** Short messages at the edge of the window. */
export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  #next = 1;

  tell(text: string, action: Notice['action'] = null): void {
    const id = this.#add('news', text, action);
    setTimeout(() => this.dismiss(id), action ? offerMs : newsMs);
  }

  /** Shows an error in its own words; a cancelled request is no news to the person who cancelled it. */
  problem(error: unknown): void {
    if (error instanceof FabulaError && error.code === 'cancelled') return;
    const text = error instanceof Error ? error.message : String(error);
    // The same problem again (a poll that keeps failing) is one problem.
    if (this.list.some((notice) => notice.text === text)) return;
    this.#add('problem', text, null);
  }

  /** Runs work started by a click; a failure becomes a notice, and the answer undefined. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.problem(error);
      return undefined;
    }
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(kind: Notice['kind'], text: string, action: Notice['action']): number {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, kind, text, action }];
    return id;
  }
}
