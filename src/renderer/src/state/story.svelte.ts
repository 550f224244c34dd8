import { SvelteSet } from 'svelte/reactivity';
import * as api from '../api.ts';
import type { Candidate, Job } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import {
  currentVersion,
  type Block,
  type CastMember,
  type ImageBlock,
  type ImageVersion,
  type Panel,
  type StorySettings,
} from '../../../shared/story.ts';
import { newId } from './ids.ts';
import { t } from './language.svelte.ts';
import {
  copyOfPanel,
  emptyPanel,
  emptyText,
  insertPanels,
  joinWithTextBefore,
  mergePanels,
  moveBlock,
  movePanels,
  pictureBlock,
  placePictures,
  splitPanel,
  splitParagraphs,
  type Landing,
  type Merge,
  type Place,
} from './panel-edits.ts';
import { Continuation } from './suggest.svelte.ts';
import { SyncedStory, type SimpleEdit } from './synced-story.svelte.ts';

type PanelFields = Partial<Pick<Panel, 'shot' | 'notes' | 'dialogue' | 'duration'>>;

/** The three views of a story, which share one selection. */
export const storyViews = ['board', 'script', 'play'] as const;
export type StoryViewName = (typeof storyViews)[number];

/** An open story: what can be done to it, and what is selected. */
export class StoryState extends SyncedStory {
  /** The panel that keys and the inspector work on: one of `selectedPanels`, or null. */
  selectedPanel = $state<string | null>(null);
  selectedBlock = $state<string | null>(null);
  /** The text suggested for a panel, while there is one. */
  readonly continuation: Continuation = new Continuation(this);
  /** Every selected panel. A panel that is gone may linger here; {@link selection} knows only those that are there. */
  readonly selectedPanels = new SvelteSet<string>();
  storyView = $state<StoryViewName>('board');
  /** Panels beside each other on the board, for moving up and down; 1 where they follow one another. */
  columns = $state(1);
  /** Where a selection that grows by Shift began. */
  #anchor: string | null = null;

  readonly panelIndex = $derived(this.story.panels.findIndex((panel) => panel.id === this.selectedPanel));
  readonly panel = $derived(this.panelIndex >= 0 ? this.story.panels[this.panelIndex] : undefined);
  readonly imageBlock = $derived.by((): ImageBlock | undefined => {
    const block = this.panel?.blocks.find((one) => one.id === this.selectedBlock);
    return block?.type === 'image' ? block : undefined;
  });

  /** The picture whose sketch would be edited: the selected one, else the only sketch of the selected panel. */
  readonly sketchBlock = $derived.by((): ImageBlock | undefined => {
    const drawn = (block: Block): boolean => block.type === 'image' && !!currentVersion(block)?.scene;
    if (this.imageBlock) return drawn(this.imageBlock) ? this.imageBlock : undefined;
    const sketches = this.panel?.blocks.filter(drawn) ?? [];
    return sketches.length === 1 ? (sketches[0] as ImageBlock) : undefined;
  });

  // Selection

  /** Selects a panel, and a block of it, alone. */
  select(panel: string | null, block: string | null = null): void {
    this.selectedPanel = panel;
    this.selectedBlock = block;
    this.#anchor = panel;
    this.#selectOnly(panel === null ? [] : [panel]);
  }

  /** Works on another panel of the selection, which stays as it is. */
  activate(panel: string): void {
    this.selectedPanel = panel;
    this.selectedBlock = null;
  }

  /** Takes a panel into the selection, or out of it. */
  toggle(panel: string): void {
    this.selectedBlock = null;
    if (!this.selectedPanels.delete(panel)) {
      this.selectedPanels.add(panel);
      this.selectedPanel = panel;
      this.#anchor = panel;
    } else if (this.selectedPanel === panel) {
      this.selectedPanel = this.selection().at(-1)?.id ?? null;
      this.#anchor = this.selectedPanel;
    }
  }

  /** Selects all from where the selection began to this panel. */
  extendTo(panel: string): void {
    const to = this.indexOf(panel);
    const from = this.#anchor === null ? -1 : this.indexOf(this.#anchor);
    if (to < 0) return;
    if (from < 0) return this.select(panel);
    const between = this.story.panels.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.#selectOnly(between.map(({ id }) => id));
    this.selectedPanel = panel;
    this.selectedBlock = null;
  }

  /** Grows or shrinks the selection by a number of panels, from the one in work. */
  extendBy(step: number): string | null {
    const next = this.#neighbour(step);
    if (next === null) return null;
    this.extendTo(next);
    return next;
  }

  selectAll(): void {
    this.#selectOnly(this.story.panels.map(({ id }) => id));
    this.selectedPanel ??= this.story.panels[0]?.id ?? null;
    this.selectedBlock = null;
  }

  /** The selected panels, in their order. */
  selection(): Panel[] {
    if (this.selectedPanels.size === 0) return [];
    return this.story.panels.filter((panel) => this.selectedPanels.has(panel.id));
  }

  /**
   * Lets go of selected panels that are there no more, after an undo or another window's change. When none is left, the
   * panel that stands at `place` now is selected, so that keys go on from there.
   *
   * @returns true when the panel in work was lost
   */
  dropLostSelection(place: number): boolean {
    const there = new Set(this.story.panels.map(({ id }) => id));
    for (const id of [...this.selectedPanels]) if (!there.has(id)) this.selectedPanels.delete(id);
    if (this.selectedPanel === null || there.has(this.selectedPanel)) return false;
    const { panels } = this.story;
    const next = this.selection().at(-1) ?? panels[Math.min(place, panels.length - 1)];
    if (this.selectedPanels.size === 0) this.select(next?.id ?? null);
    else this.activate(next!.id);
    return true;
  }

  /** Moves the selection by a number of panels; without a selection it starts at an end. */
  selectNeighbour(step: number): string | null {
    const next = this.#neighbour(step);
    if (next !== null) this.select(next);
    return next;
  }

  #neighbour(step: number): string | null {
    const { panels } = this.story;
    if (panels.length === 0) return null;
    const from = this.panelIndex >= 0 ? this.panelIndex : step > 0 ? -1 : panels.length;
    return panels[Math.min(panels.length - 1, Math.max(0, from + step))]!.id;
  }

  #selectOnly(ids: readonly string[]): void {
    // One by one, so that only the panels concerned are drawn again.
    const wanted = new Set(ids);
    for (const id of [...this.selectedPanels]) if (!wanted.has(id)) this.selectedPanels.delete(id);
    for (const id of ids) this.selectedPanels.add(id);
  }

  // Story and panels

  setTitle(title: string): void {
    this.type('title', { type: 'set-title', title }, t('board.undoTitle'));
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
    this.edit({ type: 'insert-cast', index: this.story.cast.length, member }, t('sketch.addCast'));
  }

  setCast(member: CastMember): void {
    this.type(`cast-${member.id}`, { type: 'set-cast', member }, t('sketch.editCast'));
  }

  removeCast(id: string): void {
    this.edit({ type: 'remove-cast', id }, t('sketch.removeCast'));
  }

  /** Adds a panel with an empty text, after the selected one (or before it), or at the end; selects it. */
  addPanel(where: 'after' | 'before' | 'end' = 'after'): string {
    const at = this.panelIndex;
    const index = where === 'end' || at < 0 ? this.story.panels.length : where === 'after' ? at + 1 : at;
    const text = emptyText();
    const panel = emptyPanel([text]);
    this.edit({ type: 'insert-panel', index, panel }, t('board.undoAddPanel'));
    this.select(panel.id);
    return text.id;
  }

  /** Puts panels in after the selection, or at the end, and selects them. */
  insertPanels(panels: readonly Panel[], label: string): void {
    const last = this.selection().at(-1);
    const index = last ? this.indexOf(last.id) + 1 : this.story.panels.length;
    this.editAll(insertPanels(panels, index), label);
    this.#selectMany(panels.map(({ id }) => id));
  }

  /** Copies the selected panels, the copies following the last of them. */
  duplicateSelection(): void {
    const copies = this.selection().map((panel) => ({ ...copyOfPanel(panel), shot: '' }));
    if (copies.length > 0)
      this.insertPanels(copies, t('board.undoDuplicatePanels', { count: copies.length }));
  }

  /** Deletes the selected panels and selects the one that follows. */
  removeSelection(label?: string): void {
    const gone = this.selection();
    if (gone.length === 0) return;
    const last = this.indexOf(gone.at(-1)!.id);
    const first = this.indexOf(gone[0]!.id);
    const neighbour =
      this.story.panels[last + 1] ??
      this.story.panels.slice(0, first).at(-1) ??
      this.story.panels.find((panel) => !this.selectedPanels.has(panel.id));
    this.editAll(
      gone.map(({ id }) => ({ type: 'remove-panel', panel: id })),
      label ?? t('board.undoDeletePanels', { count: gone.length }),
    );
    this.select(neighbour?.id ?? null);
  }

  /** Moves panels so that they stand together before the panel that stands at `gap` now. */
  movePanels(ids: ReadonlySet<string>, gap: number): void {
    const edits = movePanels(this.story.panels, ids, gap);
    if (edits.length > 0) this.editAll(edits, t('board.undoMovePanels', { count: ids.size }));
  }

  /** Moves the selected panels one place earlier (-1) or later (1), to the start or to the end. */
  moveSelection(to: -1 | 1 | 'start' | 'end'): void {
    const moved = this.selection();
    if (moved.length === 0) return;
    const { panels } = this.story;
    const first = this.indexOf(moved[0]!.id);
    const last = this.indexOf(moved.at(-1)!.id);
    const gap =
      to === 'start' ? 0 : to === 'end' ? panels.length : to < 0 ? Math.max(0, first - 1) : last + 2;
    this.movePanels(new Set(moved.map(({ id }) => id)), Math.min(panels.length, gap));
  }

  setPanel(id: string, fields: PanelFields, label: string): void {
    this.type(`panel-${id}-${Object.keys(fields).join()}`, { type: 'set-panel', panel: id, fields }, label);
  }

  setShot(id: string, shot: string): void {
    this.setPanel(id, { shot }, t('board.undoShot'));
  }

  setDialogue(id: string, dialogue: string): void {
    this.setPanel(id, { dialogue }, t('board.undoDialogue'));
  }

  setNotes(id: string, notes: string): void {
    this.setPanel(id, { notes }, t('board.undoNotes'));
  }

  setDuration(id: string, duration: number | null): void {
    this.setPanel(id, { duration }, t('board.undoDuration'));
  }

  setSelectionDuration(duration: number | null): void {
    this.editAll(
      this.selection().map(({ id }) => ({ type: 'set-panel', panel: id, fields: { duration } })),
      t('board.undoDuration'),
    );
  }

  /**
   * Splits a panel in two at a place in one of its texts: what follows goes to a new panel, which is selected.
   *
   * @returns the text in which writing goes on
   */
  splitPanel(id: string, blockId: string, caret: number): string | null {
    const index = this.indexOf(id);
    const panel = this.story.panels[index];
    const split = panel && splitPanel(panel, index, blockId, caret);
    if (!split) return null;
    this.editAll(split.edits, t('board.undoSplit'));
    this.select(split.panel, split.block);
    return split.block;
  }

  /** Gives each paragraph of a text a panel of its own. */
  splitParagraphs(blockId: string): void {
    const index = this.story.panels.findIndex(({ blocks }) => blocks.some((block) => block.id === blockId));
    const panel = this.story.panels[index];
    const edits = panel ? splitParagraphs(panel, index, blockId) : [];
    if (edits.length > 0) this.editAll(edits, t('board.undoSplit'));
  }

  /** Puts everything of a panel at the end of the one before it. */
  mergeWithPrevious(id: string): Merge | null {
    const index = this.indexOf(id);
    const panel = this.story.panels[index];
    const previous = this.story.panels[index - 1];
    if (!panel || !previous) return null;
    const merge = mergePanels(previous, panel);
    this.editAll(merge.edits, t('board.undoMerge'));
    this.select(previous.id, merge.block);
    return merge;
  }

  /** Runs a text together with the one right before it in its panel. */
  joinWithTextBefore(panelId: string, blockId: string): Merge | null {
    const panel = this.story.panels[this.indexOf(panelId)];
    const join = panel && joinWithTextBefore(panel, blockId);
    if (!join) return null;
    this.editAll(join.edits, t('board.undoJoinTexts'));
    this.select(panelId, join.block);
    return join;
  }

  // Blocks

  /** Adds a text to a panel, at the end or before the block at `index`. */
  addText(panel: string, index?: number): string {
    const block = emptyText();
    this.#insert(panel, index, block, t('board.undoAddText'));
    return block.id;
  }

  /** Adds a picture block that waits for its picture. */
  addImage(panel: string, index?: number): string {
    const block = pictureBlock(null);
    this.#insert(panel, index, block, t('board.undoAddPicture'));
    this.select(panel, block.id);
    return block.id;
  }

  setText(block: string, text: string): void {
    this.type(`text-${block}`, { type: 'set-text', block, text }, t('board.undoText'));
  }

  setImageCaption(block: string, caption: string): void {
    this.type(`caption-${block}`, { type: 'set-image-caption', block, caption }, t('board.undoCaption'));
  }

  removeBlock(block: string): void {
    this.edit({ type: 'remove-block', block }, t('board.undoDeleteBlock'));
    if (this.selectedBlock === block) this.selectedBlock = null;
  }

  /** Moves a block up (-1) or down (1): within its panel, or from its edge into the neighbouring one. */
  shiftBlock(panelId: string, block: string, step: -1 | 1): void {
    const index = this.indexOf(panelId);
    const panel = this.story.panels[index];
    const at = panel?.blocks.findIndex((one) => one.id === block) ?? -1;
    if (!panel || at < 0) return;
    const within = step < 0 ? at > 0 : at < panel.blocks.length - 1;
    const neighbour = this.story.panels[index + step];
    if (within) {
      // A landing counts places as they are before the block is taken out.
      this.moveBlockTo(block, { kind: 'block', panel: panelId, index: step < 0 ? at - 1 : at + 2 });
    } else if (neighbour) {
      const end = step < 0 ? neighbour.blocks.length : 0;
      this.moveBlockTo(block, { kind: 'block', panel: neighbour.id, index: end });
    }
  }

  /** Moves a block to another place, another panel, or a panel of its own. */
  moveBlockTo(block: string, landing: Landing): void {
    const edits = moveBlock(this.story, block, landing);
    if (edits.length === 0) return;
    this.editAll(edits, t('board.undoMoveBlock'));
    const panel = this.story.panels.find(({ blocks }) => blocks.some((one) => one.id === block));
    this.select(panel?.id ?? null, block);
  }

  showVersion(block: string, version: string): void {
    this.edit({ type: 'show-version', block, version }, t('app.undoRestorePicture'));
  }

  /** Puts pictures of the library where they were dropped, pasted or chosen for; selects the first. */
  placePictures(
    assets: readonly string[],
    landing: Landing,
    source: ImageVersion['source'] = 'imported',
  ): Place | null {
    if (assets.length === 0) return null;
    // What was between may be gone by the time an upload has ended.
    const safe =
      landing.kind === 'gap'
        ? { ...landing, index: Math.min(landing.index, this.story.panels.length) }
        : landing;
    const { edits, place } = placePictures(this.story, assets, safe, source);
    if (edits.length === 0) return null;
    this.editAll(edits, t('board.undoPlacePictures', { count: assets.length }));
    this.select(place.panel, place.block);
    return place;
  }

  // Pictures

  /**
   * Puts a candidate into the panel as one edit: as a new version of the selected picture, else of the first one that
   * waits or the only one, else as a new picture above the text.
   *
   * @returns the block that shows it
   */
  useCandidate(panelId: string, candidate: Candidate, query: string, encodePack: string | undefined): string {
    const panel = this.story.panels[this.indexOf(panelId)];
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
    if (candidate.confidence !== null) version.confidence = candidate.confidence;
    if (candidate.source === 'retrieved') {
      if (encodePack !== undefined) version.pack = encodePack;
    }
    const images = panel.blocks.filter((block) => block.type === 'image');
    const target =
      images.find((block) => block.id === this.selectedBlock) ??
      images.find((block) => block.current === null) ??
      (images.length === 1 ? images[0] : undefined);
    const label = t(candidate.source === 'retrieved' ? 'app.undoUsePicture' : 'app.undoUseSketch');
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

  // Suggestions

  /**
   * Puts a suggested text behind a panel's own, as one edit: into its last block, or into a new one where that is a
   * picture.
   *
   * @returns the block that has it; null when the panel is gone
   */
  addSuggestedText(panelId: string, text: string): string | null {
    const panel = this.panelById(panelId);
    if (!panel) return null;
    const last = panel.blocks.at(-1);
    if (last?.type === 'text') {
      this.edit({ type: 'set-text', block: last.id, text: last.text + text }, t('suggest.undoText'));
      return last.id;
    }
    const block: Block = { id: newId(), type: 'text', text: text.trimStart() };
    this.#insert(panelId, undefined, block, t('suggest.undoText'));
    return block.id;
  }

  override close(): void {
    this.continuation.drop();
    super.close();
  }

  // Sketches

  /** Puts a version in place of the one with its id: a sketch edited in place. */
  replaceVersion(block: string, version: ImageVersion, label: string): void {
    this.edit({ type: 'replace-version', block, version }, label);
  }

  /** Puts several versions in place of those with their ids, as one edit. */
  replaceVersions(versions: readonly { block: string; version: ImageVersion }[], label: string): void {
    this.editAll(
      versions.map(({ block, version }): SimpleEdit => ({ type: 'replace-version', block, version })),
      label,
    );
  }

  /** Gives a picture block another version and shows it. */
  addVersion(block: ImageBlock, version: ImageVersion, label: string): void {
    this.edit({ type: 'insert-version', block: block.id, index: block.versions.length, version }, label);
  }

  // Finding

  panelById(panel: string): Panel | undefined {
    return this.story.panels[this.indexOf(panel)];
  }

  indexOf(panel: string): number {
    return this.story.panels.findIndex((one) => one.id === panel);
  }

  #insert(panelId: string, index: number | undefined, block: Block, label: string): void {
    const panel = this.story.panels[this.indexOf(panelId)];
    if (panel)
      this.edit({ type: 'insert-block', panel: panelId, index: index ?? panel.blocks.length, block }, label);
  }

  #selectMany(ids: readonly string[]): void {
    this.select(ids[0] ?? null);
    this.#selectOnly(ids);
  }
}
