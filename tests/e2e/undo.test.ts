import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { writePictures } from '../fixtures/pictures.ts';
import { addFolder, ask, importOutline, jobEnded, saved } from './steps.ts';

/** One undo stack over stories and library, in every view; and what other processes change. */

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
let dataDir: string;
let folder: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'fabula-undo-'));
  folder = await mkdtemp(join(tmpdir(), 'fabula-folder-'));
  await writePictures(folder, ['one.jpg', 'two.jpg', 'three.jpg']);
  studio = await startStudio(dataDir);
  browser = await openBrowser();
  page = browser.page;
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(dataDir, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await page.goto('about:blank');
  await page.goto(studio.url);
});

/** Who wrote each caption, or null where there is none. */
const writers = async (): Promise<(string | null)[]> =>
  (await ask(page, 'library.list', {})).assets.map(({ caption }) => caption?.source ?? null);

const title = async (): Promise<string> => page.getByLabel('Title of the story').inputValue();

test('captions by hand and by a job, and a story’s edits, are taken back in one order and put in again', async () => {
  await addFolder(page, folder);
  await jobEnded(page, /^Import/);
  await page.getByRole('button', { name: 'Caption…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await jobEnded(page, /^Caption 3 pictures/);
  await page.locator('[data-asset]').first().click();
  await page.getByRole('textbox', { name: 'Caption' }).fill('By my own hand.');
  await page.keyboard.press('Control+Enter');
  await expect.poll(writers).toEqual(['person', 'model', 'model']);

  // In the library: its own changes, a job's captions all at once.
  await page.getByRole('listbox').focus();
  await page.keyboard.press('Control+z');
  await expect.poll(writers).toEqual(['model', 'model', 'model']);
  await page.keyboard.press('Control+z');
  await page.getByText('Undone: Caption 3 pictures.').waitFor();
  await expect.poll(writers).toEqual([null, null, null]);
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(writers).toEqual(['person', 'model', 'model']);
  await page.locator('[data-asset]').first().getByText('By my own hand.').waitFor();

  // In a story: its own edits and the library's changes, the last one first.
  await importOutline(page, '# The heron\n\nIt waits.');
  await page.getByLabel('Title of the story').fill('The stork');
  await saved(page);
  await page.getByRole('button', { name: 'Undo: Edit title' }).click();
  await expect.poll(title).toBe('The heron');
  await page.getByRole('button', { name: 'Undo: Change caption' }).click();
  await page.getByText('Undone: Change caption.').last().waitFor();
  await expect.poll(writers).toEqual(['model', 'model', 'model']);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(writers).toEqual(['person', 'model', 'model']);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(title).toBe('The stork');
});

test('after a crash and a restart everything can still be taken back', async () => {
  await studio.kill();
  studio = await startStudio(dataDir);
  await page.goto(studio.url);
  await page.locator('[data-asset]').first().waitFor();
  await page.getByRole('listbox').focus();
  await page.keyboard.press('Control+z');
  await expect.poll(writers).toEqual(['model', 'model', 'model']);
  await page.keyboard.press('Control+z');
  await expect.poll(writers).toEqual([null, null, null]);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(writers).toEqual(['model', 'model', 'model']);
});

test('what another process changes in the same data folder is seen here, without a reload', async () => {
  await importOutline(page, '# Two processes\n\nHere.');
  const story = new URL(page.url()).hash;
  const other = await startStudio(dataDir);
  const elsewhere = await browser.context.newPage();
  try {
    await elsewhere.goto(other.url);
    await elsewhere.goto(`${new URL(other.url).origin}/${story}`);
    await elsewhere.getByLabel('Text of panel 1').fill('There.');
    await saved(elsewhere);
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toBe('There.');
    await page.getByLabel('Text of panel 1').fill('Here again.');
    await saved(page);
    await expect.poll(() => elsewhere.getByLabel('Text of panel 1').inputValue()).toBe('Here again.');

    await page.getByRole('link', { name: 'Library', exact: true }).click();
    await page.locator('[data-asset]').first().waitFor();
    const { assets } = await ask(elsewhere, 'library.list', {});
    await ask(elsewhere, 'library.setCaption', { asset: assets[0]!.id, text: 'From another process.' });
    await page.locator('[data-asset]').first().getByText('From another process.').waitFor();
  } finally {
    await elsewhere.close();
    await other.stop();
  }
});

test('nothing went wrong in the page meanwhile', () => {
  // The browser itself reports that the studio was away for a moment.
  expect(browser.problems.filter((problem) => !/^Failed to load resource/.test(problem))).toEqual([]);
});
