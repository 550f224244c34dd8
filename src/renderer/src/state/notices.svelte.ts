import { FabulaError, type ErrorCode } from '../../../shared/errors.ts';
import type { MessageKey } from '../../../shared/messages.ts';
import { t } from './language.svelte.ts';

const problemTitles: Readonly<Record<Exclude<ErrorCode, 'cancelled'>, MessageKey>> = {
  'invalid-input': 'app.problemInvalidInput',
  'not-found': 'app.problemNotFound',
  'unreadable-image': 'app.problemUnreadableImage',
  'image-too-large': 'app.problemImageTooLarge',
  'unsupported-format': 'app.problemUnsupportedFormat',
  'no-permission': 'app.problemNoPermission',
  'disk-full': 'app.problemDiskFull',
  'newer-database': 'app.problemNewerDatabase',
  'corrupt-pack': 'app.problemCorruptPack',
  'unsafe-path': 'app.problemUnsafePath',
  conflict: 'app.problemConflict',
  'model-failed': 'app.problemModelFailed',
  unavailable: 'app.problemUnavailable',
  forbidden: 'app.problemForbidden',
  internal: 'app.problemInternal',
};

export interface Notice {
  id: number;
  kind: 'news' | 'problem';
  /** What kind of problem it is, in the language of the window; the text is the studio's own. */
  title: string | null;
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
    const id = this.#add('news', null, text, action);
    setTimeout(() => this.dismiss(id), action ? offerMs : newsMs);
  }

  /** Shows an error in its own words; a cancelled request is no news to the person who cancelled it. */
  problem(error: unknown): void {
    if (error instanceof FabulaError && error.code === 'cancelled') return;
    const code = error instanceof FabulaError ? error.code : 'internal';
    const title = code === 'cancelled' ? null : t(problemTitles[code]);
    const text = error instanceof Error ? error.message : String(error);
    // The same problem again (a poll that keeps failing) is one problem.
    if (this.list.some((notice) => notice.text === text)) return;
    this.#add('problem', title, text, null);
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

  #add(kind: Notice['kind'], title: Notice['title'], text: string, action: Notice['action']): number {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, kind, title, text, action }];
    return id;
  }
}
