import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { root } from '../fixtures/built.ts';
import { ask, openStoryId } from './steps.ts';

/** Suggestions that learn from what is taken, in the window, on the bundled sample pictures. Steps build on each other. */

vi.setConfig({ testTimeout: 90_000, hookTimeout: 240_000 });

const outline = `# The dog

A dog chased the waves along the beach.

The king and the queen welcomed everybody.
`;
/** Texts for which the library has a picture that fits, and a drawing was taken all the same. */
const animals = [
  'A fox sleeps behind a tree in the forest.',
  'The cat slept on the couch.',
  'Three ducks swam on the lake.',
  'The elephants marched over the savanna.',
  'A monkey climbs a tree in the jungle.',
  'Two camels crossed the desert.',
];
const people = ['Children in the playground.', 'The teacher in the classroom.', 'Grandmother pours tea.'];
const asked = 'A dog chased the waves along the beach.';

let studio: RunningStudio;
let browser: OpenBrowser;
let page: Page;

const match = async (query: string) => {
  const story = await openStoryId(page);
  const { panels } = (await ask(page, 'stories.open', { story })).story;
  const answer = await ask(page, 'stories.match', {
    story,
    panel: panels[0]!.id,
    query,
    limit: 2,
    sketches: 1,
  });
  return { story, panel: panels[0]!.id, query, answer };
};

/** Takes one of the two pictures offered for a text, as the dialog records it. */
async function take(text: string, source: 'retrieved' | 'sketched'): Promise<void> {
  const { story, panel, query, answer } = await match(text);
  const shown = [answer.retrieved, answer.sketched].flatMap((list) =>
    list.map(({ asset, confidence, ...one }, rank) => ({ asset, source: one.source, confidence, rank })),
  );
  await ask(page, 'stories.choose', {
    story,
    panel,
    query,
    shown,
    accepted: answer[source][0]!.asset,
    odds: answer.decision.odds,
  });
}

const settings = () => page.getByRole('dialog', { name: 'Settings' });
async function openSettings(): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').waitFor();
  await page.keyboard.type('Settings');
  await page.keyboard.press('Enter');
  await settings().locator('[data-lessons]').waitFor();
}
const answers = () => settings().locator('[data-lessons]').getAttribute('data-lessons');

beforeAll(async () => {
  studio = await startStudio();
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(15_000);
  await page.goto(studio.url);
  await ask(page, 'library.import', { paths: [join(root, 'resources/samples')] });
  const { story } = await ask(page, 'stories.importOutline', { markdown: outline });
  await page.evaluate((id) => (location.hash = `#/stories/${id}`), story.story.id);
  await page.getByRole('list', { name: 'Panels' }).waitFor();
  // The studio encodes new pictures by itself, once the import has come to rest.
  await vi.waitUntil(async () => (await match(asked)).answer.decision.choice === 'retrieve', {
    timeout: 60_000,
    interval: 500,
  });
});

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
});

describe('the decision', () => {
  test('says honestly that neither is good, and what can be done', async () => {
    await page.locator('[data-panel-handle]').first().click();
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'A picture for panel 1' });
    await dialog.getByText('Suggested: a library picture.').waitFor();
    await dialog.getByLabel('What is asked', { exact: true }).fill('Nobody knew why it mattered so much.');
    await page.keyboard.press('Enter');
    await dialog.getByText('No suggestion.').waitFor();
    const advice = await dialog.getByRole('status').innerText();
    expect(advice).toContain('Neither is good. Name what can be seen, or add pictures of it to the library.');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('has learned nothing before anything was taken', async () => {
    await openSettings();
    expect(await answers()).toBe('0');
    await settings().getByText('Nothing yet').waitFor();
    await page.keyboard.press('Escape');
  });

  test('learns from a drawing taken in the dialog and from what is taken after it, and says so', async () => {
    const before = (await match(asked)).answer.decision;
    expect(before.choice).toBe('retrieve');
    await page.locator('[data-panel-handle]').first().click();
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'A picture for panel 1' });
    await dialog.getByText('Suggested: a library picture.').waitFor();
    await expect.poll(() => page.locator('#match-form [aria-busy="true"]').count()).toBe(0);
    await dialog.locator('[data-candidate="sketched"]').first().click();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(async () => (await ask(page, 'lessons.get', {})).answers).toBe(1);
    const { choices } = await ask(page, 'choices.list', {});
    expect(choices[0]!.odds).toBeCloseTo(before.odds!, 3);

    for (const text of animals) await take(text, 'sketched');
    for (const text of people) await take(text, 'retrieved');
    const after = (await match(asked)).answer.decision;
    expect(after.choice).toBe('sketch');
    expect(after.because.map(({ code }) => code)).toContain('reasonTaste');
    expect(after.reason).toContain('You have mostly taken drawings for animals.');
    expect(after.odds).toBeCloseTo(before.odds!, 3);
    expect((await match('The king and the queen welcomed everybody.')).answer.decision.choice).toBe(
      'retrieve',
    );
  });

  test('shows what was learned in the settings, and can be switched off there', async () => {
    await openSettings();
    expect(await answers()).toBe('10');
    await settings().getByText('You like drawings better for: Animals').waitFor();
    const bar = settings().locator('[data-topic="animals"]').getByRole('img');
    expect(await bar.getAttribute('aria-label')).toMatch(/^Animals: (?:[6-9]\d)% drawings$/);
    await settings().locator('[data-topic="animals"]').getByText('7 drawn, 0 from the library').waitFor();
    await settings().getByLabel('Let suggestions go by what I took before').uncheck();
    await expect.poll(async () => (await match(asked)).answer.decision.choice).toBe('retrieve');
    await settings().getByLabel('Let suggestions go by what I took before').check();
    await expect.poll(async () => (await match(asked)).answer.decision.choice).toBe('sketch');
  });

  test('forgets all of it with one click, and takes that back with another', async () => {
    await settings().getByRole('button', { name: 'Forget what was learned' }).click();
    await settings().getByText('10 choices are no longer learned from.').waitFor();
    expect(await answers()).toBe('0');
    expect((await match(asked)).answer.decision.choice).toBe('retrieve');
    await settings().getByRole('button', { name: 'Learn from them again' }).click();
    await expect.poll(answers).toBe('10');
    expect((await match(asked)).answer.decision.choice).toBe('sketch');
  });

  test('leaves out single choices', async () => {
    await settings().getByRole('button', { name: 'Show every choice' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pictures taken and refused' });
    await dialog.getByRole('button', { name: 'Do not learn from this' }).first().click();
    await dialog.getByText('Not learned from').waitFor();
    expect(await ask(page, 'lessons.get', {})).toMatchObject({ answers: 9, leftOut: 1 });
    await dialog.getByRole('button', { name: 'Learn from this again' }).click();
    await expect.poll(async () => (await ask(page, 'lessons.get', {})).answers).toBe(10);
    await page.keyboard.press('Escape');
  });
});
