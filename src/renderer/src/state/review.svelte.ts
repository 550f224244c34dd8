import * as api from '../api.ts';
import type { Review, ReviewItem } from '../../../shared/contract.ts';
import type { LibraryState } from './library.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** Pictures of the queue fetched at a time. */
const pageSize = 40;

/** The captions under review, seen one at a time. */
export class ReviewState {
  /** Null until the first answer. */
  review = $state.raw<Review | null>(null);
  position = $state(0);
  #items = $state.raw<ReadonlyMap<number, ReviewItem>>(new Map());
  readonly #loading = new Set<number>();
  readonly #notices: Notices;
  readonly #library: LibraryState;
  readonly #stop: (() => void)[];

  constructor(notices: Notices, library: LibraryState) {
    this.#notices = notices;
    this.#library = library;
    // Undo, another window or a job may have changed what is shown.
    this.#stop = [
      api.on('library.changed', () => void this.#refresh()),
      api.onReconnect(() => void this.#refresh()),
    ];
    void this.#open();
  }

  readonly item = $derived(this.#items.get(this.position));
  /** The one after, so that its picture is there when it is needed. */
  readonly after = $derived(this.#items.get(this.position + 1));
  readonly decided = $derived(this.review ? this.review.total - this.review.counts.waiting : 0);

  close(): void {
    for (const stop of this.#stop) stop();
  }

  go(position: number): void {
    const last = (this.review?.total ?? 1) - 1;
    this.position = Math.max(0, Math.min(last, position));
    this.#fetch();
  }

  /** Decides on the picture shown and goes on to the next one that waits. */
  async decide(decision: 'accept' | 'edit' | 'reject', text = ''): Promise<void> {
    const { item, position } = this;
    if (!item) return;
    await this.#notices.attempt(async () => {
      const answer = await api.command('review.decide', { asset: item.asset.id, decision, text });
      this.#items = new Map(this.#items).set(position, answer.item);
      this.review = answer.review;
      this.#library.take(answer.item.asset);
      // The next one is mostly the one that waits; else the first that still does.
      const next = position + 1;
      if (next < answer.review.total && (this.#items.get(next)?.state ?? 'waiting') === 'waiting')
        this.go(next);
      else if (answer.review.next !== null) this.go(answer.review.next);
    });
  }

  async #open(): Promise<void> {
    await this.#notices.attempt(async () => {
      this.review = await api.command('review.get', {});
      this.go(this.review.next ?? 0);
    });
  }

  async #refresh(): Promise<void> {
    await this.#notices.attempt(async () => {
      this.review = await api.command('review.get', {});
      this.position = Math.max(0, Math.min(this.review.total - 1, this.position));
      if (this.review.total > 0) await this.#load(Math.floor(this.position / pageSize));
    });
  }

  #fetch(): void {
    for (const position of [this.position, this.position + 1]) {
      if (position >= (this.review?.total ?? 0) || this.#items.has(position)) continue;
      const page = Math.floor(position / pageSize);
      if (!this.#loading.has(page)) void this.#notices.attempt(() => this.#load(page));
    }
  }

  async #load(page: number): Promise<void> {
    this.#loading.add(page);
    try {
      const { items } = await api.command('review.list', { offset: page * pageSize, limit: pageSize });
      const next = new Map(this.#items);
      for (const [at, item] of items.entries()) next.set(page * pageSize + at, item);
      this.#items = next;
    } finally {
      this.#loading.delete(page);
    }
  }
}
