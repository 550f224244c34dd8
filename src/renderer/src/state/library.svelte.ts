import { SvelteSet } from 'svelte/reactivity';
import * as api from '../api.ts';
import {
  assetOrders,
  type Asset,
  type AssetFilter,
  type AssetOrder,
  type CaptionOptions,
  type CaptionRecord,
  type FacetCounts,
  type Job,
  type SearchAnswer,
  type SearchHit,
  type SearchTerm,
  type TagCount,
} from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { newId } from './ids.ts';
import { keep, kept } from './kept.ts';
import { t } from './language.svelte.ts';
import { readAddress, writeAddress } from './library-address.ts';
import type { Notices } from './notices.svelte.ts';

/** Pictures fetched at a time while scrolling. */
const pageSize = 60;
/** Pages on their way at once; which ones come next is decided anew whenever the view moves. */
const pagesAtOnce = 2;
/** Pages kept; those furthest from the view go first. */
const pagesKept = 80;
/** Changes that arrive closer together than this are fetched once. */
const refreshMs = 400;
/** Facets are counted again at most this often while the library changes; less often where there is much to count. */
const facetsMs = 1500;
const facetsMsLarge = 6000;
const largeLibrary = 20_000;
/** The most results of a search that are shown. */
const searchLimit = 200;

/** Widths of a tile, in pixels. */
export const tileWidths = { least: 96, usual: 160, most: 360 };

/** Which pictures a batch of captions, or a review, is for. */
export type CaptionScope = 'selected' | 'shown' | 'uncaptioned' | 'all';

/** Something searched for beside the text in the field, or to be left out. */
export type SearchChip = { readonly id: string; readonly without: boolean } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'asset'; readonly asset: Asset }
  /** A picture from outside: its file in base64, and an address to show it by. */
  | { readonly kind: 'picture'; readonly name: string; readonly picture: string; readonly url: string }
);
/** A chip before it has its id. */
export type NewChip = SearchChip extends infer Chip
  ? Chip extends unknown
    ? Omit<Chip, 'id'>
    : never
  : never;

interface Search {
  readonly text: string;
  /** Set when the search is for pictures like one picture and nothing else. */
  readonly like: Asset | null;
  readonly answer: SearchAnswer;
}

/** The pictures of the library as a list that is fetched where it is looked at, a search over it, and a selection. */
export class LibraryState {
  filter = $state.raw<AssetFilter>({});
  order = $state<AssetOrder>(assetOrders.find((order) => order === kept('library.order')) ?? 'imported');
  /** Null until the first answer. */
  total = $state<number | null>(null);
  /** What stands in the search field, and the chips beside it. */
  query = $state('');
  chips = $state.raw<readonly SearchChip[]>([]);
  search = $state.raw<Search | null>(null);
  searching = $state(false);
  facets = $state.raw<FacetCounts | null>(null);
  tags = $state.raw<readonly TagCount[]>([]);
  /** Grows each time other pictures are shown than before: a search, another filter, another order. */
  showing = $state(0);
  readonly selected = new SvelteSet<string>();
  /** Position of the picture that keys move from. */
  active = $state(0);
  /** The picture in the inspector: the one chosen last. */
  inspected = $state.raw<Asset | null>(null);
  /** Position of the picture that fills the window; null while none does. */
  large = $state<number | null>(null);
  tileWidth = $state(keptTileWidth());
  facetsOpen = $state(kept('library.facets') !== 'closed');
  /** Called when filter or search have changed, with whether that is a step to go back from. */
  onaddress: (step: boolean) => void = () => {};

  #pages = $state.raw<ReadonlyMap<number, readonly Asset[]>>(new Map());
  readonly #loading = new Set<number>();
  readonly #notices: Notices;
  #shown: [first: number, last: number] = [0, 0];
  #wanted: number[] = [];
  #anchor = 0;
  #listing = 0;
  #searches = 0;
  #counting = 0;
  #touched: Set<string> | null = new Set();
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #facetsTimer: ReturnType<typeof setTimeout> | undefined;

  readonly count = $derived(this.search ? this.search.answer.hits.length : (this.total ?? 0));
  readonly filtered = $derived(Object.keys(this.filter).length > 0);

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

  /**
   * Tells which positions are on screen, so that they are fetched, and then those before and after them. What was
   * wanted at an earlier place and has not been asked for yet is forgotten.
   */
  show(first: number, last: number): void {
    this.#shown = [first, last];
    if (this.search) return;
    const from = Math.floor(first / pageSize);
    const to = Math.floor(Math.max(first, last - 1) / pageSize);
    const end = this.total === null ? 0 : Math.max(0, Math.ceil(this.total / pageSize) - 1);
    const wanted: number[] = [];
    for (let page = from; page <= to; page++) wanted.push(page);
    wanted.push(to + 1, from - 1);
    this.#wanted = wanted.filter((page) => page >= 0 && page <= end);
    this.#fetchWanted();
  }

  async load(): Promise<void> {
    await this.#loadPage(0);
  }

  // What is shown

  /** The filter and the search as the part of the address after the question mark. */
  get address(): string {
    const texts = (without: boolean): string[] =>
      this.chips.flatMap((chip) => (chip.kind === 'text' && chip.without === without ? [chip.text] : []));
    const assets = (without: boolean): string[] =>
      this.chips.flatMap((chip) =>
        chip.kind === 'asset' && chip.without === without ? [chip.asset.id] : [],
      );
    return writeAddress(this.filter, {
      text: this.query,
      withTexts: texts(false),
      withoutTexts: texts(true),
      like: assets(false),
      unlike: assets(true),
    });
  }

  /** Shows what an address asks for. */
  async openAddress(address: string): Promise<void> {
    if (address === this.address) return;
    const { filter, search } = readAddress(address);
    const chips: SearchChip[] = [];
    for (const [texts, without] of [
      [search.withTexts, false],
      [search.withoutTexts, true],
    ] as const) {
      for (const text of texts) chips.push({ id: newId(), kind: 'text', text, without });
    }
    for (const [ids, without] of [
      [search.like, false],
      [search.unlike, true],
    ] as const) {
      for (const id of ids) {
        const asset = await api.command('library.get', { asset: id }).catch(() => null);
        if (asset) chips.push({ id: newId(), kind: 'asset', asset, without });
      }
    }
    this.filter = filter;
    this.query = search.text;
    this.chips = chips;
    this.#showOthers();
    this.#forgetPages();
    this.search = null;
    this.loadFacets();
    await Promise.all([this.#loadPage(0), this.#searchAgain()]);
  }

  /** Sets parts of the filter; `undefined` lifts one. */
  async narrow(change: { [Name in keyof AssetFilter]?: AssetFilter[Name] | undefined }): Promise<void> {
    const next = { ...this.filter, ...change };
    const tags = next.tags?.length === 0 ? undefined : next.tags;
    const labels = next.labels?.length === 0 ? undefined : next.labels;
    const words = next.words?.length === 0 ? undefined : next.words;
    await this.setFilter(
      Object.fromEntries(
        Object.entries({ ...next, tags, labels, words }).filter(([, value]) => value !== undefined),
      ),
    );
  }

  async setFilter(filter: AssetFilter): Promise<void> {
    this.filter = filter;
    this.#showOthers();
    this.#forgetPages();
    this.onaddress(true);
    this.loadFacets();
    await Promise.all([this.#loadPage(0), this.#searchAgain()]);
  }

  async setOrder(order: AssetOrder): Promise<void> {
    this.order = order;
    keep('library.order', order);
    this.#showOthers();
    this.#forgetPages();
    await this.#loadPage(0);
  }

  setTileWidth(width: number): void {
    this.tileWidth = Math.min(tileWidths.most, Math.max(tileWidths.least, Math.round(width)));
    keep('library.tile', String(this.tileWidth));
  }

  toggleFacets(): void {
    this.facetsOpen = !this.facetsOpen;
    keep('library.facets', this.facetsOpen ? null : 'closed');
    if (this.facetsOpen) this.loadFacets();
  }

  /** Counts the facets of the filter, now. */
  loadFacets(): void {
    clearTimeout(this.#facetsTimer);
    this.#facetsTimer = undefined;
    if (!this.facetsOpen) return;
    const counting = ++this.#counting;
    void this.#notices.attempt(async () => {
      const facets = await api.command('library.facets', { filter: this.filter });
      if (counting === this.#counting) this.facets = facets;
    });
  }

  // Searching

  /** Searches by words; an empty text, and no chips, goes back to the whole library. */
  async searchText(text: string): Promise<void> {
    this.query = text;
    await this.#searchAgain();
  }

  /** Searches for pictures like one, and nothing else. */
  async searchLike(asset: Asset): Promise<void> {
    this.query = '';
    this.chips = [{ id: newId(), kind: 'asset', asset, without: false }];
    await this.#searchAgain();
  }

  async addChip(chip: NewChip): Promise<void> {
    const same = this.chips.find((one) => sameThing(one, chip));
    this.chips = [...this.chips.filter((one) => one !== same), { ...chip, id: newId() }];
    await this.#searchAgain();
  }

  /** Turns a chip from something asked for into something to be left out, or back. */
  async turnChip(id: string): Promise<void> {
    this.chips = this.chips.map((chip) => (chip.id === id ? { ...chip, without: !chip.without } : chip));
    await this.#searchAgain();
  }

  async removeChip(id: string): Promise<void> {
    this.chips = this.chips.filter((chip) => chip.id !== id);
    await this.#searchAgain();
  }

  clearSearch(): void {
    this.#searches += 1;
    this.searching = false;
    this.query = '';
    this.chips = [];
    if (this.search) {
      this.search = null;
      this.#showOthers();
    }
    this.onaddress(false);
    this.show(...this.#shown);
  }

  // Selection

  /** Chooses the picture at a position: alone, in addition (`toggle`), or with all from the last one (`extend`). */
  async choose(index: number, how: 'alone' | 'toggle' | 'extend' = 'alone'): Promise<void> {
    if (index < 0 || index >= this.count) return;
    this.active = index;
    if (how === 'extend') {
      const ids = await this.#idsBetween(Math.min(this.#anchor, index), Math.max(this.#anchor, index));
      this.selected.clear();
      for (const id of ids) this.selected.add(id);
    } else {
      this.#anchor = index;
      // Keys may be ahead of the page they lead to.
      if (!this.assetAt(index) && !this.search) await this.#loadPage(Math.floor(index / pageSize));
      if (this.active !== index) return;
      const asset = this.assetAt(index);
      if (how === 'alone') this.selected.clear();
      if (asset && !(how === 'toggle' && this.selected.delete(asset.id))) this.selected.add(asset.id);
    }
    this.inspected = this.selected.size === 0 ? null : (this.assetAt(index) ?? this.inspected);
  }

  async chooseAll(): Promise<void> {
    for (const id of await this.#idsBetween(0, this.count - 1)) this.selected.add(id);
    this.inspected ??= this.assetAt(this.active) ?? null;
  }

  /** Other pictures are shown from now on. */
  #showOthers(): void {
    this.showing += 1;
    this.clearSelection();
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
    this.take(await api.command('library.setCaption', { asset: asset.id, text }));
  }

  /** Every caption a picture has had, the latest first. */
  async captionsOf(asset: Asset): Promise<CaptionRecord[]> {
    return api.command('library.captions', { asset: asset.id });
  }

  async restoreCaption(asset: Asset, caption: number): Promise<void> {
    this.take(await api.command('library.restoreCaption', { asset: asset.id, caption }));
  }

  async loadTags(): Promise<void> {
    this.tags = await api.command('library.tags', {});
  }

  /** Adds tags to pictures and takes others away. */
  async tag(assets: readonly string[], change: { add?: string[]; remove?: string[] }): Promise<number> {
    const { changed } = await api.command('library.tag', { assets: [...assets], ...change });
    const { inspected } = this;
    if (inspected && assets.includes(inspected.id)) await this.#fetchAgain(inspected.id);
    await this.loadTags();
    return changed;
  }

  /** The tags of the selected pictures that are at hand, with on how many of them each stands. */
  get selectedTags(): Map<string, number> {
    const counts = new Map<string, number>();
    const count = (asset: Asset): void => {
      if (!this.selected.has(asset.id)) return;
      for (const tag of asset.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    };
    if (this.search) for (const hit of this.search.answer.hits) count(hit.asset);
    else for (const assets of this.#pages.values()) for (const asset of assets) count(asset);
    return counts;
  }

  /** The scopes there are beside those of the whole library, in words. */
  get scopes(): { name: 'selected' | 'shown'; label: string }[] {
    const selected = {
      name: 'selected',
      label: t('library.scopeSelected', { count: this.selected.size }),
    } as const;
    const shown = { name: 'shown', label: t('library.scopeShown', { count: this.count }) } as const;
    return [...(this.selected.size > 0 ? [selected] : []), ...(this.search || this.filtered ? [shown] : [])];
  }

  /** The pictures of a scope, as the commands take them. */
  scoped(scope: CaptionScope): { assets?: string[]; filter?: AssetFilter } {
    if (scope === 'selected') return { assets: [...this.selected] };
    if (scope === 'uncaptioned') return { filter: { captioned: false } };
    if (scope === 'all') return {};
    if (this.search) return { assets: this.search.answer.hits.map((hit) => hit.asset.id) };
    return { filter: this.filter };
  }

  async startCaptions(scope: CaptionScope, options: CaptionOptions): Promise<Job> {
    return api.command('captions.start', { ...this.scoped(scope), options });
  }

  async removeSelected(): Promise<number> {
    const { removed } = await api.command('library.remove', { assets: [...this.selected] });
    if (this.search) {
      const hits = this.search.answer.hits.filter((hit) => !this.selected.has(hit.asset.id));
      this.search = { ...this.search, answer: { ...this.search.answer, hits } };
    }
    this.large = null;
    this.clearSelection();
    this.#noteChange(null);
    return removed;
  }

  /** Takes in a picture as a command has just answered it. */
  take(asset: Asset): void {
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

  // Fetching

  async #searchAgain(): Promise<void> {
    const text = this.query.trim();
    const terms = (without: boolean): SearchTerm[] =>
      this.chips.filter((chip) => chip.without === without).map(asTerm);
    const also = terms(false);
    const without = terms(true);
    if (text === '' && also.length === 0) {
      // Chips that only take away wait for something to take away from.
      this.#searches += 1;
      this.searching = false;
      if (this.search) {
        this.search = null;
        this.clearSelection();
        this.show(...this.#shown);
      }
      this.onaddress(false);
      return;
    }
    const search = ++this.#searches;
    this.searching = true;
    this.onaddress(false);
    try {
      const answer = await api.command('library.search', {
        text,
        with: also,
        without,
        filter: this.filter,
        limit: searchLimit,
      });
      // A later search, or going back to the library, outruns an earlier answer.
      if (search !== this.#searches) return;
      this.#showOthers();
      const [only] = this.chips;
      const like =
        text === '' && this.chips.length === 1 && only?.kind === 'asset' && !only.without ? only.asset : null;
      this.search = { text, like, answer };
    } catch (error) {
      if (search === this.#searches) this.#notices.problem(error);
    } finally {
      if (search === this.#searches) this.searching = false;
    }
  }

  #fetchWanted(): void {
    for (const page of this.#wanted) {
      if (this.#loading.size >= pagesAtOnce) return;
      if (!this.#pages.has(page) && !this.#loading.has(page)) {
        void this.#loadPage(page).then(() => this.#fetchWanted());
      }
    }
  }

  async #loadPage(page: number): Promise<void> {
    this.#loading.add(page);
    const listing = this.#listing;
    try {
      const { total, assets } = await api.command('library.list', {
        filter: this.filter,
        order: this.order,
        offset: page * pageSize,
        limit: pageSize,
      });
      if (listing !== this.#listing) return;
      this.total = total;
      this.#pages = this.#trimmed(new Map(this.#pages).set(page, assets), page);
    } catch (error) {
      this.#notices.problem(error);
      // Without the page there is nothing to fetch next.
      this.#wanted = [];
    } finally {
      if (listing === this.#listing) this.#loading.delete(page);
    }
  }

  #trimmed(pages: Map<number, readonly Asset[]>, near: number): Map<number, readonly Asset[]> {
    while (pages.size > pagesKept) {
      let furthest = near;
      for (const page of pages.keys()) {
        if (Math.abs(page - near) > Math.abs(furthest - near)) furthest = page;
      }
      pages.delete(furthest);
    }
    return pages;
  }

  #forgetPages(): void {
    this.#listing += 1;
    this.#loading.clear();
    this.#wanted = [];
    this.#pages = new Map();
    this.total = null;
  }

  async #idsBetween(first: number, last: number): Promise<string[]> {
    const known: string[] = [];
    for (let index = first; index <= last; index++) {
      const asset = this.assetAt(index);
      if (!asset) {
        const { filter, order } = this;
        return (await api.command('library.ids', { filter, order })).slice(first, last + 1);
      }
      known.push(asset.id);
    }
    return known;
  }

  #noteChange(assets: string[] | null): void {
    if (assets === null) this.#touched = null;
    else for (const id of assets) this.#touched?.add(id);
    this.#refreshTimer ??= setTimeout(() => void this.#refresh(), refreshMs);
    if (!this.facetsOpen) return;
    const pause = (this.total ?? 0) > largeLibrary ? facetsMsLarge : facetsMs;
    this.#facetsTimer ??= setTimeout(() => this.loadFacets(), pause);
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
      this.take(await api.command('library.get', { asset: id }));
    } catch (error) {
      if (!(error instanceof FabulaError && error.code === 'not-found')) return this.#notices.problem(error);
      // Removed in the meantime: the list no longer has it, so the inspector lets go of it too.
      this.selected.delete(id);
      if (this.inspected?.id === id) this.inspected = null;
    }
  }
}

function asTerm(chip: SearchChip): SearchTerm {
  if (chip.kind === 'text') return { text: chip.text };
  if (chip.kind === 'asset') return { asset: chip.asset.id };
  return { picture: chip.picture, name: chip.name };
}

function sameThing(one: SearchChip, other: NewChip): boolean {
  if (one.kind === 'text' && other.kind === 'text') return one.text === other.text;
  if (one.kind === 'asset' && other.kind === 'asset') return one.asset.id === other.asset.id;
  return one.kind === 'picture' && other.kind === 'picture' && one.picture === other.picture;
}

function keptTileWidth(): number {
  const width = Number(kept('library.tile'));
  return width >= tileWidths.least && width <= tileWidths.most ? width : tileWidths.usual;
}
