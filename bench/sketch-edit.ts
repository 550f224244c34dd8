/**
 * How long a change in the sketch editor takes to be seen, in a real Chromium through the web door.
 *
 *   npm run -s bench:sketch-edit [-- MOVES]
 *
 * From the pointer's event (its own time stamp) until the frame is made that shows the new drawing: working out the
 * scene and painting it are in it, and so is the wait for that frame, up to 16 ms. Figures in scenes of several places
 * are dragged, then scaled, turned and mirrored with keys; then time, weather, place, shot and mood are changed, for
 * which the studio must draw the scene anew: as a person does it, whose pointer comes to a control some tenths of a second
 * before the choice is made, and once more unforeseen. How busy the machine was shows in the last line.
 */
import { availableParallelism, loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { openBrowser, startStudio } from '../tests/fixtures/browser.ts';
import { openSketches } from '../tests/fixtures/sketches.ts';

const moves = Number(process.argv[2] ?? 60);
const texts = [
  'A girl with an umbrella runs through the city in the rain.',
  'Three dogs and two cats play in the park with a ball under a big tree.',
  'A knight and a princess ride a horse to the castle in the garden at night.',
];

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

const line = (what: string, times: readonly number[]): string =>
  `sketch-edit: event to painted drawing, ${what}, ${times.length} steps: median ms = ${quantile(times, 0.5).toFixed(1)}, p95 ms = ${quantile(times, 0.95).toFixed(1)}, fastest tenth ms = ${quantile(times, 0.1).toFixed(1)}`;

const choices = {
  Time: ['dusk', 'night', 'dawn', 'day'],
  Weather: ['snow', 'fog', 'rain', 'clear'],
  Shot: ['close-up', 'medium', 'wide'],
  Mood: ['sad', 'calm', 'neutral'],
};
const elsewhere = ['beach', 'kitchen', 'forest', 'street'];
/** From pointing at a list to the choice. */
const pointedMs = 600;
/** Until a choice has been painted and kept. */
const keptMs = 900;

/** The times measured since they were last taken. */
async function takeTimes(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { sketchTimes: number[] }).sketchTimes.splice(0));
}

const studio = await startStudio();
const browser = await openBrowser();
try {
  const { page } = browser;
  await page.goto(studio.url);
  await openSketches(page, texts);
  const dragged: number[] = [];
  const pressed: number[] = [];
  const chosen = new Map<string, number[]>();
  const empty: number[] = [];
  for (const at of texts.keys()) {
    await page.locator(`[data-picture-block="b${at}"]`).dblclick();
    await page.locator('[data-sketch-picture][data-painting]').waitFor();
    await page.locator('[data-place] img').first().waitFor();
    const figure = page.locator('[data-figure]').last();
    const box = (await figure.boundingBox())!;
    const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    // The first request of a kind loads what later ones find loaded.
    await page.waitForTimeout(1500);
    await page.evaluate(() => {
      const times: number[] = [];
      Object.assign(window, { sketchTimes: times });
      const picture = document.querySelector<HTMLElement>('[data-sketch-picture]')!;
      let moved = 0;
      for (const type of ['pointermove', 'keydown']) {
        document.addEventListener(type, (event) => (moved ||= event.timeStamp), true);
      }
      for (const type of ['click', 'change']) {
        document.addEventListener(type, (event) => (moved = event.timeStamp), true);
      }
      // The picture is painted in the callback of a frame: the task after it comes when the frame is made.
      const paintings = new MutationObserver(() => {
        const began = moved;
        moved = 0;
        if (began === 0) return;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => times.push(performance.now() - began);
        port2.postMessage(null);
      });
      paintings.observe(picture, { attributeFilter: ['data-painting'] });
    });
    empty.push(
      ...(await page.evaluate(async () => {
        const times: number[] = [];
        for (let round = 0; round < 20; round++) {
          const began = performance.now();
          const headers = { 'content-type': 'application/json' };
          await (await fetch('/command/studio.about', { method: 'POST', headers, body: '{}' })).json();
          times.push(performance.now() - began);
        }
        return times;
      })),
    );
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    for (let move = 1; move <= moves; move++) {
      await page.mouse.move(from.x + 60 * Math.sin(move / 5), from.y + 20 * Math.cos(move / 7));
      await page.waitForTimeout(60);
    }
    await page.mouse.up();
    await page.waitForTimeout(500);
    dragged.push(...(await takeTimes(page)));
    await figure.focus();
    for (let press = 0; press < moves; press++) {
      await page.keyboard.press(['+', '.', 'f', '-', ',', 'ArrowLeft'][press % 6]!);
      await page.waitForTimeout(60);
    }
    await page.waitForTimeout(500);
    pressed.push(...(await takeTimes(page)));
    const note = async (what: string): Promise<void> => {
      await page.waitForTimeout(keptMs);
      chosen.set(what, [...(chosen.get(what) ?? []), ...(await takeTimes(page))]);
    };
    for (const [label, values] of Object.entries(choices)) {
      const list = page.getByLabel(label, { exact: true });
      for (const value of values) {
        await list.hover();
        await page.waitForTimeout(pointedMs);
        await takeTimes(page);
        await list.selectOption(value);
        await note(label.toLowerCase());
        await page.mouse.move(5, 5);
      }
    }
    for (const place of elsewhere) {
      const button = page.locator(`[data-place="${place}"]`);
      await button.hover();
      await page.waitForTimeout(pointedMs);
      await takeTimes(page);
      await button.click();
      await note('place');
    }
    await page.mouse.move(5, 5);
    // Lights that this place has not been seen in.
    for (const time of choices.Time) {
      await page.getByLabel('Time', { exact: true }).selectOption(time);
      await note('time, unforeseen');
    }
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  process.stdout.write(
    [
      line('figures dragged', dragged),
      line('figures scaled, turned, mirrored', pressed),
      ...[...chosen].map(([what, times]) => line(`another ${what}`, times)),
      `sketch-edit: an empty request of the same page, same run: median ms = ${quantile(empty, 0.5).toFixed(1)}, p95 ms = ${quantile(empty, 0.95).toFixed(1)}; load of the machine = ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`,
      '',
    ].join('\n'),
  );
} finally {
  await browser.close();
  await studio.stop();
}
