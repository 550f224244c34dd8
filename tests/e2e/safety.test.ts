import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { languageCodes } from '../../src/shared/messages.ts';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { drawPicture } from '../fixtures/pictures.ts';
import { addFolder, ask, importOutline, jobEnded, openStoryId, saved, storyAsSaved } from './steps.ts';

/** Nothing a person wrote is lost, and nothing that stands in a text or a file name ever runs. */

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

beforeEach(async () => {
  // Leaving the page first takes the hash and the state of the test before along with it.
  await page.goto('about:blank');
  await page.goto(studio.url);
});

describe('autosave', () => {
  test('what was typed a moment before a reload is there after it', async () => {
    await importOutline(page, '# Reload\n\nOnce.');
    const text = page.getByLabel('Text of panel 1');
    await text.focus();
    await page.keyboard.press('End');
    await page.keyboard.type(' Upon a time.');
    await page.reload();
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toBe('Once. Upon a time.');
    expect((await storyAsSaved(page)).undo).toBe('Edit text');
  });

  test('typing is one undo step a pause, and undo reaches text in a field that has the focus', async () => {
    await importOutline(page, '# Pauses\n\nA');
    await page.getByLabel('Text of panel 1').focus();
    await page.keyboard.press('End');
    await page.keyboard.type('B');
    await saved(page);
    await page.keyboard.type('CD');
    await saved(page);
    expect(await page.getByLabel('Text of panel 1').inputValue()).toBe('ABCD');
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toBe('AB');
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toBe('A');
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toBe('AB');
  });

  test('two windows on one story see each other’s edits, and neither loses words', async () => {
    await importOutline(page, '# Two windows\n\nLeft.\n\nRight.');
    const other = await browser.context.newPage();
    await other.goto(page.url());
    await other.getByLabel('Text of panel 2').waitFor();

    await Promise.all([
      page.getByLabel('Text of panel 1').fill('Left, from the first window.'),
      other.getByLabel('Text of panel 2').fill('Right, from the second window.'),
    ]);
    for (const window of [page, other]) {
      await expect
        .poll(() => window.getByLabel('Text of panel 1').inputValue())
        .toBe('Left, from the first window.');
      await expect
        .poll(() => window.getByLabel('Text of panel 2').inputValue())
        .toBe('Right, from the second window.');
      await saved(window);
    }
    await other.close();
  });

  test('an edit that comes too late is made again on the story as it is now', async () => {
    await importOutline(page, '# Conflict\n\nLeft.\n\nRight.');
    // A window that does not hear of what others do only learns of it when its own edit is refused.
    const deaf = await browser.context.newPage();
    await deaf.route('**/events', (route) => route.abort());
    await deaf.goto(page.url());
    await deaf.getByLabel('Text of panel 2').waitFor();
    await page.getByLabel('Text of panel 1').fill('Left, changed first.');
    await saved(page);
    await deaf.getByLabel('Text of panel 2').fill('Right, changed second.');
    await saved(deaf);
    await expect.poll(() => deaf.getByLabel('Text of panel 1').inputValue()).toBe('Left, changed first.');
    expect((await storyAsSaved(page)).story.panels.map((panel) => panel.blocks[0])).toMatchObject([
      { text: 'Left, changed first.' },
      { text: 'Right, changed second.' },
    ]);
    await deaf.close();
  });

  test('a story that is deleted in another window closes here, and says why', async () => {
    await importOutline(page, '# Deleted\n\nGone soon.');
    await ask(page, 'stories.remove', { story: await openStoryId(page) });
    await page.getByText('This story was deleted').waitFor();
    await page.getByRole('heading', { name: 'Stories' }).waitFor();
  });

  test('says so when the studio cannot be reached, and saves when it can again', async () => {
    await importOutline(page, '# Away\n\nBefore.');
    const text = page.getByLabel('Text of panel 1');
    await page.route('**/command/stories.edit', (route) => route.abort());
    await text.fill('Written while nobody answers.');
    await page.locator('[data-save="failed"]').waitFor();
    expect((await storyAsSaved(page)).story.panels[0]?.blocks[0]).toMatchObject({ text: 'Before.' });
    await page.unroute('**/command/stories.edit');
    await page.getByRole('button', { name: 'Save now' }).click();
    await saved(page);
    expect((await storyAsSaved(page)).story.panels[0]?.blocks[0]).toMatchObject({
      text: 'Written while nobody answers.',
    });
  });

  test('Esc takes back what was typed, and nothing of it is kept', async () => {
    await importOutline(page, '# Escape\n\nKeep me.');
    const text = page.getByLabel('Text of panel 1');
    await text.focus();
    await page.keyboard.type('Drop me. ');
    await page.keyboard.press('Escape');
    expect(await text.inputValue()).toBe('Keep me.');
    await saved(page);
    expect((await storyAsSaved(page)).story.panels[0]?.blocks[0]).toMatchObject({ text: 'Keep me.' });
  });
});

test('a window misses nothing that changes while it opens', async () => {
  const other = await page.context().newPage();
  const gate = Promise.withResolvers<null>();
  await other.route('**/events*', async (route) => {
    await gate.promise;
    await route.continue();
  });
  await other.goto(studio.url);
  await other.getByRole('heading', { name: 'Library' }).first().waitFor();
  try {
    // It has read the settings, and does not hear the studio yet.
    await ask(page, 'settings.set', { settings: { language: 'es' } });
    gate.resolve(null);
    await other.locator('html[lang="es"]').waitFor();
  } finally {
    await ask(page, 'settings.set', { settings: { language: 'system' } });
    await other.close();
  }
});

describe('the board', () => {
  const texts = async (): Promise<string[]> =>
    (await storyAsSaved(page)).story.panels.map((panel) =>
      panel.blocks.map((block) => (block.type === 'text' ? block.text : '[picture]')).join(' | '),
    );

  test('panels are dragged to where they belong, split and merged, each as one step of undo', async () => {
    await importOutline(page, '# Board\n\nOne.\n\nTwo.\n\nThree and four.');
    await page
      .locator('[data-panel-handle]')
      .nth(2)
      .dragTo(page.locator('[data-panel]').first(), {
        targetPosition: { x: 10, y: 20 },
      });
    await saved(page);
    expect(await texts()).toEqual(['Three and four.', 'One.', 'Two.']);

    const text = page.getByLabel('Text of panel 1');
    await text.focus();
    await text.evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(5, 5));
    await page.keyboard.press('Control+Shift+Enter');
    await saved(page);
    expect(await texts()).toEqual(['Three', 'and four.', 'One.', 'Two.']);
    await page.getByRole('button', { name: 'Merge up' }).click();
    await saved(page);
    expect(await texts()).toEqual(['Three\nand four.', 'One.', 'Two.']);
    for (const before of [
      ['Three', 'and four.', 'One.', 'Two.'],
      ['Three and four.', 'One.', 'Two.'],
      ['One.', 'Two.', 'Three and four.'],
    ]) {
      await page.keyboard.press('Control+z');
      await expect.poll(texts).toEqual(before);
    }
  });

  test('blocks are added, moved and taken away within a panel', async () => {
    await importOutline(page, '# Blocks\n\nFirst.');
    const card = page.locator('[data-panel]').first();
    await card.getByRole('button', { name: 'Picture', exact: true }).click();
    await card.getByRole('button', { name: 'Text', exact: true }).click();
    await page.keyboard.type('Last.');
    await saved(page);
    expect(await texts()).toEqual(['First. | [picture] | Last.']);
    await card.getByRole('button', { name: 'Block 3 of panel 1' }).click();
    await page.getByRole('menuitem', { name: 'Move block up' }).click();
    await saved(page);
    expect(await texts()).toEqual(['First. | Last. | [picture]']);
    await card.getByRole('button', { name: 'Block 1 of panel 1' }).click();
    await page.getByRole('menuitem', { name: 'Delete block' }).click();
    await saved(page);
    expect(await texts()).toEqual(['Last. | [picture]']);
  });
});

describe('text is only ever text', () => {
  const evil = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>';

  test('in titles, panels, notes and captions', async () => {
    await importOutline(page, `# ${evil}\n\nText ${evil}\n\n[link](javascript:window.ran=1)`);
    await page.locator('[data-panel-handle]').first().click();
    await page.getByLabel('Dialogue', { exact: true }).fill(evil);
    await page.getByLabel('Notes', { exact: true }).fill(evil);
    await page.getByLabel('Shot', { exact: true }).fill(evil);
    await saved(page);
    await page.reload();
    await expect.poll(() => page.getByLabel('Text of panel 1').inputValue()).toContain('onerror');
    expect(await page.getByLabel('Dialogue of panel 1').inputValue()).toBe(evil);
    await page.getByRole('link', { name: 'Stories', exact: true }).click();
    await page.getByRole('heading', { name: 'Stories' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Every command' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await ranAnything(page)).toBe(false);
  });

  test('in file names, captions and error messages', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fabula-evil-'));
    // Windows and some file systems refuse the signs; the name without them then stands in.
    const name = '<img src=x onerror=window.ran=1>.jpg';
    const picture = await drawPicture(7);
    await writeFile(join(folder, name), picture).catch(() => writeFile(join(folder, 'plain.jpg'), picture));
    await writeFile(join(folder, '<script>window.ran=1<script>.png'), 'no picture').catch(() =>
      writeFile(join(folder, 'bad.png'), 'no picture'),
    );
    await addFolder(page, folder);
    await jobEnded(page, /^Import/);
    await page.getByRole('button', { name: 'See what failed' }).click();
    await page.getByRole('dialog', { name: 'Jobs' }).getByRole('listitem').first().waitFor();
    await page.keyboard.press('Escape');

    await page.locator('[data-asset]').first().click();
    await page.getByRole('textbox', { name: 'Caption' }).fill(evil);
    await page.keyboard.press('Control+Enter');
    await page.locator('[data-asset]').first().getByText('onerror').waitFor();
    await page.getByLabel('Search the library').fill(evil);
    await page.getByText(/(Results|No good match|Nothing found) for/).waitFor();
    expect(await ranAnything(page)).toBe(false);
    await rm(folder, { recursive: true, force: true });
  });

  test('in tags, names of the cast and pictures that carry scripts, in every view and every language', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fabula-evil-svg-'));
    await writeFile(
      join(folder, 'scripted.svg'),
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="80" height="60" onload="window.ran=1">
        <script>window.ran=1;top.ran=1</script>
        <image href="x" onerror="window.ran=1" width="9" height="9"/>
        <foreignObject width="80" height="60"><body xmlns="http://www.w3.org/1999/xhtml" onload="window.ran=1">
          <img src="x" onerror="window.ran=1"/></body></foreignObject>
        <a xlink:href="javascript:window.ran=1"><rect width="80" height="60" fill="teal"/></a>
      </svg>`,
    );
    await addFolder(page, folder);
    await jobEnded(page, /^Import/);
    const { assets } = await ask(page, 'library.list', {});
    const scripted = assets.find(({ name }) => name === 'scripted.svg')!;
    await ask(page, 'library.setCaption', { asset: scripted.id, text: `A teal square ${evil}` });
    await ask(page, 'library.tag', { assets: [scripted.id], add: [evil] });

    await importOutline(page, `# Cast ${evil}\n\n${evil} walks on the beach.`);
    const { story, revision } = await storyAsSaved(page);
    await ask(page, 'stories.edit', {
      story: story.id,
      revision,
      label: evil,
      edit: {
        type: 'insert-cast',
        index: 0,
        member: { id: 'c1', name: evil, look: `a cat ${evil}` },
      },
    });
    const address = page.url();
    for (const language of languageCodes) {
      await ask(page, 'settings.set', { settings: { language } });
      await page.locator(`html[lang="${language}"]`).waitFor();
      for (const view of ['', '/script', '/play']) {
        await page.goto('about:blank');
        await page.goto(address + view);
        // On the board and in the script the words stand in a field, with a copy nobody sees that gives it its height.
        await page.getByText('walks on the beach').first().waitFor({ state: 'attached' });
      }
      await page.goto(`${new URL(address).origin}/#/library`);
      await page.locator('[data-asset]').filter({ hasText: 'teal' }).first().click();
      await page.locator('aside').getByText('onerror').first().waitFor();
      await page.keyboard.press('Control+k');
      await page.locator('[aria-controls="palette-list"]').fill('onerror');
      await page.keyboard.press('Escape');
      expect(await ranAnything(page)).toBe(false);
    }
    await ask(page, 'settings.set', { settings: { language: 'system' } });

    // The picture itself, opened as a page of its own as a person may do, runs nothing either.
    const { origin } = new URL(address);
    for (const size of ['thumb', 'preview']) {
      const answer = await page.request.get(`${origin}/media/${size}/${scripted.id}`);
      expect(answer.headers()['content-type']).toBe('image/webp');
    }
    await rm(folder, { recursive: true, force: true });
  });

  test('the policy of the page forbids inline scripts and foreign requests outright', async () => {
    const response = await page.request.get(new URL('/', studio.url).href);
    const policy = response.headers()['content-security-policy'] ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "object-src 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
  });
});

describe('files sent by the browser', () => {
  test('a bad file is named, the good ones arrive', async () => {
    await page.getByRole('button', { name: 'Add pictures' }).first().click();
    await page.getByLabel('Files to upload').setInputFiles([
      { name: 'upload one.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(21) },
      {
        name: 'half a picture.jpg',
        mimeType: 'image/jpeg',
        buffer: (await drawPicture(22)).subarray(0, 700),
      },
      { name: 'upload two.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(23) },
    ]);
    await jobEnded(page, /^Add 3 files/);
    await page.getByRole('button', { name: 'See what failed' }).click();
    await page
      .getByRole('dialog', { name: 'Jobs' })
      .getByRole('listitem')
      .filter({ hasText: /^half a picture\.jpg/ })
      .waitFor();
    await page.keyboard.press('Escape');
    const { assets } = await ask(page, 'library.list', {});
    const names = assets.map((asset) => asset.name);
    expect(names).toEqual(expect.arrayContaining(['upload one.jpg', 'upload two.jpg']));
    expect(names).not.toContain('half a picture.jpg');
    await expect.poll(() => page.locator('[data-asset]').count()).toBe(assets.length);
  });

  test('pictures dropped on the window are added', async () => {
    const bytes = [...(await drawPicture(31))];
    const before = (await ask(page, 'library.list', {})).total;
    const data = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(content)], 'dropped.jpg', { type: 'image/jpeg' }));
      return transfer;
    }, bytes);
    await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
    await page.getByText('Drop pictures or folders').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await expect.poll(async () => (await ask(page, 'library.list', {})).total).toBe(before + 1);
  });
});

describe('a long story', () => {
  test('keeps only the panels near the screen on the page, and reaches the last one', async () => {
    const panels = Array.from({ length: 300 }, (_, index) => `Panel text number ${index + 1}.`);
    await importOutline(page, `# Long\n\n${panels.join('\n\n')}`);
    await page.getByLabel('Text of panel 1', { exact: true }).waitFor();
    expect(await page.locator('[data-panel]').count()).toBeLessThan(60);
    await page.locator('[data-panel-handle]').first().click();
    await page.keyboard.press('End');
    await page.getByRole('list', { name: 'Panels' }).evaluate((list) => list.scrollTo(0, 1e7));
    await page.getByLabel('Text of panel 300', { exact: true }).fill('The very last words.');
    await saved(page);
    expect(await page.locator('[data-panel]').count()).toBeLessThan(60);
    expect((await storyAsSaved(page)).story.panels.at(-1)?.blocks[0]).toMatchObject({
      text: 'The very last words.',
    });
    expect(await openStoryId(page)).toBeTruthy();
  });
});

test('nothing went wrong in the page meanwhile, and nothing was asked of another machine', () => {
  // The browser itself reports every request that was refused or cut off, as two of the tests ask for.
  const refused = /^Failed to load resource/;
  expect(browser.problems.filter((problem) => !refused.test(problem))).toEqual([]);
  expect(browser.strangers).toEqual([]);
});

async function ranAnything(window: Page): Promise<boolean> {
  return window.evaluate(() => 'ran' in globalThis);
}
