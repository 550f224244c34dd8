import * as api from '../api.ts';
import type { OpenStory, StorySummary } from '../../../shared/contract.ts';
import { folded } from './fuzzy.ts';
import { keep, kept } from './kept.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';
import { inOrder } from './words.ts';

const refreshMs = 300;

export const storyOrders = ['changed', 'title', 'panels'] as const;
export type StoryOrder = (typeof storyOrders)[number];

/** From how many stories on a person is offered to search and sort them. */
const many = 6;

/** The list of stories. */
export class StoriesState {
  /** Null until the first answer. */
  list = $state.raw<readonly StorySummary[] | null>(null);
  /** What the person looks for among the titles. */
  query = $state('');
  order = $state<StoryOrder>(storyOrders.find((order) => order === kept('stories.order')) ?? 'changed');
  readonly areMany = $derived((this.list?.length ?? 0) >= many);
  /** Those that are looked for, in the order asked. */
  readonly shown = $derived.by((): readonly StorySummary[] => {
    const wanted = folded(this.query).trim();
    const found = (this.list ?? []).filter(
      ({ title }) => wanted === '' || folded(title || t('app.untitled')).includes(wanted),
    );
    if (this.order === 'title') found.sort((a, b) => inOrder(a.title, b.title));
    else if (this.order === 'panels') found.sort((a, b) => b.panels - a.panels);
    return found;
  });
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

  setOrder(order: StoryOrder): void {
    this.order = order;
    keep('stories.order', order);
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
