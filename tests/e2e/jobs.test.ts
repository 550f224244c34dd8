import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { drawPicture, writePictures } from '../fixtures/pictures.ts';
import { ask, importOutline, jobEnded, openWindow, saved, storyAsSaved, type OpenWindow } from './steps.ts';

/** Long work in the window: a folder sent from the browser, captions paused and cancelled, a story illustrated. */

const count = 48;
// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let opened: OpenWindow;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-folder-'));
  await writePictures(
    folder,
    Array.from({ length: count - 1 }, (_, index) => `picture ${String(index).padStart(2, '0')}.jpg`),
  );
  await mkdir(join(folder, 'inner'));
  await writeFile(join(folder, 'inner', 'deep.jpg'), await drawPicture(99));
  await writeFile(join(folder, 'notes.txt'), 'Not a picture, and no reason to complain.');
  opened = await openWindow();
  page = opened.page;
});

afterAll(async () => {
  await opened?.close();
  await rm(folder, { recursive: true, force: true });
});

test('a folder chosen in the browser is sent with the folders inside it, and without what is no picture', async () => {
  await page.getByRole('button', { name: 'Add pictures' }).first().click();
  await page.getByLabel('A folder to upload').setInputFiles(folder);
  await jobEnded(page, new RegExp(`^Add ${count} files`));
  const { total, assets } = await ask(page, 'library.list', {});
  expect(total).toBe(count);
  expect(assets.map((asset) => asset.name)).toContain('deep.jpg');
  // Only the rows near the screen are on the page.
  await page.locator('[data-asset]').first().waitFor();
  expect(await page.locator('[data-asset]').count()).toBeLessThanOrEqual(count);
});

test('captions can be paused, found paused after a reload, gone on with and cancelled; what is done is kept', async () => {
  await page.getByRole('button', { name: 'Caption…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  const tray = page.getByRole('region', { name: 'Jobs' });
  await tray.getByText(new RegExp(`^\\d+ of ${count}, \\d+ left`)).waitFor();
  await tray.getByRole('button', { name: /^Pause/ }).click();
  await tray.getByText(/^Paused at/).waitFor();
  await page.reload();
  await tray.getByText(/^Paused at/).waitFor();
  const before = (await ask(page, 'jobs.list', {}))[0]!.done;
  await tray.getByRole('button', { name: /^Go on/ }).click();
  await tray.getByRole('button', { name: /^Cancel/ }).click();
  await tray.getByText(/^Cancelled after/).waitFor();
  const [job] = await ask(page, 'jobs.list', {});
  const captioned = await ask(page, 'library.list', { filter: { captioned: true } });
  expect(captioned.total).toBe(job!.done);
  expect(captioned.total).toBeGreaterThanOrEqual(before);
});

test('every panel gets its picture, each as one step of undo, while the story stays open', async () => {
  await importOutline(
    page,
    '# Illustrated\n\nA dog on the beach.\n\nA cat in the city at night.\n\nA red boat.',
  );
  await page.getByRole('button', { name: 'Illustrate all' }).click();
  await jobEnded(page, /^Illustrate/);
  await expect.poll(() => page.locator('[data-panel] img').count()).toBe(3);
  await saved(page);
  const { story } = await storyAsSaved(page);
  for (const panel of story.panels) {
    const images = panel.blocks.filter((block) => block.type === 'image');
    expect(images).toHaveLength(1);
    expect(images[0]?.current).not.toBeNull();
  }
  for (const left of [2, 1, 0]) {
    await page.getByRole('button', { name: /^Undo/ }).click();
    await expect.poll(() => page.locator('[data-panel] img').count()).toBe(left);
  }
});

test('a story is deleted only when the person says so twice', async () => {
  await page.getByRole('link', { name: 'Stories', exact: true }).click();
  const card = page.getByRole('main').getByRole('link', { name: /^Illustrated/ });
  await card.hover();
  await page.getByRole('button', { name: 'Delete Illustrated' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  await card.waitFor();
  await page.getByRole('button', { name: 'Delete Illustrated' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete story' }).click();
  await card.waitFor({ state: 'detached' });
  expect(await ask(page, 'stories.list', {})).toEqual([]);
  await page.getByRole('heading', { name: 'Tell your first story' }).waitFor();
});

test('without an error in the page', () => {
  expect(opened.browser.problems).toEqual([]);
});
