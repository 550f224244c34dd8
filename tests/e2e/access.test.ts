import { createRequire } from 'node:module';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type RunningStudio } from '../fixtures/browser.ts';
import { writePictures } from '../fixtures/pictures.ts';
import { addFolder, ask, importOutline, jobEnded, picturesShown, saved, storyAsSaved } from './steps.ts';

/** The window for people who use a keyboard, a screen reader, a dark screen or a small one. */

const outline = `# A day at the sea

A small grey cat sits beside a red boat.

القطة تنظر إلى البحر في الليل.

猫は港に帰ります。
`;

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let folder: string;
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'fabula-pictures-'));
  await writePictures(folder, ['one.jpg', 'two.jpg', 'three.jpg', 'four.jpg']);
  studio = await startStudio();
});

afterAll(async () => {
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What axe finds that keeps people out, in words that name the elements. Only contrast depends on the colours. */
async function barriers(page: Page, rules: 'all' | 'contrast'): Promise<string[]> {
  // Through the debugger, which the page's content security policy does not bind.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe });
  const options = {
    resultTypes: ['violations'],
    ...(rules === 'contrast' ? { runOnly: ['color-contrast'] } : {}),
  };
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, ${JSON.stringify(options)}).then((results) => JSON.stringify(results))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const { violations } = JSON.parse(result.value as string) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`.slice(0, 600)),
    );
}

describe.each(['light', 'dark'] as const)('axe finds nothing serious in the %s window', (colorScheme) => {
  test('in every view and dialog', async () => {
    const { page, problems, close } = await openBrowser({ colorScheme });
    const found: Record<string, string[]> = {};
    const look = async (name: string): Promise<void> => {
      const list = await barriers(page, colorScheme === 'light' ? 'all' : 'contrast');
      if (list.length > 0) found[name] = list;
    };
    try {
      await page.goto(studio.url);
      if ((await ask(page, 'library.list', {})).total === 0) {
        await page.getByRole('heading', { name: 'Start with a folder' }).waitFor();
        await look('empty library');
        await page.getByRole('link', { name: 'Stories', exact: true }).click();
        await look('no stories');
        await page.getByRole('link', { name: 'Library', exact: true }).click();
        await addFolder(page, folder);
        await jobEnded(page, /^Import/);
      }
      await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
      await look('library');
      await page.locator('[data-asset]').first().click();
      await page.getByRole('button', { name: 'Suggest a caption' }).click();
      await page.getByRole('group', { name: 'Suggested caption' }).waitFor();
      await look('picture inspector');
      await page.getByLabel('Search the library').fill('something that is not there');
      await page.getByText(/(Results|No good match|Nothing found) for/).waitFor();
      await look('search');

      const dialogs = ['Add pictures', 'Caption…'];
      for (const name of dialogs) {
        await page.getByRole('button', { name }).first().click();
        await page.getByRole('dialog').waitFor();
        await look(name);
        await page.keyboard.press('Escape');
      }

      await importOutline(page, outline);
      await look('story');
      await page.locator('[data-panel-handle]').first().click();
      await look('panel inspector');
      await page.keyboard.press('m');
      await page
        .getByText(/^(Suggested|No suggestion)/)
        .first()
        .waitFor();
      await look('match');
      await page.getByRole('button', { name: 'Use this picture' }).click();
      await page.getByLabel('Caption in the story').waitFor();
      await look('picture block inspector');
      await page.keyboard.press('Control+p');
      await look('export');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await look('palette');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await look('keys');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /All jobs|See what failed/ }).click();
      await look('jobs');
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Stories', exact: true }).click();
      await look('stories');
      expect(found).toEqual({});
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});

test('the main job can be done without a mouse', async () => {
  const { page, close } = await openBrowser();
  try {
    await page.goto(studio.url);
    await page.getByRole('heading', { name: 'Library' }).waitFor();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('new story');
    await page.keyboard.press('Enter');
    await page.getByLabel('Title of the story').waitFor();
    await page.keyboard.press('n');
    await page.keyboard.type('A dog beside a tree.');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Shift+N');
    await page.keyboard.type('Before the dog.');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Alt+ArrowRight');
    await page.keyboard.press('d');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await saved(page);
    const texts = async (): Promise<unknown[]> =>
      (await storyAsSaved(page)).story.panels.map(
        (panel) => panel.blocks[0]?.type === 'text' && panel.blocks[0].text,
      );
    expect(await texts()).toEqual(['', 'A dog beside a tree.', 'Before the dog.', 'Before the dog.']);

    // The selection went two panels back from the copy: to the dog.
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'A picture for panel 2' });
    await dialog
      .getByText(/^(Suggested|No suggestion)/)
      .first()
      .waitFor();
    await dialog.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await saved(page);
    expect((await storyAsSaved(page)).undo).toMatch(/^Use /);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await storyAsSaved(page)).redo).toMatch(/^Use /);

    await page.keyboard.press('Delete');
    await saved(page);
    expect((await texts()).length).toBe(3);
    await page.keyboard.press('Control+p');
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 60_000 }),
      page.getByRole('dialog', { name: 'Export' }).getByRole('radio').first().press('Enter'),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.pdf$/);
  } finally {
    await close();
  }
});

test('single letters are text where the person types', async () => {
  const { page, close } = await openBrowser();
  try {
    await page.goto(studio.url);
    await page.getByLabel('Search the library').fill('');
    await page.getByLabel('Search the library').press('n');
    await page.getByLabel('Search the library').press('d');
    await page.getByLabel('Search the library').press('?');
    expect(await page.getByLabel('Search the library').inputValue()).toBe('nd?');
    expect(await page.getByRole('dialog').count()).toBe(0);
  } finally {
    await close();
  }
});

test('at 900 pixels nothing is cut off sideways', async () => {
  const { page, close } = await openBrowser({ width: 900, height: 640 });
  try {
    await page.goto(studio.url);
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
    const overflow = async (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await importOutline(page, outline);
    expect(await overflow()).toBe(0);
    const inspector = await page.getByRole('complementary', { name: 'Inspector' }).boundingBox();
    for (const name of ['Illustrate all', 'Export']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox();
      expect(box && box.x + box.width).toBeLessThanOrEqual(inspector?.x ?? 0);
    }
  } finally {
    await close();
  }
});
