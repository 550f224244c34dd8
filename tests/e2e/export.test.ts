import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { readPdf } from '../fixtures/pdf-text.ts';
import { openPanels, panel, text } from './panels.ts';
import { ask, importOutline, openStoryId, storyAsSaved } from './steps.ts';

/** The export dialog and its preview of the real pages, in a browser. Steps build on each other. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
let dialog: Locator;
let pane: Locator;

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
  dialog = page.getByRole('dialog', { name: 'Export' });
  pane = dialog.locator('[data-preview]');
  await page.goto(studio.url);
  await importOutline(
    page,
    `# The lamp\n\n${['One', 'Two', 'Three', 'Four', 'Five'].map((word) => `Panel ${word}.`).join('\n\n')}`,
  );
  // Two panels get pictures, drawn and put in place as the window would do it.
  for (const index of [0, 1]) {
    const { story, revision } = await storyAsSaved(page);
    const { asset, scene } = await ask(page, 'sketch.draw', {
      text: 'Two dogs run on the beach',
      seed: index + 1,
    });
    const version = {
      id: `v${index}`,
      asset,
      source: 'sketched' as const,
      createdAt: story.createdAt,
      scene,
    };
    await ask(page, 'stories.edit', {
      story: story.id,
      revision,
      label: 'Add picture',
      edit: {
        type: 'insert-block',
        panel: story.panels[index]!.id,
        index: 0,
        block: { id: `i${index}`, type: 'image', caption: '', current: version.id, versions: [version] },
      },
    });
  }
  await page.reload();
  await page.getByRole('list', { name: 'Panels' }).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

async function open(): Promise<void> {
  await page.keyboard.press('Control+p');
  await dialog.waitFor();
}

/** Waits until the pages shown are those of the choices made, drawn. */
async function drawn(number = 1): Promise<void> {
  await page.waitForFunction((one) => {
    const element = document.querySelector('[data-preview]');
    const shown = element?.querySelector(`[data-page="${one}"]`)?.getAttribute('data-drawn');
    return (
      element?.getAttribute('aria-busy') === 'false' &&
      shown !== '' &&
      shown === element.getAttribute('data-preview')
    );
  }, number);
}

/** The pixels of a page as the browser shows them: how many are not white, and a sum that any change changes. */
async function pixels(number = 1): Promise<{ ink: number; sum: number; width: number }> {
  return page.evaluate((one) => {
    const image = document.querySelector<HTMLImageElement>(`[data-page="${one}"] img`)!;
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at]! + data[at + 1]! + data[at + 2]! < 720) ink++;
      sum = (sum * 31 + data[at]! + 7 * data[at + 1]! + 13 * data[at + 2]!) % 1_000_003;
    }
    return { ink, sum, width: image.naturalWidth };
  }, number);
}

const pageLabels = () =>
  pane.getByRole('img').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));

describe('the export dialog', () => {
  test('shows the pages, and says in words which panels stand on them', async () => {
    await open();
    await drawn();
    await dialog.getByText('Page 1 of 2', { exact: true }).waitFor();
    expect(await pageLabels()).toEqual(['Page 1 of 2: panels 1 to 4', 'Page 2 of 2: panel 5']);
    const { ink, width } = await pixels();
    expect(width).toBeGreaterThan(200);
    // Two pictures and a title: far more than an empty page, far less than a full one.
    expect(ink).toBeGreaterThan(width * 20);
  });

  test('shows other pages when choices change, and the old ones until then', async () => {
    const before = await pixels();
    await page.evaluate(() => {
      const watched = window as unknown as { blank: number; watching: boolean };
      watched.blank = 0;
      watched.watching = true;
      const look = (): void => {
        if (document.querySelector('[data-page="1"] img') === null) watched.blank++;
        if (watched.watching) requestAnimationFrame(look);
      };
      look();
    });
    await dialog.getByText('Film strip', { exact: true }).click();
    await dialog.getByText('Page 1 of 1', { exact: true }).waitFor();
    await drawn();
    const film = await pixels();
    expect(film.sum).not.toBe(before.sum);
    expect(film.ink).toBeGreaterThan(before.ink * 1.2);

    await dialog.getByLabel('Footer').fill('');
    await dialog.getByLabel('Footer').pressSequentially('Draft ');
    await dialog.getByRole('button', { name: 'Page number', exact: true }).click();
    expect(await dialog.getByLabel('Footer').inputValue()).toBe('Draft {page}');
    await expect.poll(async () => (await drawn(), (await pixels()).sum)).not.toBe(film.sum);

    await dialog.getByLabel('Orientation').selectOption('landscape');
    await drawn();
    await expect
      .poll(() =>
        page.evaluate(() => {
          const { naturalWidth, naturalHeight } =
            document.querySelector<HTMLImageElement>('[data-page="1"] img')!;
          return naturalWidth > naturalHeight;
        }),
      )
      .toBe(true);
    const blank = await page.evaluate(() => {
      const watched = window as unknown as { blank: number; watching: boolean };
      watched.watching = false;
      return watched.blank;
    });
    expect(blank).toBe(0);
  });

  test('goes through the pages by keyboard', async () => {
    await dialog.getByLabel('Orientation').selectOption('portrait');
    await dialog.getByText('1 a page', { exact: true }).click();
    await dialog.getByText('Page 1 of 5', { exact: true }).waitFor();
    await drawn();
    await pane.focus();
    for (const [key, where] of [
      ['PageDown', 'Page 2 of 5'],
      ['End', 'Page 5 of 5'],
      ['PageUp', 'Page 4 of 5'],
      ['Home', 'Page 1 of 5'],
    ] as const) {
      await page.keyboard.press(key);
      await dialog.getByText(where, { exact: true }).waitFor();
    }
    // Pages out of sight are not drawn.
    await drawn();
    expect(await pane.locator('[data-page="5"] img').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Fit the width' }).click();
    await drawn();
    await expect.poll(async () => (await pixels()).width).toBeGreaterThan(600);
  });

  test('exports what it shows: the same pages, in a file', async () => {
    await dialog.getByText('4 a page', { exact: true }).click();
    await dialog.getByText('Page 1 of 2', { exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('The lamp.pdf');
    const { pages } = await readPdf(await readFile(await download.path()));
    expect(pages).toHaveLength(2);
    expect(pages[0]!.text).toContain('Draft');
    for (const [index, label] of (await pageLabels()).entries()) {
      const [first, last = first] = (label!.split(': panel')[1] ?? '').match(/\d+/g)!.map(Number);
      const words = ['One', 'Two', 'Three', 'Four', 'Five'].slice(first! - 1, last);
      for (const word of words) expect(pages[index]!.text).toContain(`Panel ${word}.`);
    }
    await dialog.getByText('on its way to your downloads').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  });

  test('prints only the selected panel, when told to', async () => {
    const handle = page.locator('[data-panel-handle]').nth(1);
    await handle.click();
    await handle.focus();
    await open();
    await dialog.getByLabel('Only the selected panel', { exact: true }).check();
    await dialog.getByText('Page 1 of 1', { exact: true }).waitFor();
    expect(await pageLabels()).toEqual(['Page 1 of 1: panel 2']);
    await drawn();
    // Leaving gives the focus back to where it was.
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await handle.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('remembers the choices of the story after a reload, and not for another story', async () => {
    await page.reload();
    await page.getByRole('list', { name: 'Panels' }).waitFor();
    const id = await openStoryId(page);
    await open();
    await drawn();
    expect(await dialog.getByLabel('4 a page').isChecked()).toBe(true);
    expect(await dialog.getByLabel('Footer').inputValue()).toBe('Draft {page}');
    expect((await ask(page, 'exports.choice', { story: id }))?.options.footer).toBe('Draft {page}');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('can be cancelled before it is done, and goes on from there', async () => {
    const long = Array.from({ length: 700 }, (_, index) => panel([text(`Panel number ${index + 1}.`)]));
    const story = await openPanels(page, 'Long', long);
    await open();
    expect(await dialog.getByLabel('Footer').inputValue()).toBe('');
    // Exports are made one after the other: with some before it, it is not over before the click.
    for (let before = 0; before < 8; before++) await ask(page, 'exports.start', { story, format: 'pdf' });
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await dialog.getByText('Making the file…').waitFor();
    await dialog.locator('footer').getByRole('button', { name: 'Cancel' }).click();
    await dialog.getByRole('button', { name: 'Export', exact: true }).waitFor();
    await expect.poll(async () => (await ask(page, 'jobs.list', {}))[0]?.state).toBe('cancelled');
    await dialog.getByText('Page 1 of 175', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
  });

  test('broke no rule of the window, and asked nobody else', () => {
    expect(browser.problems).toEqual([]);
    expect(browser.strangers).toEqual([]);
  });
});
