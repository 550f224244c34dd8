import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { writePictures } from '../fixtures/pictures.ts';
import { ask, openStoryId, saved, storyAsSaved } from './steps.ts';

/**
 * The three jobs of the studio, start to end, by keys alone: nothing here clicks, hovers, fills a field by its locator
 * or puts the focus anywhere. After every step something has the focus.
 */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-keys-'));
  await writePictures(folder, ['one.jpg', 'two.jpg', 'three.jpg']);
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
  await page.goto(studio.url);
  await page.getByRole('heading', { name: 'Start with a folder of pictures' }).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a screen reader would say of what has the focus. */
async function focused(): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return '';
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    const name =
      element.getAttribute('aria-label') ??
      (labels.length > 0 ? labels.map((label) => label.textContent).join(' ') : element.textContent);
    return `${element.getAttribute('role') ?? element.tagName.toLowerCase()} ${name}`
      .replace(/\s+/g, ' ')
      .trim();
  });
}

/** The focus is somewhere: the page has a few frames after what had it is gone to put it there. */
async function focusKept(): Promise<void> {
  await expect.poll(focused).not.toBe('');
}

/** Goes from control to control until one of this name has the focus. */
async function tabTo(name: RegExp, most = 80): Promise<void> {
  const passed: string[] = [];
  for (let steps = 0; steps < most; steps++) {
    const at = await focused();
    if (name.test(at)) return;
    passed.push(at);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${name}; it passed ${passed.join(' | ')}`);
}

/** Chooses a command by a few of its letters. */
async function command(words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Every command' }).waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Every command' }).waitFor({ state: 'detached' });
}

async function allJobsDone(): Promise<void> {
  await expect
    .poll(async () => (await ask(page, 'jobs.list', {})).filter(({ state }) => state !== 'done').length, {
      timeout: 90_000,
    })
    .toBe(0);
}

test('a folder is captioned', async () => {
  await command('add pictures');
  await page.getByRole('dialog', { name: 'Add pictures' }).waitFor();
  await tabTo(/path of a folder/);
  await page.keyboard.type(folder);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Add pictures' }).waitFor({ state: 'detached' });
  await allJobsDone();
  await expect.poll(async () => (await ask(page, 'library.list', {})).total).toBe(3);
  await focusKept();

  await command('caption pictures');
  await page.getByRole('dialog', { name: /Caption/ }).waitFor();
  await tabTo(/^button Start/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect
    .poll(
      async () => (await ask(page, 'library.list', {})).assets.filter(({ caption }) => caption?.text).length,
      { timeout: 90_000 },
    )
    .toBe(3);
  await focusKept();
});

test('a story with pictures is made from nothing', async () => {
  await command('new story');
  await page.getByLabel('Title of the story').waitFor();
  await tabTo(/Title of the story/);
  await page.keyboard.type('The keys');
  await page.keyboard.press('Enter');
  await focusKept();
  await tabTo(/Text of panel 1/);
  await page.keyboard.type('A dog runs beside a tree.');
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('n');
  await page.keyboard.type('The cat sleeps in the house at night.');
  await page.keyboard.press('Control+Enter');
  await saved(page);

  // One picture is chosen by hand, the other by the studio.
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog', { name: /picture for panel 2/i });
  await dialog
    .getByText(/^(Suggested|No suggestion)/)
    .first()
    .waitFor();
  await tabTo(/^button Use this picture/);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await saved(page);
  await command('illustrate every');
  await allJobsDone();
  await expect
    .poll(async () =>
      (await storyAsSaved(page)).story.panels.map((panel) =>
        panel.blocks
          .map((block) => (block.type === 'text' ? block.text : block.current === null ? 'empty' : 'picture'))
          .sort(),
      ),
    )
    .toEqual([
      ['A dog runs beside a tree.', 'picture'],
      ['The cat sleeps in the house at night.', 'picture'],
    ]);
  expect((await storyAsSaved(page)).story.title).toBe('The keys');

  // Deleting leaves the focus in the board; undo brings back what was deleted.
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Delete');
  await saved(page);
  expect((await storyAsSaved(page)).story.panels).toHaveLength(1);
  await focusKept();
  await page.keyboard.press('Control+z');
  await expect.poll(async () => (await storyAsSaved(page)).story.panels.length).toBe(2);
});

test('the story is exported as PDF', async () => {
  expect(await openStoryId(page)).toBeTruthy();
  await page.keyboard.press('Control+p');
  await page.getByRole('dialog', { name: 'Export' }).waitFor();
  await tabTo(/^button Export$/);
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 90_000 }),
    page.keyboard.press('Enter'),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.pdf$/);
  const bytes = await readFile(await download.path());
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
  expect(bytes.length).toBeGreaterThan(5000);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await focusKept();
});

test('nothing went wrong in the page meanwhile', () => {
  expect(browser.problems).toEqual([]);
  expect(browser.strangers).toEqual([]);
});
