import * as api from '../api.ts';
import type { Asset } from '../../../shared/contract.ts';
import type { Notices } from './notices.svelte.ts';

/** Pictures fetched at a time. */
const pageSize = 60;
/** A pause in typing this long begins the search. */
const pauseMs = 250;
const changedMs = 600;

/** The pictures of the library as the drawer beside a story shows them: all of them, or what a search finds. */
export class DrawerState {
  query = $state('');
  /** Null until the first answer. */
  total = $state<number | null>(null);
  /** What was found, for a search; else null. */
  #found = $state.raw<readonly Asset[] | null>(null);
  /** Pages that have changed stay until they have come anew: a picture in view neither blinks nor loses its focus. */
  #pages = $state.raw<ReadonlyMap<number, readonly Asset[]>>(new Map());
  readonly #current = new Set<number>();
  readonly #loading = new Set<number>();
  readonly #notices: Notices;
  #search = 0;
  #listing = 0;
  #shown: [number, number] = [0, 0];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changed: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;

  readonly count = $derived(this.#found ? this.#found.length : (this.total ?? 0));
  readonly searching = $derived(this.query.trim() !== '');

  constructor(notices: Notices) {
    this.#notices = notices;
    this.#stop = api.on('library.changed', () => {
      this.#changed ??= setTimeout(() => {
        this.#changed = undefined;
        this.#listing += 1;
        this.#loading.clear();
        this.#current.clear();
        this.show(...this.#shown);
      }, changedMs);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#changed);
    this.#stop();
  }

  at(index: number): Asset | undefined {
    if (this.#found) return this.#found[index];
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** Tells which positions are in sight, so that they are fetched. */
  show(first: number, last: number): void {
    this.#shown = [first, last];
    if (this.#found) return;
    for (
      let page = Math.floor(first / pageSize);
      page <= Math.floor(Math.max(0, last - 1) / pageSize);
      page++
    )
      if (!this.#current.has(page) && !this.#loading.has(page)) void this.#load(page);
  }

  setQuery(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    const search = ++this.#search;
    if (query.trim() === '') {
      this.#found = null;
      this.show(0, pageSize);
      return;
    }
    this.#timer = setTimeout(() => {
      void this.#notices.attempt(async () => {
        const { hits } = await api.command('library.search', { text: query, limit: 60 });
        if (search === this.#search) this.#found = hits.map((hit) => hit.asset);
      });
    }, pauseMs);
  }

  async #load(page: number): Promise<void> {
    this.#loading.add(page);
    const listing = this.#listing;
    await this.#notices.attempt(async () => {
      const { total, assets } = await api.command('library.list', {
        offset: page * pageSize,
        limit: pageSize,
      });
      if (listing !== this.#listing) return;
      this.total = total;
      this.#current.add(page);
      this.#pages = new Map(this.#pages).set(page, assets);
    });
    if (listing === this.#listing) this.#loading.delete(page);
  }
}
