import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { ask, importOutline, saved } from './steps.ts';

/** A story read with the pictures among its words: in Match, in sketches and in suggestions. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const outline = `# Out at night

A dog chases a cat in the forest at night.

What a surprise!
`;

describe('the story so far', () => {
  let studio: RunningStudio;
  let browser: OpenBrowser;
  let page: Page;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fabula-joint-'));
    studio = await startStudio();
    browser = await openBrowser();
    page = browser.page;
    await page.goto(studio.url);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await importOutline(page, outline);
  });
  afterAll(async () => {
    expect(browser.problems).toEqual([]);
    await browser.close();
    await studio.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('Match draws what the panels before tell, and their words go into what is asked', async () => {
    await page.locator('[data-panel-handle]').nth(1).click();
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'A picture for panel 2' });
    const told = dialog.getByRole('group', { name: 'The story so far tells of' });
    await told.waitFor();
    const word = told.getByRole('button', { name: 'Add “dog” to what is asked' });
    await word.click();
    expect(await dialog.locator('#match-query').inputValue()).toBe('What a surprise! dog');
    expect(await word.isDisabled()).toBe(true);
    const drawn = dialog.locator('[data-candidate="sketched"]');
    await drawn.first().waitFor();
    await drawn.first().locator('input').check();
    await dialog.getByRole('button', { name: 'Use this picture', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await saved(page);
    const { story } = await ask(page, 'stories.open', {
      story: new URL(page.url()).hash.split('/')[2] ?? '',
    });
    const block = story.panels[1]!.blocks.find(({ type }) => type === 'image');
    const scene = block?.type === 'image' ? block.versions[0]?.scene : undefined;
    expect(scene?.figures.map(({ icon }) => icon)).toContain('dog');
  });

  test('a suggestion says that it has looked at the pictures', async () => {
    await page.locator('[data-panel-handle]').nth(1).click();
    await page.keyboard.press('g');
    await page
      .getByRole('group', { name: 'Suggested text' })
      .getByText(/^Suggested by writer@\S+, which looked at 1 picture$/)
      .waitFor();
    await page.keyboard.press('Escape');
  });
});
