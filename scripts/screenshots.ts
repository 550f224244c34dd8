import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser, startStudio } from '../tests/fixtures/browser.ts';
import { root } from '../tests/fixtures/built.ts';
import { addFolder, importOutline, jobEnded, picturesShown, saved } from '../tests/e2e/steps.ts';

/**
 * `npm run screenshots [-- FOLDER]`: takes pictures of every view, light and dark, on the bundled sample pictures, into
 * docs/images/ or the folder given.
 */

const outline = `---
author: A. Sailor
cast:
  - name: Mika
    look: a small orange cat
---

# The lighthouse cat

A small orange cat sits on a rock beside the sea at dawn, and waits for the boats.

Two sailboats come home across the bay at sunset.

Then the storm comes. Rain falls on the lighthouse, and the lamp is dark.

A girl with an umbrella runs through the city in the rain.

Far out, a red boat finds its way home at night.

Stars over the harbour. The cat sleeps in front of the house.
`;

const folder = process.argv[2] ?? join(root, 'docs', 'images');

async function take(page: Page, name: string): Promise<void> {
  // Pictures decode off the main thread: wait until every one in sight has its pixels.
  await page.evaluate(() => Promise.all(Array.from(document.images, (image) => image.decode())));
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  const file = join(folder, `${name}.png`);
  await sharp(await page.screenshot())
    .png({ palette: true, quality: 90, effort: 10 })
    .toFile(file);
  console.log(file);
}

await mkdir(folder, { recursive: true });
const studio = await startStudio();
// The pictures show where they were imported from: a place without this checkout's path in it.
const samples = join(tmpdir(), 'Sample pictures');
await cp(join(root, 'resources', 'samples'), samples, { recursive: true });
const count = (await readdir(samples)).filter((name) => name.endsWith('.png')).length;

async function fill(page: Page): Promise<void> {
  await addFolder(page, samples);
  await jobEnded(page, /^Import/);
  await page.waitForFunction(
    (expected) => document.querySelectorAll('[data-asset]').length >= expected,
    Math.min(count, 12),
  );
  await page.getByRole('button', { name: 'Caption…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await jobEnded(page, /^Caption/);
  await importOutline(page, outline);
  await page.getByRole('button', { name: 'Illustrate all' }).click();
  await jobEnded(page, /^Illustrate/);
  await saved(page);
  // The first panel as a person would have it: the drawing, whatever was suggested.
  await page.locator('[data-picture-block]').first().click();
  await page
    .getByRole('button', { name: /^Version \d+: sketched/ })
    .first()
    .click();
  await saved(page);
}

try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, close } = await openBrowser({ colorScheme });
    const name = (view: string): string => (colorScheme === 'light' ? view : `${view}-dark`);
    await page.goto(studio.url);
    if (colorScheme === 'light') {
      await page.getByRole('heading', { name: 'Start with a folder' }).waitFor();
      await take(page, 'empty');
      await page.getByRole('button', { name: 'Add pictures' }).first().click();
      await take(page, 'import');
      await page.keyboard.press('Escape');
      await fill(page);
      await page.getByRole('link', { name: 'Library', exact: true }).click();
    }

    while ((await picturesShown(page)) < 12) await page.waitForTimeout(100);
    const pictures = page.locator('[data-asset]');
    const liked = pictures.filter({ hasText: 'beach' });
    await ((await liked.count()) > 0 ? liked : pictures).first().click();
    await page.getByRole('button', { name: 'Suggest a caption' }).click();
    await page.getByText(/^Suggested by/).waitFor();
    await take(page, name('library'));
    await page.getByLabel('Search the library').fill('boats on the water');
    await page.getByText(/(Results|No good match|Nothing found) for/).waitFor();
    await take(page, name('search'));
    await page.getByRole('button', { name: 'Caption…' }).click();
    await take(page, name('caption'));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Find and replace in captions' }).click();
    await page.getByLabel('Find', { exact: true }).fill('man');
    await page.getByLabel('Replace with').fill('person');
    await page.getByLabel('Whole words').check();
    await page.locator('ins').first().waitFor();
    await take(page, name('replace'));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Review…' }).click();
    await page.getByRole('button', { name: 'Start reviewing' }).click();
    await page.locator('[data-review-caption]').waitFor();
    await take(page, name('review'));
    await page.getByRole('button', { name: 'Back to the library' }).click();

    await page.getByRole('link', { name: 'Stories', exact: true }).click();
    await page
      .getByRole('link', { name: /^The lighthouse cat/ })
      .last()
      .waitFor();
    await take(page, name('stories'));
    await page
      .getByRole('link', { name: /^The lighthouse cat/ })
      .last()
      .click();
    await page.getByRole('list', { name: 'Panels' }).waitFor();
    await take(page, name('story-settings'));
    await page.locator('[data-panel-handle]').nth(1).click();
    await take(page, name('panel'));
    await page.keyboard.press('g');
    await page.getByText(/^Suggested by/).waitFor();
    await take(page, name('suggest'));
    await page.keyboard.press('Escape');
    await page.locator('[data-picture-block]').nth(1).click();
    await page.getByText('Where it comes from').waitFor();
    await take(page, name('story'));
    // The first panel's picture is a sketch, whatever was suggested for the others.
    await page.locator('[data-picture-block]').first().click();
    await page.keyboard.press('e');
    const editor = page.getByRole('dialog', { name: /^Edit the sketch/ });
    await editor.locator('[data-place] img').first().waitFor();
    await editor.locator('[data-sketch-picture]').waitFor();
    await editor.locator('[data-figure-row]').first().click();
    await take(page, name('sketch'));
    await editor.getByRole('button', { name: 'Add a figure…' }).click();
    await editor.getByLabel('Search figures').fill(colorScheme === 'light' ? 'gato' : 'قمر');
    await editor.locator('.search li').first().waitFor();
    await take(page, name('sketch-search'));
    await editor.getByRole('button', { name: 'Done' }).click();
    await page.locator('[data-picture-block]').nth(1).click();
    await page.keyboard.press('m');
    await page
      .getByText(/^(Suggested|No suggestion)/)
      .first()
      .waitFor();
    await page.waitForFunction(() => document.querySelector('#match-form [aria-busy="true"]') === null);
    await take(page, name('match'));
    await page.keyboard.press('Escape');
    await page
      .getByRole('button', { name: /^Compare version/ })
      .first()
      .click();
    await page.getByRole('dialog', { name: 'Compare two versions' }).waitFor();
    await take(page, name('compare'));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Compare two versions' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+p');
    await page.locator('[data-preview][aria-busy="false"] [data-page="1"] img').waitFor();
    await take(page, name('export'));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await take(page, name('palette'));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /All jobs|See what failed/ }).click();
    await take(page, name('jobs'));
    await close();
  }
} finally {
  await studio.stop();
  await rm(samples, { recursive: true, force: true });
}
