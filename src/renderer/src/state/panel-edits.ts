import type { Block, ImageBlock, ImageVersion, Panel, Story, TextBlock } from '../../../shared/story.ts';
import { newId } from './ids.ts';
import type { SimpleEdit } from './synced-story.svelte.ts';

/**
 * What a person does to panels and blocks, as edits. Nothing here changes anything: each function says which edits
 * make the change, so that a change of many panels is one batch, saved and undone as one.
 */

/** Where something dragged or pasted goes. */
export type Landing =
  /** Between panels: before the panel that stands at `index` now, or after the last. */
  | { kind: 'gap'; index: number }
  /** Between the blocks of a panel: before the block that stands at `index` now, or after the last. */
  | { kind: 'block'; panel: string; index: number }
  /** Onto a picture: becomes its new version. */
  | { kind: 'version'; panel: string; block: string };

export interface Place {
  /** The panel and block to select afterwards. */
  panel: string | null;
  block: string | null;
}

export function emptyText(text = ''): TextBlock {
  return { id: newId(), type: 'text', text };
}

export function emptyPanel(blocks: Block[]): Panel {
  return { id: newId(), shot: '', notes: '', dialogue: '', duration: null, blocks };
}

/** A picture block that shows an asset of the library, or one that waits for a picture. */
export function pictureBlock(asset: string | null, source: ImageVersion['source'] = 'imported'): ImageBlock {
  const version = asset === null ? null : versionOf(asset, source);
  return {
    id: newId(),
    type: 'image',
    caption: '',
    current: version?.id ?? null,
    versions: version ? [version] : [],
  };
}

export function versionOf(asset: string, source: ImageVersion['source']): ImageVersion {
  return { id: newId(), asset, source, createdAt: new Date().toISOString() };
}

/** A copy with ids of its own, which every block and version needs. */
export function copyOfBlock(block: Block): Block {
  if (block.type === 'text') return { ...block, id: newId() };
  const ids = new Map(block.versions.map((version) => [version.id, newId()]));
  return {
    ...block,
    id: newId(),
    current: block.current === null ? null : (ids.get(block.current) ?? null),
    versions: block.versions.map((version) => ({ ...version, id: ids.get(version.id)! })),
  };
}

/** A copy with ids of its own. */
export function copyOfPanel(panel: Panel): Panel {
  return { ...panel, id: newId(), blocks: panel.blocks.map(copyOfBlock) };
}

/** Moves panels, in their order, so that they stand together before the panel that stands at `gap` now. */
export function movePanels(panels: readonly Panel[], ids: ReadonlySet<string>, gap: number): SimpleEdit[] {
  const order = panels.map((panel) => panel.id);
  const edits: SimpleEdit[] = [];
  const move = (id: string, index: number): void => {
    const from = order.indexOf(id);
    if (from === index) return;
    order.splice(from, 1);
    order.splice(index, 0, id);
    edits.push({ type: 'move-panel', panel: id, index });
  };
  const before = panels.slice(0, gap).filter((panel) => ids.has(panel.id));
  const after = panels.slice(gap).filter((panel) => ids.has(panel.id));
  // From before the gap, each goes to its end; the ones taken out let the others slide up in their order.
  // Those that stand right before the gap already would only be turned around among themselves.
  const settled = before.length > 0 && order.slice(gap - before.length, gap).every((id) => ids.has(id));
  if (!settled) for (const panel of before) move(panel.id, gap - 1);
  for (const [offset, panel] of after.entries()) move(panel.id, gap + offset);
  return edits;
}

/** Puts panels in at a place. */
export function insertPanels(panels: readonly Panel[], index: number): SimpleEdit[] {
  return panels.map((panel, offset) => ({ type: 'insert-panel', index: index + offset, panel }));
}

/** The blocks from `from` on go to the end of another panel, which holds `held` blocks by then. */
function moveRest(blocks: readonly Block[], from: number, panel: string, held: number): SimpleEdit[] {
  return blocks
    .slice(from)
    .map((block, offset) => ({ type: 'move-block', block: block.id, panel, index: held + offset }));
}

export interface Split {
  edits: SimpleEdit[];
  /** The new panel, and its text, where writing goes on. */
  panel: string;
  block: string;
}

/**
 * Splits a panel at a place in one of its texts: what follows goes to a new panel after it.
 *
 * @param index Position of the panel.
 * @param caret UTF-16 offset in the text.
 * @returns null when the block is no text of the panel
 */
export function splitPanel(panel: Panel, index: number, blockId: string, caret: number): Split | null {
  const at = panel.blocks.findIndex((block) => block.id === blockId);
  const block = panel.blocks[at];
  if (block?.type !== 'text') return null;
  const tail = emptyText(block.text.slice(caret).trimStart());
  const added = emptyPanel([tail]);
  return {
    edits: [
      { type: 'set-text', block: blockId, text: block.text.slice(0, caret).trimEnd() },
      { type: 'insert-panel', index: index + 1, panel: added },
      ...moveRest(panel.blocks, at + 1, added.id, 1),
    ],
    panel: added.id,
    block: tail.id,
  };
}

/** The paragraphs of a text, which blank lines keep apart. */
export function paragraphsOf(text: string): string[] {
  return text
    .split(/\n[^\S\n]*\n\s*/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '');
}

/** Gives each paragraph of a text a panel of its own; the first stays, and what follows the text goes with the last. */
export function splitParagraphs(panel: Panel, index: number, blockId: string): SimpleEdit[] {
  const at = panel.blocks.findIndex((block) => block.id === blockId);
  const block = panel.blocks[at];
  if (block?.type !== 'text') return [];
  const [first, ...others] = paragraphsOf(block.text);
  if (first === undefined || others.length === 0) return [];
  const added = others.map((text) => emptyPanel([emptyText(text)]));
  return [
    { type: 'set-text', block: blockId, text: first },
    ...insertPanels(added, index + 1),
    ...moveRest(panel.blocks, at + 1, added.at(-1)!.id, 1),
  ];
}

export interface Merge {
  edits: SimpleEdit[];
  /** Where the two meet: a text block, and the place in it. Null when no text follows the seam. */
  block: string | null;
  caret: number;
}

function joined(first: string, second: string): string {
  return [first, second].filter((text) => text !== '').join('\n');
}

/** Two texts run together as one, with a new line between them when both say something. */
function joinTexts(first: TextBlock, second: TextBlock): { edit: SimpleEdit; caret: number } {
  const head = first.text !== '' && second.text !== '' ? `${first.text}\n` : first.text;
  return { edit: { type: 'set-text', block: first.id, text: head + second.text }, caret: head.length };
}

/** Puts everything of a panel at the end of the one before it; texts that meet become one. */
export function mergePanels(previous: Panel, panel: Panel): Merge {
  const last = previous.blocks.at(-1);
  const [first] = panel.blocks;
  const meet = last?.type === 'text' && first?.type === 'text' ? joinTexts(last, first) : null;
  const firstText = panel.blocks.find((block) => block.type === 'text');
  return {
    edits: [
      ...moveRest(panel.blocks, meet ? 1 : 0, previous.id, previous.blocks.length),
      ...(meet ? [meet.edit] : []),
      {
        type: 'set-panel',
        panel: previous.id,
        fields: {
          shot: previous.shot || panel.shot,
          notes: joined(previous.notes, panel.notes),
          dialogue: joined(previous.dialogue, panel.dialogue),
        },
      },
      { type: 'remove-panel', panel: panel.id },
    ],
    block: meet ? last!.id : (firstText?.id ?? null),
    caret: meet?.caret ?? 0,
  };
}

/** Runs a text together with the text right before it in its panel; null when there is none. */
export function joinWithTextBefore(panel: Panel, blockId: string): Merge | null {
  const at = panel.blocks.findIndex((block) => block.id === blockId);
  const block = panel.blocks[at];
  const before = panel.blocks[at - 1];
  if (block?.type !== 'text' || before?.type !== 'text') return null;
  const { edit, caret } = joinTexts(before, block);
  return { edits: [edit, { type: 'remove-block', block: blockId }], block: before.id, caret };
}

/** Moves a block to a landing; between panels, it gets a panel of its own. */
export function moveBlock(story: Story, blockId: string, landing: Landing): SimpleEdit[] {
  const panel = story.panels.find(({ blocks }) => blocks.some((block) => block.id === blockId));
  if (!panel || landing.kind === 'version') return [];
  if (landing.kind === 'gap') {
    const added = emptyPanel([]);
    return [
      { type: 'insert-panel', index: landing.index, panel: added },
      { type: 'move-block', block: blockId, panel: added.id, index: 0 },
    ];
  }
  const from = panel.blocks.findIndex((block) => block.id === blockId);
  // Taking the block out first moves what follows it one place back.
  const index = landing.panel === panel.id && from < landing.index ? landing.index - 1 : landing.index;
  if (landing.panel === panel.id && index === from) return [];
  return [{ type: 'move-block', block: blockId, panel: landing.panel, index }];
}

/**
 * Puts pictures of the library where they were dropped: between panels each makes a panel of its own; in a panel they
 * become picture blocks; on a picture the first becomes its new version and the others follow it.
 */
export function placePictures(
  story: Story,
  assets: readonly string[],
  landing: Landing,
  source: ImageVersion['source'],
): { edits: SimpleEdit[]; place: Place } {
  if (landing.kind === 'gap') {
    const panels = assets.map((asset) => emptyPanel([pictureBlock(asset, source), emptyText()]));
    return {
      edits: insertPanels(panels, landing.index),
      place: { panel: panels[0]?.id ?? null, block: null },
    };
  }
  const panel = story.panels.find((one) => one.id === landing.panel);
  if (!panel) return { edits: [], place: { panel: null, block: null } };
  const insert = (list: readonly string[], at: number): { edits: SimpleEdit[]; first: string | null } => {
    const blocks = list.map((asset) => pictureBlock(asset, source));
    return {
      edits: blocks.map((block, offset) => ({
        type: 'insert-block',
        panel: panel.id,
        index: at + offset,
        block,
      })),
      first: blocks[0]?.id ?? null,
    };
  };
  if (landing.kind === 'block') {
    const { edits, first } = insert(assets, landing.index);
    return { edits, place: { panel: panel.id, block: first } };
  }
  const at = panel.blocks.findIndex((block) => block.id === landing.block);
  const target = panel.blocks[at];
  const [asset, ...others] = assets;
  if (target?.type !== 'image' || asset === undefined)
    return { edits: [], place: { panel: null, block: null } };
  return {
    edits: [
      {
        type: 'insert-version',
        block: target.id,
        index: target.versions.length,
        version: versionOf(asset, source),
      },
      ...insert(others, at + 1).edits,
    ],
    place: { panel: panel.id, block: target.id },
  };
}
