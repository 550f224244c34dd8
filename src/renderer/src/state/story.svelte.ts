import * as api from '../api.ts';
import type { Candidate, Job, Match } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type {
  Block,
  CastMember,
  ImageBlock,
  ImageVersion,
  Panel,
  StorySettings,
} from '../../../shared/story.ts';
import { newId } from './ids.ts';
import { Continuation } from './suggest.svelte.ts';
import { t } from './language.svelte.ts';
import { SyncedStory, type SimpleEdit } from './synced-story.svelte.ts';

type PanelFields = Partial<Pick<Panel, 'shot' | 'notes' | 'dialogue' | 'duration'>>;

/** An open story: what can be done to it, and what is selected. */
export class StoryState extends SyncedStory {
  selectedPanel = $state<string | null>(null);
  selectedBlock = $state<string | null>(null);
  /** The text suggested for a panel, while there is one. */
  readonly continuation: Continuation = new Continuation(this);

  readonly panelIndex = $derived(this.story.panels.findIndex((panel) => panel.id === this.selectedPanel));
  readonly panel = $derived(this.panelIndex >= 0 ? this.story.panels[this.panelIndex] : undefined);
  readonly imageBlock = $derived.by((): ImageBlock | undefined => {
    const block = this.panel?.blocks.find((one) => one.id === this.selectedBlock);
    return block?.type === 'image' ? block : undefined;
  });

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
    if (candidate.confidence !== null) version.confidence = candidate.confidence;
    if (candidate.source === 'retrieved') {
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
    this.#append(panelId, block, t('suggest.undoText'));
    return block.id;
  }

  override close(): void {
    this.continuation.drop();
    super.close();
  }

  // Finding

  panelById(panel: string): Panel | undefined {
    return this.story.panels[this.#indexOf(panel)];
  }

  #append(panelId: string, block: Block, label: string): void {
    const panel = this.story.panels[this.#indexOf(panelId)];
    if (panel) this.edit({ type: 'insert-block', panel: panelId, index: panel.blocks.length, block }, label);
  }

  #indexOf(panel: string): number {
    return this.story.panels.findIndex((one) => one.id === panel);
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
