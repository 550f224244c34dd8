import type { Page } from 'playwright-core';
import type { CommandInput, CommandName, CommandOutput, OpenStory } from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/errors.ts';
import type { ImageBlock } from '../../src/shared/story.ts';

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
  return ask(page, 'stories.open', { story: await openStoryId(page) });
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
