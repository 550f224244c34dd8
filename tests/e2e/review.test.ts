import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask, jobEnded, openLibrary, type OpenWindow } from './steps.ts';

/** Captions previewed, made by the real models, and reviewed by keys alone. */

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

const status = () => page.getByRole('region', { name: 'Review captions' }).getByRole('status').first();
const caption = () => page.locator('[data-review-caption]');

test('a batch shows what it would write before it writes anything', async () => {
  await page.getByRole('button', { name: 'Caption…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Caption pictures' });
  await dialog.getByLabel('Before every caption').fill('Photo:');
  await dialog.getByRole('button', { name: 'Show a preview' }).click();
  const previews = dialog.locator('[data-preview-after]');
  await expect.poll(() => previews.count()).toBe(4);
  const first = await previews.first().innerText();
  expect(first).toMatch(/^Photo: \S/);
  expect((await ask(page, 'library.list', { filter: { captioned: true } })).total).toBe(0);
  await dialog.getByRole('button', { name: 'Start' }).click();
  await jobEnded(page, /^Caption/);
  const { assets } = await ask(page, 'library.list', {});
  expect(assets[0]!.caption!.text).toBe(first);
});

test('accept, edit, reject and suggest again, by keys alone; progress is kept over a reload; undo takes back', async () => {
  const { assets } = await ask(page, 'library.list', {});
  const now = async (at: number) => (await ask(page, 'library.get', { asset: assets[at]!.id })).caption;

  await page.keyboard.press('Control+k');
  await page.keyboard.type('Review captions');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Review captions' }).getByText('All 5 written by a model').waitFor();
  await page.keyboard.press('Enter');
  await caption().waitFor();
  expect(page.url()).toContain('#/library/review');
  await status().getByText('0 of 5 reviewed').waitFor();

  await page.keyboard.press('a');
  await status().getByText('1 of 5 reviewed').waitFor();
  expect(await now(0)).toMatchObject({ text: assets[0]!.caption!.text, source: 'person', pack: null });

  await page.keyboard.press('e');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Ein Leuchtturm, 灯台, منارة');
  await page.keyboard.press('Enter');
  await status().getByText('2 of 5 reviewed').waitFor();
  expect(await now(1)).toMatchObject({ text: 'Ein Leuchtturm, 灯台, منارة', source: 'person' });

  await page.keyboard.press('r');
  await status().getByText('3 of 5 reviewed').waitFor();
  expect(await now(2)).toBeNull();

  await page.keyboard.press('s');
  const offer = page.getByRole('group', { name: 'Suggested caption' });
  await offer.getByText(/A takes it/).waitFor();
  const offered = await offer.locator('p').first().innerText();
  await page.keyboard.press('a');
  await status().getByText('4 of 5 reviewed').waitFor();
  expect(await now(3)).toMatchObject({ text: offered, source: 'person' });

  await page.reload();
  await status().getByText('4 of 5 reviewed').waitFor();
  await page.getByText('5 of 5', { exact: true }).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.locator('[data-state="edited"]').waitFor();
  await page.keyboard.press('Home');
  await page.locator('[data-state="accepted"]').waitFor();

  // Back by undo: the suggestion, then the rejected caption.
  await page.keyboard.press('Control+z');
  await status().getByText('3 of 5 reviewed').waitFor();
  await page.keyboard.press('Control+z');
  await status().getByText('2 of 5 reviewed').waitFor();
  expect(await now(2)).toMatchObject({ text: assets[2]!.caption!.text, source: 'model' });
  await page.keyboard.press('Control+Shift+z');
  await status().getByText('3 of 5 reviewed').waitFor();
});

test('when all are decided it says so, with what was done', async () => {
  await page.keyboard.press('End');
  await page.getByText('5 of 5', { exact: true }).waitFor();
  await page.keyboard.press('a');
  await status().getByText('4 of 5 reviewed').waitFor();
  // It has gone to the one that still waits.
  await page.getByText('4 of 5', { exact: true }).waitFor();
  await page.keyboard.press('a');
  await status().getByText('5 of 5 reviewed').waitFor();
  await page.getByText(/All reviewed: \d accepted, \d edited, \d rejected/).waitFor();
  await page.getByRole('button', { name: 'Back to the library' }).press('Enter');
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  expect(opened.browser.problems).toEqual([]);
});
