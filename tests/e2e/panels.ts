import type { Page } from 'playwright-core';
import type { Edit } from '../../src/shared/edits.ts';
import type { Block, Panel } from '../../src/shared/story.ts';
import { drawPicture } from '../fixtures/pictures.ts';
import { ask, openStory, storyAsSaved } from './steps.ts';

/** Stories for the tests of the board, the script and play: made by commands, looked at as saved. */

let lastId = 0;
const newId = (): string => `made-${++lastId}`;

export function text(words: string): Block {
  return { id: newId(), type: 'text', text: words };
}

export function picture(asset: string | null): Block {
  const id = newId();
  return {
    id: newId(),
    type: 'image',
    caption: '',
    current: asset === null ? null : id,
    versions:
      asset === null ? [] : [{ id, asset, source: 'imported', createdAt: '2026-01-02T03:04:05.000Z' }],
  };
}

export function panel(blocks: Block[], fields: Partial<Panel> = {}): Panel {
  return { id: newId(), shot: '', notes: '', dialogue: '', duration: null, blocks, ...fields };
}

/** Makes a story of panels and opens it. @returns its id */
export async function openPanels(page: Page, title: string, panels: Panel[], view = ''): Promise<string> {
  const { story, revision } = await ask(page, 'stories.create', { title });
  const edits = [
    ...story.panels.map(({ id }) => ({ type: 'remove-panel' as const, panel: id })),
    ...panels.map((one, index) => ({ type: 'insert-panel' as const, index, panel: one })),
  ];
  const edit: Edit = { type: 'batch', edits };
  await ask(page, 'stories.edit', { story: story.id, revision, label: 'Fill', edit });
  await openStory(page, story.id, view);
  return story.id;
}

/** Sends a drawn picture to the library. @returns its asset */
export async function sendPicture(page: Page, seed: number): Promise<string> {
  const { origin } = new URL(page.url());
  const response = await page.request.post(
    `${origin}/upload?name=${encodeURIComponent(`drawn ${seed}.jpg`)}`,
    {
      data: await drawPicture(seed),
      headers: { origin, 'content-type': 'application/octet-stream' },
    },
  );
  const result = (await response.json()) as { value: { asset: { id: string } } };
  return result.value.asset.id;
}

/** The panels as saved, each in one line: texts as they are, pictures as `#` and the first digits of their asset. */
export async function lines(page: Page): Promise<string[]> {
  const { story } = await storyAsSaved(page);
  return story.panels.map(({ blocks }) =>
    blocks
      .map((block) => {
        if (block.type === 'text') return block.text;
        const version = block.versions.find(({ id }) => id === block.current);
        return `#${version?.asset.slice(0, 6) ?? ''}`;
      })
      .join(' | '),
  );
}

export const sign = (asset: string): string => `#${asset.slice(0, 6)}`;
