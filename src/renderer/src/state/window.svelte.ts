import { createContext } from 'svelte';
import * as api from '../api.ts';
import type { Job } from '../../../shared/contract.ts';
import { CountsState } from './counts.svelte.ts';
import { t } from './language.svelte.ts';
import { LibraryHistory } from './history.svelte.ts';
import { keep, kept } from './kept.ts';
import { JobsState } from './jobs.svelte.ts';
import { LayoutState } from './layout.svelte.ts';
import { LibraryState } from './library.svelte.ts';
import type { MixPicture } from './mix.svelte.ts';
import { Notices } from './notices.svelte.ts';
import { SettingsState } from './settings.svelte.ts';
import { StoriesState } from './stories.svelte.ts';
import { StoryState, storyViews, type StoryViewName } from './story.svelte.ts';

export type View = 'library' | 'review' | 'stories' | 'story';

export type OpenDialog =
  | { name: 'palette' }
  | { name: 'import' }
  | { name: 'caption' }
  | { name: 'write-captions' }
  | { name: 'label'; label?: string }
  | { name: 'replace' }
  | { name: 'review' }
  | { name: 'outline' }
  | { name: 'export' }
  | { name: 'match'; panel: string }
  | { name: 'sketch'; block: string }
  | { name: 'compare'; block: string; version: string }
  | { name: 'mix'; pictures: readonly MixPicture[]; block: string | null }
  | { name: 'choices' }
  | { name: 'jobs' }
  | { name: 'doctor' }
  | { name: 'keys' }
  | { name: 'settings' }
  | { name: 'confirm'; title: string; text: string; action: string; run: () => Promise<void> };

/** The window: which view is open, and the states that the views share. */
export class WindowState {
  readonly notices = new Notices();
  readonly layout = new LayoutState();
  readonly settings = new SettingsState(this.notices);
  readonly jobs = new JobsState(this.notices);
  readonly library = new LibraryState(this.notices);
  readonly stories = new StoriesState(this.notices);
  readonly history = new LibraryHistory(this.notices);
  readonly counts = new CountsState(this.notices);
  view = $state<View>('library');
  story = $state.raw<StoryState | null>(null);
  dialog = $state.raw<OpenDialog | null>(null);
  /** Grows by one each time the person asks for a caption suggestion with the key; the inspector in charge answers. */
  captionAsked = $state(0);

  #opening = 0;

  constructor() {
    // A browser keeps the address of its tabs; the desktop window comes back to where it was, also after a crash.
    const last = api.isDesktop && location.hash === '' ? kept('address') : null;
    if (last !== null) history.replaceState(null, '', last);
    // Nobody waits for a library that is not to be seen.
    if (addressed().story !== null) this.view = 'story';
  }

  /** Connects to the studio and opens the view that the address names. */
  async start(): Promise<void> {
    api.connect();
    this.library.onaddress = (step) => this.#followLibrary(step);
    // A story needs nothing of the rest, and is asked for before it.
    const story = addressed().story === null ? null : this.#openAddress();
    void this.counts.load();
    await Promise.all([
      this.settings.load(),
      this.library.load(),
      this.stories.load(),
      this.jobs.load(),
      this.history.load(),
    ]);
    await (story ?? this.#openAddress());
  }

  /** The address changed by the person's hand or the back button. */
  async followAddress(): Promise<void> {
    await this.#openAddress();
  }

  showLibrary(): void {
    this.#leaveStory();
    this.#go('library', this.#libraryAddress());
  }

  /** Opens the queue of captions under review. */
  showReview(): void {
    this.#leaveStory();
    this.#go('review', '#/library/review');
  }

  showStories(): void {
    this.#leaveStory();
    this.#go('stories', '#/stories');
  }

  /** @param view The view to show it in; without one, a story that is open stays as it is. */
  async openStory(id: string, view?: StoryViewName): Promise<void> {
    if (this.story?.id === id) return this.showStoryView(view ?? this.story.storyView);
    const opening = ++this.#opening;
    const opened = await this.notices.attempt(() => api.command('stories.open', { story: id }));
    if (opening !== this.#opening) return;
    if (!opened) return this.showStories();
    this.#leaveStory();
    this.story = new StoryState(opened, this.notices, () => {
      this.notices.tell(t('app.storyDeletedElsewhere'));
      this.showStories();
    });
    this.showStoryView(view ?? 'board');
  }

  /** Shows the open story as board, script or play; the address says which. */
  showStoryView(view: StoryViewName): void {
    if (!this.story) return;
    this.story.storyView = view;
    this.#go('story', `#/stories/${this.story.id}${view === 'board' ? '' : `/${view}`}`);
  }

  async createStory(): Promise<void> {
    const opened = await this.notices.attempt(() => this.stories.create());
    if (opened) await this.openStory(opened.story.id);
  }

  async importOutline(name: string, markdown: string): Promise<boolean> {
    const imported = await this.notices.attempt(() => this.stories.importOutline(name, markdown));
    if (!imported) return false;
    for (const warning of imported.warnings) this.notices.tell(warning);
    await this.openStory(imported.story.story.id);
    return true;
  }

  confirmRemoveStory(id: string, title: string, panels: number): void {
    this.dialog = {
      name: 'confirm',
      title: t('app.deleteStoryTitle', { title: title || t('app.untitled') }),
      text: t('app.deleteStoryText', { count: panels }),
      action: t('app.deleteStory'),
      run: async () => {
        await this.stories.remove(id);
        if (this.story?.id === id) this.showStories();
      },
    };
  }

  confirmRemoveSelected(): void {
    const { size } = this.library.selected;
    if (size === 0) return;
    this.dialog = {
      name: 'confirm',
      title: t('app.removePicturesTitle', { count: size }),
      text: t('app.removePicturesText'),
      action: t('app.remove'),
      run: async () => {
        const removed = await this.library.removeSelected();
        this.notices.tell(t('app.removedPictures', { count: removed }));
      },
    };
  }

  /** What undo would take back in the view that is open; null when there is nothing. */
  get undoLabel(): string | null {
    return (this.story ?? this.history).undoLabel;
  }

  get redoLabel(): string | null {
    return (this.story ?? this.history).redoLabel;
  }

  /** Takes back the latest change: of the open story and the library, or of the library alone. */
  undo(): void {
    void (this.story ?? this.history).undo();
  }

  redo(): void {
    void (this.story ?? this.history).redo();
  }

  /** Shows a job that has just been started in the list of jobs. */
  follow(job: Job | null | undefined): void {
    if (job) this.jobs.add(job);
  }

  closeDialog(): void {
    this.dialog = null;
  }

  async #openAddress(): Promise<void> {
    const { view, page, query, story } = addressed();
    if (story !== null) await this.openStory(story.id, story.view);
    else if (view === 'stories') this.showStories();
    else if (view === 'library' && page === 'review') this.showReview();
    else {
      await this.library.openAddress(query);
      this.showLibrary();
    }
  }

  #libraryAddress(): string {
    const { address } = this.library;
    return address === '' ? '#/library' : `#/library?${address}`;
  }

  /** Filter and search stand in the address: a step of the filter is one to go back from, a search is not. */
  #followLibrary(step: boolean): void {
    if (this.view !== 'library') return;
    const address = this.#libraryAddress();
    if (location.hash === address) return;
    if (step) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  #go(view: View, address: string): void {
    this.#opening += 1;
    this.view = view;
    this.dialog = null;
    this.layout.drawer = null;
    if (location.hash !== address) history.pushState(null, '', address);
    keep('address', address);
  }

  #leaveStory(): void {
    this.story?.close();
    this.story = null;
  }
}

/** What the address of the window names. */
function addressed(): {
  view: string | undefined;
  page: string | undefined;
  query: string;
  story: { id: string; view: StoryViewName } | null;
} {
  const [path = '', query = ''] = location.hash.replace(/^#\//, '').split('?', 2);
  const [view, page, how] = path.split('/');
  const story =
    view === 'stories' && page
      ? { id: page, view: storyViews.find((name) => name === how) ?? 'board' }
      : null;
  return { view, page, query, story };
}

export const [getWindowState, setWindowState] = createContext<WindowState>();
