import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { vi } from 'vitest';
import type {
  Asset,
  CommandInput,
  CommandName,
  CommandOutput,
  OpenStory,
} from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/errors.ts';
import type { ImageBlock } from '../../src/shared/story.ts';
import {
  openBrowser,
  startStudio,
  type BrowserOptions,
  type OpenBrowser,
  type RunningStudio,
} from '../fixtures/browser.ts';
import { writePictures } from '../fixtures/pictures.ts';

/** Steps that several end-to-end tests take. */

/** Asks the studio directly, with the cookie of the page: to see what is saved, not what is shown. */
export async function ask<Name extends CommandName>(
  page: Page,
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  const { origin } = new URL(page.url());
  const response = await page.request.post(`${origin}/command/${name}`, { data: input, headers: { origin } });
  const result = (await response.json()) as Result<CommandOutput<Name>>;
  if (!result.ok) throw new Error(`${name}: ${result.message}`);
  return result.value;
}

/** A studio on a data folder of its own, and a browser that shows it. */
export interface OpenWindow {
  studio: RunningStudio;
  browser: OpenBrowser;
  page: Page;
  /** Ends both; also where only one of them had started. */
  close(): Promise<void>;
}

/** @throws Error, with nothing left running, when one of the two does not start */
export async function openWindow(options: BrowserOptions = {}): Promise<OpenWindow> {
  const studio = await startStudio();
  try {
    const browser = await openBrowser(options);
    await browser.page.goto(studio.url);
    return {
      studio,
      browser,
      page: browser.page,
      async close() {
        await browser.close();
        await studio.stop();
      },
    };
  } catch (error) {
    await studio.stop();
    throw error;
  }
}

/** A window on a library of drawn pictures, added as a person adds a folder. */
export async function openLibrary(names: readonly string[]): Promise<OpenWindow> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-pictures-'));
  let opened: OpenWindow | undefined;
  const close = async (): Promise<void> => {
    await opened?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writePictures(folder, names);
    opened = await openWindow();
    await addFolder(opened.page, folder);
    await jobEnded(opened.page, /^Import/);
    return { ...opened, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Imports files and folders of this machine, and waits until every one of them has been looked at. */
export async function importPictures(page: Page, paths: string[]): Promise<Asset[]> {
  const { id } = await ask(page, 'library.import', { paths });
  await vi.waitUntil(
    async () => (await ask(page, 'jobs.list', {})).find((job) => job.id === id)?.state === 'done',
    { timeout: 90_000, interval: 100 },
  );
  return (await ask(page, 'library.list', { limit: 1000 })).assets;
}

/** Imports a folder by its path. */
export async function addFolder(page: Page, folder: string): Promise<void> {
  await page.getByRole('button', { name: 'Add pictures' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add pictures' });
  await dialog.getByLabel('Or the path of a folder').fill(folder);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Waits until the newest job of a label shows its end in the list of jobs. */
export async function jobEnded(page: Page, label: RegExp): Promise<void> {
  const tray = page.getByRole('region', { name: 'Jobs' });
  const row = tray.locator('.row').filter({ hasText: label }).first();
  await row.getByText(/^Done/).waitFor({ timeout: 90_000 });
}

export async function picturesShown(page: Page): Promise<number> {
  return page.locator('[data-asset]').count();
}

/** Waits until the window says that everything is saved. */
export async function saved(page: Page): Promise<void> {
  await page.locator('[data-save="saved"]').waitFor();
}

export async function openStoryId(page: Page): Promise<string> {
  return new URL(page.url()).hash.split('/')[2] ?? '';
}

export async function storyAsSaved(page: Page): Promise<OpenStory> {
  // The page has heard of what it saved, too: a key pressed next finds it there.
  await page.locator('[data-save="saving"]').waitFor({ state: 'detached' });
  return ask(page, 'stories.open', { story: await openStoryId(page) });
}

/** Opens a story by its address, from a page without one: nothing of another can be taken for it. */
export async function openStory(page: Page, story: string, view = ''): Promise<void> {
  await page.evaluate(() => (location.hash = '#/stories'));
  const panels = page.getByRole('list', { name: 'Panels' });
  await panels.waitFor({ state: 'detached' });
  await page.evaluate((address) => (location.hash = address), `#/stories/${story}${view}`);
  await panels.waitFor();
}

/** The image blocks of a panel as saved. */
export async function openVersions(page: Page, panel: number): Promise<ImageBlock[]> {
  const { story } = await storyAsSaved(page);
  return (story.panels[panel]?.blocks ?? []).filter((block) => block.type === 'image');
}

/** Makes a story of a Markdown outline and waits until it is open. */
export async function importOutline(page: Page, markdown: string): Promise<void> {
  await page.getByRole('link', { name: 'Stories', exact: true }).click();
  await page.getByRole('button', { name: 'Import an outline' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import an outline' });
  await dialog.getByRole('textbox', { name: 'Outline' }).fill(markdown);
  await dialog.getByRole('button', { name: 'Make the story' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('list', { name: 'Panels' }).waitFor();
}
