import { createRequire } from 'node:module';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  launchBrowser,
  openBrowser,
  type BrowserOptions,
  type OpenBrowser,
  type RunningStudio,
} from '../fixtures/browser.ts';
import { translate, type Language } from '../../src/shared/messages.ts';
import { writePictures } from '../fixtures/pictures.ts';
import {
  ask,
  importOutline,
  importPictures,
  openWindow,
  picturesShown,
  saved,
  storyAsSaved,
  type OpenWindow,
} from './steps.ts';

/** The window for people who use a keyboard, a screen reader, a dark screen or a small one. */

const outline = `# A day at the sea

A small grey cat sits beside a red boat.

القطة تنظر إلى البحر في الليل.

猫は港に帰ります。
`;

// A real studio, its models and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let browser: Browser;
let opened: OpenWindow;
let studio: RunningStudio;
let folder: string;
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'fabula-pictures-'));
  await writePictures(folder, ['one.jpg', 'two.jpg', 'three.jpg', 'four.jpg']);
  browser = await launchBrowser();
  opened = await openWindow({ within: browser });
  const { page } = opened;
  await importPictures(page, [folder]);
  const { story: made } = await ask(page, 'stories.importOutline', { markdown: outline });
  // The first panel gets a sketch, to be edited.
  const { story, revision } = made;
  const { asset, scene } = await ask(page, 'sketch.draw', { text: 'A cat beside a boat', seed: 3 });
  const version = { id: 'v1', asset, source: 'sketched' as const, createdAt: story.createdAt, scene };
  const before = { ...version, id: 'v0', source: 'imported' as const };
  await ask(page, 'stories.edit', {
    story: story.id,
    revision,
    label: 'Add picture',
    edit: {
      type: 'insert-block',
      panel: story.panels[0]!.id,
      index: 0,
      block: { id: 'i1', type: 'image', caption: '', current: version.id, versions: [before, version] },
    },
  });
  // Each test has a profile of its own.
  await opened.browser.close();
  studio = opened.studio;
});

afterAll(async () => {
  await browser?.close();
  await opened?.studio.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What axe finds that keeps people out, in words that name the elements. Only contrast depends on the colours. */
async function barriers(page: Page, rules: 'all' | 'contrast'): Promise<string[]> {
  // Through the debugger, which the page's content security policy does not bind.
  const session = await page.context().newCDPSession(page);
  const there = await session.send('Runtime.evaluate', { expression: "typeof axe === 'object'" });
  if (there.result.value !== true) await session.send('Runtime.evaluate', { expression: axe });
  const options = {
    resultTypes: ['violations'],
    ...(rules === 'contrast' ? { runOnly: ['color-contrast'] } : {}),
  };
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, ${JSON.stringify(options)}).then((results) => JSON.stringify(results))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const { violations } = JSON.parse(result.value as string) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`.slice(0, 600)),
    );
}

/** Names what can be pressed or filled in and sticks out of the window, or a page that scrolls sideways. */
async function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : [];
    const top = document.querySelector('dialog[open]') ?? document.body;
    const out = [...top.querySelectorAll<HTMLElement>('button, a[href], input, select, textarea')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        if (width < 2 || (left >= -1 && right <= innerWidth + 1)) return false;
        // What lies in something that scrolls sideways can be brought into view.
        for (let around = element.parentElement; around; around = around.parentElement) {
          const { overflowX } = getComputedStyle(around);
          if (/auto|scroll/.test(overflowX) && around.scrollWidth > around.clientWidth) return false;
        }
        return true;
      });
    return [...wide, ...out.map((element) => element.outerHTML.slice(0, 160))];
  });
}

/**
 * Names what is cut off sideways by what it lies in, and what lies over something else: of all that can be pressed,
 * filled in, looked at or read. Text that ends in dots of its own accord is not cut off.
 */
async function cropped(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const top = document.querySelector('dialog[open]') ?? document.body;
    const shown = (element: Element): boolean =>
      element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
      element.closest('.unseen') === null;
    const nameOf = (element: Element): string => element.outerHTML.slice(0, 120);
    const around = (element: Element): Element[] => {
      const list: Element[] = [];
      for (let one = element.parentElement; one && top.contains(one); one = one.parentElement) list.push(one);
      return list;
    };
    const clips = (element: Element): boolean => getComputedStyle(element).overflowX !== 'visible';
    /** A list that is there to be scrolled sideways, such as that of the places. */
    const sideways = (element: Element): boolean => {
      const { display, flexWrap, overflowX } = getComputedStyle(element);
      return overflowX === 'auto' && flexWrap === 'nowrap' && display === 'flex';
    };
    const dotted = (element: Element): boolean => {
      const { textOverflow, webkitLineClamp } = getComputedStyle(element);
      return textOverflow === 'ellipsis' || webkitLineClamp !== 'none';
    };
    const cut = (box: DOMRect, holders: Element[]): boolean => {
      const holder = holders.find(clips);
      if (!holder || dotted(holder) || sideways(holder) || box.width < 2) return false;
      const { left, right } = holder.getBoundingClientRect();
      return box.left < left - 1 || box.right > right + 1;
    };

    const found: string[] = [];
    const controls = [...top.querySelectorAll('button, a[href], input, select, textarea, img')].filter(shown);
    for (const one of controls) {
      if (cut(one.getBoundingClientRect(), around(one))) found.push(`cut off: ${nameOf(one)}`);
    }
    const texts = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const parent = text.parentElement!;
      if (text.textContent!.trim() === '' || parent.matches('option, textarea, style') || !shown(parent))
        continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      if (cut(range.getBoundingClientRect(), [parent, ...around(parent)])) {
        found.push(`cut off: “${text.textContent!.trim()}”`);
      }
    }

    /** The part of an element that can be seen, or null for one that floats over others on purpose. */
    const seen = (element: Element): DOMRect | null => {
      let { left, right, top: up, bottom } = element.getBoundingClientRect();
      for (const one of [element, ...around(element)]) {
        if (/absolute|fixed|sticky/.test(getComputedStyle(one).position) && one !== top) return null;
        if (one === element || !clips(one)) continue;
        const box = one.getBoundingClientRect();
        [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
        [up, bottom] = [Math.max(up, box.top), Math.min(bottom, box.bottom)];
      }
      return right - left > 2 && bottom - up > 2 ? new DOMRect(left, up, right - left, bottom - up) : null;
    };
    const boxes = controls.flatMap((one) => {
      const box = seen(one);
      return box ? [{ one, box }] : [];
    });
    for (const [at, { one, box }] of boxes.entries()) {
      for (const { one: other, box: its } of boxes.slice(at + 1)) {
        const wide = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const high = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        if (wide > 2 && high > 2 && !one.contains(other) && !other.contains(one)) {
          found.push(`over each other: ${nameOf(one)} and ${nameOf(other)}`);
        }
      }
    }
    return found;
  });
}

/** Pixels that the page is too wide for the window. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** A window with a profile of its own. */
function freshWindow(options: BrowserOptions = {}): Promise<OpenBrowser> {
  return openBrowser({ ...options, within: browser });
}

/** Opens the studio in a window of its own. */
async function visit(options: BrowserOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, close } = await freshWindow(options);
  try {
    await page.goto(studio.url);
    await look(page);
  } finally {
    await close();
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

/** Opens every view and dialog of the window, whatever language it speaks, and lets `look` see each. */
async function walk(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const dialog = page.locator('dialog[open]');
  const behind = async (name: string, words: string, ready?: string): Promise<void> => {
    await command(page, words);
    await inDialog(name, ready);
  };
  const inDialog = async (name: string, ready?: string): Promise<void> => {
    await dialog.waitFor();
    if (ready) await dialog.locator(ready).first().waitFor();
    await look(name);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  await page.goto(`${new URL(page.url()).origin}/#/library`);
  await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
  await page.locator('[data-asset]').first().click();
  await look('library');
  await behind('add pictures', 'add pictures');
  await behind('caption pictures', 'caption pictures');
  await behind('label pictures', 'label pictures');
  await behind('find and replace', 'find and replace');
  await behind('write captions', 'write captions to files');
  await behind('settings', 'settings');
  await behind('doctor', 'what works on this machine', 'li');
  await behind('keys', 'keys');
  await behind('outline', 'import an outline');
  await behind('jobs', 'show all jobs');
  await page.keyboard.press('Control+k');
  await look('palette');
  await page.keyboard.press('Escape');

  await command(page, 'go to the stories');
  await look('stories');
  await page.locator('main li a').first().click();
  await page.locator('[data-panel-handle]').first().waitFor();
  await look('board');
  await page.locator('[data-panel-handle]').first().click();
  await look('panel');
  await behind('match', 'match a picture', '[role="radio"], input[type="radio"]');
  await behind('choices', 'pictures taken and refused');
  await behind('export', 'export');
  await page.locator('[data-picture-block]').first().click();
  await look('picture of a panel');
  await page.locator('aside li .button.icon').click();
  await inDialog('compare');
  await behind('mix', 'mix the picture with words', '#mix-text');
  await command(page, 'edit the sketch');
  await page.locator('svg [data-figure], [data-figure]').first().waitFor();
  await look('sketch editor');
  await page.keyboard.press('Escape');
  await page.locator('[data-panel-handle]').first().waitFor();
  await command(page, 'view the story as a script');
  await look('script');
  await command(page, 'play the story from the start');
  await page.locator('[data-playing]').waitFor();
  await look('play');
  await page.keyboard.press('Escape');
  await command(page, 'view the story as a board');
  await page.goto(`${new URL(page.url()).origin}/#/library/review`);
  await page.getByRole('heading').first().waitFor();
  await look('review');
}

/** What `find` finds in every view and dialog of a window in a language, and what went wrong in its page. */
async function wrong(
  options: BrowserOptions,
  language: Language,
  find: (page: Page) => Promise<string[]>,
): Promise<Record<string, string[]>> {
  const { page, problems, close } = await freshWindow(options);
  const found: Record<string, string[]> = {};
  try {
    await page.goto(studio.url);
    await page.locator('[data-asset]').first().waitFor();
    await ask(page, 'settings.set', { settings: { language } });
    await page.locator(`html[lang="${language}"]`).waitFor();
    await walk(page, async (name) => {
      const list = await find(page);
      if (list.length > 0) found[name] = list;
    });
    return problems.length === 0 ? found : { ...found, problems };
  } finally {
    await ask(page, 'settings.set', { settings: { language: 'system' } });
    await close();
  }
}

describe('axe finds nothing serious', () => {
  test('before there is anything', async () => {
    const { page, close } = await openWindow({ within: browser });
    try {
      await page.getByRole('heading', { name: 'Start with a folder' }).waitFor();
      expect(await barriers(page, 'all')).toEqual([]);
      await page.getByRole('link', { name: 'Stories', exact: true }).click();
      await page.getByRole('heading', { name: 'Tell your first story' }).waitFor();
      expect(await barriers(page, 'all')).toEqual([]);
    } finally {
      await close();
    }
  });

  test.each([
    ['light', 'en', 'all'],
    ['dark', 'en', 'contrast'],
    ['light', 'ar', 'all'],
  ] as const)('in any view or dialog: %s, %s', async (colorScheme, language, rules) => {
    expect(await wrong({ colorScheme }, language, (page) => barriers(page, rules))).toEqual({});
  });
});

test.each(['es', 'ar', 'ms'] as const)(
  'in the smallest window, where words are long (%s), nothing is cut off or lies over anything else',
  async (language) => {
    expect(await wrong({ width: 900, height: 640 }, language, cropped)).toEqual({});
  },
);

describe('settings', () => {
  test('every window follows a change of language and theme, and the next one opens with it at once', async () => {
    const { page, context, close } = await freshWindow({ colorScheme: 'light' });
    try {
      await page.goto(studio.url);
      await page.locator('[data-asset]').first().waitFor();
      const other = await context.newPage();
      await other.goto(page.url());
      await other.locator('[data-asset]').first().waitFor();

      await page.keyboard.press('Control+,');
      const dialog = page.getByRole('dialog', { name: 'Settings' });
      await dialog.getByRole('radio', { name: 'Dark' }).check();
      await dialog.getByLabel('Language').selectOption('ar');
      for (const window of [page, other]) {
        await window.locator('html[lang="ar"][dir="rtl"][data-theme="dark"]').waitFor();
        await window.getByRole('link', { name: translate('ar', 'app.stories'), exact: true }).waitFor({
          state: window === other ? 'visible' : 'attached',
        });
      }
      // Mirrored: the places are on the right, the inspector on the left.
      const places = await other.getByRole('navigation').first().boundingBox();
      const inspector = await other.getByRole('complementary').last().boundingBox();
      expect(places?.x).toBeGreaterThan(inspector?.x ?? Infinity);
      expect(await overflow(other)).toBe(0);

      // What is painted first has the theme, before any of the window's code has come.
      await other.route('**/assets/*.js', (route) => route.abort());
      await other.reload();
      expect(await other.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
      await other.close();
    } finally {
      await ask(page, 'settings.set', { settings: { language: 'system', theme: 'system' } });
      await close();
    }
  });

  test('in Arabic the keys follow the direction of reading', async () => {
    const { page, close } = await freshWindow();
    try {
      await page.goto(studio.url);
      await importOutline(page, '# Keys\n\nOne.\n\nTwo.\n\nThree.');
      await ask(page, 'settings.set', { settings: { language: 'ar' } });
      await page.locator('html[dir="rtl"]').waitFor();
      await page.locator('[data-panel-handle]').first().click();
      await page.keyboard.press('ArrowLeft');
      const second = (await storyAsSaved(page)).story.panels[1]!.id;
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-panel-handle')))
        .toBe(second);
      await page.keyboard.press('Alt+ArrowLeft');
      await expect
        .poll(async () => (await storyAsSaved(page)).story.panels.map(({ id }) => id).indexOf(second))
        .toBe(2);
    } finally {
      await ask(page, 'settings.set', { settings: { language: 'system' } });
      await close();
    }
  });
});

test('on a tablet held upright the panels are drawers, and nothing is cut off', () =>
  visit({ width: 820, height: 1180 }, async (page) => {
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
    expect(await overflow(page)).toBe(0);
    await page.locator('[data-asset]').first().click();
    const inspector = page.getByRole('dialog', { name: 'Inspector' });
    expect(await inspector.count()).toBe(0);
    const show = page.getByRole('button', { name: 'Show the inspector' });
    await show.click();
    await inspector.getByRole('textbox', { name: 'Caption' }).fill('Seen on a tablet.');
    expect(await barriers(page, 'all')).toEqual([]);
    // Tab goes round in the drawer, in both directions, and never to what lies under it.
    const inside = (): Promise<boolean> =>
      inspector.evaluate((drawer) => drawer.contains(document.activeElement));
    const place = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200) ?? '');
    const start = await place();
    for (const key of ['Tab', 'Shift+Tab']) {
      let steps = 0;
      do {
        await page.keyboard.press(key);
        steps += 1;
        expect(await inside()).toBe(true);
      } while ((await place()) !== start && steps < 60);
      expect(steps).toBeGreaterThan(1);
      expect(steps).toBeLessThan(60);
    }
    await inspector.getByRole('heading').first().click();
    await page.keyboard.press('Escape');
    await inspector.waitFor({ state: 'detached' });
    expect(await show.evaluate((button) => button === document.activeElement)).toBe(true);

    await page.getByRole('button', { name: 'Show the sidebar' }).click();
    const sidebar = page.getByRole('dialog', { name: 'Sidebar' });
    await sidebar.getByRole('link', { name: 'Stories', exact: true }).click();
    // Going somewhere closes the drawer over it.
    await sidebar.waitFor({ state: 'detached' });
    await page.locator('main li a').first().click();
    await page.locator('[data-panel-handle]').first().waitFor();
    expect(await overflow(page)).toBe(0);
  }));

test('enlarged to 200 % on a small screen, every view and dialog can be reached and nothing is cut off', () =>
  // A page of 1280 × 800 enlarged twice has room for half as much each way.
  visit({ width: 640, height: 400 }, async (page) => {
    for (const view of ['library', 'stories', 'library/review']) {
      await page.goto(`${new URL(page.url()).origin}/#/${view}`);
      await page.getByRole('heading').first().waitFor();
      expect(await outside(page), view).toEqual([]);
    }
    await page.goto(`${new URL(page.url()).origin}/#/library`);
    await page.locator('[data-asset]').first().waitFor();
    for (const words of [
      'add pictures',
      'caption pictures',
      'find and replace',
      'settings',
      'show all jobs',
    ]) {
      await command(page, words);
      const dialog = page.locator('dialog[open]');
      await dialog.waitFor();
      expect(await outside(page), words).toEqual([]);
      // Its last button can be brought into view.
      await dialog.getByRole('button').last().scrollIntoViewIfNeeded();
      const box = (await dialog.getByRole('button').last().boundingBox())!;
      expect(box.y + box.height, words).toBeLessThanOrEqual(400);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
    await page.goto(`${new URL(page.url()).origin}/#/stories`);
    await page.locator('main li a').first().click();
    await page.locator('[data-panel-handle]').first().waitFor();
    expect(await outside(page), 'board').toEqual([]);
  }));

test('in the colours of the system, what is chosen and what has the focus can still be seen', async () => {
  const { page, close } = await freshWindow();
  try {
    await page.emulateMedia({ forcedColors: 'active' });
    await page.goto(studio.url);
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
    const outline = (selector: string): Promise<string> =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => `${getComputedStyle(element).outlineStyle} ${element.clientWidth > 0}`);
    await page.locator('[data-asset]').first().click();
    expect(await outline('[data-asset][aria-selected="true"]')).toBe('solid true');
    expect(await outline('[data-asset][aria-selected="false"]')).toBe('none true');
    await page.keyboard.press('Tab');
    expect(await outline(':focus-visible')).toBe('solid true');
    expect(await outline('[aria-current="page"]')).toBe('solid true');
    await command(page, 'caption pictures');
    await page.locator('dialog[open]').waitFor();
    expect(
      await page.locator('dialog[open]').evaluate((dialog) => getComputedStyle(dialog).borderStyle),
    ).toBe('solid');
    await page.keyboard.press('Escape');
  } finally {
    await close();
  }
});

test('side panels are as wide as they are dragged, fold away, and stay so', () =>
  visit({}, async (page) => {
    const edge = page.getByRole('separator', { name: 'Width: Inspector' });
    const before = Number(await edge.getAttribute('aria-valuenow'));
    await edge.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(Number(await edge.getAttribute('aria-valuenow'))).toBe(before + 32);
    const box = (await edge.boundingBox())!;
    await page.mouse.move(box.x + 2, box.y + 300);
    await page.mouse.down();
    await page.mouse.move(box.x - 58, box.y + 300, { steps: 4 });
    await page.mouse.up();
    expect(Number(await edge.getAttribute('aria-valuenow'))).toBe(before + 92);
    await page.keyboard.press('Control+b');
    await page.getByRole('button', { name: 'Show the sidebar' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Show the sidebar' }).waitFor();
    expect(Number(await edge.getAttribute('aria-valuenow'))).toBe(before + 92);
  }));

test('nothing jumps while a view loads', async () => {
  const { page, close } = await freshWindow();
  try {
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, hadRecentInput } = entry as PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
          };
          if (!hadRecentInput) shifts.push(value);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    const shifted = async (): Promise<number> =>
      page.evaluate(() =>
        (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, one) => sum + one, 0),
      );
    await page.goto(studio.url);
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
    expect(await shifted()).toBeLessThan(0.1);
    await page.goto(`${new URL(page.url()).origin}/#/stories`);
    await page.reload();
    await page.locator('main li a').first().waitFor();
    expect(await shifted()).toBeLessThan(0.1);
  } finally {
    await close();
  }
});

test('the main job can be done without a mouse', () =>
  visit({}, async (page) => {
    await page.getByRole('heading', { name: 'Library' }).waitFor();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('new story');
    await page.keyboard.press('Enter');
    await page.getByLabel('Title of the story').waitFor();
    await page.keyboard.press('n');
    await page.keyboard.type('A dog beside a tree.');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Shift+N');
    await page.keyboard.type('Before the dog.');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Alt+ArrowRight');
    await page.keyboard.press('d');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await saved(page);
    const texts = async (): Promise<unknown[]> =>
      (await storyAsSaved(page)).story.panels.map(
        (panel) => panel.blocks[0]?.type === 'text' && panel.blocks[0].text,
      );
    expect(await texts()).toEqual(['', 'A dog beside a tree.', 'Before the dog.', 'Before the dog.']);

    // The selection went two panels back from the copy: to the dog.
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'A picture for panel 2' });
    await dialog
      .getByText(/^(Suggested|No suggestion)/)
      .first()
      .waitFor();
    await dialog.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await saved(page);
    expect((await storyAsSaved(page)).undo).toMatch(/^Use /);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await storyAsSaved(page)).redo).toMatch(/^Use /);

    // The window hears of it a moment after the studio; until then Delete would mean the picture.
    await expect.poll(() => page.locator('[data-picture-block]').count()).toBe(0);
    await page.keyboard.press('Delete');
    await expect.poll(async () => (await texts()).length).toBe(3);
    await page.keyboard.press('Control+p');
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 60_000 }),
      page.getByRole('dialog', { name: 'Export' }).getByRole('radio').first().press('Enter'),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.pdf$/);
  }));

test('single letters are text where the person types', () =>
  visit({}, async (page) => {
    await page.getByLabel('Search the library').fill('');
    await page.getByLabel('Search the library').press('n');
    await page.getByLabel('Search the library').press('d');
    await page.getByLabel('Search the library').press('?');
    expect(await page.getByLabel('Search the library').inputValue()).toBe('nd?');
    expect(await page.getByRole('dialog').count()).toBe(0);
  }));

test('at 900 pixels nothing is cut off sideways', () =>
  visit({ width: 900, height: 640 }, async (page) => {
    await expect.poll(() => picturesShown(page)).toBeGreaterThan(3);
    expect(await overflow(page)).toBe(0);
    await importOutline(page, outline);
    expect(await overflow(page)).toBe(0);
    const inspector = await page.getByRole('complementary', { name: 'Inspector' }).boundingBox();
    for (const name of ['Illustrate all', 'Export']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox();
      expect(box && box.x + box.width).toBeLessThanOrEqual(inspector?.x ?? 0);
    }
  }));
