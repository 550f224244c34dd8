import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { drawScene } from '../../src/main/sketch/draw.ts';
import { rasterise } from '../../src/main/sketch/raster.ts';
import type { Figure, Scene } from '../../src/shared/scene.ts';
import { currentVersion, type ImageBlock, type Story } from '../../src/shared/story.ts';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { openSketches } from '../fixtures/sketches.ts';
import { ask, saved, storyAsSaved } from './steps.ts';

/** The sketch editor and the looks of the cast, as a person uses them. What is checked is what the studio has saved. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
  await page.goto(studio.url);
  await page.getByRole('heading', { name: 'Start with a folder of pictures' }).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

/** A story without the time of its last change, which undo does not turn back. */
async function story(): Promise<Story> {
  return { ...(await storyAsSaved(page)).story, updatedAt: '' };
}

async function block(id: string): Promise<ImageBlock> {
  const found = (await story()).panels.flatMap((panel) => panel.blocks).find((one) => one.id === id);
  if (found?.type !== 'image') throw new Error(`there is no picture ${id}`);
  return found;
}

async function scene(id = 'b0'): Promise<Scene> {
  return currentVersion(await block(id))!.scene!;
}

const figure = (of: Scene, icon: RegExp | string): Figure =>
  of.figures.find((one) => (typeof icon === 'string' ? one.id === icon : icon.test(one.icon)))!;

/** Does something that must be exactly one edit, and waits until it is saved; answers the scene afterwards. */
async function oneEdit(step: () => Promise<unknown>, id = 'b0'): Promise<Scene> {
  const { revision } = await storyAsSaved(page);
  await step();
  await expect.poll(async () => (await storyAsSaved(page)).revision).toBe(revision + 1);
  return scene(id);
}

const editor = (): Locator => page.getByRole('dialog', { name: /^Edit the sketch of panel/ });
const rows = (): Locator => editor().locator('[data-figure-row]');
const tool = (name: string): Locator =>
  editor().getByRole('toolbar', { name: 'Chosen figure' }).getByRole('button', { name, exact: true });

async function middleOf(locator: Locator): Promise<{ x: number; y: number }> {
  const box = (await locator.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (let step = 1; step <= 4; step++) {
    await page.mouse.move(from.x + ((to.x - from.x) * step) / 4, from.y + ((to.y - from.y) * step) / 4);
  }
  await page.mouse.up();
}

/** The drawing shown, as a picture's address, once it has been painted. */
async function drawing(): Promise<string> {
  await editor().locator('[data-sketch-picture][data-painting]').waitFor();
  return editor()
    .locator('[data-sketch-picture]')
    .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
}

interface Distance {
  /** Of the levels of all channels, 0 to 255. */
  mean: number;
  /** Of the pixels, those that differ to the eye. */
  share: number;
}

/** How far two pictures are from each other. */
async function distance(one: Buffer, other: Buffer): Promise<Distance> {
  const [a, b] = await Promise.all(
    [one, other].map((picture) => sharp(picture).removeAlpha().raw().toBuffer()),
  );
  if (a!.length !== b!.length) throw new Error('The pictures have different sizes.');
  let sum = 0;
  let far = 0;
  for (let at = 0; at < a!.length; at += 3) {
    const off = [0, 1, 2].map((channel) => Math.abs(a![at + channel]! - b![at + channel]!));
    sum += off[0]! + off[1]! + off[2]!;
    if (Math.max(...off) > 32) far += 1;
  }
  return { mean: sum / a!.length, share: far / (a!.length / 3) };
}

/** The picture in the editor, and the whole scene as the studio draws it, at the same size by the same browser. */
async function bothDrawings(id: string): Promise<{ shown: Buffer; whole: Buffer; rasterised: Buffer }> {
  const svg = drawScene(await scene(id));
  const [shown, whole] = await editor()
    .locator('[data-sketch-picture]')
    .evaluate(
      async (canvas: HTMLCanvasElement, address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        const sheet = document.createElement('canvas');
        sheet.width = canvas.width;
        sheet.height = canvas.height;
        sheet.getContext('2d')!.drawImage(image, 0, 0, sheet.width, sheet.height);
        return [canvas.toDataURL(), sheet.toDataURL()];
      },
      `data:image/svg+xml,${encodeURIComponent(svg)}`,
    );
  const [a, b] = [shown!, whole!].map((url) => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
  const { width, height } = await sharp(a).metadata();
  return { shown: a!, whole: b!, rasterised: await rasterise(svg, { width, height }) };
}

describe('a sketch edited with the pointer', () => {
  const history: Story[] = [];

  test('opens by a double click and shows its figures', async () => {
    await openSketches(page, ['A dog and a horse in the park with a zorblex.']);
    await page.locator('[data-picture-block="b0"]').dblclick();
    await drawing();
    expect(await rows().allInnerTexts()).toEqual(expect.arrayContaining(['dog', 'horse']));
    history.push(await story());
  });

  test('every change is one edit of the story and is seen in the drawing', async () => {
    let before = await scene();
    const change = async (step: () => Promise<unknown>, check: (now: Scene, then: Scene) => void) => {
      const shown = await drawing();
      const now = await oneEdit(step);
      check(now, before);
      await expect.poll(drawing).not.toBe(shown);
      before = now;
      history.push(await story());
    };
    const dog = editor().locator('[data-figure^="dog"]');
    const canvas = (await editor().getByRole('application').boundingBox())!;

    await change(
      async () => {
        const at = await middleOf(dog);
        await drag(at, { x: at.x + canvas.width * 0.1, y: at.y - canvas.height * 0.05 });
      },
      (now, then) => {
        expect(figure(now, /^dog/).x - figure(then, /^dog/).x).toBeCloseTo(0.1, 2);
        expect(figure(now, /^dog/).y - figure(then, /^dog/).y).toBeCloseTo(-0.05, 2);
        expect(figure(now, /^horse/)).toEqual(figure(then, /^horse/));
      },
    );
    await change(
      async () => {
        const corner = await middleOf(editor().locator('[data-corner="1-1"]'));
        await drag(corner, { x: corner.x + 30, y: corner.y - 50 });
      },
      (now, then) => expect(figure(now, /^dog/).height).toBeGreaterThan(figure(then, /^dog/).height * 1.1),
    );
    await change(
      async () => {
        const handle = await middleOf(editor().locator('[data-handle="turn"]'));
        await drag(handle, { x: handle.x + 60, y: handle.y + 10 });
      },
      (now) => expect(figure(now, /^dog/).rotation).toBeGreaterThan(5),
    );
    await change(
      () => tool('Flip').click(),
      (now, then) => expect(figure(now, /^dog/).flip).toBe(!figure(then, /^dog/).flip),
    );
    const order = (of: Scene) => of.figures.toSorted((a, b) => b.depth - a.depth).map(({ id }) => id);
    const front = order(before)[0]!;
    await rows().first().click();
    await change(
      () => tool('Bring farther').click(),
      (now) => expect(order(now)[1]).toBe(front),
    );

    await rows().filter({ hasText: 'dog' }).click();
    await tool('Replace…').click();
    await editor().getByLabel('Search figures').fill('gato');
    await change(
      () => editor().getByRole('button', { name: 'cat', exact: true }).click(),
      (now, then) => {
        expect(figure(now, /^cat$/)).toMatchObject({ word: 'gato', x: figure(then, /^dog/).x });
        expect(now.figures.some(({ icon }) => icon === 'dog')).toBe(false);
      },
    );
    await editor().getByRole('button', { name: 'Add a figure…' }).click();
    await editor().getByLabel('Search figures').fill('مظلة');
    await change(
      () => editor().getByRole('button', { name: 'umbrella', exact: true }).click(),
      (now, then) => {
        expect(now.figures.length).toBe(then.figures.length + 1);
        expect(figure(now, /^umbrella/).word).toBe('مظلة');
      },
    );
    await editor().getByRole('button', { name: 'Add a figure…' }).click();
    await editor().getByLabel('Search figures').fill('犬');
    const target = { x: canvas.width * 0.2, y: canvas.height * 0.3 };
    await change(
      () =>
        editor()
          .getByRole('button', { name: 'dog', exact: true })
          .dragTo(editor().getByRole('application'), { targetPosition: target }),
      (now) => {
        const added = figure(now, /^dog$/);
        expect(added.x).toBeCloseTo(0.2, 2);
        expect(added.y - added.height / 2).toBeCloseTo(0.3, 2);
      },
    );
    await editor().getByRole('button', { name: 'Cancel' }).click();
    await rows().filter({ hasText: 'مظلة' }).click();
    await change(
      () => tool('Delete figure').click(),
      (now) => expect(now.figures.some(({ icon }) => icon === 'umbrella')).toBe(false),
    );
    await editor().getByRole('button', { name: 'Pick a figure for “zorblex”' }).click();
    await editor().getByLabel('Search figures').fill('dragon');
    await change(
      () => editor().getByRole('button', { name: 'dragon', exact: true }).click(),
      (now) => {
        expect(now.unknown).toEqual([]);
        expect(figure(now, /^dragon/).word).toBe('zorblex');
      },
    );

    await change(
      () => editor().locator('[data-place="beach"]').click(),
      (now) => expect(now.place).toBe('beach'),
    );
    await change(
      () => editor().getByLabel('Time').selectOption('night'),
      (now) => expect(now.time).toBe('night'),
    );
    await change(
      () => editor().getByLabel('Weather').selectOption('rain'),
      (now) => expect(now.weather).toBe('rain'),
    );
    await change(
      () => editor().getByLabel('Shot').selectOption('wide'),
      (now, then) => {
        expect(now.shot).toBe('wide');
        expect(figure(now, /^horse/).height).toBeLessThan(figure(then, /^horse/).height);
      },
    );
    await change(
      () => editor().getByRole('button', { name: 'Redraw' }).click(),
      (now, then) => {
        expect(now.seed).not.toBe(then.seed);
        expect(now.figures.map(({ id }) => id).sort()).toEqual(then.figures.map(({ id }) => id).sort());
      },
    );
    const { versions, current } = await block('b0');
    expect(versions.length).toBe(2);
    expect(current).toBe(versions[1]!.id);
  });

  test('undo goes back through every step, byte for byte, and the drawing follows', async () => {
    const first = history[0]!;
    for (const before of history.slice(0, -1).toReversed()) {
      await page.keyboard.press('Control+z');
      await expect.poll(async () => JSON.stringify(await story())).toBe(JSON.stringify(before));
    }
    expect(await story()).toEqual(first);
    expect(await rows().allInnerTexts()).toEqual(expect.arrayContaining(['dog', 'horse']));
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(async () => JSON.stringify(await story())).toBe(JSON.stringify(history[1]));
    await editor().getByRole('button', { name: 'Done' }).click();
    await editor().waitFor({ state: 'detached' });
  });
});

describe('the picture in the editor', () => {
  const texts = [
    'Three dogs and a cat play in the park in the rain.',
    'A girl swims in the lake at night under the full moon beside a sailboat.',
    'A sad knight stands in the kitchen at dusk.',
  ];

  test('is painted in parts, and is the picture the studio draws of the scene', async () => {
    await openSketches(page, texts);
    for (const at of texts.keys()) {
      await page.locator(`[data-picture-block="b${at}"]`).dblclick();
      const before = await drawing();
      const figures = editor().locator('[data-figure]');
      await figures.first().focus();
      for (const key of ['Shift+ArrowRight', 'ArrowUp', '+', '+', '.', '.', 'f']) {
        await page.keyboard.press(key);
      }
      if ((await figures.count()) > 1) {
        await figures.last().focus();
        for (const key of ['Shift+ArrowLeft', '-', 'PageDown']) await page.keyboard.press(key);
      }
      await editor().locator('[data-sketch-saved="true"]').waitFor();
      await expect.poll(drawing).not.toBe(before);
      // What was painted at once, and what is painted of what the studio answered, are the same.
      await expect
        .poll(async () => {
          const { shown, whole } = await bothDrawings(`b${at}`);
          return distance(shown, whole);
        })
        .toSatisfy(({ mean, share }: Distance) => mean < 1 && share < 0.003);
      const { shown, rasterised } = await bothDrawings(`b${at}`);
      // Another rasteriser smooths edges otherwise.
      const off = await distance(shown, rasterised);
      expect(off.mean).toBeLessThan(3);
      expect(off.share).toBeLessThan(0.03);
      await editor().getByRole('button', { name: 'Done' }).click();
      await editor().waitFor({ state: 'detached' });
    }
  });
});

describe('what a control of the scene offers', () => {
  /** Points at a control, waits until so many drawings have come, and makes a choice with the studio out of reach. */
  async function chosenUnreached(
    control: Locator,
    drawn: number,
    choose: () => Promise<unknown>,
  ): Promise<void> {
    let answers = 0;
    page.on('response', (response) => {
      if (response.url().endsWith('/command/sketch.preview')) answers += 1;
    });
    await control.hover();
    await expect.poll(() => answers).toBe(drawn);
    // An answer has to be decoded before it can be painted.
    await page.waitForTimeout(300);
    const before = await drawing();
    const asking = '**/command/sketch.{preview,restage}';
    await page.route(asking, (route) => route.abort());
    await choose();
    await expect.poll(drawing).not.toBe(before);
    await editor().locator('[data-sketch-saved="true"]').waitFor();
    await page.unroute(asking);
    const { shown, whole } = await bothDrawings('b0');
    expect(await distance(shown, whole)).toSatisfy(({ mean, share }: Distance) => mean < 1 && share < 0.003);
  }

  test('is drawn before it is chosen, and seen without asking the studio', async () => {
    await openSketches(page, ['Three dogs and a cat play in the park in the rain.']);
    await page.locator('[data-picture-block="b0"]').dblclick();
    await drawing();
    await editor().locator('[data-place] img').first().waitFor();
    const time = editor().getByLabel('Time', { exact: true });
    await chosenUnreached(time, 3, () => time.selectOption('night'));
    expect((await scene()).time).toBe('night');
    const forest = editor().locator('[data-place="forest"]');
    await chosenUnreached(forest, 1, () => forest.click());
    expect((await scene()).place).toBe('forest');
    await editor().getByRole('button', { name: 'Done' }).click();
    await editor().waitFor({ state: 'detached' });
  });
});

describe('a sketch edited with keys alone', () => {
  test('everything the pointer can do', async () => {
    await openSketches(page, ['A dog chases a cat in the park.']);
    await page.locator('[data-picture-block="b0"]').focus();
    await page.keyboard.press('e');
    await drawing();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    // From the list back to the picture, whose figures have names.
    const name = /^(dog|cat).*, \d of 2 from the front$/;
    for (let tab = 0; tab < 25 && !name.test(await focused()); tab++) await page.keyboard.press('Tab');
    expect(await focused()).toMatch(name);
    const before = await scene();
    const id = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['figure']!);
    const moved = await oneEdit(async () => {
      for (let press = 0; press < 3; press++) await page.keyboard.press('Shift+ArrowRight');
    });
    expect(figure(moved, id).x).toBeCloseTo(Math.min(1.1, figure(before, id).x + 0.15), 3);
    expect(figure(await oneEdit(() => page.keyboard.press('+')), id).height).toBeGreaterThan(
      figure(before, id).height,
    );
    expect(figure(await oneEdit(() => page.keyboard.press('.')), id).rotation).toBe(5);
    expect(figure(await oneEdit(() => page.keyboard.press('f')), id).flip).toBe(!figure(before, id).flip);
    const order = (of: Scene) => of.figures.toSorted((a, b) => a.depth - b.depth).map((one) => one.id);
    const at = order(before).indexOf(id);
    const reordered = await oneEdit(() => page.keyboard.press(at === 0 ? 'PageUp' : 'PageDown'));
    expect(order(reordered).indexOf(id)).toBe(1 - at);

    await page.keyboard.press('r');
    await page.keyboard.type('oso');
    await expect
      .poll(() => editor().getByRole('status').allInnerTexts())
      .toContainEqual(expect.stringMatching(/figures? found/));
    const replaced = await oneEdit(() => page.keyboard.press('Enter'));
    expect(figure(replaced, id)).toMatchObject({ icon: 'bear', word: 'oso' });
    // The focus is on the figure's row in the list now.
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['figureRow'])).toBe(id);
    const nearer = order(replaced).indexOf(id) === 0;
    const behind = await oneEdit(() => page.keyboard.press(nearer ? 'Alt+ArrowUp' : 'Alt+ArrowDown'));
    expect(order(behind)).not.toEqual(order(replaced));
    expect((await oneEdit(() => page.keyboard.press('Control+d'))).figures.length).toBe(3);
    expect((await oneEdit(() => page.keyboard.press('Delete'))).figures.length).toBe(2);
    // Undo takes back the whole row of moves at once.
    for (let step = 0; step < 9; step++) await oneEdit(() => page.keyboard.press('Control+z'));
    expect(await scene()).toEqual(before);
    await page.keyboard.press('Escape');
    if (await editor().isVisible()) await page.keyboard.press('Escape');
    await editor().waitFor({ state: 'detached' });
    await expect
      .poll(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset['pictureBlock']))
      .toBe('b0');
  });
});

describe('the cast', () => {
  test('is given a look once, and every sketch obeys', async () => {
    await openSketches(
      page,
      ['Mira walks in the forest.', 'ميرا والكلب على الشاطئ.', 'A dog alone.'],
      [{ id: 'mira', name: 'Mira', look: 'a girl' }],
    );
    const before = await story();
    const member = page.locator('[data-cast="mira"]');
    await member.getByRole('button', { name: /^Figure of Mira: girl/ }).waitFor();
    await member.getByLabel('How Mira looks').fill('a robot with a top hat');
    await member.getByRole('button', { name: 'Figure of Mira: robot' }).waitFor();
    await member.getByText('2 sketches still show Mira otherwise.').waitFor();
    await saved(page);
    const changed = await story();
    await oneEdit(() => member.getByRole('button', { name: 'Redraw 2 sketches' }).click());
    for (const id of ['b0', 'b1']) {
      const icons = (await scene(id)).figures.map(({ icon }) => icon);
      expect(icons).toContain('robot');
      expect(icons).toContain('top-hat');
    }
    expect(await block('b2')).toEqual(
      changed.panels.flatMap((panel) => panel.blocks).find(({ id }) => id === 'b2'),
    );
    await member.getByText('still show Mira otherwise').waitFor({ state: 'detached' });

    // A sketch made from now on.
    const { scene: fresh } = await ask(page, 'sketch.draw', { text: 'ミラは海にいる。', story: before.id });
    expect(figure(fresh, /robot/).cast).toBe('mira');

    await page.getByRole('button', { name: /^Undo/ }).first().click();
    await expect.poll(async () => JSON.stringify(await story())).toBe(JSON.stringify(changed));
    await page.getByRole('button', { name: /^Undo/ }).first().click();
    await expect.poll(async () => JSON.stringify(await story())).toBe(JSON.stringify(before));
  });

  test('a figure and a colour can be chosen by hand', async () => {
    const member = page.locator('[data-cast="mira"]');
    await member.getByRole('button', { name: /^Figure of Mira/ }).click();
    const dialog = page.getByRole('dialog', { name: 'A figure for Mira' });
    await dialog.getByLabel('Search figures').fill('zorro');
    await dialog.getByRole('button', { name: 'fox', exact: true }).click();
    await member.getByRole('button', { name: 'Figure of Mira: fox' }).waitFor();
    const picture = member.locator('img');
    const plain = await picture.getAttribute('src');
    await member.getByLabel('Colour of Mira').fill('120');
    await expect.poll(() => picture.getAttribute('src')).not.toBe(plain);
    await saved(page);
    expect((await story()).cast[0]).toMatchObject({ icon: 'fox', hue: 120 });
  });

  test('all of it without an error in the page or a request to another machine', () => {
    expect(browser.problems).toEqual([]);
    expect(browser.strangers).toEqual([]);
  });
});
