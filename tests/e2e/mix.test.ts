import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { root } from '../fixtures/built.ts';
import { openSketches } from '../fixtures/sketches.ts';
import { ask, openVersions, saved } from './steps.ts';

/** Changing a picture in words, in the window, on a sketch of a story and on the bundled sample pictures. */

vi.setConfig({ testTimeout: 90_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
let samples: Record<string, string>;

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(15_000);
  await page.goto(studio.url);
  await ask(page, 'library.import', { paths: [join(root, 'resources/samples')] });
  await vi.waitUntil(
    async () =>
      (await ask(page, 'library.search', { text: 'a dog on a beach', limit: 60 })).hits.filter(
        ({ confidence }) => confidence !== null,
      ).length >= 24,
    { timeout: 60_000, interval: 500 },
  );
  const { assets } = await ask(page, 'library.list', {});
  samples = Object.fromEntries(assets.map(({ name, id }) => [name.replace(/\.png$/, ''), id]));
  await openSketches(page, ['A cat sits beside a house in the meadow. There is a tree.']);
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

const dialog = () => page.getByRole('dialog', { name: 'Mix a picture with words' });

async function mix(text: string): Promise<void> {
  await dialog().getByLabel('What is to be different').fill(text);
  await page.keyboard.press('Enter');
  await expect.poll(() => dialog().locator('[aria-busy="true"]').count()).toBe(0);
}

describe('mix', () => {
  test('changes a story’s sketch as words say, keeps the rest, and becomes a version', async () => {
    const [before] = await openVersions(page, 0);
    const was = before!.versions[0]!.scene!;
    await page.locator('[data-picture-block="b0"]').click();
    await page.keyboard.press('Control+Shift+M');
    await mix('the same at night, with a dog instead of the cat');
    expect(await dialog().getByRole('status').innerText()).toBe(
      'The picture is set anew: Night. “dog” stands where “cat” stood. Kept as it was: house, tree; the place too: Meadow.',
    );
    expect(await dialog().locator('[data-mix-found]').count()).toBe(8);
    await dialog().getByRole('button', { name: 'Use this drawing' }).click();
    await dialog().waitFor({ state: 'detached' });
    await saved(page);

    const [after] = await openVersions(page, 0);
    expect(after!.versions).toHaveLength(2);
    const version = after!.versions[1]!;
    expect(after!.current).toBe(version.id);
    const is = version.scene!;
    expect({ ...is, figures: [] }).toEqual({ ...was, time: 'night', figures: [] });
    expect(is.figures.map(({ icon }) => icon)).toEqual(['dog', 'house', 'deciduous-tree']);
    expect(is.figures.slice(1)).toEqual(was.figures.slice(1));

    await page.keyboard.press('Control+z');
    await saved(page);
    expect((await openVersions(page, 0))[0]!.versions).toHaveLength(1);
  });

  test('finds and draws from a picture of the library, says what it cannot do, and keeps the drawing', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/library`);
    await page.locator(`[data-asset="${samples['dog-on-the-beach']}"]`).first().click();
    await page.getByRole('button', { name: 'Mix…' }).click();
    await mix('without the elephant');
    await dialog()
      .getByText('There is no “elephant” in the picture, so nothing was done about it.')
      .waitFor();

    await mix('at night, with a cat instead of the dog');
    await dialog().getByText('“cat” stands where “dog” stood.').waitFor();
    const found = await dialog()
      .locator('[data-mix-found]')
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-mix-found')));
    expect(found).toHaveLength(8);
    expect(found).not.toContain(samples['dog-on-the-beach']);

    await dialog().getByRole('button', { name: 'Keep it in the library' }).click();
    await page.getByText('The drawing is in the library now').waitFor();
    const { assets } = await ask(page, 'library.list', { filter: { origin: 'sketched', captioned: true } });
    expect(assets.map(({ caption }) => caption?.text)).toEqual([expect.stringMatching(/cat.*at night/)]);
    // What was kept is known to the last figure, and can be mixed again.
    const again = await ask(page, 'sketch.mix', { pictures: [{ asset: assets[0]!.id }], text: 'by day' });
    expect(again.source).toBe('scene');
    expect(again.before.time).toBe('night');
  });

  test('brings what a second picture is about into the first', async () => {
    await dialog().getByRole('button', { name: 'Add a second picture…' }).click();
    await dialog().getByLabel('Find a picture in the library').fill('dragon');
    // The answer takes the place of the latest pictures: one that is being clicked must not move away.
    await expect.poll(() => dialog().locator('.picker li').first().innerHTML()).toContain('dragon-in-a-cave');
    await dialog().locator('.picker li button').first().click();
    await dialog().getByRole('button', { name: 'Take out the second picture' }).waitFor();
    await mix('');
    await dialog()
      .getByText(/Brought from the second picture, as what it is about: .*dragon/)
      .waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });
});
