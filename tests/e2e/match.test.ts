import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../fixtures/built.ts';
import {
  ask,
  importPictures,
  openVersions,
  openWindow,
  saved,
  storyAsSaved,
  type OpenWindow,
} from './steps.ts';

/** Finding a picture for a panel, in the window, on the bundled sample pictures. Steps build on each other. */

vi.setConfig({ testTimeout: 90_000, hookTimeout: 240_000 });

const outline = `# The dragon

A dragon sleeps in a cave.

A dog runs on the beach.

Two penguins and a snowman wait for the night.
`;

let opened: OpenWindow;
let page: Page;
/** Asset ids of the samples by their file names without endings. */
let samples: Record<string, string>;

beforeAll(async () => {
  opened = await openWindow();
  page = opened.page;
  const assets = await importPictures(page, [join(root, 'resources/samples')]);
  const { story } = await ask(page, 'stories.importOutline', { markdown: outline });
  const [panel] = story.story.panels;
  // The studio encodes new pictures by itself, once the import has come to rest.
  await vi.waitUntil(
    async () => {
      const { retrieved } = await ask(page, 'stories.match', {
        story: story.story.id,
        panel: panel!.id,
        query: 'a dog on a beach',
        limit: 60,
        sketches: 0,
      });
      return retrieved.length >= 24 && retrieved[0]!.confidence! > 0.6;
    },
    { timeout: 120_000, interval: 500 },
  );
  samples = Object.fromEntries(assets.map(({ name, id }) => [name.replace(/\.png$/, ''), id]));
  await page.evaluate((id) => (location.hash = `#/stories/${id}`), story.story.id);
  await page.getByRole('list', { name: 'Panels' }).waitFor();
});

afterAll(async () => {
  await opened?.close();
});

const dialog = (number = 1) => page.getByRole('dialog', { name: `A picture for panel ${number}` });
const candidates = (source: 'retrieved' | 'sketched') => dialog().locator(`[data-candidate="${source}"]`);
const chosen = () => page.locator('#match-form input:checked');
const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.value ?? null);

/** Waits until the candidate of an asset is the one chosen. */
async function expectChosen(asset: string | undefined): Promise<void> {
  await expect
    .poll(() =>
      chosen()
        .inputValue()
        .catch(() => ''),
    )
    .toBe(asset);
}

async function settled(number = 1): Promise<void> {
  await dialog(number)
    .getByText(/^(Suggested: |No suggestion)/)
    .waitFor();
  await expect.poll(() => page.locator('#match-form [aria-busy="true"]').count()).toBe(0);
}

describe('a picture for a panel', () => {
  test('streams both kinds into places kept for them, with the suggestion and its reason', async () => {
    await page.locator('[data-panel-handle]').first().click();
    await page.evaluate(() => {
      const seen: { found: number; drawn: number; waiting: number; height: number }[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const form = document.querySelector('#match-form');
        const count = (selector: string): number => form?.querySelectorAll(selector).length ?? 0;
        const first = form?.querySelector('.candidates');
        if (!first) return;
        seen.push({
          found: count('[data-candidate="retrieved"]'),
          drawn: count('[data-candidate="sketched"]'),
          waiting: count('.waiting'),
          height: Math.round(first.getBoundingClientRect().height),
        });
      }).observe(document.body, { childList: true, subtree: true });
    });
    await page.keyboard.press('m');
    await settled();
    expect(await candidates('retrieved').count()).toBe(6);
    expect(await candidates('sketched').count()).toBe(4);

    const seen = await page.evaluate(
      () => (window as unknown as { seen: Record<'found' | 'drawn' | 'waiting' | 'height', number>[] }).seen,
    );
    expect(seen.some(({ waiting }) => waiting > 0)).toBe(true);
    expect(seen.some(({ drawn }) => drawn > 0 && drawn < 4)).toBe(true);
    // What arrives takes the places kept for it, and nothing moves.
    const heights = seen.filter(({ found, waiting }) => found + waiting > 0).map(({ height }) => height);
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(2);

    expect(await chosen().inputValue()).toBe(samples['dragon-in-a-cave']);
    const advice = dialog().getByRole('status');
    expect(await advice.innerText()).toMatch(
      /Suggested: a library picture\. “dragon-in-a-cave\.png” .*\d+% probability: .*dragon, cave.* A sketch shows/s,
    );
    expect(Number(await dialog().getByRole('meter').getAttribute('aria-valuenow'))).toBeGreaterThan(60);
    await dialog().locator('label.chosen').getByText('Suggested').waitFor();
    expect(await focused()).toBe(samples['dragon-in-a-cave']);
  });

  test('is chosen by arrows and digits', async () => {
    await page.keyboard.press('ArrowRight');
    expect(await chosen().inputValue()).toBe(await page.locator('#match-form input').nth(1).inputValue());
    await page.keyboard.press('ArrowDown');
    const lower = await chosen().inputValue();
    expect(lower).toBe(await page.locator('#match-form input').nth(4).inputValue());
    await page.keyboard.press('7');
    expect(await dialog().locator('label.chosen').getAttribute('data-candidate')).toBe('sketched');
    await page.keyboard.press('1');
    expect(await chosen().inputValue()).toBe(samples['dragon-in-a-cave']);
  });

  test('is asked for in other words, and in the panel’s own again', async () => {
    await page.keyboard.press('q');
    await page.keyboard.type('a dog on the beach');
    await page.keyboard.press('Enter');
    await expectChosen(samples['dog-on-the-beach']);
    await dialog().getByRole('button', { name: 'The panel’s own text' }).click();
    await expectChosen(samples['dragon-in-a-cave']);
    expect(await dialog().getByLabel('What is asked', { exact: true }).inputValue()).toBe(
      'A dragon sleeps in a cave.',
    );
  });

  test('is asked for by a picture, with and without words', async () => {
    await settled();
    await page.keyboard.press('l');
    await dialog().getByText('more like this', { exact: true }).waitFor();
    await settled();
    await dialog().getByText('closest to what you gave to go by').waitFor();
    const byBoth = await candidates('retrieved').evaluateAll((labels) =>
      labels.map((label) => label.getAttribute('data-asset-id')),
    );
    expect(byBoth).not.toContain(samples['dragon-in-a-cave']);
    expect(byBoth).toHaveLength(6);
    await dialog().getByRole('button', { name: 'Take this picture out of the query' }).click();
    await expectChosen(samples['dragon-in-a-cave']);

    await dialog().getByRole('button', { name: 'Add a picture to the query' }).click();
    await page.keyboard.type('camels');
    await dialog().getByRole('button', { name: 'camels-in-the-desert.png' }).click();
    await dialog().getByLabel('What is asked', { exact: true }).fill('');
    await page.keyboard.press('Enter');
    await settled();
    await expect.poll(() => candidates('sketched').count()).toBe(0);
    await candidates('retrieved').first().getByText('Looks alike').waitFor();
    expect(await dialog().getByRole('meter').count()).toBe(0);
    await dialog().getByRole('button', { name: 'Take this picture out of the query' }).click();
    await dialog().getByRole('button', { name: 'The panel’s own text' }).click();
    await expectChosen(samples['dragon-in-a-cave']);
  });

  test('is refused, which is recorded, and brought back', async () => {
    await settled();
    await page.keyboard.press('x');
    await dialog().getByText('1 picture refused').waitFor();
    await settled();
    expect(await dialog().locator(`[data-asset-id="${samples['dragon-in-a-cave']}"]`).count()).toBe(0);
    expect(await candidates('retrieved').count()).toBe(6);
    const { choices } = await ask(page, 'choices.list', {});
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({
      query: 'A dragon sleeps in a cave.',
      refused: [samples['dragon-in-a-cave']],
      accepted: null,
      suggested: samples['dragon-in-a-cave'],
    });
    expect(choices[0]!.shown).toHaveLength(10);
    await dialog().getByRole('button', { name: 'Bring back' }).click();
    await expectChosen(samples['dragon-in-a-cave']);
  });

  test('is drawn anew, and more of either kind comes on demand', async () => {
    await settled();
    const drawn = () =>
      candidates('sketched').evaluateAll((labels) =>
        labels.map((label) => label.getAttribute('data-asset-id')),
      );
    const before = await drawn();
    await dialog().getByRole('button', { name: 'New seed' }).click();
    await expect.poll(async () => (await drawn()).filter((one) => !before.includes(one)).length).toBe(4);
    await dialog().getByRole('button', { name: 'More drawings' }).click();
    await expect.poll(() => candidates('sketched').count()).toBe(6);
    await dialog().getByRole('button', { name: 'More from the library' }).click();
    await expect.poll(() => candidates('retrieved').count()).toBe(12);
  });

  test('is taken with one key; the panel shows it, the focus is there, one undo takes it back', async () => {
    await settled();
    await dialog().locator(`[data-asset-id="${samples['dragon-in-a-cave']}"]`).click();
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    await saved(page);
    const [block] = await openVersions(page, 0);
    expect(block!.versions).toHaveLength(1);
    expect(block!.versions[0]).toMatchObject({
      asset: samples['dragon-in-a-cave'],
      source: 'retrieved',
      prompt: 'A dragon sleeps in a cave.',
    });
    expect(block!.versions[0]!.confidence).toBeGreaterThan(0.6);
    expect(block!.versions[0]!.pack).toMatch(/@/);
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-picture-block')))
      .toBe(block!.id);
    const { choices } = await ask(page, 'choices.list', {});
    expect(choices[0]).toMatchObject({ accepted: samples['dragon-in-a-cave'], refused: [] });
    await page.getByText(/^Found in the library, \d+% likely/).waitFor();

    await page.keyboard.press('Control+z');
    await saved(page);
    await expect.poll(async () => (await openVersions(page, 0)).length).toBe(0);
    await page.keyboard.press('Control+Shift+z');
    await saved(page);
    await expect.poll(async () => (await openVersions(page, 0)).length).toBe(1);
  });

  test('walks on to the next panel without a picture', async () => {
    await page.locator('[data-panel-handle]').nth(1).click();
    await page.keyboard.press('m');
    await settled(2);
    await page.keyboard.press('Shift+Enter');
    await dialog(3).waitFor();
    await settled(3);
    await page.keyboard.press('PageUp');
    await dialog(2).waitFor();
    await page.keyboard.press('n');
    await dialog(3).waitFor();
    await settled(3);
    expect((await openVersions(page, 1))[0]!.versions).toHaveLength(1);
  });

  test('says so when it was removed from the library meanwhile', async () => {
    const gone = samples['farm-morning']!;
    await dialog(3).getByLabel('What is asked', { exact: true }).fill('Morning on the farm');
    await page.keyboard.press('Enter');
    await expectChosen(gone);
    await settled(3);
    await ask(page, 'library.remove', { assets: [gone] });
    await page.keyboard.press('Enter');
    await dialog(3).getByText('was removed from the library in the meantime').waitFor();
    expect(await dialog(3).locator(`[data-asset-id="${gone}"]`).count()).toBe(0);
    await page.keyboard.press('Escape');
    await dialog(3).waitFor({ state: 'detached' });
    expect(await openVersions(page, 2)).toHaveLength(0);
  });
});

describe('the pictures a block has had', () => {
  test('are compared side by side and one over the other, and restored as one step', async () => {
    const [before] = await openVersions(page, 0);
    await page.locator(`[data-picture-block="${before!.id}"]`).click();
    await page.keyboard.press('m');
    await settled();
    await candidates('sketched').first().click();
    await page.keyboard.press('Enter');
    await saved(page);
    await expect.poll(async () => (await openVersions(page, 0))[0]!.versions.length).toBe(2);
    const [block] = await openVersions(page, 0);
    expect(block!.versions[1]).toMatchObject({ source: 'sketched' });

    await page.getByRole('button', { name: 'Compare version 1 with the one shown' }).click();
    const compare = page.getByRole('dialog', { name: 'Compare two versions' });
    const facts = await compare.getByRole('region', { name: 'Second picture' }).innerText();
    expect(facts).toContain('Found in the library');
    expect(facts).toContain('A dragon sleeps in a cave.');
    expect(await compare.getByRole('region', { name: 'First picture' }).innerText()).toContain('Seed');
    await compare.getByText('One over the other').click();
    const slider = compare.getByRole('slider', { name: 'How much of the first picture' });
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    expect(await slider.inputValue()).toBe('51');
    expect(await slider.getAttribute('aria-valuetext')).toBe('51% of the first picture');
    await page.keyboard.press('Home');
    expect(await slider.inputValue()).toBe('0');

    await compare.getByRole('button', { name: 'Show this one' }).click();
    await saved(page);
    const [restored] = await openVersions(page, 0);
    expect(restored!.current).toBe(restored!.versions[0]!.id);
    expect(restored!.versions).toHaveLength(2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+z');
    await saved(page);
    await expect.poll(async () => (await openVersions(page, 0))[0]!.current).toBe(restored!.versions[1]!.id);
    expect((await storyAsSaved(page)).story.panels).toHaveLength(3);
  });

  test('and what was taken and refused is listed and forgotten', async () => {
    const { total } = await ask(page, 'choices.list', {});
    expect(total).toBe(4);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('taken and refused');
    await page.keyboard.press('Enter');
    const noted = page.getByRole('dialog', { name: 'Pictures taken and refused' });
    await expect.poll(() => noted.getByRole('listitem').count()).toBe(4);
    await noted.getByRole('button', { name: 'Forget all of it' }).click();
    await noted.getByRole('button', { name: 'Really forget 4 choices' }).click();
    await noted.getByText('Nothing is noted yet.').waitFor();
    expect((await ask(page, 'choices.list', {})).total).toBe(0);
    await page.keyboard.press('Escape');
  });

  test('all of it without an error in the page', () => {
    expect(opened.browser.problems).toEqual([]);
    expect(opened.browser.strangers).toEqual([]);
  });
});
