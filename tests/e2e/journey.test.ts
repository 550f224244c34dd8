import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { writePictures } from '../fixtures/pictures.ts';
import {
  addFolder,
  ask,
  jobEnded,
  openStoryId,
  openVersions,
  openWindow,
  picturesShown,
  saved,
  storyAsSaved,
  type OpenWindow,
} from './steps.ts';

/** The main job, from a folder of pictures to the PDF, as a person does it in the window. Steps build on each other. */

const names = [
  'red boat.jpg',
  'lighthouse.jpg',
  'snow.jpg',
  'dog in the park.jpg',
  '灯台の猫.jpg',
  'night sky.jpg',
];

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let opened: OpenWindow;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-pictures-'));
  await writePictures(folder, names);
  await writeFile(join(folder, 'broken.jpg'), 'this is no picture');
  opened = await openWindow();
  page = opened.page;
});

afterAll(async () => {
  await opened?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('from a folder of pictures and a story to a PDF', () => {
  test('says what to do while the library is empty', async () => {
    await page.getByRole('heading', { name: 'Start with a folder of pictures' }).waitFor();
  });

  test('imports a folder; a file that is no picture is named and the rest goes on', async () => {
    await addFolder(page, folder);
    await jobEnded(page, /^Import/);
    await expect.poll(() => picturesShown(page)).toBe(names.length);

    await page.getByRole('button', { name: 'See what failed' }).click();
    const jobs = page.getByRole('dialog', { name: 'Jobs' });
    await jobs.getByText('broken.jpg').first().waitFor();
    expect(await jobs.getByRole('listitem').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining('broken.jpg')]),
    );
    await page.keyboard.press('Escape');
  });

  test('captions the folder, and says who wrote each caption', async () => {
    await page.getByRole('button', { name: 'Caption…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Caption pictures' });
    await dialog.getByLabel('Before every caption').fill('Test: ');
    await dialog.getByRole('button', { name: 'Start' }).click();
    await jobEnded(page, /^Caption/);

    const { assets } = await ask(page, 'library.list', {});
    expect(assets).toHaveLength(names.length);
    for (const asset of assets) {
      expect(asset.caption?.source).toBe('model');
      expect(asset.caption?.pack).toMatch(/^\w+@/);
      expect(asset.caption?.text).toMatch(/^Test: \S/);
      await page.locator(`[data-asset="${asset.id}"]`).getByText(asset.caption!.text).waitFor();
    }
    await page.locator('[data-asset]').first().click();
    await page.getByText(/^Written by \w+@[^,]+, /).waitFor();
  });

  test('keeps a caption that the person writes, and offers a suggestion without applying it', async () => {
    const first = page.locator('[data-asset]').first();
    await first.click();
    await page.getByRole('textbox', { name: 'Caption' }).fill('A lighthouse on a rock, قطة, 灯台');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Written by a person/).waitFor();
    await first.getByText('A lighthouse on a rock, قطة, 灯台').waitFor();

    await page.getByRole('button', { name: 'Suggest a caption' }).click();
    const offer = page.getByRole('group', { name: 'Suggested caption' });
    await offer.waitFor();
    expect(await page.getByRole('textbox', { name: 'Caption' }).inputValue()).toContain('on a rock');
    await offer.getByRole('button', { name: 'Drop it' }).click();
    await page.getByText(/^Written by a person/).waitFor();
  });

  test('finds pictures by words, and pictures like one', async () => {
    await page.getByLabel('Search the library').fill('灯台の猫');
    await page.getByText(/(Results|No good match) for/).waitFor();
    const [hit] = (await ask(page, 'library.search', { text: '灯台の猫' })).hits;
    expect(hit?.asset.name).toBe('灯台の猫.jpg');
    expect(hit?.words).toBe(true);
    await page.locator(`[data-index="0"][data-asset="${hit?.asset.id}"]`).click();

    await page.getByRole('button', { name: 'More like this' }).click();
    await page.getByText(/^Pictures like/).waitFor();
    await page.getByRole('button', { name: 'Back to all pictures' }).click();
    await expect.poll(() => picturesShown(page)).toBe(names.length);
  });

  test('writes a story that saves itself', async () => {
    await page.getByRole('button', { name: 'New story' }).first().click();
    await page.getByLabel('Title of the story').fill('The lighthouse cat');
    await page.getByLabel('Text of panel 1').fill('A small grey cat sits beside a red boat.');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('n');
    await page.keyboard.type('猫は夜の海を見ています。 The dog barks at the moon.');
    await page.keyboard.press('Control+Enter');
    await saved(page);

    const { story } = await storyAsSaved(page);
    expect(story.title).toBe('The lighthouse cat');
    expect(
      story.panels.map((panel) => panel.blocks.map((block) => block.type === 'text' && block.text)),
    ).toEqual([
      ['A small grey cat sits beside a red boat.'],
      ['猫は夜の海を見ています。 The dog barks at the moon.'],
    ]);
  });

  test('matches a panel both ways and keeps each picture with where it came from', async () => {
    await page.locator('[data-panel-handle]').first().click();
    for (const way of ['retrieved', 'sketched'] as const) {
      await page.keyboard.press('m');
      const dialog = page.getByRole('dialog', { name: 'A picture for panel 1' });
      await dialog
        .getByText(/^(Suggested|No suggestion)/)
        .first()
        .waitFor();
      // They come one after the other.
      await dialog.locator('[data-candidate="retrieved"]').first().waitFor();
      await dialog.locator('[data-candidate="sketched"]').first().waitFor();
      await dialog.locator(`[data-candidate="${way}"]`).first().click();
      await dialog.getByRole('button', { name: 'Use this picture' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
    await saved(page);

    const [block] = await openVersions(page, 0);
    expect(block?.versions.map((version) => version.source)).toEqual(['retrieved', 'sketched']);
    expect(block?.versions[0]?.confidence).toBeGreaterThanOrEqual(0);
    expect(block?.versions[0]?.pack).toMatch(/@/);
    expect(block?.versions[1]?.scene?.figures.length).toBeGreaterThan(0);
    expect(block?.current).toBe(block?.versions[1]?.id);

    // The picture is really on the page, with pixels.
    const picture = page.getByRole('button', { name: /^Picture of panel 1/ }).locator('img');
    await expect
      .poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth))
      .toBeGreaterThan(100);

    await page.getByRole('button', { name: 'Version 1: found in the library', exact: false }).click();
    await saved(page);
    const [restored] = await openVersions(page, 0);
    expect(restored?.current).toBe(restored?.versions[0]?.id);

    await page.keyboard.press('c');
    const offer = page.getByRole('group', { name: 'Suggested caption' });
    await offer.waitFor();
    expect((await openVersions(page, 0))[0]?.caption).toBe('');
    await offer.getByRole('button', { name: 'Use it' }).click();
    await saved(page);
    const [captioned] = await openVersions(page, 0);
    expect(captioned?.caption).not.toBe('');
    await page
      .locator('[data-panel]')
      .first()
      .getByText(captioned?.caption ?? '')
      .waitFor();
  });

  test('undoes all of it back to the empty story, and does all of it again', async () => {
    const full = await storyAsSaved(page);
    const undo = page.getByRole('button', { name: /^Undo/ });
    const redo = page.getByRole('button', { name: /^Redo/ });
    let steps = 0;
    for (; !(await undo.isDisabled()); steps++) {
      expect(steps).toBeLessThan(50);
      await undo.click();
      await saved(page);
    }
    expect(steps).toBeGreaterThanOrEqual(6);
    const empty = await storyAsSaved(page);
    expect(empty.story.title).toBe('');
    expect(
      empty.story.panels.flatMap((panel) => panel.blocks).map((block) => block.type === 'text' && block.text),
    ).toEqual(['']);
    expect(await page.getByLabel('Title of the story').inputValue()).toBe('');
    expect(await page.getByLabel('Text of panel 1').inputValue()).toBe('');
    expect(await page.locator('[data-panel]').count()).toBe(1);

    await page.locator('[data-panel-handle]').first().focus();
    for (let step = 0; step < steps; step++) {
      await page.keyboard.press('Control+Shift+z');
      await saved(page);
    }
    expect(await redo.isDisabled()).toBe(true);
    const again = await storyAsSaved(page);
    expect({ ...again.story, updatedAt: '' }).toEqual({ ...full.story, updatedAt: '' });
  });

  test('exports the PDF and hands it over as a download', async () => {
    await page.keyboard.press('Control+p');
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await dialog.getByText('Picture book').click();
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 60_000 }),
      dialog.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.pdf$/);
    const file = await download.path();
    const bytes = await readFile(file);
    expect(bytes.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    expect(bytes.subarray(-7).toString('latin1')).toContain('%%EOF');
    expect(bytes.length).toBeGreaterThan(10_000);

    const text = spawnSync('pdftotext', [file, '-'], { encoding: 'utf8' });
    if (text.error) console.warn('pdftotext is not installed: the words of the PDF are not looked at.');
    else {
      expect(text.stdout).toContain('The lighthouse cat');
      expect(text.stdout.replace(/\s+/g, ' ')).toContain('A small grey cat sits beside a red boat.');
      expect(text.stdout).toContain('猫は夜の海を見ています');
    }
    await dialog.getByText('The file is ready').waitFor();
    await page.keyboard.press('Escape');
  });

  test('all of it without an error in the page or a request to another machine', async () => {
    expect(await openStoryId(page)).toBeTruthy();
    expect(opened.browser.problems).toEqual([]);
    expect(opened.browser.strangers).toEqual([]);
  });
});
