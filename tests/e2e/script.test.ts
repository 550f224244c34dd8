import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { lines, openPanels, panel, picture, sendPicture, sign, text } from './panels.ts';
import { storyAsSaved } from './steps.ts';

/** The story as a script, where text flows from panel to panel, and as a play. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;
let asset: string;

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser({ width: 1360, height: 900 });
  page = browser.page;
  page.setDefaultTimeout(15_000);
  await page.goto(studio.url);
  await page.getByRole('heading', { name: 'Library' }).first().waitFor();
  asset = await sendPicture(page, 1);
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

async function expectLines(expected: string[]): Promise<void> {
  await expect.poll(() => lines(page)).toEqual(expected);
}

function caret(): Promise<{ words: string; at: number }> {
  return page.evaluate(() => {
    const field = document.activeElement as HTMLTextAreaElement;
    return { words: field.value, at: field.selectionStart };
  });
}

describe('the script', () => {
  test('is one of three views of one story: the address says which, and the selection stays', async () => {
    const id = await openPanels(page, 'Views', [panel([text('One')]), panel([text('Two')])]);
    await page.locator('[data-panel-handle]').nth(1).click();
    await page.keyboard.press('2');
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/stories/${id}/script`);
    expect(await page.locator('[data-panel-handle][aria-current]').getAttribute('aria-label')).toBe(
      'Panel 2',
    );
    const asked: string[] = [];
    const note = (request: Request): void => {
      // The page that is left may still ask for something.
      if (request.isNavigationRequest()) asked.length = 0;
      asked.push(new URL(request.url()).pathname);
    };
    page.on('request', note);
    await page.reload();
    expect(await page.getByRole('button', { name: 'Script' }).getAttribute('aria-pressed')).toBe('true');
    page.off('request', note);
    // The story comes before everything else, and no library is made that nobody sees.
    expect(asked.find((path) => path.startsWith('/command/'))).toBe('/command/stories.open');
    expect(asked.filter((path) => path.startsWith('/media/'))).toEqual([]);
    await page.getByRole('button', { name: 'Board' }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/stories/${id}`);
    await page.goBack();
    await expect
      .poll(() => page.getByRole('button', { name: 'Script' }).getAttribute('aria-pressed'))
      .toBe('true');
  });

  test('Enter twice begins a panel, Backspace at its start goes back, and both can be undone', async () => {
    await openPanels(page, 'Flow', [panel([text('')])], '/script');
    await page.getByLabel('Text of panel 1').click();
    await page.keyboard.type('The cat waits.');
    await page.keyboard.press('Enter');
    await page.keyboard.type('It is cold.');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.keyboard.type('A boat.');
    await expectLines(['The cat waits.\nIt is cold.', 'A boat.']);
    await page.keyboard.press('Home');
    await page.keyboard.press('Backspace');
    await expectLines(['The cat waits.\nIt is cold.\nA boat.']);
    const line = 'The cat waits.\nIt is cold.\n';
    await expect.poll(caret).toEqual({ words: `${line}A boat.`, at: line.length });
    await page.keyboard.press('Control+Shift+Enter');
    await expectLines(['The cat waits.\nIt is cold.', 'A boat.']);
    for (const before of [
      ['The cat waits.\nIt is cold.\nA boat.'],
      ['The cat waits.\nIt is cold.', 'A boat.'],
    ]) {
      await page.keyboard.press('Control+z');
      await expectLines(before);
    }
  });

  test('keys go from text to text, past pictures, and join what stands side by side', async () => {
    const mark = sign(asset);
    await openPanels(
      page,
      'Keys',
      [panel([text('One'), text('Two'), picture(asset)]), panel([text('Three')])],
      '/script',
    );
    await page.getByLabel('Text of panel 1').first().click();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowDown');
    await expect.poll(caret).toEqual({ words: 'Two', at: 0 });
    await page.keyboard.press('Backspace');
    await expectLines([`One\nTwo | ${mark}`, 'Three']);
    await expect.poll(caret).toEqual({ words: 'One\nTwo', at: 4 });
    await page.keyboard.press('End');
    await page.keyboard.press('Delete');
    // A picture is not swallowed: it is chosen, and a second key takes it away.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
      .toBe('Picture of panel 1');
    await page.keyboard.press('Delete');
    await expectLines(['One\nTwo', 'Three']);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Alt+ArrowLeft');
    await expectLines(['Three', 'One\nTwo']);
    await page.getByRole('button', { name: 'What to do with panel 1' }).click();
    await page.getByRole('menuitem', { name: 'Write dialogue and notes' }).click();
    await page.keyboard.type('Psst.');
    await page.getByLabel('Notes of panel 1').fill('Night.');
    await expect
      .poll(async () => (await storyAsSaved(page)).story.panels[0])
      .toMatchObject({ notes: 'Night.', dialogue: 'Psst.' });
  });

  test('keeps only what is near the screen on the page', async () => {
    const many = Array.from({ length: 400 }, (_, index) => panel([text(`Text ${index + 1}`)]));
    await openPanels(page, 'Long', many, '/script');
    await page.locator('[data-panel-handle]').first().click();
    expect(await page.locator('[data-panel]').count()).toBeLessThan(60);
    await page.keyboard.press('Control+a');
    await page.getByText('400 panels selected').first().waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.script-scroller').evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.getByLabel('Text of panel 400').waitFor();
    expect(await page.locator('[data-panel]').count()).toBeLessThan(60);
  });
});

describe('play', () => {
  const shown = (): Promise<string | null> =>
    page.evaluate(() => document.querySelector('[data-playing]')?.textContent?.trim() ?? null);

  test('shows each panel for its time, obeys its keys, and leaves at the panel shown', async () => {
    const id = await openPanels(page, 'Played', [
      panel([picture(asset), text('First')], { duration: 0.6, dialogue: 'Hello.' }),
      panel([picture(asset), picture(asset), text('Second')], { duration: 600 }),
      panel([text('Third, الثالث')], { duration: 600 }),
      panel([], { duration: 600 }),
    ]);
    await page.locator('[data-panel-handle]').first().click();
    await page.keyboard.press('3');
    const dialog = page.getByRole('dialog', { name: 'Playing Played' });
    await dialog.waitFor();
    expect(new URL(page.url()).hash).toBe(`#/stories/${id}/play`);
    // The first panel goes by itself.
    await dialog.getByText('Second').waitFor();
    expect(await dialog.getByText('Panel 2 of 4').isVisible()).toBe(true);
    await expect.poll(() => dialog.locator('img').count()).toBe(2);
    await expect
      .poll(() =>
        dialog
          .locator('img')
          .evaluateAll((list) => list.every((one) => (one as HTMLImageElement).naturalWidth > 0)),
      )
      .toBe(true);

    const time = dialog.locator('[data-play-time]');
    await page.keyboard.press('Space');
    await dialog.getByRole('button', { name: 'Go on' }).waitFor();
    const held = await time.innerText();
    await page.waitForTimeout(1200);
    expect(await time.innerText()).toBe(held);
    await page.keyboard.press('Home');
    expect(await shown()).toContain('First');
    expect(await shown()).toContain('Hello.');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await shown()).toBe('Third, الثالث');
    await page.keyboard.press('End');
    expect(await shown()).toBe('Nothing here yet');
    await page.keyboard.press('ArrowLeft');
    // Keys of the board do nothing here.
    await page.keyboard.press('n');
    await page.keyboard.press('Delete');
    await page.setViewportSize({ width: 480, height: 360 });
    const box = await dialog.getByText('Third').boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 480 && box.y >= 0 && box.y + box.height <= 360).toBe(
      true,
    );
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(new URL(page.url()).hash).toBe(`#/stories/${id}`);
    expect(await page.locator('[data-panel-handle][aria-current]').getAttribute('aria-label')).toBe(
      'Panel 3',
    );
    expect((await lines(page)).length).toBe(4);
  });

  test('from the script it goes back to the script', async () => {
    const id = await openPanels(page, 'Back', [panel([text('One')]), panel([text('Two')])], '/script');
    await page.locator('[data-panel-handle]').nth(1).click();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Playing Back' });
    await dialog.getByText('Two').waitFor();
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(new URL(page.url()).hash).toBe(`#/stories/${id}/script`);
  });
});

test('nothing went wrong in the page meanwhile', () => {
  expect(browser.problems).toEqual([]);
  expect(browser.strangers).toEqual([]);
});
