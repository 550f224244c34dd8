import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { writePictures } from '../fixtures/pictures.ts';
import { openPanels, panel, text } from './panels.ts';
import { addFolder, ask, importOutline, jobEnded, picturesShown, saved, storyAsSaved } from './steps.ts';

/** Suggestions in the window: they stream, Tab takes them, Esc drops them, and nothing is applied by itself. */

const outline = `# The kite

Lily and Ben had a red kite.

One day they took the kite to the park.

The wind was strong and the
`;

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

describe('suggestions', () => {
  let studio: RunningStudio;
  let browser: OpenBrowser;
  let page: Page;
  let folder: string;
  const ghost = (): Locator => page.getByRole('group', { name: 'Suggested text' });
  const offered = (): Locator => ghost().getByText(/^Suggested by writer@\S+$/);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fabula-suggest-'));
    await writePictures(folder, ['one.jpg', 'two.jpg']);
    studio = await startStudio();
  });
  afterAll(async () => {
    await studio?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    browser = await openBrowser();
    page = browser.page;
    await page.goto(studio.url);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
  });
  afterEach(async () => {
    expect(browser.problems).toEqual([]);
    expect(browser.strangers).toEqual([]);
    await browser.close();
  });

  /** Notes every text the ghost shows, and every part the studio sends. */
  async function watch(): Promise<{ shown: () => Promise<string[]>; sent: () => Promise<number> }> {
    await page.evaluate(() => {
      const seen = { shown: [] as string[], sent: 0 };
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const text = document.querySelector('.ghost')?.textContent ?? '';
        if (text !== '' && seen.shown.at(-1) !== text) seen.shown.push(text);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
      new EventSource('/events').addEventListener('request.part', () => seen.sent++);
    });
    type Seen = Window & { seen: { shown: string[]; sent: number } };
    return {
      shown: () => page.evaluate(() => (window as unknown as Seen).seen.shown),
      sent: () => page.evaluate(() => (window as unknown as Seen).seen.sent),
    };
  }

  const handle = (number: number): Locator => page.locator('[data-panel-handle]').nth(number - 1);
  const textOf = async (number: number): Promise<string> => {
    const block = (await storyAsSaved(page)).story.panels[number - 1]!.blocks.at(-1);
    return block?.type === 'text' ? block.text : '';
  };

  test('G streams a text behind the panel’s own; Esc drops it, Tab takes it as one step of undo', async () => {
    await importOutline(page, outline);
    const before = await storyAsSaved(page);
    const { shown } = await watch();
    await handle(3).click();
    await page.keyboard.press('g');
    await offered().waitFor();
    const stages = await shown();
    expect(stages.length).toBeGreaterThan(3);
    const lengths = stages.map((text) => text.length);
    expect(lengths.slice(0, 4)).toEqual([...lengths.slice(0, 4)].sort((a, b) => a - b));
    expect(await storyAsSaved(page)).toEqual(before);

    await page.keyboard.press('Escape');
    await ghost().waitFor({ state: 'detached' });
    expect(await storyAsSaved(page)).toEqual(before);

    await page.keyboard.press('g');
    await offered().waitFor();
    const text = await page.locator('.ghost').textContent();
    await page.keyboard.press('Tab');
    await ghost().waitFor({ state: 'detached' });
    await saved(page);
    expect(await textOf(3)).toBe(`The wind was strong and the${text}`);
    expect((await storyAsSaved(page)).undo).toBe('Use suggested text');
    await page.keyboard.press('Control+z');
    await expect.poll(() => textOf(3)).toBe('The wind was strong and the');
    const { updatedAt } = (await storyAsSaved(page)).story;
    expect((await storyAsSaved(page)).story).toEqual({ ...before.story, updatedAt });
  });

  test('“Another” and G again give other texts; buttons do what the keys do', async () => {
    await importOutline(page, outline);
    await handle(2).click();
    await page
      .getByRole('listitem', { name: 'Panel 2' })
      .getByRole('button', { name: 'Suggest what comes next' })
      .click();
    await offered().waitFor();
    const seen = new Set([await page.locator('.ghost').textContent()]);
    for (const again of ['button', 'key', 'button']) {
      if (again === 'button') await ghost().getByRole('button', { name: 'Another' }).click();
      else await handle(2).press('g');
      await offered().waitFor();
      seen.add(await page.locator('.ghost').textContent());
    }
    expect(seen.size).toBeGreaterThan(2);
    await ghost().getByRole('button', { name: /^Drop/ }).click();
    await ghost().waitFor({ state: 'detached' });
    expect(await textOf(2)).toBe('One day they took the kite to the park.');
    await handle(2).press('g');
    await offered().waitFor();
    await ghost().getByRole('button', { name: /^Use/ }).click();
    await saved(page);
    expect((await textOf(2)).length).toBeGreaterThan('One day they took the kite to the park.'.length + 8);
  });

  test('inside a text Ctrl+G asks, typing on drops it, Tab takes it and writing goes on behind it', async () => {
    await importOutline(page, outline);
    const field = page.getByLabel('Text of panel 1');
    await field.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Control+g');
    await offered().waitFor();
    await page.keyboard.type(' It');
    await ghost().waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe('Lily and Ben had a red kite. It');
    await page.keyboard.press('Control+g');
    await offered().waitFor();
    const text = (await page.locator('.ghost').textContent())!;
    await page.keyboard.press('Tab');
    await page.keyboard.type(' The end.');
    await saved(page);
    expect(await textOf(1)).toBe(`Lily and Ben had a red kite. It${text} The end.`);
    // Without a suggestion Tab goes on to the next thing, as everywhere.
    await page.keyboard.press('Tab');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(false);
  });

  test('stopped while it writes, the model stops too and the story stays as it is', async () => {
    await importOutline(page, outline);
    const before = await storyAsSaved(page);
    const { sent } = await watch();
    await handle(1).click();
    // Escape at the first words: from here it could come after the last ones.
    const stopped = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const observer = new MutationObserver(() => {
            const text = document.querySelector('.ghost.writing')?.textContent ?? '';
            if (text === '') return;
            observer.disconnect();
            const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
            document.activeElement!.dispatchEvent(escape);
            resolve(text);
          });
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        }),
    );
    await page.keyboard.press('g');
    expect(await stopped).not.toBe('');
    await ghost().waitFor({ state: 'detached' });
    await page.waitForTimeout(300);
    const then = await sent();
    await page.waitForTimeout(700);
    expect(await sent()).toBe(then);
    expect(await storyAsSaved(page)).toEqual(before);
    // Another panel does not want what was asked for this one.
    await page.keyboard.press('g');
    await ghost().waitFor();
    await handle(2).click();
    await ghost().waitFor({ state: 'detached' });
  });

  test('an empty panel and one that ends in a picture get a text block', async () => {
    await importOutline(page, outline);
    await handle(3).click();
    await page.keyboard.press('n');
    await page.keyboard.press('Control+Enter');
    await handle(4).press('g');
    await offered().waitFor();
    const begun = await page.locator('.ghost').textContent();
    expect(begun).toMatch(/^\S/);
    await page.keyboard.press('Tab');
    await saved(page);
    expect(await textOf(4)).toBe(begun);

    await page
      .getByRole('listitem', { name: 'Panel 4' })
      .getByRole('button', { name: 'Picture', exact: true })
      .click();
    await handle(4).press('g');
    await offered().waitFor();
    const next = (await page.locator('.ghost').textContent())!.trim();
    await page.keyboard.press('Tab');
    await saved(page);
    const { blocks } = (await storyAsSaved(page)).story.panels[3]!;
    expect(blocks.map(({ type }) => type)).toEqual(['text', 'image', 'text']);
    expect(await textOf(4)).toBe(next);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await storyAsSaved(page)).story.panels[3]!.blocks.length).toBe(2);
  });

  test('in the script, where text flows, it is the same', async () => {
    const words = 'Tom had a big red ball. He liked to';
    await openPanels(page, 'Flow', [panel([text('The sun was warm.')]), panel([text(words)])], '/script');
    await page.getByLabel('Text of panel 2').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Control+g');
    await offered().waitFor();
    await page.keyboard.press('Escape');
    await ghost().waitFor({ state: 'detached' });
    expect(await textOf(2)).toBe(words);
    await handle(2).press('g');
    await offered().waitFor();
    const next = await page.locator('.ghost').textContent();
    await page.keyboard.press('Tab');
    await saved(page);
    expect(await textOf(2)).toBe(`${words}${next}`);
  });

  test('a story in another script is told honestly, and left alone', async () => {
    await importOutline(page, '# 猫\n\n猫は港に帰ります。\n');
    await handle(1).click();
    await page.keyboard.press('g');
    await ghost()
      .getByText(/it writes English only/)
      .waitFor();
    await page.keyboard.press('Tab');
    expect(await textOf(1)).toBe('猫は港に帰ります。');
    await handle(1).press('Escape');
    await ghost().waitFor({ state: 'detached' });
  });

  test('C suggests a caption for a picture of a panel and of the library, with the pack that speaks', async () => {
    await addFolder(page, folder);
    await jobEnded(page, /^Import/);
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(1);
    const caption = page.getByRole('group', { name: 'Suggested caption' });
    const spoken = caption.getByText(/^Suggested by starter@/);
    const [first] = (await ask(page, 'library.list', {})).assets;
    const tile = page.locator(`[data-asset="${first!.id}"]`);
    await tile.click();
    await page.keyboard.press('c');
    await spoken.waitFor();
    expect((await ask(page, 'library.get', { asset: first!.id })).caption).toBeNull();
    await page.keyboard.press('Escape');
    await caption.waitFor({ state: 'detached' });
    expect((await ask(page, 'library.get', { asset: first!.id })).caption).toBeNull();
    await page.keyboard.press('c');
    await spoken.waitFor();
    const text = await caption.locator('.text').textContent();
    await page.keyboard.press('Tab');
    await expect
      .poll(async () => (await ask(page, 'library.get', { asset: first!.id })).caption?.text)
      .toBe(text);

    await importOutline(page, outline);
    const { story, revision } = await storyAsSaved(page);
    const version = {
      id: 'v1',
      asset: first!.id,
      source: 'imported',
      createdAt: new Date(0).toISOString(),
    } as const;
    const block = { id: 'b1', type: 'image', caption: '', current: 'v1', versions: [version] } as const;
    await ask(page, 'stories.edit', {
      story: story.id,
      revision,
      edit: {
        type: 'insert-block',
        panel: story.panels[0]!.id,
        index: 0,
        block: { ...block, versions: [version] },
      },
      label: 'Add picture',
    });
    await page.locator('[data-picture-block="b1"]').click();
    await page.keyboard.press('c');
    await spoken.waitFor();
    const printed = await caption.locator('.text').textContent();
    await page.keyboard.press('Tab');
    await saved(page);
    const shown = (await storyAsSaved(page)).story.panels[0]!.blocks[0];
    expect(shown).toMatchObject({ type: 'image', caption: printed });
    expect((await storyAsSaved(page)).undo).toBe('Use suggested caption');
    await page.keyboard.press('Control+z');
    await expect
      .poll(async () => (await storyAsSaved(page)).story.panels[0]!.blocks[0])
      .toMatchObject({ caption: '' });
  });

  test('the parts of a picture that captions are written from are shown on it', async () => {
    await addFolder(page, folder);
    await jobEnded(page, /^Import/);
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(1);
    const [first] = (await ask(page, 'library.list', {})).assets;
    await page.locator(`[data-asset="${first!.id}"]`).click();
    await page.getByRole('button', { name: 'Show what captions look at' }).click();
    const said = page.getByText(/^Captions are written from \d+ parts? of 49\./);
    await said.waitFor();
    const kept = Number(/from (\d+)/.exec((await said.textContent())!)![1]);
    const regions = await ask(page, 'captions.regions', { asset: first!.id });
    expect(regions.kept).toHaveLength(kept);
    expect(await page.locator('.parts .folded').count()).toBe(49 - kept);
    // What is kept is needed more than what is not.
    const need = (part: number): number => regions.need[part]!;
    const least = Math.min(...regions.kept.map(need));
    const folded = regions.need.map((_, part) => part).filter((part) => !regions.kept.includes(part));
    for (const part of folded) expect(need(part)).toBeLessThanOrEqual(least);
    await page.getByRole('button', { name: 'Hide what captions look at' }).click();
    await said.waitFor({ state: 'detached' });
  });
});
