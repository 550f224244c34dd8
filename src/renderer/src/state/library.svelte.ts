import { SvelteSet } from 'svelte/reactivity';
import * as api from '../api.ts';
import type {
  Asset,
  AssetFilter,
  CaptionOptions,
  Job,
  SearchAnswer,
  SearchHit,
} from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type { Notices } from './notices.svelte.ts';

/** Pictures fetched at a time while scrolling. */
const pageSize = 120;
/** Changes that arrive closer together than this are fetched once. */
const refreshMs = 400;

export const filters = {
  all: { label: 'All pictures', filter: {} },
  uncaptioned: { label: 'Without a caption', filter: { captioned: false } },
  captioned: { label: 'With a caption', filter: { captioned: true } },
  person: { label: 'Captioned by a person', filter: { captionSource: 'person' } },
  model: { label: 'Captioned by a model', filter: { captionSource: 'model' } },
  sketched: { label: 'Drawn by Fabula', filter: { origin: 'sketched' } },
} as const satisfies Record<string, { label: string; filter: AssetFilter }>;
export type FilterName = keyof typeof filters;

export type CaptionScope = 'selected' | 'uncaptioned' | 'all';

interface Search {
  readonly text: string;
  /** Set when the search is for pictures like this one. */
  readonly like: Asset | null;
  readonly answer: SearchAnswer;
}

/** The pictures of the library as a list that is fetched where it is looked at, a search over it, and a selection. */
export class LibraryState {
  filter = $state<FilterName>('all');
  /** Null until the first answer. */
  total = $state<number | null>(null);
  query = $state('');
  search = $state.raw<Search | null>(null);
  searching = $state(false);
  readonly selected = new SvelteSet<string>();
  /** Position of the picture that keys move from. */
  active = $state(0);
  /** The picture in the inspector: the one chosen last. */
  inspected = $state.raw<Asset | null>(null);

  #pages = $state.raw<ReadonlyMap<number, readonly Asset[]>>(new Map());
  readonly #loading = new Set<number>();
  readonly #notices: Notices;
  #shown: [first: number, last: number] = [0, 0];
  #anchor = 0;
  #listing = 0;
  #searches = 0;
  #touched: Set<string> | null = new Set();
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  readonly count = $derived(this.search ? this.search.answer.hits.length : (this.total ?? 0));

  constructor(notices: Notices) {
    this.#notices = notices;
    api.on('library.changed', ({ assets }) => this.#noteChange(assets));
    api.onReconnect(() => this.#noteChange(null));
  }

  /** The picture at a position of what is shown, or undefined while it is on its way. */
  assetAt(index: number): Asset | undefined {
    if (this.search) return this.search.answer.hits[index]?.asset;
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  hitAt(index: number): SearchHit | undefined {
    return this.search?.answer.hits[index];
  }

  /** Tells which positions are on screen, so that they are fetched. */
  show(first: number, last: number): void {
    this.#shown = [first, last];
    if (this.search) return;
    const lastPage = Math.floor(Math.max(first, last - 1) / pageSize);
    for (let page = Math.floor(first / pageSize); page <= lastPage; page++) {
      if (!this.#pages.has(page) && !this.#loading.has(page)) void this.#loadPage(page);
    }
  }

  async load(): Promise<void> {
    await this.#loadPage(0);
  }

  async setFilter(filter: FilterName): Promise<void> {
    this.filter = filter;
    this.clearSelection();
    this.#forgetPages();
    this.clearSearch();
    await this.#loadPage(0);
  }

  /** Searches by words; an empty text goes back to the whole library. */
  async searchText(text: string): Promise<void> {
    this.query = text;
    if (text.trim() === '') {
      this.clearSearch();
      return;
    }
    await this.#search({ text }, null);
  }

  async searchLike(asset: Asset): Promise<void> {
    this.query = '';
    await this.#search({ asset: asset.id }, asset);
  }

  clearSearch(): void {
    this.#searches += 1;
    this.searching = false;
    if (!this.search) return;
    this.search = null;
    this.query = '';
    this.clearSelection();
    this.show(...this.#shown);
  }

  // Selection

  /** Chooses the picture at a position: alone, in addition (`toggle`), or with all from the last one (`extend`). */
  async choose(index: number, how: 'alone' | 'toggle' | 'extend' = 'alone'): Promise<void> {
    if (index < 0 || index >= this.count) return;
    this.active = index;
    const asset = this.assetAt(index);
    if (how === 'extend') {
      const ids = await this.#idsBetween(Math.min(this.#anchor, index), Math.max(this.#anchor, index));
      this.selected.clear();
      for (const id of ids) this.selected.add(id);
    } else {
      this.#anchor = index;
      if (how === 'alone') this.selected.clear();
      if (asset && !(how === 'toggle' && this.selected.delete(asset.id))) this.selected.add(asset.id);
    }
    this.inspected = this.selected.size === 0 ? null : (asset ?? this.inspected);
  }

  async chooseAll(): Promise<void> {
    for (const id of await this.#idsBetween(0, this.count - 1)) this.selected.add(id);
    this.inspected ??= this.assetAt(this.active) ?? null;
  }

  clearSelection(): void {
    this.selected.clear();
    this.inspected = null;
    this.active = 0;
    this.#anchor = 0;
  }

  // Changes

  /** Imports folders and files of this machine by path. */
  async importPaths(paths: string[], originals: 'leave' | 'copy'): Promise<Job> {
    return api.command('library.import', { paths, originals });
  }

  async setCaption(asset: Asset, text: string): Promise<void> {
    this.#replace(await api.command('library.setCaption', { asset: asset.id, text }));
  }

  async startCaptions(scope: CaptionScope, options: CaptionOptions): Promise<Job> {
    if (scope === 'selected') return api.command('captions.start', { assets: [...this.selected], options });
    const filter = scope === 'uncaptioned' ? filters.uncaptioned.filter : {};
    return api.command('captions.start', { filter, options });
  }

  async removeSelected(): Promise<number> {
    const { removed } = await api.command('library.remove', { assets: [...this.selected] });
    if (this.search) {
      const hits = this.search.answer.hits.filter((hit) => !this.selected.has(hit.asset.id));
      this.search = { ...this.search, answer: { ...this.search.answer, hits } };
    }
    this.clearSelection();
    this.#noteChange(null);
    return removed;
  }

  // Fetching

  async #search(input: { text: string } | { asset: string }, like: Asset | null): Promise<void> {
    const search = ++this.#searches;
    this.searching = true;
    try {
      const answer = await api.command('library.search', { ...input, limit: 60 });
      // A later search, or going back to the library, outruns an earlier answer.
      if (search !== this.#searches) return;
      this.clearSelection();
      this.search = { text: 'text' in input ? input.text : '', like, answer };
    } catch (error) {
      if (search === this.#searches) this.#notices.problem(error);
    } finally {
      if (search === this.#searches) this.searching = false;
    }
  }

  async #loadPage(page: number): Promise<void> {
    this.#loading.add(page);
    const listing = this.#listing;
    try {
      const { total, assets } = await api.command('library.list', {
        filter: filters[this.filter].filter,
        offset: page * pageSize,
        limit: pageSize,
      });
      if (listing !== this.#listing) return;
      this.total = total;
      this.#pages = new Map(this.#pages).set(page, assets);
    } catch (error) {
      this.#notices.problem(error);
    } finally {
      if (listing === this.#listing) this.#loading.delete(page);
    }
  }

  #forgetPages(): void {
    this.#listing += 1;
    this.#loading.clear();
    this.#pages = new Map();
    this.total = null;
  }

  async #idsBetween(first: number, last: number): Promise<string[]> {
    const missing: Promise<void>[] = [];
    if (!this.search) {
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++) {
        if (!this.#pages.has(page)) missing.push(this.#loadPage(page));
      }
    }
    await Promise.all(missing);
    const ids: string[] = [];
    for (let index = first; index <= last; index++) {
      const asset = this.assetAt(index);
      if (asset) ids.push(asset.id);
    }
    return ids;
  }

  #replace(asset: Asset): void {
    if (this.inspected?.id === asset.id) this.inspected = asset;
    for (const [page, assets] of this.#pages) {
      const index = assets.findIndex((one) => one.id === asset.id);
      if (index >= 0) this.#pages = new Map(this.#pages).set(page, assets.with(index, asset));
    }
    const hits = this.search?.answer.hits;
    const index = hits?.findIndex((hit) => hit.asset.id === asset.id) ?? -1;
    if (this.search && hits && index >= 0) {
      const changed = hits.with(index, { ...hits[index]!, asset });
      this.search = { ...this.search, answer: { ...this.search.answer, hits: changed } };
    }
  }

  #noteChange(assets: string[] | null): void {
    if (assets === null) this.#touched = null;
    else for (const id of assets) this.#touched?.add(id);
    this.#refreshTimer ??= setTimeout(() => void this.#refresh(), refreshMs);
  }

  /** Fetches again what is on screen; the rest is fetched when it is scrolled to. */
  async #refresh(): Promise<void> {
    const touched = this.#touched;
    this.#touched = new Set();
    try {
      const [first, last] = this.#shown;
      const firstPage = Math.floor(first / pageSize);
      const lastPage = Math.floor(Math.max(first, last - 1) / pageSize);
      const visible = [...this.#pages].filter(([page]) => page >= firstPage && page <= lastPage);
      this.#pages = new Map(visible);
      const pages = this.search
        ? [0]
        : Array.from({ length: lastPage - firstPage + 1 }, (_, i) => firstPage + i);
      await Promise.all(pages.map((page) => this.#loadPage(page)));
      const seen = new Set(this.search?.answer.hits.map((hit) => hit.asset.id));
      if (this.inspected) seen.add(this.inspected.id);
      const stale = [...seen].filter((id) => touched === null || touched.has(id));
      await Promise.all(stale.map((id) => this.#fetchAgain(id)));
    } finally {
      this.#refreshTimer = undefined;
      if (this.#touched === null || this.#touched.size > 0) this.#noteChange([]);
    }
  }

  async #fetchAgain(id: string): Promise<void> {
    try {
      this.#replace(await api.command('library.get', { asset: id }));
    } catch (error) {
      if (!(error instanceof FabulaError && error.code === 'not-found')) return this.#notices.problem(error);
      // Removed in the meantime: the list no longer has it, so the inspector lets go of it too.
      this.selected.delete(id);
      if (this.inspected?.id === id) this.inspected = null;
    }
  }
}
