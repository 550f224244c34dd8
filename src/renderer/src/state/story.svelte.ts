import * as api from '../api.ts';
import type { Candidate, Job, Match, OpenStory, StoryChange } from '../../../shared/contract.ts';
import { applyEdit, type Edit } from '../../../shared/edits.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type {
  Block,
  CastMember,
  ImageBlock,
  ImageVersion,
  Panel,
  Story,
  StorySettings,
} from '../../../shared/story.ts';
import { newId } from './ids.ts';
import type { Notices } from './notices.svelte.ts';

/** A pause in typing this long makes one edit of what was typed. */
const typingPauseMs = 400;
const retryMs = 3000;
/** Conflicts in a row after which an edit waits before it is tried again. */
const maxConflicts = 5;

type SimpleEdit = Exclude<Edit, { type: 'batch' }>;
type PanelFields = Partial<Pick<Panel, 'shot' | 'notes' | 'dialogue' | 'duration'>>;
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
 * An open story. What is shown is the story as saved, with the edits that are not saved yet applied on top; each edit
 * is sent with the revision it follows, one at a time.
 */
export class StoryState {
  readonly id: string;
  story: Story = $state.raw()!;
  save = $state<SaveState>('saved');
  /** Why saving fails, while it does. */
  saveProblem = $state('');
  undoLabel = $state<string | null>(null);
  redoLabel = $state<string | null>(null);
  selectedPanel = $state<string | null>(null);
  selectedBlock = $state<string | null>(null);

  readonly panelIndex = $derived(this.story.panels.findIndex((panel) => panel.id === this.selectedPanel));
  readonly panel = $derived(this.panelIndex >= 0 ? this.story.panels[this.panelIndex] : undefined);
  readonly imageBlock = $derived.by((): ImageBlock | undefined => {
    const block = this.panel?.blocks.find((one) => one.id === this.selectedBlock);
    return block?.type === 'image' ? block : undefined;
  });

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

  // Selection

  select(panel: string | null, block: string | null = null): void {
    this.selectedPanel = panel;
    this.selectedBlock = block;
  }

  /** Moves the selection by a number of panels; without a selection it starts at an end. */
  selectNeighbour(step: number): string | null {
    const { panels } = this.story;
    if (panels.length === 0) return null;
    const from = this.panelIndex >= 0 ? this.panelIndex : step > 0 ? -1 : panels.length;
    const next = panels[Math.min(panels.length - 1, Math.max(0, from + step))]!;
    this.select(next.id);
    return next.id;
  }

  // Story and panels

  setTitle(title: string): void {
    this.type('title', { type: 'set-title', title }, 'Edit title');
  }

  setSettings(change: Partial<StorySettings>, label: string): void {
    this.type(
      `settings-${Object.keys(change).join()}`,
      { type: 'set-settings', settings: { ...this.story.settings, ...change } },
      label,
    );
  }

  addCast(name: string): void {
    const member: CastMember = { id: newId(), name, look: '' };
    this.edit({ type: 'insert-cast', index: this.story.cast.length, member }, 'Add to cast');
  }

  setCast(member: CastMember): void {
    this.type(`cast-${member.id}`, { type: 'set-cast', member }, 'Edit cast');
  }

  removeCast(id: string): void {
    this.edit({ type: 'remove-cast', id }, 'Remove from cast');
  }

  /** Adds a panel with an empty text, after the selected one (or before it), or at the end; selects it. */
  addPanel(where: 'after' | 'before' | 'end' = 'after'): string {
    const at = this.panelIndex;
    const index = where === 'end' || at < 0 ? this.story.panels.length : where === 'after' ? at + 1 : at;
    const text: Block = { id: newId(), type: 'text', text: '' };
    const panel = emptyPanel([text]);
    this.edit({ type: 'insert-panel', index, panel }, 'Add panel');
    this.select(panel.id);
    return text.id;
  }

  duplicatePanel(id: string): void {
    const index = this.#indexOf(id);
    const original = this.story.panels[index];
    if (!original) return;
    const panel = { ...original, id: newId(), shot: '', blocks: original.blocks.map(copyOfBlock) };
    this.edit({ type: 'insert-panel', index: index + 1, panel }, 'Duplicate panel');
    this.select(panel.id);
  }

  removePanel(id: string): void {
    const index = this.#indexOf(id);
    if (index < 0) return;
    const neighbour = this.story.panels[index + 1] ?? this.story.panels[index - 1];
    this.edit({ type: 'remove-panel', panel: id }, 'Delete panel');
    this.select(neighbour?.id ?? null);
  }

  /** Moves a panel so that it stands at `index` afterwards. */
  movePanel(id: string, index: number): void {
    const from = this.#indexOf(id);
    const to = Math.min(this.story.panels.length - 1, Math.max(0, index));
    if (from < 0 || from === to) return;
    this.edit({ type: 'move-panel', panel: id, index: to }, 'Move panel');
  }

  movePanelBy(id: string, step: number): void {
    this.movePanel(id, this.#indexOf(id) + step);
  }

  setPanel(id: string, fields: PanelFields, label: string): void {
    this.type(`panel-${id}-${Object.keys(fields).join()}`, { type: 'set-panel', panel: id, fields }, label);
  }

  /** Splits a panel in two at a place in one of its texts: what follows goes to a new panel. */
  splitPanel(id: string, blockId: string, caret: number): void {
    const index = this.#indexOf(id);
    const panel = this.story.panels[index];
    const at = panel?.blocks.findIndex((block) => block.id === blockId) ?? -1;
    const block = panel?.blocks[at];
    if (!panel || block?.type !== 'text') return;
    const tail: Block = { id: newId(), type: 'text', text: block.text.slice(caret).trimStart() };
    const added = emptyPanel([tail]);
    this.editAll(
      [
        { type: 'set-text', block: blockId, text: block.text.slice(0, caret).trimEnd() },
        { type: 'insert-panel', index: index + 1, panel: added },
        ...panel.blocks.slice(at + 1).map((moved, offset): SimpleEdit => ({
          type: 'move-block',
          block: moved.id,
          panel: added.id,
          index: offset + 1,
        })),
      ],
      'Split panel',
    );
    this.select(added.id);
  }

  /** Puts everything of a panel at the end of the one before it. */
  mergeWithPrevious(id: string): void {
    const index = this.#indexOf(id);
    const panel = this.story.panels[index];
    const previous = this.story.panels[index - 1];
    if (!panel || !previous) return;
    const joined = (first: string, second: string): string => [first, second].filter(Boolean).join('\n');
    this.editAll(
      [
        ...panel.blocks.map((block, offset): SimpleEdit => ({
          type: 'move-block',
          block: block.id,
          panel: previous.id,
          index: previous.blocks.length + offset,
        })),
        {
          type: 'set-panel',
          panel: previous.id,
          fields: {
            notes: joined(previous.notes, panel.notes),
            dialogue: joined(previous.dialogue, panel.dialogue),
          },
        },
        { type: 'remove-panel', panel: id },
      ],
      'Merge panels',
    );
    this.select(previous.id);
  }

  // Blocks

  addText(panel: string): string {
    const block: Block = { id: newId(), type: 'text', text: '' };
    this.#append(panel, block, 'Add text');
    return block.id;
  }

  addImage(panel: string): string {
    const block: Block = { id: newId(), type: 'image', caption: '', current: null, versions: [] };
    this.#append(panel, block, 'Add picture');
    this.select(panel, block.id);
    return block.id;
  }

  setText(block: string, text: string): void {
    this.type(`text-${block}`, { type: 'set-text', block, text }, 'Edit text');
  }

  setImageCaption(block: string, caption: string): void {
    this.type(`caption-${block}`, { type: 'set-image-caption', block, caption }, 'Edit caption');
  }

  removeBlock(block: string): void {
    this.edit({ type: 'remove-block', block }, 'Delete block');
    if (this.selectedBlock === block) this.selectedBlock = null;
  }

  /** Moves a block up (-1) or down (1) within its panel. */
  moveBlock(panelId: string, block: string, step: number): void {
    const panel = this.story.panels[this.#indexOf(panelId)];
    const from = panel?.blocks.findIndex((one) => one.id === block) ?? -1;
    const to = from + step;
    if (!panel || from < 0 || to < 0 || to >= panel.blocks.length) return;
    this.edit({ type: 'move-block', block, panel: panelId, index: to }, 'Move block');
  }

  showVersion(block: string, version: string): void {
    this.edit({ type: 'show-version', block, version }, 'Restore picture');
  }

  // Pictures

  async match(panel: string, query: string | undefined, seed: number | undefined): Promise<Match> {
    await this.whenSaved();
    return api.command('stories.match', {
      story: this.id,
      panel,
      ...(query === undefined ? {} : { query }),
      ...(seed === undefined ? {} : { seed }),
    });
  }

  /**
   * Puts a candidate into the panel as one edit: as a new version of the selected picture, else of the first one that
   * waits or the only one, else as a new picture above the text.
   *
   * @returns the block that shows it
   */
  useCandidate(panelId: string, candidate: Candidate, query: string, encodePack: string | undefined): string {
    const panel = this.story.panels[this.#indexOf(panelId)];
    if (!panel) throw new FabulaError('not-found', 'This panel was deleted in the meantime.');
    const version: ImageVersion = {
      id: newId(),
      asset: candidate.asset,
      source: candidate.source,
      createdAt: new Date().toISOString(),
      prompt: query,
    };
    if (candidate.seed !== null) version.seed = candidate.seed;
    if (candidate.scene !== null) version.scene = candidate.scene;
    if (candidate.source === 'retrieved') {
      version.confidence = candidate.confidence;
      if (encodePack !== undefined) version.pack = encodePack;
    }
    const images = panel.blocks.filter((block) => block.type === 'image');
    const target =
      images.find((block) => block.id === this.selectedBlock) ??
      images.find((block) => block.current === null) ??
      (images.length === 1 ? images[0] : undefined);
    const label = candidate.source === 'retrieved' ? 'Use library picture' : 'Use sketch';
    if (target) {
      this.edit({ type: 'insert-version', block: target.id, index: target.versions.length, version }, label);
      this.select(panelId, target.id);
      return target.id;
    } else {
      const block: Block = {
        id: newId(),
        type: 'image',
        caption: '',
        current: version.id,
        versions: [version],
      };
      this.edit({ type: 'insert-block', panel: panelId, index: 0, block }, label);
      this.select(panelId, block.id);
      return block.id;
    }
  }

  /** Starts giving every panel without a picture its best match. */
  async illustrate(): Promise<Job> {
    await this.whenSaved();
    return api.command('stories.illustrate', { story: this.id });
  }

  // Saving

  #append(panelId: string, block: Block, label: string): void {
    const panel = this.story.panels[this.#indexOf(panelId)];
    if (panel) this.edit({ type: 'insert-block', panel: panelId, index: panel.blocks.length, block }, label);
  }

  #indexOf(panel: string): number {
    return this.story.panels.findIndex((one) => one.id === panel);
  }

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

function emptyPanel(blocks: Block[]): Panel {
  return { id: newId(), shot: '', notes: '', dialogue: '', duration: null, blocks };
}

/** A copy with ids of its own, which every block and version needs. */
function copyOfBlock(block: Block): Block {
  if (block.type === 'text') return { ...block, id: newId() };
  const ids = new Map(block.versions.map((version) => [version.id, newId()]));
  return {
    ...block,
    id: newId(),
    current: block.current === null ? null : (ids.get(block.current) ?? null),
    versions: block.versions.map((version) => ({ ...version, id: ids.get(version.id)! })),
  };
}
