/**
 * How the window of the studio feels on a long story and a large library, in a real Chromium over the DevTools
 * protocol, through the web door of the built studio.
 *
 *   npm run bench:studio -- [--panels N] [--pictures N] [--assets N] [--runs N] [--only story|library] [--data DIR]
 *
 * What is measured, and how:
 *
 * - **Opening**: from the start of the navigation to the story's address until the first panel has been painted (the
 *   page's own clock, read in the task after the frame that holds the panel).
 * - **Typing**: keys sent as a keyboard does (`Input.dispatchKeyEvent`) into the text of the panel in the middle, with
 *   the pauses in between in which the story is saved. Key to paint goes from the time the browser got the key
 *   (`event.timeStamp`) to the task after the frame drawn next, in which the letter stands. The Event Timing API gives
 *   the same in steps of 8 ms, and is printed beside it.
 * - **Dragging**: a panel dragged over others by the mouse. For each move that the page hears of, the time from the
 *   event to the task after the next frame, and from letting go to the frame with the panel in its new place.
 * - **Scrolling**: `Input.synthesizeScrollGesture` from one end of the story to the other. A frame is dropped for each
 *   sixtieth of a second in which none began (`requestAnimationFrame`), as a share of all.
 * - **Library**: the scrollbar dragged through all assets, stopping to look every second. In every frame it is seen
 *   which rows at least half in sight show nothing of a picture; a row is blank from the first such frame until it
 *   shows a picture, if only blurred, or leaves the screen. The longest such time counts, and beside it that of rows
 *   without a thumbnail, and of rows without even a name.
 *
 * Runs are repeated; the middle one counts. Figures taken while the machine does other work are worth little: the load
 * is printed with them.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { loadavg, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CDPSession, Page } from 'playwright-core';
import { openStudio } from '../src/main/studio.ts';
import { defaultSettings, type Panel } from '../src/shared/story.ts';
import { openBrowser, startStudio } from '../tests/fixtures/browser.ts';
import { makeLargeLibrary } from '../tests/fixtures/large-library.ts';
import { drawPicture } from '../tests/fixtures/pictures.ts';
import { median, quantile } from './median.ts';

const { values } = parseArgs({
  options: {
    panels: { type: 'string', default: '1000' },
    pictures: { type: 'string', default: '1000' },
    assets: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '3' },
    keys: { type: 'string', default: '80' },
    only: { type: 'string', default: '' },
    data: { type: 'string' },
  },
});
const panelCount = Number(values.panels);
const pictureCount = Number(values.pictures);
const assetCount = Number(values.assets);
const runs = Number(values.runs);
const keys = Number(values.keys);
const frame = 1000 / 60;

// The limits asked for are those of typing and of blank rows; the others are our own.
const limits = {
  opening: 1000,
  typing: 50,
  dragging: 50,
  dropping: 100,
  dropped: 5,
  blank: 100,
};

declare global {
  interface Window {
    bench: {
      /** Milliseconds from an event to the task after the next frame, by the type of the event. */
      toPaint: Record<string, number[]>;
      /** Durations that the Event Timing API gives for keys. */
      eventTiming: number[];
      firstPanel: number;
    };
  }
}

const scratch = values.data ?? (await mkdtemp(join(tmpdir(), 'fabula-bench-')));
try {
  console.log(`Load of the machine: ${loadavg()[0]!.toFixed(1)} on ${cpus().length} processors.`);
  if (values.only !== 'library') await benchStory(join(scratch, 'story'));
  if (values.only !== 'story') await benchLibrary(join(scratch, 'library'));
  console.log(`Load of the machine at the end: ${loadavg()[0]!.toFixed(1)}.`);
} finally {
  if (values.data === undefined) await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

function report(what: string, measured: number, unit: string, limit: number, beside = ''): void {
  const ratio = measured / limit;
  const verdict = ratio <= 1 ? '' : '  OVER THE LIMIT';
  console.log(
    `${what.padEnd(52)} ${measured.toFixed(1).padStart(7)} ${unit.padEnd(2)}  limit ${limit} ${unit}, ratio ${ratio.toFixed(2)}${verdict}${beside && `  (${beside})`}`,
  );
}

// A long story

async function benchStory(dataDir: string): Promise<void> {
  const id = 'long-story';
  if ((await readdir(dataDir).catch(() => [])).length === 0) await makeStory(dataDir, id);
  console.log(
    `\nA story of ${panelCount} panels with ${panelCount} pictures (${pictureCount} of them distinct)`,
  );
  const studio = await startStudio(dataDir);
  const browser = await openBrowser({ width: 1440, height: 900 });
  try {
    const { page } = browser;
    await page.goto(studio.url);
    await page.addInitScript(watch);
    const cdp = await page.context().newCDPSession(page);
    const address = `${new URL(studio.url).origin}/#/stories/${id}`;

    const openings: number[] = [];
    for (let run = 0; run < runs; run++) {
      await page.goto('about:blank');
      await page.goto(address);
      await page.waitForFunction(() => window.bench.firstPanel > 0);
      openings.push(await page.evaluate(() => window.bench.firstPanel));
      await settle(page);
    }
    report('opening to the first paint of panels, median', median(openings), 'ms', limits.opening);

    await typing(page, cdp);
    await dragging(page);
    await scrolling(page, cdp);
    if (browser.problems.length > 0) console.log('Went wrong in the page:', browser.problems.slice(0, 5));
  } finally {
    await browser.close();
    await studio.stop();
  }
}

async function makeStory(dataDir: string, id: string): Promise<void> {
  const studio = await openStudio({ dataDir, resident: false });
  const assets: string[] = [];
  for (let from = 0; from < pictureCount; from += 8) {
    const some = Array.from({ length: Math.min(8, pictureCount - from) }, async (_, index) => {
      const bytes = await drawPicture(from + index + 1, 960, 540);
      return (await studio.library.importBytes(`picture ${from + index + 1}.jpg`, bytes)).asset.id;
    });
    assets.push(...(await Promise.all(some)));
  }
  const words = 'The keeper lit the lamp and looked out over the grey water for a sail.'.split(' ');
  const now = studio.clock.now().toISOString();
  const panels = Array.from({ length: panelCount }, (_, index): Panel => {
    const version = {
      id: `v${index}`,
      asset: assets[index % assets.length]!,
      source: 'imported' as const,
      createdAt: now,
    };
    const text = Array.from(
      { length: 12 + (index % 5) * 9 },
      (_unused, at) => words[(at + index) % words.length],
    ).join(' ');
    return {
      id: `p${index}`,
      shot: '',
      notes: '',
      dialogue: index % 7 === 0 ? '“Is anybody there?”' : '',
      duration: null,
      blocks: [
        { id: `i${index}`, type: 'image', caption: '', current: version.id, versions: [version] },
        { id: `t${index}`, type: 'text', text },
      ],
    };
  });
  studio.stories.insert({
    format: 1,
    id,
    title: 'A long story',
    createdAt: now,
    updatedAt: now,
    settings: defaultSettings,
    cast: [],
    panels,
  });
  await studio.close();
}

async function typing(page: Page, cdp: CDPSession): Promise<void> {
  const middle = Math.ceil(panelCount / 2);
  await bring(page, middle);
  const field = page.getByLabel(`Text of panel ${middle}`, { exact: true });
  await field.focus();
  await page.keyboard.press('End');
  const p95: number[] = [];
  const beside: number[] = [];
  for (let run = 0; run < runs; run++) {
    await settle(page);
    await reset(page);
    for (let key = 0; key < keys; key++) {
      const letter = 'the lamp is lit and the sea is calm '[key % 36]!;
      const code = letter === ' ' ? 'Space' : `Key${letter.toUpperCase()}`;
      const windowsVirtualKeyCode = letter === ' ' ? 32 : letter.toUpperCase().charCodeAt(0);
      const event = { key: letter, code, windowsVirtualKeyCode };
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', text: letter, ...event });
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
      // A fast typist's hundred words a minute; at times a pause, in which the story is saved.
      await sleep(key % 20 === 19 ? 600 : 90);
    }
    await settle(page);
    const { toPaint, eventTiming } = await page.evaluate(() => window.bench);
    p95.push(quantile(toPaint['keydown'] ?? [], 0.95));
    // Events that took less than 16 ms are not told of.
    const shorter = Array.from({ length: Math.max(0, keys - eventTiming.length) }, () => 16);
    beside.push(quantile([...eventTiming, ...shorter], 0.95));
  }
  const typed = await field.inputValue();
  if (!typed.includes('lamp is lit')) throw new Error('The keys did not arrive in the text.');
  report(
    `typing in panel ${middle}: key to paint, p95`,
    median(p95),
    'ms',
    limits.typing,
    `Event Timing: ${median(beside)} ms`,
  );
}

async function dragging(page: Page): Promise<void> {
  const moves: number[] = [];
  const drops: number[] = [];
  for (let run = 0; run < runs; run++) {
    await settle(page);
    await reset(page);
    const handles = page.locator('[data-panel-handle]');
    const inSight = await handles.evaluateAll((all) =>
      all
        .map((handle) => handle.getBoundingClientRect())
        .flatMap(({ x, y, width, height }) =>
          y > 150 && y + height < innerHeight - 20 ? [{ x: x + width / 2, y: y + height / 2 }] : [],
        ),
    );
    const [from, to] = [inSight[0], inSight.at(-1)];
    if (!from || !to || from === to) throw new Error('Fewer than two panels are in sight to be dragged.');
    const before = await order(page);
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    for (let step = 1; step <= 40; step++) {
      await page.mouse.move(
        from.x + ((to.x - from.x) * step) / 40,
        from.y + ((to.y - from.y) * step) / 40 + 8,
      );
    }
    const heard = await page.evaluate(() => window.bench.toPaint);
    moves.push(quantile([...(heard['dragover'] ?? []), ...(heard['pointermove'] ?? [])], 0.95));
    await page.mouse.up();
    await page.waitForFunction(
      (was) =>
        [...document.querySelectorAll<HTMLElement>('[data-panel]')]
          .map((one) => one.dataset['panel'])
          .join() !== was,
      before,
    );
    await settle(page);
    const dropped = await page.evaluate(() => window.bench.toPaint);
    drops.push(Math.max(...(dropped['drop'] ?? dropped['pointerup'] ?? [NaN])));
    await page.keyboard.press('Control+z');
    await settle(page);
  }
  report('dragging a panel: move to paint, p95', median(moves), 'ms', limits.dragging);
  report('letting go of it: drop to paint', median(drops), 'ms', limits.dropping);
}

async function scrolling(page: Page, cdp: CDPSession): Promise<void> {
  const list = page.getByRole('list', { name: 'Panels' });
  const dropped: number[] = [];
  let longest = 0;
  for (let run = 0; run < runs; run++) {
    await list.evaluate((element) => (element.scrollTop = 0));
    await settle(page);
    const { x, y } = await list.evaluate((element) => {
      const box = element.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    });
    const distance = await list.evaluate((element) => element.scrollHeight);
    await page.evaluate(() => {
      const gaps: number[] = [];
      let last = performance.now();
      let going = true;
      const look = (now: number): void => {
        gaps.push(now - last);
        last = now;
        if (going) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      Object.assign(window, {
        endOfScroll: () => {
          going = false;
          return gaps;
        },
      });
    });
    // Ten seconds from end to end, however long the story is.
    await cdp.send('Input.synthesizeScrollGesture', {
      x,
      y,
      yDistance: -distance,
      speed: Math.round(distance / 10),
      gestureSourceType: 'mouse',
      preventFling: true,
    });
    const gaps = await page.evaluate(() =>
      (window as unknown as { endOfScroll: () => number[] }).endOfScroll(),
    );
    const bottom = await list.evaluate((element) => element.scrollTop + element.clientHeight);
    if (bottom < distance * 0.9) {
      throw new Error(`Scrolling ended at ${Math.round(bottom)} of ${distance} pixels.`);
    }
    const missed = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / frame) - 1), 0);
    dropped.push((100 * missed) / (gaps.length + missed));
    longest = Math.max(longest, ...gaps);
  }
  report(
    'scrolling it end to end in 10 s: dropped frames',
    median(dropped),
    '%',
    limits.dropped,
    `longest frame of all runs ${Math.round(longest)} ms`,
  );
}

/** Scrolls to a panel by its number: rows have different heights, so it is looked for around where it should be. */
async function bring(page: Page, panel: number): Promise<void> {
  const list = page.getByRole('list', { name: 'Panels' });
  let low = 0;
  let high = 1;
  for (let step = 0; step < 30; step++) {
    const at = (low + high) / 2;
    await list.evaluate((element, share) => (element.scrollTop = share * element.scrollHeight), at);
    await settle(page);
    const numbers = await page
      .locator('[data-text-block]')
      .evaluateAll((all) =>
        all.map((one) => Number(/\d+/.exec(one.getAttribute('aria-label') ?? '')?.[0] ?? 0)),
      );
    if (numbers.includes(panel)) return;
    if (Math.max(...numbers) < panel) low = at;
    else high = at;
  }
  throw new Error(`Panel ${panel} was not found by scrolling.`);
}

async function order(page: Page): Promise<string> {
  return page
    .locator('[data-panel]')
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['panel']).join());
}

/** Waits until the story is saved and the page has had a moment without work. */
async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const state = document.querySelector('[data-save]');
    return state === null || state.getAttribute('data-save') === 'saved';
  });
  await page.evaluate(
    () => new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 100), { timeout: 2000 })),
  );
}

async function reset(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.bench.toPaint = {};
    window.bench.eventTiming = [];
  });
}

/** Runs in the page before anything of it does. */
function watch(): void {
  window.bench = { toPaint: {}, eventTiming: [], firstPanel: 0 };
  /** Calls back in the task after the next frame: what was drawn in it has gone to the screen. */
  const afterPaint = (then: () => void): void => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(null);
    });
  };
  for (const type of ['keydown', 'dragover', 'pointermove', 'drop', 'pointerup']) {
    addEventListener(
      type,
      (event) => {
        const { timeStamp } = event;
        afterPaint(() => (window.bench.toPaint[type] ??= []).push(performance.now() - timeStamp));
      },
      { capture: true, passive: true },
    );
  }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === 'keydown') window.bench.eventTiming.push(entry.duration);
    }
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  const seek = new MutationObserver(() => {
    if (document.querySelector('[data-panel]') === null) return;
    seek.disconnect();
    afterPaint(() => (window.bench.firstPanel = performance.now()));
  });
  seek.observe(document, { subtree: true, childList: true });
}

// A large library

async function benchLibrary(dataDir: string): Promise<void> {
  if ((await readdir(dataDir).catch(() => [])).length === 0) await makeLargeLibrary(dataDir, assetCount);
  console.log(`\nA library of ${assetCount} pictures`);
  const studio = await startStudio(dataDir);
  const browser = await openBrowser({ width: 1440, height: 900 });
  try {
    const { page } = browser;
    await page.goto(studio.url);
    await page.locator('[data-asset]').first().waitFor();
    await sleep(2000);
    const blank: number[] = [];
    const blurred: number[] = [];
    const nameless: number[] = [];
    let rows = 0;
    for (let run = 0; run < runs; run++) {
      await page.getByRole('listbox').evaluate((element) => (element.scrollTop = 0));
      await sleep(1000);
      const found = await page.evaluate(sweep, 20);
      blank.push(found.blank);
      blurred.push(found.blurred);
      nameless.push(found.nameless);
      rows = found.rows;
    }
    report(
      'scrolling it end to end: longest blank row',
      median(blank),
      'ms',
      limits.blank,
      `worst run ${Math.round(Math.max(...blank))} ms; without even a name ${Math.round(median(nameless))} ms; ${rows} rows seen`,
    );
    console.log(
      `the same, until a row shows a thumbnail: ${Math.round(median(blurred))} ms, worst run ${Math.round(Math.max(...blurred))} ms`,
    );
    if (browser.problems.length > 0) console.log('Went wrong in the page:', browser.problems.slice(0, 5));
  } finally {
    await browser.close();
    await studio.stop();
  }
}

/**
 * Runs in the page: drags through the whole list in so many seconds, with a stop of 0.4 s in each, and watches in every
 * frame which rows are blank.
 */
async function sweep(
  seconds: number,
): Promise<{ blank: number; blurred: number; nameless: number; rows: number }> {
  const list = document.querySelector<HTMLElement>('[role="listbox"]')!;
  const distance = list.scrollHeight - list.clientHeight;
  const any = list.querySelector<HTMLElement>('[data-row]')!;
  const height = any.getBoundingClientRect().height;
  const count = Math.round(list.scrollHeight / height);
  /** Since when a row in sight has been blank. */
  const kinds = ['blank', 'blurred', 'nameless'] as const;
  const since = {
    blank: new Map<number, number>(),
    blurred: new Map<number, number>(),
    nameless: new Map<number, number>(),
  };
  const longest = { blank: 0, blurred: 0, nameless: 0 };
  const seen = new Set<number>();

  const look = (now: number): void => {
    const box = list.getBoundingClientRect();
    const showing = { blank: new Set<number>(), blurred: new Set<number>(), nameless: new Set<number>() };
    // Where the rows are is measured, not computed: spacers and padding lie between them.
    let top = NaN;
    for (const row of list.querySelectorAll<HTMLElement>('[data-row]')) {
      const number = Number(row.dataset['row']);
      const { y } = row.getBoundingClientRect();
      if (Number.isNaN(top)) top = y - number * height;
      const pictures = [...row.querySelectorAll('img')];
      const here = pictures.some((picture) => picture.complete && picture.naturalWidth > 0);
      if (here) showing.blurred.add(number);
      if (here || pictures.some((picture) => picture.style.backgroundImage !== '')) showing.blank.add(number);
      if (row.querySelector('[data-asset]') !== null) showing.nameless.add(number);
    }
    if (Number.isNaN(top)) top = box.y - list.scrollTop;
    const first = Math.max(0, Math.ceil((box.y - top) / height - 0.5));
    const last = Math.min(count - 1, Math.floor((box.bottom - top) / height - 0.5));
    for (const kind of kinds) {
      for (const [row, start] of since[kind]) {
        longest[kind] = Math.max(longest[kind], now - start);
        if (row < first || row > last || showing[kind].has(row)) since[kind].delete(row);
      }
      for (let row = first; row <= last; row++) {
        seen.add(row);
        if (!showing[kind].has(row) && !since[kind].has(row)) since[kind].set(row, now);
      }
    }
  };

  await new Promise<void>((resolve) => {
    const start = performance.now();
    const step = (now: number): void => {
      look(now);
      const elapsed = now - start;
      const second = Math.floor(elapsed / 1000);
      const moving = Math.min(1, (elapsed % 1000) / 600);
      list.scrollTop = (distance * (second + moving)) / seconds;
      if (elapsed < seconds * 1000 + 500) requestAnimationFrame(step);
      else resolve();
    };
    requestAnimationFrame(step);
  });
  return { ...longest, rows: seen.size };
}
