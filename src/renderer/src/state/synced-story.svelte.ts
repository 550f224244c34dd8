import * as api from '../api.ts';
import type { OpenStory, StoryChange } from '../../../shared/contract.ts';
import { applyEdit, type Edit } from '../../../shared/edits.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type { Story } from '../../../shared/story.ts';
import type { Notices } from './notices.svelte.ts';

/** A pause in typing this long makes one edit of what was typed. */
const typingPauseMs = 400;
const retryMs = 3000;
/** Conflicts in a row after which an edit waits before it is tried again. */
const maxConflicts = 5;

export type SimpleEdit = Exclude<Edit, { type: 'batch' }>;
export type SaveState = 'saved' | 'saving' | 'failed';

/** What waits to be sent, in order. Undo and redo wait behind the edits that were made before them. */
type Outgoing = { kind: 'edit'; edit: Edit; label: string } | { kind: 'undo' } | { kind: 'redo' };

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
  undoLabel = $state<string | null>(null);
  redoLabel = $state<string | null>(null);

  readonly #notices: Notices;
  readonly #onGone: () => void;
  readonly #stopListening: () => void;
  #saved: Story;
  #revision: number;
  #outgoing: Outgoing[] = [];
  #typing: Typing | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;
  #held: StoryChange[] = [];
  /** The story has to be loaded again before anything is sent. */
  #stale = false;

  /** @param onGone Called when the story turns out to be deleted. */
  constructor(opened: OpenStory, notices: Notices, onGone: () => void) {
    this.#notices = notices;
    this.#onGone = onGone;
    this.id = opened.story.id;
    this.story = opened.story;
    this.#saved = opened.story;
    this.#revision = opened.revision;
    this.undoLabel = opened.undo;
    this.redoLabel = opened.redo;
    const stops = [
      api.on('story.changed', (change) => {
        if (change.id === this.id) this.#hear(change);
      }),
      api.onReconnect(() => this.#catchUp()),
    ];
    this.#stopListening = () => stops.forEach((stop) => stop());
  }

  get unsaved(): boolean {
    return this.#typing !== null || this.#outgoing.length > 0;
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
    if (underWay === 0) return;
    for (const [index, { edit, label }] of edits.entries()) {
      const revision = this.#revision + underWay + index;
      void api.command('stories.edit', { story: this.id, revision, edit, label }).catch(() => undefined);
    }
  }

  // Edits

  /** Applies an edit at once and sends it. */
  edit(edit: Edit, label: string): void {
    this.#endTyping();
    this.story = applyEdit(this.story, edit).story;
    this.#queue({ kind: 'edit', edit, label });
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
    if (this.undoLabel === null && !this.#waitsFor('redo')) return;
    this.#queue({ kind: 'undo' });
  }

  redo(): void {
    this.#endTyping();
    if (this.redoLabel === null && !this.#waitsFor('undo')) return;
    this.#queue({ kind: 'redo' });
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
    this.undoLabel = label;
    this.redoLabel = null;
  }

  #waitsFor(kind: Outgoing['kind']): boolean {
    return this.#outgoing.some((outgoing) => outgoing.kind === kind);
  }

  #endTyping(): void {
    clearTimeout(this.#typingTimer);
    const typing = this.#typing;
    if (!typing) return;
    this.#typing = null;
    this.#queue({ kind: 'edit', edit: typing.edit, label: typing.label });
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
      const reloading = this.#stale;
      try {
        if (reloading) await this.#reload();
        else {
          await this.#sendNext();
          conflicts = 0;
        }
      } catch (error) {
        const code = error instanceof FabulaError ? error.code : 'internal';
        if (reloading && code === 'not-found') {
          this.#outgoing = [];
          this.#stale = false;
          this.#onGone();
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
          this.#retryTimer = setTimeout(() => void this.#send(), retryMs);
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
    const change =
      next.kind === 'edit'
        ? await api.command('stories.edit', {
            story: this.id,
            revision: this.#revision,
            edit: next.edit,
            label: next.label,
          })
        : await api.command(`stories.${next.kind}`, { story: this.id });
    this.#outgoing.shift();
    if (change) this.#take(change, next.kind === 'edit');
    this.#hearHeld();
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
    this.#saved = opened.story;
    this.#revision = opened.revision;
    this.undoLabel = opened.undo;
    this.redoLabel = opened.redo;
    this.#rebase();
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
    const last = this.#outgoing.findLast((outgoing) => outgoing.kind === 'edit');
    this.undoLabel = this.#typing?.label ?? last?.label ?? change.undo;
    this.redoLabel = this.#typing || last ? null : change.redo;
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
      this.#notices.problem('The story was changed in another window, and your last edit no longer fits it.');
    }
    this.story = story;
  }
}
