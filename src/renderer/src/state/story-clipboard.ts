import * as api from '../api.ts';
import type { Panel } from '../../../shared/story.ts';
import { takeBytes } from './drop.ts';
import { t } from './language.svelte.ts';
import {
  assetsOf,
  panelsAsText,
  panelsType,
  readPanels,
  withoutAssets,
  writePanels,
} from './panel-clipboard.ts';
import { emptyPanel, emptyText, paragraphsOf, type Landing } from './panel-edits.ts';
import type { StoryState } from './story.svelte.ts';
import type { WindowState } from './window.svelte.ts';

/** Copying, cutting and pasting of panels, pictures and text in an open story. */

/** Puts the selected panels on the clipboard of a copy or cut. @returns false when none is selected */
export function copySelection(story: StoryState, data: DataTransfer): boolean {
  const panels = story.selection();
  if (panels.length === 0) return false;
  data.setData(panelsType, writePanels(panels));
  data.setData('text/plain', panelsAsText(panels));
  return true;
}

export function cutSelection(story: StoryState, data: DataTransfer): boolean {
  if (!copySelection(story, data)) return false;
  story.removeSelection(t('board.undoCutPanels', { count: story.selection().length }));
  return true;
}

/** The picture files on a clipboard. */
export function picturesIn(data: DataTransfer): File[] {
  return Array.from(data.files).filter((file) => file.type.startsWith('image/'));
}

/**
 * Pastes panels, pictures or text into the story, outside of any text field.
 *
 * @returns false when the clipboard holds nothing of the kind
 */
export function paste(window: WindowState, story: StoryState, data: DataTransfer): boolean {
  const panels = data.getData(panelsType);
  const pictures = picturesIn(data);
  const text = data.getData('text/plain').replaceAll('\r\n', '\n');
  if (panels !== '') void window.notices.attempt(() => pastePanels(window, story, panels));
  else if (pictures.length > 0) void window.notices.attempt(() => pastePictures(window, story, pictures));
  else if (text.trim() !== '') pasteText(window, story, text.trim());
  else return false;
  return true;
}

async function pastePanels(window: WindowState, story: StoryState, text: string): Promise<void> {
  const panels = readPanels(text);
  const known = assetsOf(story.story.panels);
  const missing = new Set<string>();
  for (const asset of assetsOf(panels))
    if (!known.has(asset) && !(await api.hasAsset(asset))) missing.add(asset);
  if (missing.size > 0) window.notices.tell(t('board.pastedWithoutPictures', { count: missing.size }));
  insert(story, withoutAssets(panels, missing));
}

function insert(story: StoryState, panels: readonly Panel[]): void {
  story.insertPanels(panels, t('board.undoPastePanels', { count: panels.length }));
}

/** Pictures go into the panel in work, after the block in work, or make panels of their own. */
export async function pastePictures(window: WindowState, story: StoryState, files: File[]): Promise<void> {
  const { panel, selectedBlock } = story;
  const assets = await takeBytes(window, files);
  const at = panel?.blocks.findIndex((block) => block.id === selectedBlock) ?? -1;
  const landing: Landing = panel
    ? { kind: 'block', panel: panel.id, index: at < 0 ? panel.blocks.length : at + 1 }
    : { kind: 'gap', index: story.story.panels.length };
  story.placePictures(assets, landing);
}

function pasteText(window: WindowState, story: StoryState, text: string): void {
  const block = emptyText(text);
  insert(story, [emptyPanel([block])]);
  offerParagraphs(window, story, block.id, text);
}

/** Offers to make a panel of each paragraph, when a pasted text has several. */
export function offerParagraphs(window: WindowState, story: StoryState, block: string, text: string): void {
  const { length } = paragraphsOf(text);
  if (length < 2) return;
  window.notices.tell(t('board.pastedParagraphs', { count: length }), {
    label: t('board.makePanels', { count: length }),
    run: () => story.splitParagraphs(block),
  });
}
