import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { drawPicture } from '../fixtures/pictures.ts';
import { lines, openPanels, panel, picture, sendPicture, sign, text } from './panels.ts';
import { ask, saved, storyAsSaved } from './steps.ts';

/** Panels and blocks on the board, with mouse, keys, clipboard and files, as they come to be saved. */

// A real studio and a browser share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
const assets: string[] = [];

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser({ width: 1360, height: 900 });
  page = browser.page;
  page.setDefaultTimeout(15_000);
  await page.goto(studio.url);
  await page.getByRole('heading', { name: 'Library' }).first().waitFor();
  for (let seed = 1; seed <= 4; seed++) assets.push(await sendPicture(page, seed));
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

const handle = (number: number): Locator => page.locator('[data-panel-handle]').nth(number - 1);
const card = (number: number): Locator => page.locator('[data-panel]').nth(number - 1);
const bar = (): Locator => page.getByRole('toolbar', { name: 'Selected panels' });

const five = (): ReturnType<typeof panel>[] => ['A', 'B', 'C', 'D', 'E'].map((words) => panel([text(words)]));

async function expectLines(expected: string[]): Promise<void> {
  await expect.poll(() => lines(page)).toEqual(expected);
}

/** Drags from the middle of one thing to a place on another, as a hand does: with a start, a way and an end. */
async function drag(from: Locator, to: Locator, at: { x: number; y: number }, look?: () => Promise<void>) {
  const start = (await from.boundingBox())!;
  const end = (await to.boundingBox())!;
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + start.width / 2 + 12, start.y + start.height / 2 + 12);
  await page.mouse.move(end.x + end.width * at.x, end.y + end.height * at.y, { steps: 3 });
  await look?.();
  await page.mouse.up();
}

describe('panels', () => {
  test('several are dragged at once to the line that shows where, as one step of undo', async () => {
    await openPanels(page, 'Dragged', five());
    await handle(1).click();
    await handle(2).click({ modifiers: ['Shift'] });
    await bar().getByText('2 panels selected').waitFor();
    await drag(handle(2), card(4), { x: 0.95, y: 0.3 }, async () => {
      await page.locator('[data-landing="gap"]').waitFor();
      await page.getByText('Move 2 panels here').waitFor();
    });
    await expectLines(['C', 'D', 'A', 'B', 'E']);
    expect(await bar().getByText('2 panels selected').isVisible()).toBe(true);
    await page.keyboard.press('Control+z');
    await expectLines(['A', 'B', 'C', 'D', 'E']);
    // An undo that takes the panel in work away leaves the keys with the one in its place.
    await handle(3).click();
    await page.keyboard.press('d');
    await expectLines(['A', 'B', 'C', 'C', 'D', 'E']);
    await page.keyboard.press('Control+z');
    await expectLines(['A', 'B', 'C', 'D', 'E']);
    await page.keyboard.press('Delete');
    await expectLines(['A', 'B', 'C', 'E']);
    await page.keyboard.press('Control+z');
    await expectLines(['A', 'B', 'C', 'D', 'E']);
  });

  test('Esc lets go of what is dragged and leaves all as it was', async () => {
    const start = (await handle(1).boundingBox())!;
    const end = (await card(3).boundingBox())!;
    await page.mouse.move(start.x + 5, start.y + 5);
    await page.mouse.down();
    await page.mouse.move(end.x + end.width - 5, end.y + 20, { steps: 3 });
    await page.locator('[data-landing]').waitFor();
    await page.keyboard.press('Escape');
    await page.mouse.up();
    expect(await page.locator('[data-landing]').count()).toBe(0);
    expect(await lines(page)).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  test('are chosen with Shift, Ctrl, arrows and Ctrl+A, and what is done is done to all of them', async () => {
    await openPanels(page, 'Chosen', five());
    await handle(1).click();
    await handle(3).click({ modifiers: ['Control'] });
    await bar().getByText('2 panels selected').waitFor();
    await bar().getByLabel('Seconds for each selected panel').fill('2.5');
    await expect
      .poll(async () => (await storyAsSaved(page)).story.panels.map(({ duration }) => duration))
      .toEqual([2.5, null, 2.5, null, null]);
    await bar().getByRole('button', { name: 'Duplicate' }).click();
    await expectLines(['A', 'B', 'C', 'A', 'C', 'D', 'E']);
    // The copies are selected now.
    await page.keyboard.press('Alt+ArrowRight');
    await expectLines(['A', 'B', 'C', 'D', 'A', 'C', 'E']);
    await bar().getByRole('button', { name: 'Move the selected panels' }).click();
    await page.getByRole('menuitem', { name: 'Move to the start' }).click();
    await expectLines(['A', 'C', 'A', 'B', 'C', 'D', 'E']);
    await page.keyboard.press('Delete');
    await expectLines(['A', 'B', 'C', 'D', 'E']);

    await handle(2).click();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await bar().getByText('3 panels selected').waitFor();
    await page.keyboard.press('Shift+ArrowLeft');
    await bar().getByText('2 panels selected').waitFor();
    await page.keyboard.press('Control+a');
    await bar().getByText('5 panels selected').waitFor();
    await page.keyboard.press('Escape');
    await bar().waitFor({ state: 'detached' });
  });

  test('are copied, cut and pasted within a story and into another', async () => {
    await openPanels(page, 'From', [
      panel([text('One'), picture(assets[0]!)], { dialogue: 'Hm.' }),
      panel([text('Two')]),
    ]);
    await handle(1).click();
    await page.keyboard.press('Control+c');
    await page.getByText('Copied one panel.').first().waitFor();
    await page.keyboard.press('Control+v');
    await expectLines([`One | ${sign(assets[0]!)}`, `One | ${sign(assets[0]!)}`, 'Two']);
    await page.keyboard.press('Control+x');
    await expectLines([`One | ${sign(assets[0]!)}`, 'Two']);

    await openPanels(page, 'To', [panel([text('There')])]);
    await handle(1).click();
    await page.keyboard.press('Control+v');
    await expectLines(['There', `One | ${sign(assets[0]!)}`]);
    expect((await storyAsSaved(page)).story.panels[1]!.dialogue).toBe('Hm.');
    // In a text the same clipboard is words.
    await page.getByLabel('Text of panel 1').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Control+z');
    await expectLines(['There']);
  });

  test('a pasted text with blank lines is offered as several panels', async () => {
    await openPanels(page, 'Pasted', [panel([text('First')])]);
    await handle(1).click();
    await paste({ 'text/plain': 'Eins.\r\n\r\nZwei.\r\n\r\nثلاثة' });
    await expectLines(['First', 'Eins.\n\nZwei.\n\nثلاثة']);
    await page.getByRole('button', { name: 'Make 3 panels of it' }).click();
    await expectLines(['First', 'Eins.', 'Zwei.', 'ثلاثة']);
    await page.keyboard.press('Control+z');
    await expectLines(['First', 'Eins.\n\nZwei.\n\nثلاثة']);
    // What is no text of panels is refused in words and changes nothing.
    await paste({ 'application/x-fabula-panels+json': '{"format":"fabula-panels","panels":7}' });
    await page.getByText('The panels on the clipboard cannot be read').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).last().click();
  });

  test('hold shot, seconds, dialogue and notes, edited in place', async () => {
    await openPanels(page, 'Fields', [panel([text('One')])]);
    await page.getByLabel('Shot label of panel 1').fill('1A CU');
    const seconds = page.getByLabel('Seconds of panel 1');
    await seconds.fill('abc');
    expect(await seconds.getAttribute('aria-invalid')).toBe('true');
    await seconds.fill('3,5');
    await seconds.press('Enter');
    await page.getByRole('button', { name: 'What to do with panel 1' }).click();
    await page.getByRole('menuitem', { name: 'Write dialogue and notes' }).click();
    await page.keyboard.type('Who is there?');
    await page.getByLabel('Notes of panel 1').fill('Slowly.');
    await saved(page);
    expect((await storyAsSaved(page)).story.panels[0]).toMatchObject({
      shot: '1A CU',
      duration: 3.5,
      dialogue: 'Who is there?',
      notes: 'Slowly.',
    });
    // The inspector shows the same.
    expect(await page.getByLabel('Dialogue', { exact: true }).inputValue()).toBe('Who is there?');
  });
});

async function paste(data: Record<string, string>): Promise<void> {
  await page.evaluate((entries) => {
    const clipboardData = new DataTransfer();
    for (const [type, value] of Object.entries(entries)) clipboardData.setData(type, value);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    (document.activeElement ?? document.body).dispatchEvent(event);
  }, data);
}

describe('blocks', () => {
  test('are added at any place, moved by keys within and between panels, and dragged', async () => {
    await openPanels(page, 'Blocks', [panel([text('a'), picture(assets[0]!)]), panel([text('b')])]);
    const one = sign(assets[0]!);
    await page.getByRole('button', { name: 'Block 2 of panel 1' }).click();
    await page.getByRole('menuitem', { name: 'Add a text above' }).click();
    await page.keyboard.type('between');
    await expectLines([`a | between | ${one}`, 'b']);
    await page.keyboard.press('Alt+ArrowUp');
    await expectLines([`between | a | ${one}`, 'b']);
    expect(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement).value)).toBe('between');
    await page.getByRole('button', { name: 'Picture of panel 1' }).focus();
    await page.keyboard.press('Alt+ArrowDown');
    await expectLines(['between | a', `${one} | b`]);

    await page.getByRole('button', { name: 'Picture of panel 2' }).waitFor();
    await drag(
      page.getByRole('button', { name: 'Picture of panel 2' }),
      card(1),
      { x: 0.5, y: 0.97 },
      async () => {
        await page.locator('[data-landing="block"]').waitFor();
      },
    );
    await expectLines([`between | a | ${one}`, 'b']);
    await drag(page.getByRole('button', { name: 'Block 1 of panel 1' }), card(2), { x: 0.98, y: 0.5 });
    await expectLines([`a | ${one}`, 'b', 'between']);
    await page.getByRole('button', { name: 'Picture of panel 1' }).focus();
    await page.keyboard.press('Backspace');
    await expectLines(['a', 'b', 'between']);
  });

  test('each paragraph of a text runs in its own direction', async () => {
    await openPanels(page, 'Directions', [panel([text('القطة تنظر إلى البحر.\nThe cat looks at the sea.')])]);
    const field = page.getByLabel('Text of panel 1');
    const style = await field.evaluate((element) => {
      const { unicodeBidi, textAlign } = getComputedStyle(element);
      return { unicodeBidi, textAlign };
    });
    expect(style).toEqual({ unicodeBidi: 'plaintext', textAlign: 'start' });
  });
});

/** Drops files made in the page on a place of an element, as the system's file manager would. */
async function dropFiles(target: Locator, at: { x: number; y: number }, seeds: number[]): Promise<void> {
  const files = await Promise.all(
    seeds.map(async (seed) => ({ name: `dropped ${seed}.jpg`, bytes: [...(await drawPicture(seed))] })),
  );
  await target.evaluate(
    (element, { at, files }) => {
      const data = new DataTransfer();
      for (const { name, bytes } of files)
        data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }));
      const box = element.getBoundingClientRect();
      const init: DragEventInit = {
        dataTransfer: data,
        clientX: box.left + box.width * at.x,
        clientY: box.top + box.height * at.y,
        bubbles: true,
        cancelable: true,
      };
      element.dispatchEvent(new DragEvent('dragover', init));
      element.dispatchEvent(new DragEvent('drop', init));
    },
    { at, files },
  );
}

describe('files and pictures', () => {
  test('a file goes into a panel, onto a picture as its new version, or between panels; many make many panels', async () => {
    await openPanels(page, 'Files', [panel([picture(assets[0]!), text('a')]), panel([text('b')])]);
    await page.getByRole('button', { name: 'Picture of panel 1' }).waitFor();
    await dropFiles(card(2), { x: 0.5, y: 0.95 }, [11]);
    await expect.poll(async () => (await lines(page))[1]).toMatch(/^b \| #\w{6}$/);

    await dropFiles(page.locator('[data-picture]').first(), { x: 0.5, y: 0.5 }, [12]);
    await expect
      .poll(async () => {
        const [block] = (await storyAsSaved(page)).story.panels[0]!.blocks;
        return block?.type === 'image' ? block.versions.map(({ source }) => source) : [];
      })
      .toEqual(['imported', 'imported']);

    await dropFiles(card(1), { x: 0.99, y: 0.5 }, [13, 14, 15]);
    await expect.poll(async () => (await lines(page)).length).toBe(5);
    const made = await lines(page);
    expect(made.slice(1, 4).every((line) => /^#\w{6} \| $/.test(line))).toBe(true);
    expect(new Set(made).size).toBe(5);
    // One step of undo for all three.
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await lines(page)).length).toBe(2);
  });

  test('a picture pasted goes into the panel in work', async () => {
    await openPanels(page, 'Pasted picture', [panel([text('a')])]);
    await handle(1).click();
    const bytes = [...(await drawPicture(21))];
    await page.evaluate((list) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([new Uint8Array(list)], 'image.jpg', { type: 'image/jpeg' }));
      document.activeElement!.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      );
    }, bytes);
    await expect.poll(async () => (await lines(page))[0]).toMatch(/^a \| #\w{6}$/);
  });

  test('pictures of the library are dragged from the drawer, or put in with Enter', async () => {
    await openPanels(page, 'Drawer', [panel([text('a')]), panel([text('b')])]);
    await page.getByRole('button', { name: 'Pictures', exact: true }).click();
    const drawer = page.getByRole('region', { name: 'Pictures' });
    const { assets: newest } = await ask(page, 'library.list', { limit: 2 });
    const first = drawer.locator(`[data-drawer-asset="${newest[0]!.id}"]`);
    await first.waitFor();

    // What changes in the library meanwhile changes in the strip, and the picture keeps its focus.
    await first.focus();
    await ask(page, 'library.setCaption', { asset: newest[0]!.id, text: 'A lamp at the door' });
    await drawer.getByRole('button', { name: 'A lamp at the door' }).waitFor();
    expect(await first.evaluate((element) => element === document.activeElement)).toBe(true);

    await drag(first, card(2), { x: 0.5, y: 0.9 }, async () => {
      await page.getByText('Into this panel').waitFor();
    });
    await expectLines(['a', `b | ${sign(newest[0]!.id)}`]);

    await handle(1).click();
    await first.focus();
    await page.keyboard.press('ArrowRight');
    await expect
      .poll(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset['drawerAsset']))
      .toBe(newest[1]!.id);
    await page.keyboard.press('Enter');
    await expectLines([`a | ${sign(newest[1]!.id)}`, `b | ${sign(newest[0]!.id)}`]);
    const [, block] = (await storyAsSaved(page)).story.panels[0]!.blocks;
    expect(block?.type === 'image' && block.versions[0]?.source).toBe('retrieved');
    await page.getByRole('button', { name: 'Close the pictures' }).click();
    await drawer.waitFor({ state: 'detached' });
  });
});

test('nothing went wrong in the page meanwhile', () => {
  expect(browser.problems).toEqual([]);
  expect(browser.strangers).toEqual([]);
});
