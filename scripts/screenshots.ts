import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser, startStudio } from '../tests/fixtures/browser.ts';
import { root } from '../tests/fixtures/built.ts';
import { translate, type Language, type MessageKey } from '../src/shared/messages.ts';
import { teach } from './taste.ts';
import { addFolder, ask, importOutline, jobEnded, picturesShown, saved } from '../tests/e2e/steps.ts';

/**
 * `npm run screenshots [-- FOLDER]`: takes pictures of every view, light, dark and in Arabic, on the bundled sample
 * pictures, into docs/images/ or the folder given. Views are found by what they are and not by what they say, so that
 * every language goes the same way.
 */

const outline = `---
author: A. Sailor
cast:
  - name: Mika
    look: a small orange cat
---

# The lighthouse cat

A small orange cat sits on a rock beside the sea at dawn, and waits for the boats.

Two sailboats come home across the bay at sunset.

Then the storm comes. Rain falls on the lighthouse, and the lamp is dark.

A girl with an umbrella runs through the city in the rain.

Far out, a red boat finds its way home at night.

Stars over the harbour. The cat sleeps in front of the house.
`;

const arabicOutline = `# قطة المنارة

قطة برتقالية صغيرة تجلس على صخرة بجانب البحر عند الفجر.

مركبان شراعيان يعودان إلى الخليج عند الغروب.

تأتي العاصفة، ويسقط المطر على المنارة.

بنت تحمل مظلة تركض في المدينة تحت المطر.

قارب أحمر يجد طريقه إلى البيت في الليل.

نجوم فوق الميناء. تنام القطة أمام البيت.
`;

const folder = process.argv[2] ?? join(root, 'docs', 'images');

/** The pictures that could not be taken, and why. */
const missed: string[] = [];

async function take(page: Page, name: string): Promise<void> {
  // Pictures decode off the main thread: wait until every one in sight has its pixels.
  await page.evaluate(() =>
    Promise.all(Array.from(document.images, (image) => image.decode().catch(() => undefined))),
  );
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  const file = join(folder, `${name}.png`);
  await sharp(await page.screenshot())
    .png({ palette: true, quality: 80, effort: 10 })
    .toFile(file);
  console.log(file);
}

await mkdir(folder, { recursive: true });
const studio = await startStudio();
// The pictures show where they were imported from: a place without this checkout's path in it.
const samples = join(tmpdir(), 'Sample pictures');
await cp(join(root, 'resources', 'samples'), samples, { recursive: true });
const count = (await readdir(samples)).filter((name) => name.endsWith('.png')).length;

async function fill(page: Page): Promise<void> {
  await addFolder(page, samples);
  await jobEnded(page, /^Import/);
  await page.waitForFunction(
    (expected) => document.querySelectorAll('[data-asset]').length >= expected,
    Math.min(count, 6),
  );
  await page.getByRole('button', { name: 'Caption…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await jobEnded(page, /^Caption/);
  for (const text of [arabicOutline, outline]) {
    await importOutline(page, text);
    await page.getByRole('button', { name: 'Illustrate all' }).click();
    await jobEnded(page, /^Illustrate/);
    await saved(page);
    // The first panel as a person would have it: the drawing, whatever was suggested.
    await page.locator('[data-picture-block]').first().click();
    await page
      .getByRole('button', { name: /^Version \d+: sketched/ })
      .first()
      .click();
    await saved(page);
  }
}

/** Runs a command by its English title, which the palette finds in every language. */
async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.locator('[aria-controls="palette-list"]').waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await page.locator('[aria-controls="palette-list"]').waitFor({ state: 'detached' });
}

/** Goes through every view and dialog. */
async function walk(page: Page, language: Language, suffix: string): Promise<void> {
  const dialog = page.locator('dialog[open]');
  const { origin } = new URL(page.url());
  const name = (view: string): string => view + suffix;
  const say = (key: MessageKey): string => translate(language, key);
  const words = language === 'ar' ? 'قوارب في البحر' : 'boats on the water';

  /** One picture: what cannot be reached is reported, and the others are taken all the same. */
  const view = async (what: string, steps: () => Promise<void>): Promise<void> => {
    try {
      await steps();
      await take(page, name(what));
    } catch (error) {
      missed.push(`${name(what)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const closeAll = async (): Promise<void> => {
    for (let tries = 0; tries < 4 && (await dialog.count()) > 0; tries++) {
      await page.keyboard.press('Escape');
      await page.waitForTimeout(200);
    }
  };
  const box = (what: string, title: string, ready?: () => Promise<void>): Promise<void> =>
    view(what, async () => {
      await command(page, title);
      await dialog.waitFor();
      await ready?.();
    }).finally(closeAll);
  const story = async (): Promise<void> => {
    await page.goto(`${origin}/#/stories`);
    const title = language === 'ar' ? 'قطة المنارة' : 'The lighthouse cat';
    await page.locator('main li a').filter({ hasText: title }).first().click();
    await page.locator('[data-panel-handle]').first().waitFor();
  };

  await view('library', async () => {
    await page.goto(`${origin}/#/library`);
    while ((await picturesShown(page)) < 6) await page.waitForTimeout(100);
    const pictures = page.locator('[data-asset]');
    const liked = pictures.filter({ hasText: 'beach' });
    await ((await liked.count()) > 0 ? liked : pictures).first().click();
    await page.locator('aside img').first().waitFor();
    await page.locator('.pyramid .layer-1 button').waitFor();
  });
  await view('words', async () => {
    const chip = page.locator('.pyramid .layer-1 button');
    await chip.waitFor({ timeout: 20_000 }).catch(() => undefined);
    if ((await chip.count()) > 0) await chip.focus();
    await page.waitForTimeout(300);
  });
  await view('look', async () => {
    await page.getByRole('button', { name: say('suggest.showRegions') }).click();
    await page.locator('.parts .folded').first().waitFor();
  });
  await page
    .getByRole('button', { name: say('suggest.hideRegions') })
    .click({ timeout: 5000 })
    .catch(() => undefined);
  await view('large', async () => {
    await page.locator('[data-asset]').nth(2).dblclick();
    await page.getByRole('button', { name: say('library.closeLarge') }).waitFor();
  });
  await page.keyboard.press('Escape');
  await view('search', async () => {
    await page.getByLabel(say('library.searchLabel'), { exact: true }).fill(words);
    await page.getByText(words).first().waitFor();
    await page.waitForTimeout(1500);
  });
  /** Asks for all pictures to be captioned: each of them has a caption by now. */
  const captionAll = async (): Promise<void> => {
    await dialog.locator('input[value="all"]').check();
    await dialog.locator('input[value="overwrite"]').check();
  };
  const previewed = async (): Promise<void> => {
    await page.getByRole('button', { name: say('library.previewShow') }).click();
    await page.locator('[data-preview-after]').nth(3).waitFor({ timeout: 60_000 });
  };
  await box('caption', 'caption pictures', async () => {
    await captionAll();
    await dialog.locator('select').first().selectOption('5');
    await previewed();
  });
  await box('style', 'caption pictures', async () => {
    await captionAll();
    await page.getByLabel(say('style.own')).check();
    await page
      .getByLabel(say('style.examples'))
      .fill(
        'Today I saw a horse galloping along the shore.\nThis morning I watched two children feeding ducks.\nLater I saw an old man reading on a bench.',
      );
    await previewed();
  });
  await box('labels', 'label pictures', async () => {
    await page.getByLabel(say('labels.name')).fill('beach');
    await page.getByRole('button', { name: say('labels.begin') }).click();
    for (const key of ['y', 'y', 'n']) {
      await page.locator('.asked button.primary:enabled').waitFor();
      await page.keyboard.press(key);
      await page.waitForTimeout(600);
    }
    await page.locator('.asked button.primary:enabled').waitFor();
  });
  await box('replace', 'find and replace', async () => {
    await page.getByLabel(say('library.find'), { exact: true }).fill('man');
    await page.getByLabel(say('library.replaceWith')).fill('person');
    await page.getByLabel(say('library.wholeWords')).check();
    await page.locator('ins').first().waitFor();
  });
  await box('write-captions', 'write captions to files');
  await view('review', async () => {
    await command(page, 'review captions');
    await dialog.getByRole('button', { name: say('library.reviewStart') }).click();
    await page.locator('[data-review-caption]').waitFor();
  });
  await closeAll();
  await view('stories', async () => {
    await page.goto(`${origin}/#/stories`);
    await page.locator('main li a').first().waitFor();
  });
  await view('story-settings', story);
  await view('panel', async () => {
    await page.locator('[data-panel-handle]').nth(1).click();
  });
  await view('suggest', async () => {
    await page.keyboard.press('g');
    // A pack signs what it suggests; of a language that it does not know it says so, unsigned.
    if (language === 'en')
      await page
        .getByText(/writer@/)
        .first()
        .waitFor();
    else await page.waitForTimeout(3000);
  });
  await page.keyboard.press('Escape');
  await view('story', async () => {
    await page.locator('[data-picture-block]').nth(1).click();
    await page.locator('aside img').first().waitFor();
    await page.locator('.pyramid .layer-1 button').waitFor();
  });
  await view('script', async () => {
    await command(page, 'view the story as a script');
  });
  await view('play', async () => {
    await command(page, 'play the story from the start');
    await page.locator('[data-playing]').waitFor();
    // The controls show while the pointer moves.
    await page.waitForTimeout(600);
  });
  await page.keyboard.press('Escape');
  await command(page, 'view the story as a board').catch(() => undefined);
  // The first panel's picture is a sketch, whatever was suggested for the others.
  await view('sketch', async () => {
    await page.locator('[data-picture-block]').first().click();
    await page.keyboard.press('e');
    await page.locator('[data-place] img').first().waitFor();
    await page.locator('[data-sketch-picture][data-painting]').waitFor();
    await page.locator('[data-figure-row]').first().click();
  });
  await view('sketch-search', async () => {
    await page.getByRole('button', { name: say('sketch.addShort') }).click();
    await page.getByLabel(say('sketch.search')).fill(language === 'ar' ? 'قمر' : 'gato');
    await page.locator('.search li').first().waitFor();
  });
  await page
    .getByRole('button', { name: say('sketch.done') })
    .click()
    .catch(() => undefined);
  await closeAll();
  await view('match', async () => {
    await page.locator('[data-picture-block]').nth(1).click();
    await page.keyboard.press('m');
    await dialog.locator('[data-candidate]').nth(3).waitFor();
    await page.waitForFunction(() => document.querySelector('#match-form [aria-busy="true"]') === null);
  });
  await closeAll();
  await view('mix', async () => {
    await page.locator('[data-picture-block]').first().click();
    await page.keyboard.press('Control+Shift+M');
    await dialog
      .locator('#mix-text')
      .fill(language === 'ar' ? 'ليلا، مع قارب على اليسار' : 'the same at night, add a boat on the left');
    await page.keyboard.press('Enter');
    await dialog.locator('[data-mix-found]').first().waitFor();
    await page.waitForFunction(() => document.querySelector('dialog [aria-busy="true"]') === null);
  });
  await closeAll();
  await view('compare', async () => {
    await page
      .locator(`aside button[title="${say('match.compare')}"]`)
      .first()
      .click();
    await dialog.waitFor();
  });
  await closeAll();
  await box('export', 'export', () =>
    page.locator('[data-preview][aria-busy="false"] [data-page="1"] img').waitFor(),
  );
  await box('settings', 'settings', () => page.locator('[data-lessons]').waitFor());
  await box('lessons', 'settings', async () => {
    await page.locator('[data-lessons]').waitFor();
    await dialog.getByRole('button', { name: say('decide.every') }).scrollIntoViewIfNeeded();
  });
  await box('keys', 'keys');
  await box('jobs', 'show all jobs');
  await view('palette', async () => {
    await page.keyboard.press('Control+k');
    await dialog.waitFor();
  });
  await closeAll();
}

try {
  for (const [colorScheme, language, suffix] of [
    ['light', 'en', ''],
    ['dark', 'en', '-dark'],
    ['light', 'ar', '-ar'],
  ] as const) {
    const { page, close } = await openBrowser({ colorScheme });
    page.setDefaultTimeout(20_000);
    await page.goto(studio.url);
    if (suffix === '') {
      await page.getByRole('heading', { name: 'Start with a folder' }).waitFor();
      await take(page, 'empty');
      await page.getByRole('button', { name: 'Add pictures' }).first().click();
      await take(page, 'import');
      await page.keyboard.press('Escape');
      await fill(page);
      await teach(page);
    }
    await ask(page, 'settings.set', { settings: { language } });
    await page.locator(`html[lang="${language}"]`).waitFor();
    await walk(page, language, suffix);
    await ask(page, 'settings.set', { settings: { language: 'system' } });
    await close();
  }

  const { page, close } = await openBrowser({ width: 820, height: 1180 });
  await page.goto(studio.url);
  await page.goto(`${new URL(page.url()).origin}/#/stories`);
  await page.locator('main li a').first().click();
  await page.locator('[data-panel-handle]').first().click();
  await take(page, 'tablet');
  await page.getByRole('button', { name: 'Show the inspector' }).click();
  await take(page, 'tablet-inspector');
  await close();
} finally {
  await studio.stop();
  await rm(samples, { recursive: true, force: true });
}
if (missed.length > 0) {
  console.error(`Not taken:\n${missed.join('\n')}`);
  process.exitCode = 1;
}
