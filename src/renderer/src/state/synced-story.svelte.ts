import * as api from '../api.ts';
import type { HistoryLabel, HistoryState, OpenStory, StoryChange } from '../../../shared/contract.ts';
import { applyEdit, type Edit } from '../../../shared/edits.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type { Story } from '../../../shared/story.ts';
import { tellStep, wordLabel } from './history.svelte.ts';
import { newId } from './ids.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** A pause in typing this long makes one edit of what was typed. */
const typingPauseMs = 400;
/** How long to wait before saving is tried again, the first time, the second, … */
const retryMs = [250, 500, 1000, 2000, 3000];
/** Conflicts in a row after which an edit waits before it is tried again. */
const maxConflicts = 5;

export type SimpleEdit = Exclude<Edit, { type: 'batch' }>;
export type SaveState = 'saved' | 'saving' | 'failed';

/**
 * What waits to be sent, in order. Undo and redo wait behind the edits that were made before them. `once` makes sending
 * it again harmless when the studio died between saving it and saying so.
 */
type Outgoing = { once: string } & ({ kind: 'edit'; edit: Edit; label: string } | { kind: 'undo' | 'redo' });

/** Text being typed: shown at once, sent as one edit when the typing pauses. */
interface Typing {
  readonly field: string;
  readonly edit: Edit;
  readonly label: string;
}

/**
 * An open story as the window shows it: as saved, with the edits that are not saved yet applied on top. Each edit is
 * sent with the revision it follows, one at a time; what other windows change comes in between.
 */
export class SyncedStory {
  readonly id: string;
  story: Story = $state.raw()!;
  save = $state<SaveState>('saved');
  /** Why saving fails, while it does. */
  saveProblem = $state('');
  #menu = $state.raw<HistoryState>({ undo: null, redo: null });

  readonly #notices: Notices;
  readonly #onGone: () => void;
  readonly #stopListening: () => void;
  #saved: Story;
  #revision: number;
  #outgoing: Outgoing[] = [];
  #typing: Typing | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #sending: Promise<void> | null = null;
  #held: StoryChange[] = [];
  /** The story has to be loaded again before anything is sent. */
  #stale = false;
  /**
   * The first of what waits was sent and its answer got lost, so it may be saved already. It is asked for again before
   * the story is loaded, or else it would seem not to fit the story that has it.
   */
  #doubtful = false;

  /** @param onGone Called when the story turns out to be deleted. */
  constructor(opened: OpenStory, notices: Notices, onGone: () => void) {
    this.#notices = notices;
    this.#onGone = onGone;
    this.id = opened.story.id;
    this.story = opened.story;
    this.#saved = opened.story;
    this.#revision = opened.revision;
    this.#menu = { undo: opened.undo, redo: opened.redo };
    const flush = (): void => this.flush();
    // Whoever leaves a field, the window or the tab has finished typing; a hidden tab may never get another turn.
    document.addEventListener('focusout', flush);
    document.addEventListener('visibilitychange', flush);
    window.addEventListener('blur', flush);
    const stops = [
      api.on('story.changed', (change) => {
        if (change.id === this.id) this.#hear(change);
      }),
      api.on('stories.changed', ({ story }) => {
        if (story === this.id) this.#catchUp();
      }),
      api.on('history.changed', () => void this.#loadMenu()),
      api.onReconnect(() => this.#catchUp()),
      () => document.removeEventListener('focusout', flush),
      () => document.removeEventListener('visibilitychange', flush),
      () => window.removeEventListener('blur', flush),
    ];
    this.#stopListening = () => stops.forEach((stop) => stop());
  }

  get unsaved(): boolean {
    return this.#typing !== null || this.#outgoing.length > 0;
  }

  /** What undo would take back, in the language of the window; null when there is nothing. */
  get undoLabel(): string | null {
    return wordLabel(this.#menu.undo);
  }

  get redoLabel(): string | null {
    return wordLabel(this.#menu.redo);
  }

  /** Sends what is left and stops listening. */
  close(): void {
    this.#endTyping();
    this.#stopListening();
  }

  /** The page goes away: sends what is left without waiting for answers, which nobody would hear. */
  leave(): void {
    const underWay = this.#sending ? 1 : 0;
    this.#endTyping();
    const edits = this.#outgoing.slice(underWay).filter((outgoing) => outgoing.kind === 'edit');
    const last = edits.at(-1);
    if (underWay === 0 || last === undefined) return;
    // One edit of them all: several requests at once might arrive in any order.
    const parts = edits.flatMap(({ edit }) => (edit.type === 'batch' ? edit.edits : [edit]));
    const edit: Edit = parts.length === 1 ? parts[0]! : { type: 'batch', edits: parts };
    const { label, once } = last;
    const revision = this.#revision + underWay;
    void api.command('stories.edit', { story: this.id, revision, edit, label, once }).catch(() => undefined);
  }

  // Edits

  /** Applies an edit at once and sends it. */
  edit(edit: Edit, label: string): void {
    this.#endTyping();
    this.story = applyEdit(this.story, edit).story;
    this.#queue({ kind: 'edit', edit, label, once: newId() });
  }

  editAll(edits: SimpleEdit[], label: string): void {
    if (edits.length === 1) this.edit(edits[0]!, label);
    else if (edits.length > 1) this.edit({ type: 'batch', edits }, label);
  }

  /** Applies an edit of a text field at once; further typing in the same field before a pause joins it. */
  type(field: string, edit: Edit, label: string): void {
    if (this.#typing && this.#typing.field !== field) this.#endTyping();
    this.story = applyEdit(this.story, edit).story;
    this.#typing = { field, edit, label };
    this.#markUnsaved(label);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#endTyping(), typingPauseMs);
  }

  /** Sends what was typed without waiting for a pause. */
  flush(): void {
    this.#endTyping();
  }

  undo(): void {
    this.#endTyping();
    if (this.#menu.undo === null && !this.#waitsFor('redo')) return;
    this.#queue({ kind: 'undo', once: newId() });
  }

  redo(): void {
    this.#endTyping();
    if (this.#menu.redo === null && !this.#waitsFor('undo')) return;
    this.#queue({ kind: 'redo', once: newId() });
  }

  /** Resolves when everything made so far is saved. */
  async whenSaved(): Promise<void> {
    this.#endTyping();
    while (this.#sending) await this.#sending;
    if (this.unsaved) throw new FabulaError('unavailable', this.saveProblem || 'The story is not saved yet.');
  }

  retrySaving(): void {
    void this.#send();
  }

  // Saving

  #markUnsaved(label: string): void {
    if (this.save !== 'failed') this.save = 'saving';
    this.#menu = { undo: label, redo: null };
  }

  #waitsFor(kind: Outgoing['kind']): boolean {
    return this.#outgoing.some((outgoing) => outgoing.kind === kind);
  }

  #endTyping(): void {
    clearTimeout(this.#typingTimer);
    const typing = this.#typing;
    if (!typing) return;
    this.#typing = null;
    this.#queue({ kind: 'edit', edit: typing.edit, label: typing.label, once: newId() });
  }

  #queue(outgoing: Outgoing): void {
    this.#outgoing.push(outgoing);
    if (outgoing.kind === 'edit') this.#markUnsaved(outgoing.label);
    else if (this.save !== 'failed') this.save = 'saving';
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending) return this.#sending;
    clearTimeout(this.#retryTimer);
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    let conflicts = 0;
    while (this.#stale || this.#outgoing.length > 0) {
      const reloading = this.#stale && !this.#doubtful;
      try {
        if (reloading) await this.#reload();
        else {
          await this.#sendNext();
          conflicts = 0;
        }
        this.#failures = 0;
      } catch (error) {
        const { code, details } =
          error instanceof FabulaError ? error : { code: 'internal', details: { done: false } };
        if (code !== 'unavailable' && code !== 'internal') this.#doubtful = false;
        if (reloading && code === 'not-found') {
          this.#outgoing = [];
          this.#stale = false;
          this.#onGone();
        } else if (!reloading && code === 'conflict' && details['done'] === true) {
          // Saved before, and only the answer was lost.
          this.#outgoing.shift();
          this.#stale = true;
        } else if (!reloading && code === 'conflict' && ++conflicts < maxConflicts) {
          // Somebody else was faster: the edit is tried again on the story as it is now.
          this.#stale = true;
        } else if (!reloading && (code === 'invalid-input' || code === 'not-found')) {
          // The studio will never take this edit: keeping it would hold up those behind it.
          this.#outgoing.shift();
          this.#stale = true;
          this.#notices.problem(error);
        } else {
          // Nothing is dropped while the studio cannot save: it is told, and tried again later.
          this.save = 'failed';
          this.saveProblem = error instanceof Error ? error.message : String(error);
          const wait = retryMs[Math.min(this.#failures++, retryMs.length - 1)];
          this.#retryTimer = setTimeout(() => void this.#send(), wait);
          return;
        }
      }
    }
    this.saveProblem = '';
    if (!this.unsaved) this.save = 'saved';
    else if (this.save === 'failed') this.save = 'saving';
  }

  async #sendNext(): Promise<void> {
    const next = this.#outgoing[0]!;
    const { once } = next;
    this.#doubtful = true;
    if (next.kind === 'edit') {
      const { edit, label } = next;
      const revision = this.#revision;
      const change = await api.command('stories.edit', { story: this.id, revision, edit, label, once });
      this.#answered();
      this.#take(change, true);
    } else {
      const step = await api.command(`history.${next.kind}`, { story: this.id, once });
      this.#answered();
      if (step?.change) this.#take(step.change, false);
      else this.#showMenu(step ?? { undo: null, redo: null });
      if (step) tellStep(this.#notices, next.kind, step);
    }
    this.#hearHeld();
  }

  #answered(): void {
    this.#outgoing.shift();
    this.#doubtful = false;
  }

  /** Changes of other windows were missed: the story is loaded again before anything else is sent. */
  #catchUp(): void {
    this.#stale = true;
    void this.#send();
  }

  async #reload(): Promise<void> {
    const opened = await api.command('stories.open', { story: this.id });
    this.#stale = false;
    this.#held = [];
    this.#showMenu(opened);
    if (opened.revision === this.#revision) return;
    this.#saved = opened.story;
    this.#revision = opened.revision;
    this.#rebase();
  }

  /** The library's history has changed, which this window undoes too. */
  async #loadMenu(): Promise<void> {
    const menu = await api.command('history.state', { story: this.id }).catch(() => null);
    if (menu) this.#showMenu(menu);
  }

  /** What is not saved yet is undone first, and ends what could be redone. */
  #showMenu({ undo, redo }: HistoryState): void {
    const last: HistoryLabel | undefined =
      this.#typing?.label ?? this.#outgoing.findLast((outgoing) => outgoing.kind === 'edit')?.label;
    this.#menu = last === undefined ? { undo, redo } : { undo: last, redo: null };
  }

  #hear(change: StoryChange): void {
    if (change.revision <= this.#revision) return;
    // The answer to the edit under way may come after its own event.
    if (this.#sending) this.#held.push(change);
    else if (change.revision === this.#revision + 1) this.#take(change, false);
    else this.#catchUp();
  }

  #hearHeld(): void {
    for (const change of this.#held.splice(0)) {
      if (change.revision === this.#revision + 1) this.#take(change, false);
      else if (change.revision > this.#revision) this.#stale = true;
    }
  }

  /** Takes in a saved change; `own` edits are on screen already. */
  #take(change: StoryChange, own: boolean): void {
    this.#saved = applyEdit(this.#saved, change.edit).story;
    this.#revision = change.revision;
    this.#showMenu(change);
    if (!own) this.#rebase();
  }

  /** Shows the saved story with the edits on top that are not saved yet; those that no longer fit are dropped. */
  #rebase(): void {
    let story = this.#saved;
    const fits = (edit: Edit): boolean => {
      try {
        story = applyEdit(story, edit).story;
        return true;
      } catch {
        return false;
      }
    };
    const kept = this.#outgoing.filter((outgoing) => outgoing.kind !== 'edit' || fits(outgoing.edit));
    const lost = this.#outgoing.length - kept.length + (this.#typing && !fits(this.#typing.edit) ? 1 : 0);
    if (lost > 0) {
      this.#outgoing = kept;
      this.#notices.problem(t('app.editNoLongerFits'));
    }
    this.story = story;
  }
}
