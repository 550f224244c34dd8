import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Panel } from '../../src/shared/story.ts';
import { openBrowser, startStudio, type OpenBrowser, type RunningStudio } from '../fixtures/browser.ts';
import { seeded } from '../fixtures/stories.ts';
import { importOutline, openStoryId, saved } from './steps.ts';

/**
 * The studio is killed 50 times in a storm of edits, and started again on the same port. One window stays open all the
 * time: it types on while nobody answers, comes back by itself, and goes on. A recorder inside the page writes down
 * every state of the story that the window shows, and whether it says "Saved" beside it.
 *
 * After each kill the database must be whole, and hold something the window has shown at or after the last moment it
 * said "Saved": nothing shown as saved is missing, and nothing is there that was never made.
 */

const kills = 50;

interface Shown {
  /** The panels in order, each with its texts, as one string. */
  story: string;
  saved: boolean;
}

declare global {
  interface Window {
    /** What was shown since it was last asked for, from the last state shown as saved on. */
    shown: Shown[];
    /** How often the window has come to say "Saved". */
    timesSaved: number;
  }
}

let dataDir: string;
let port: number;
const token = randomBytes(24).toString('base64url');
let studio: RunningStudio;
let browser: OpenBrowser;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'fabula-crash-'));
  port = await freePort();
  studio = await startStudio(dataDir, { port, token });
  browser = await openBrowser({ width: 1600, height: 1400 });
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test(`kill -9 in a storm of edits, ${kills} times: what was shown as saved is there, and the database is whole`, async () => {
  const { page } = browser;
  const random = seeded(7);
  await page.goto(studio.url);
  await importOutline(page, '# Storm\n\nOne.\n\nTwo.\n\nThree.\n\nFour.');
  await saved(page);
  await record(page);
  const story = await openStoryId(page);

  const storm = new Storm(page, random);
  const storming = storm.run();
  let revision = 0;
  const counts = { shownSaved: 0, edits: 0, behind: 0 };
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(20 + 380 * random());
    await studio.kill();
    const found = readStory(story);
    // Answers that were under way when the studio died may reach the window a moment later.
    await sleep(30);
    const shown = await page.evaluate(() => window.shown);
    const lastSaved = shown.findLastIndex((one) => one.saved);
    const allowed = shown.slice(Math.max(0, lastSaved)).map((one) => one.story);
    expect(found.integrity, `integrity after kill ${kill}`).toEqual(['ok']);
    expect(allowed, `the story after kill ${kill}`).toContain(found.story);
    if (found.story !== allowed[0]) counts.behind++;
    counts.edits += found.revision - revision;
    revision = found.revision;

    const before = await page.evaluate(() => window.timesSaved);
    studio = await startStudio(dataDir, { port, token });
    // The window finds the studio again, and gets what it kept to it.
    await expect
      .poll(() => page.evaluate(() => window.timesSaved), { timeout: 20_000, interval: 25 })
      .toBeGreaterThan(before);
    counts.shownSaved += (await page.evaluate(() => window.timesSaved)) - before;
  }
  storm.stop();
  await storming;
  await saved(page);

  // Nothing is left to be saved, and what is shown is what is there: also to a window opened anew.
  await studio.kill();
  const last = readStory(story);
  expect(last.story).toBe(await page.evaluate(() => window.shown.at(-1)!.story));
  studio = await startStudio(dataDir, { port, token });
  await page.reload();
  await saved(page);
  await record(page);
  expect(await page.evaluate(() => window.shown.at(-1)!.story)).toBe(last.story);

  // The storm was one: edits were being saved all the time.
  expect(counts.edits).toBeGreaterThan(4 * kills);
  expect(counts.shownSaved).toBeGreaterThanOrEqual(kills);
  // Losing the studio is no reason to tell a person that an edit no longer fits.
  expect(storm.refused).toEqual([]);
  // About a minute and a half alone on two cores; much longer beside other work.
}, 900_000);

/** Types and edits without a pause, as fast as the window takes it, whether or not anybody answers. */
class Storm {
  readonly #page: Page;
  readonly #random: () => number;
  #going = true;
  #count = 0;
  /** What the window said of edits that did not fit. */
  readonly refused: string[] = [];

  constructor(page: Page, random: () => number) {
    this.#page = page;
    this.#random = random;
  }

  stop(): void {
    this.#going = false;
  }

  async run(): Promise<void> {
    while (this.#going) {
      await this.#edit();
      const notices = await this.#page.getByText('no longer fits').allTextContents();
      this.refused.push(...notices);
    }
  }

  async #edit(): Promise<void> {
    const { keyboard } = this.#page;
    const panels = await this.#page.locator('[data-panel-handle]').count();
    const turn = this.#random();
    if (turn < 0.7) {
      await this.#focus('[data-text-block]');
      await keyboard.type(`w${++this.#count} `);
      // Sometimes long enough for a pause that saves, mostly on to the next text, which saves too.
      if (this.#random() < 0.2) await sleep(450);
    } else if (turn < 0.85) {
      await this.#focus('[data-panel-handle]');
      await keyboard.press(this.#random() < 0.5 ? 'Alt+ArrowRight' : 'Alt+ArrowLeft');
    } else if (panels < 8) {
      await this.#focus('[data-panel-handle]');
      await keyboard.press(this.#random() < 0.5 ? 'n' : 'd');
    } else {
      await this.#focus('[data-panel-handle]');
      await keyboard.press('Delete');
    }
  }

  /** Puts the focus on one of the elements, and the caret at its end. */
  async #focus(selector: string): Promise<void> {
    await this.#page.evaluate(
      ([what, which]) => {
        const all = document.querySelectorAll<HTMLElement>(what);
        const element = all[Math.floor(which * all.length)];
        element?.focus();
        if (element instanceof HTMLTextAreaElement) {
          element.setSelectionRange(element.value.length, element.value.length);
        }
      },
      [selector, this.#random()] as const,
    );
  }
}

/** Writes down, at every change of the page, what is shown and whether it is said to be saved. */
async function record(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.shown = [];
    window.timesSaved = 0;
    const look = (): void => {
      const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')].map((panel) => {
        const texts = panel.querySelectorAll<HTMLTextAreaElement>('[data-text-block]');
        return `${panel.dataset['panel']!}: ${[...texts].map((text) => text.value).join(' | ')}`;
      });
      const story = panels.join('\n');
      const isSaved = document.querySelector('[data-save]')?.getAttribute('data-save') === 'saved';
      const last = window.shown.at(-1);
      if (last?.story === story && last.saved === isSaved) return;
      if (isSaved) {
        // What came before is settled.
        window.shown = [];
        window.timesSaved += 1;
      }
      window.shown.push({ story, saved: isSaved });
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    look();
  });
}

/** The story as the database has it, in the recorder's words, read by this process while no studio runs. */
function readStory(id: string): { story: string; revision: number; integrity: unknown[] } {
  const database = new BetterSqlite3(join(dataDir, 'library.db'));
  try {
    const integrity = database
      .prepare<[], { integrity_check: string }>('PRAGMA integrity_check')
      .all()
      .map((row) => row.integrity_check);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    const { order, revision } = database
      .prepare<[string], { order: string; revision: number }>(
        'SELECT panel_order AS "order", revision FROM stories WHERE id = ?',
      )
      .get(id)!;
    const read = database
      .prepare<[string, string], string>('SELECT json FROM panels WHERE story = ? AND id = ?')
      .pluck();
    const panels = (JSON.parse(order) as string[]).map((panel) => {
      const { blocks } = JSON.parse(read.get(id, panel) as string) as Panel;
      const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []));
      return `${panel}: ${texts.join(' | ')}`;
    });
    return { story: panels.join('\n'), revision, integrity };
  } finally {
    database.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}
