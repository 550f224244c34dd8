import * as api from '../api.ts';
import type { OpenStory, StorySummary } from '../../../shared/contract.ts';
import type { Notices } from './notices.svelte.ts';

const refreshMs = 300;

/** The list of stories. */
export class StoriesState {
  /** Null until the first answer. */
  list = $state.raw<readonly StorySummary[] | null>(null);
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
    api.on('stories.changed', soon);
    api.on('story.changed', soon);
    api.onReconnect(soon);
  }

  async load(): Promise<void> {
    const list = await this.#notices.attempt(() => api.command('stories.list', {}));
    if (list) this.list = list;
  }

  async create(): Promise<OpenStory> {
    const opened = await api.command('stories.create', { title: '' });
    await this.load();
    return opened;
  }

  /** Makes a story from the text of a Markdown outline. */
  async importOutline(name: string, markdown: string): Promise<{ story: OpenStory; warnings: string[] }> {
    const imported = await api.command('stories.importOutline', { name, markdown });
    await this.load();
    return imported;
  }

  async remove(story: string): Promise<void> {
    await api.command('stories.remove', { story });
    await this.load();
  }
}
