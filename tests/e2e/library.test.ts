import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { makeLargeLibrary } from '../fixtures/large-library.ts';
import { drawPicture } from '../fixtures/pictures.ts';
import { ask } from './steps.ts';

/** The library of somebody who has collected for years: narrowed down, searched, tagged, changed and undone. */

const count = 1500;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let dataDir: string;
let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'fabula-library-'));
  await makeLargeLibrary(dataDir, count);
  studio = await startStudio(dataDir);
  browser = await openBrowser();
  page = browser.page;
  await page.goto(studio.url);
  await page.locator('[data-asset]').first().waitFor();
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const facets = () => page.getByRole('navigation', { name: 'Facets' });
const heading = () => page.getByRole('main').getByRole('status').first();
const grid = () => page.getByRole('listbox');

/** How many pictures a facet says it would show. */
async function countOf(button: ReturnType<Page['locator']>): Promise<number> {
  return Number((await button.locator('.count').innerText()).replaceAll(',', ''));
}

test('facets narrow down together; their counts keep their word; chips, the address and the back button take back', async () => {
  const without = facets().getByRole('button', { name: /^Without a caption/ });
  await without.waitFor();
  const uncaptioned = await countOf(without);
  await without.click();
  await heading()
    .getByText(`${uncaptioned.toLocaleString('en')} pictures`)
    .waitFor();
  const sea = facets().getByRole('button', { name: /^sea/ });
  await expect.poll(() => countOf(sea)).toBeLessThan(uncaptioned);
  const both = await countOf(sea);
  await sea.click();
  await heading().getByText(`${both} pictures`).waitFor();
  const { total } = await ask(page, 'library.list', { filter: { captioned: false, tags: ['sea'] } });
  expect(total).toBe(both);
  expect(page.url()).toContain('tag=sea');
  // What the address says is what a new window shows.
  await page.reload();
  await heading().getByText(`${both} pictures`).waitFor();
  await page.getByRole('button', { name: 'Lift: Tag: sea' }).click();
  await heading()
    .getByText(`${uncaptioned.toLocaleString('en')} pictures`)
    .waitFor();
  await page.goBack();
  await heading().getByText(`${both} pictures`).waitFor();
  await page.getByRole('button', { name: 'Show all pictures' }).first().click();
  await heading()
    .getByText(`${count.toLocaleString('en')} pictures`)
    .waitFor();
});

test('a picture is seen blurred until its thumbnail has come', async () => {
  const tile = page.locator('[data-asset]').first();
  const image = tile.locator('img');
  /** The colours of the four corners of the tile's picture, as the screen shows them. */
  const colours = async (): Promise<number[][]> => {
    const { data, info } = await sharp(await tile.locator('.frame').screenshot())
      .resize(4, 4, { fit: 'fill' })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): number[] => [
      ...data.subarray((y * 4 + x) * info.channels, (y * 4 + x) * info.channels + 3),
    ];
    return [at(0, 0), at(3, 0), at(0, 3), at(3, 3)];
  };
  await page.route('**/media/thumb/**', () => {});
  await page.reload({ waitUntil: 'commit' });
  await expect
    .poll(() => image.evaluate((one: HTMLImageElement) => one.style.backgroundImage))
    .toMatch(/bmp/);
  expect(await image.evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth > 0)).toBe(false);
  const blurred = await colours();
  await page.unroute('**/media/thumb/**');
  await page.reload();
  await expect.poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0);
  // It does not shine through a picture that has transparent parts.
  await expect.poll(() => image.evaluate((one: HTMLImageElement) => one.style.backgroundImage)).toBe('');
  const whole = await colours();
  const off = whole.flatMap((colour, at) =>
    colour.map((value, channel) => Math.abs(value - blurred[at]![channel]!)),
  );
  expect(off.reduce((sum, one) => sum + one, 0) / off.length).toBeLessThan(25);
});

test('a folder with those inside it, and a month of a year', async () => {
  const folders = facets().getByRole('region', { name: 'Folders' });
  await folders.getByRole('button', { name: 'Folders in photos' }).click();
  const year = folders.getByRole('button', { name: /^2017/ });
  const inYear = await countOf(year);
  await year.click();
  await heading().getByText(`${inYear} pictures`).waitFor();
  const taken = facets().getByRole('region', { name: 'Taken' });
  await taken.getByRole('button', { name: /^2019/ }).click();
  const month = taken.getByRole('button', { name: /^(January|March|May|July|August|October)/ }).first();
  const inMonth = await countOf(month);
  await month.click();
  await heading()
    .getByText(new RegExp(`^${inMonth} picture`))
    .waitFor();
  await page.getByRole('button', { name: 'Show all pictures' }).first().click();
});

test('the grid goes to its end and back by keys, chooses all, opens a picture large, and writes its caption there', async () => {
  await page.locator('[data-index="0"]').click();
  await page.keyboard.press('End');
  await page.locator(`[data-index="${count - 1}"][data-asset] img`).waitFor();
  await page.keyboard.press('Home');
  await page.locator('[data-index="0"][aria-selected="true"]').waitFor();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(() => page.locator('[aria-selected="true"]').count()).toBe(3);
  await page.keyboard.press('Control+a');
  await heading().getByText(`${count} selected`).waitFor();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const large = page.getByRole('dialog', { name: 'Picture in full size' });
  await large.getByText(`1 of ${count}`, { exact: true }).waitFor();
  await page.keyboard.press('ArrowRight');
  await large.getByText(`2 of ${count}`, { exact: true }).waitFor();
  await page.keyboard.press('e');
  await large.getByLabel('Caption').fill('A lighthouse seen from far away');
  await page.keyboard.press('Control+Enter');
  const { assets } = await ask(page, 'library.list', { limit: 2 });
  await expect
    .poll(async () => (await ask(page, 'library.get', { asset: assets[1]!.id })).caption)
    .toMatchObject({ text: 'A lighthouse seen from far away', source: 'person' });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await large.waitFor({ state: 'detached' });
  await page.locator('[data-index="1"]').getByText('A lighthouse seen from far away').waitFor();
});

test('searches by words, with and without; within the facets; and says when nothing is likely', async () => {
  const field = page.getByLabel('Search the library');
  await field.fill('lighthouse far away');
  await page.getByText(/Results for/).waitFor();
  const best = page.locator('[data-index="0"], [data-index="1"]');
  await best.getByText('A lighthouse seen from far away').waitFor();
  await field.fill('-lighthouse');
  await field.press('Enter');
  await field.fill('dog on the beach');
  await page.getByRole('list', { name: 'Search terms' }).getByText('lighthouse').waitFor();
  await page.getByText(/(Results|No good match) for “dog on the beach”/).waitFor();
  expect(page.url()).toContain('without=lighthouse');
  await facets()
    .getByRole('button', { name: /^family/ })
    .click();
  await expect
    .poll(async () => {
      const shown = await page
        .locator('[data-asset]')
        .evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset['asset']!));
      const { assets } = await ask(page, 'library.list', { filter: { tags: ['family'] }, limit: 1000 });
      const family = new Set(assets.map((asset) => asset.id));
      return shown.length > 0 && shown.every((id) => family.has(id));
    })
    .toBe(true);
  await page.getByRole('button', { name: 'Show all pictures' }).first().click();
  await page.getByRole('button', { name: 'Remove lighthouse' }).click();
  await field.fill('xylophone quartz');
  await page.getByText('No good match for “xylophone quartz”').waitFor();
  await page.getByText(/Nothing here is likely to be what you asked/).waitFor();
});

test('a picture pasted into the field is looked for, more and less like one of the library too', async () => {
  await page.getByLabel('Clear the search').click();
  const bytes = (await drawPicture(3)).toString('base64');
  await page.getByLabel('Search the library').evaluate((field, data) => {
    const file = new File([Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0))], 'beach.jpg', {
      type: 'image/jpeg',
    });
    const clipboard = new DataTransfer();
    clipboard.items.add(file);
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true }));
  }, bytes);
  await page.getByRole('list', { name: 'Search terms' }).getByText('beach.jpg').waitFor();
  await page.getByText('Results for these terms').waitFor();
  const { total } = await ask(page, 'library.list', {});
  expect(total).toBe(count);
  await page.getByLabel('Clear the search').click();
  const first = page.locator('[data-index="0"]');
  await first.click();
  await page.getByRole('button', { name: 'More like this' }).click();
  await page.getByText(/^Pictures like/).waitFor();
  await page.getByRole('button', { name: /^With .*: change to without/ }).click();
  // There is nothing to take it away from: the whole library is shown.
  await page.getByText(/^Pictures like/).waitFor({ state: 'detached' });
  await page.getByLabel('Clear the search').click();
});

test('tags go onto many at once, and undo takes them off again', async () => {
  await page.locator('[data-index="0"]').click();
  await page.locator('[data-index="3"]').click({ modifiers: ['Shift'] });
  await page.getByLabel('Add a tag', { exact: true }).fill('To print');
  await page.keyboard.press('Enter');
  const printed = async (): Promise<number> =>
    (await ask(page, 'library.list', { filter: { tags: ['to print'] } })).total;
  await expect.poll(printed).toBe(4);
  await facets()
    .getByRole('button', { name: /^To print/ })
    .waitFor();
  await page.getByRole('list', { name: 'Tags' }).getByText('To print').waitFor();
  await grid().focus();
  await page.keyboard.press('Control+z');
  await expect.poll(printed).toBe(0);
});

test('find and replace shows every change before it is written, leaves out what is unticked, and is one step of undo', async () => {
  const { assets } = await ask(page, 'library.list', { filter: { captioned: true }, limit: 1000 });
  const withBoat = assets.filter((asset) => / boat /.test(asset.caption!.text)).length;
  expect(withBoat).toBeGreaterThan(5);
  // With several pictures selected it would look in those only.
  await grid().focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+h');
  const dialog = page.getByRole('dialog', { name: 'Find and replace in captions' });
  await dialog.getByLabel('Find', { exact: true }).fill('(x+x+)+y$');
  await dialog.getByLabel('Regular expression').check();
  await dialog.getByLabel('Find', { exact: true }).fill('(boat');
  await dialog.getByText(/is not a regular expression/).waitFor();
  await dialog.getByLabel('Regular expression').uncheck();
  await dialog.getByLabel('Find', { exact: true }).fill('boat');
  await dialog.getByLabel('Replace with').fill('ferry');
  await dialog.getByLabel('Whole words').check();
  const changes = dialog.getByRole('list', { name: 'Changes' }).getByRole('listitem');
  await changes.first().locator('ins').waitFor();
  expect(await changes.first().locator('del').innerText()).toBe('boat');
  const ferries = async (): Promise<number> =>
    (await ask(page, 'captions.find', { find: 'ferry', replace: '' })).pictures;
  expect(await ferries()).toBe(0);
  const all = (await ask(page, 'captions.find', { find: 'boat', replace: 'ferry', wholeWords: true }))
    .pictures;
  await changes.first().getByRole('checkbox').uncheck();
  await dialog.getByRole('button', { name: `Change ${all - 1} captions` }).click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(ferries).toBe(all - 1);
  await grid().focus();
  await page.keyboard.press('Control+z');
  await expect.poll(ferries).toBe(0);
});

test('provenance: every caption a picture had can be seen, and restored', async () => {
  const { assets } = await ask(page, 'library.list', { filter: { captionSource: 'model' }, limit: 1 });
  const [asset] = assets;
  await ask(page, 'library.setCaption', { asset: asset!.id, text: 'Overwritten by hand' });
  await page.getByLabel('Search the library').fill('Overwritten by hand');
  // The same picture stands in the whole library, whose selection the answer takes away.
  await page.getByText('Results for “Overwritten by hand”').waitFor();
  await page.locator(`[data-asset="${asset!.id}"]`).click();
  await page.getByText('Earlier captions').click();
  await page
    .getByText(/^Written by a person/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: `Restore: ${asset!.caption!.text}` }).click();
  await expect
    .poll(async () => (await ask(page, 'library.get', { asset: asset!.id })).caption)
    .toEqual(asset!.caption);
  await page.getByLabel('Clear the search').click();
});

test('removing is confirmed, and refused with the names of the stories that show a picture', async () => {
  const { assets } = await ask(page, 'library.list', { limit: 1 });
  const { story } = await ask(page, 'stories.importOutline', { markdown: '# Harbour days\n\nOne.' });
  await ask(page, 'stories.edit', {
    story: story.story.id,
    revision: story.revision,
    label: 'Add picture',
    edit: {
      type: 'insert-block',
      panel: story.story.panels[0]!.id,
      index: 0,
      block: {
        id: 'block-1',
        type: 'image',
        caption: '',
        current: 'version-1',
        versions: [
          {
            id: 'version-1',
            asset: assets[0]!.id,
            source: 'retrieved',
            createdAt: new Date(0).toISOString(),
            prompt: '',
          },
        ],
      },
    },
  });
  await page.locator('[data-index="0"]').click();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText(/is used in the story “Harbour days”/).waitFor();
  await page.locator('[data-index="1"]').click();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await heading()
    .getByText(`${(count - 1).toLocaleString('en')} pictures`)
    .waitFor();
});

test('without an error in the page, and without a word to another machine', () => {
  // The refusal above is an answer like any other.
  expect(browser.problems).toEqual([]);
  expect(browser.strangers).toEqual([]);
});
