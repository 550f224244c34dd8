import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { ask } from './steps.ts';

/** Pictures in words: the pyramid of the inspector, its slider and places, the facet, and sketches of the words. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let dataDir: string;
let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'fabula-pyramid-'));
  studio = await startStudio(dataDir);
  browser = await openBrowser();
  page = browser.page;
  await page.goto(studio.url);
  await page.getByRole('main').waitFor();
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('a sketch says exactly what it was drawn from, and is drawn again from its words', async () => {
  const { scene } = await ask(page, 'sketch.read', {
    text: 'A dog and a cat on the beach at night',
    seed: 4,
  });
  const { asset } = await ask(page, 'sketch.draw', { scene });
  const words = await ask(page, 'library.words', { asset });
  expect(words?.pack).toBe('sketch');
  expect(['dog', 'cat']).toContain(words?.concept.word);
  expect(words?.subjects.map(({ word }) => word)).toContain('beach');
  const { scene: again, svg } = await ask(page, 'library.redraw', { asset, layer: 3 });
  expect(again.place).toBe('beach');
  expect(again.time).toBe('night');
  expect(again.figures.map(({ icon }) => icon).sort()).toEqual(scene.figures.map(({ icon }) => icon).sort());
  expect(svg).toContain('<svg');
  const { scene: coarse } = await ask(page, 'library.redraw', { asset, layer: 1 });
  expect(coarse.figures).toHaveLength(1);
});

test('the pyramid of a picture tells, shows places, finds and draws', async () => {
  const samples = ['dog-on-the-beach.png', 'elephants-on-the-savanna.png', 'sailboats-at-sunset.png'];
  await ask(page, 'library.import', { paths: samples.map((name) => resolve('resources/samples', name)) });
  await page.goto(`${new URL(page.url()).origin}/#/library`);
  await page.locator('[data-asset]').nth(2).waitFor();
  const { assets } = await ask(page, 'library.list', {});
  const asset = assets.find(({ name }) => name.startsWith('dog'))!;
  await page.locator(`[data-asset="${asset.id}"]`).click();

  const pyramid = page.getByRole('group', { name: 'Words, from the concept to the details' });
  await pyramid.waitFor();
  const concept = pyramid.getByRole('group', { name: 'Concept' }).getByRole('button');
  await concept.waitFor();
  const known = await ask(page, 'library.words', { asset: asset.id });
  expect(await concept.innerText()).toBe(known!.concept.word);

  // The slider tells more and more.
  const slider = page.getByRole('slider', { name: 'Length' });
  await slider.focus();
  await page.keyboard.press('Home');
  const telling = page.locator('.telling');
  await expect.poll(() => telling.innerText()).toBe(known!.concept.word);
  let before = 0;
  for (let step = 2; step <= 5; step++) {
    await page.keyboard.press('ArrowRight');
    const length = (await telling.innerText()).length;
    expect(length).toBeGreaterThanOrEqual(before);
    before = length;
  }

  // A word that is pointed at shows its place inside the picture.
  await concept.focus();
  const place = page.getByRole('img', { name: /^Where “.*” was seen$/ });
  await place.waitFor();
  const [frame, picture] = [
    (await place.boundingBox())!,
    (await page.locator('.preview img').first().boundingBox())!,
  ];
  expect(frame.x).toBeGreaterThanOrEqual(picture.x - 2);
  expect(frame.x + frame.width).toBeLessThanOrEqual(picture.x + picture.width + 2);

  // What changes about the picture meanwhile does not take the word away.
  await ask(page, 'library.tag', { assets: [asset.id], add: ['seaside'], remove: [] });
  await page.getByText('seaside').first().waitFor();
  expect(await place.isVisible()).toBe(true);
  expect(await concept.evaluate((button) => button === document.activeElement)).toBe(true);

  // A sketch of the words, kept with the drawn pictures.
  await page.getByRole('button', { name: 'Redraw as a sketch' }).click();
  await page.getByRole('img', { name: /^A sketch of the words/ }).waitFor();
  await page.getByRole('button', { name: 'Keep the sketch' }).click();
  await expect
    .poll(async () => (await ask(page, 'library.list', { filter: { origin: 'sketched' } })).total)
    .toBeGreaterThanOrEqual(1);

  // The telling as a caption, which undo takes back.
  await page.getByRole('button', { name: 'Use as caption' }).click();
  await expect
    .poll(async () => (await ask(page, 'library.get', { asset: asset.id })).caption?.source)
    .toBe('person');

  // The word as a facet.
  await concept.click();
  await expect.poll(() => page.url()).toContain('word=');
  const { assets: narrowed } = await ask(page, 'library.list', { filter: { words: [known!.concept.word] } });
  expect(narrowed.map(({ id }) => id)).toContain(asset.id);
  expect(narrowed.length).toBeLessThan(3);
  await page.getByRole('button', { name: `Lift: Word: ${known!.concept.word}` }).click();
});
