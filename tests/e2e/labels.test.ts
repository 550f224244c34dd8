import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask, jobEnded, openLibrary, picturesShown, type OpenWindow } from './steps.ts';

/** Own labels by keys, and captions in a style shown by examples, with the real models. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let opened: OpenWindow;
let page: Page;

beforeAll(async () => {
  opened = await openLibrary(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
  page = opened.page;
});

afterAll(async () => {
  await opened?.close();
});

test('a style shown by examples is previewed, saved under a name, and kept with the captions', async () => {
  await page.getByRole('button', { name: 'Caption…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Caption pictures' });
  await dialog.getByLabel('From examples').check();
  await dialog.getByLabel('Examples of the style').fill('lake, boat\nhill, snow, skiing');
  await expect.poll(() => dialog.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true);
  await dialog
    .getByLabel('Examples of the style')
    .fill('lake, boat, fishing\nhill, snow, skiing\ncat, sofa, sleeping');
  await dialog.getByLabel('Name of the style').fill('Keywords');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Delete style' }).waitFor();
  await dialog.getByRole('button', { name: 'Show a preview' }).click();
  const previews = dialog.locator('[data-preview-after]');
  await expect.poll(() => previews.count()).toBeGreaterThanOrEqual(3);
  const first = await previews.first().innerText();
  expect(first).toMatch(/^[a-z' -]+(, [a-z' -]+)*$/);
  expect((await ask(page, 'library.list', { filter: { captioned: true } })).total).toBe(0);
  await dialog.getByRole('button', { name: 'Start' }).click();
  await jobEnded(page, /^Caption/);
  const { assets } = await ask(page, 'library.list', {});
  expect(assets[0]!.caption!.text).toBe(first);
  const [record] = await ask(page, 'library.captions', { asset: assets[0]!.id });
  expect(record!.settings).toMatchObject({
    style: {
      name: 'Keywords',
      examples: ['lake, boat, fishing', 'hill, snow, skiing', 'cat, sofa, sleeping'],
    },
  });
});

test('a label is asked about by keys, becomes a facet, and its answers can be taken back', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Label pictures');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Label pictures' });
  await dialog.getByLabel('What is to be seen on the pictures?').fill('my favourites');
  await dialog.getByRole('button', { name: 'Find them' }).click();
  await dialog.getByText('Is this “my favourites”?').waitFor();
  expect(
    await dialog.getByRole('list', { name: 'Pictures, the likeliest first' }).getByRole('listitem').count(),
  ).toBe(5);
  await page.keyboard.press('y');
  await dialog.getByText('1 yes, 0 no').waitFor();
  await page.keyboard.press('n');
  await dialog.getByText('1 yes, 1 no').waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();

  const [label] = await ask(page, 'labels.list', {});
  expect(label).toMatchObject({ name: 'my favourites', yes: 1, no: 1 });
  expect(label!.pictures).toBeGreaterThanOrEqual(1);
  const found = await ask(page, 'library.list', { filter: { labels: ['My favourites'] } });
  expect(found.total).toBe(label!.pictures);
  const facet = page.getByRole('navigation').getByRole('button', { name: /^my favourites/ });
  await facet.click();
  await expect.poll(() => page.url()).toContain('label=my');

  // In the library view, by keys: the answers one by one, the label itself, and all of it again.
  const now = async (): Promise<unknown> =>
    (await ask(page, 'labels.list', {})).map(({ name, yes, no }) => `${name} ${yes}/${no}`);
  await page.getByRole('listbox').focus();
  await page.keyboard.press('Control+z');
  await expect.poll(now).toEqual(['my favourites 1/0']);
  await page.keyboard.press('Control+z');
  await expect.poll(now).toEqual(['my favourites 0/0']);
  await page.keyboard.press('Control+z');
  await page.getByText('Undone: Make label “my favourites”.').waitFor();
  expect(await now()).toEqual([]);
  await facet.waitFor({ state: 'detached' });
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(now).toEqual([`my favourites ${Math.min(step, 1)}/${Math.max(0, step - 1)}`]);
  }
  await facet.waitFor();
});

test('a label taken away comes back with its answers: by button and keys in the dialog, by keys in the library', async () => {
  const [label] = await ask(page, 'labels.list', {});
  await page.getByRole('listbox').focus();
  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: 'Label pictures' });
  const saved = dialog.getByRole('button', { name: 'Answer more about “my favourites”' });
  await saved.click();
  await dialog.getByText('1 yes, 1 no').waitFor();
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await dialog.getByText('1 yes, 0 no').waitFor();
  await page.keyboard.press('Control+Shift+z');
  await dialog.getByText('1 yes, 1 no').waitFor();

  await dialog.getByRole('button', { name: 'Delete label' }).click();
  await dialog.getByLabel('What is to be seen on the pictures?').waitFor();
  await saved.waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await saved.waitFor();
  expect(await ask(page, 'labels.list', {})).toEqual([label]);

  await saved.click();
  await dialog.getByRole('button', { name: 'Delete label' }).click();
  await saved.waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Done' }).click();
  const facet = page.getByRole('navigation').getByRole('button', { name: /^my favourites/ });
  await facet.waitFor({ state: 'detached' });
  // The library is narrowed down to the label, which shows no picture now.
  await page.getByRole('listbox').waitFor({ state: 'detached' });
  const undone = page.getByText('Undone: Delete label “my favourites”.');
  // What the undo in the dialog said may still stand there.
  await undone.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+z');
  await undone.waitFor();
  await facet.waitFor();
  await expect.poll(() => picturesShown(page)).toBe(label!.pictures);
  expect(await ask(page, 'labels.list', {})).toEqual([label]);
});
