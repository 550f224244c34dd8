/**
 * How long a change in the sketch editor takes to be seen, in a real Chromium through the web door.
 *
 *   npm run -s bench:sketch-edit [-- MOVES]
 *
 * From the pointer's event (its own time stamp) until the frame is made that shows the new drawing: the request, the
 * drawing of the scene, the answer, decoding and painting are all in it, and so is the wait for that frame, up to
 * 16 ms. Figures in scenes of several places are dragged. How busy the machine was shows in the second line.
 */
import { availableParallelism, loadavg } from 'node:os';
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

const studio = await startStudio();
const browser = await openBrowser();
try {
  const { page } = browser;
  await page.goto(studio.url);
  await openSketches(page, texts);
  const all: number[] = [];
  const empty: number[] = [];
  for (const at of texts.keys()) {
    await page.locator(`[data-picture-block="b${at}"]`).dblclick();
    await page.locator('[data-sketch-picture]').waitFor();
    await page.locator('[data-place] img').first().waitFor();
    const figure = page.locator('[data-figure]').last();
    const box = (await figure.boundingBox())!;
    const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    // The first request of a kind loads what later ones find loaded.
    await page.waitForTimeout(1500);
    await page.evaluate(() => {
      const times: number[] = [];
      Object.assign(window, { sketchTimes: times });
      const picture = document.querySelector<HTMLImageElement>('[data-sketch-picture]')!;
      let moved = 0;
      document.addEventListener('pointermove', (event) => (moved ||= event.timeStamp), true);
      picture.addEventListener('load', () => {
        const began = moved;
        moved = 0;
        if (began === 0) return;
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => times.push(performance.now() - began);
          port2.postMessage(null);
        });
      });
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
    const times = await page.evaluate(() => (window as unknown as { sketchTimes: number[] }).sketchTimes);
    all.push(...times);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  process.stdout.write(
    [
      `sketch-edit: event to painted drawing, ${all.length} steps: median ms = ${quantile(all, 0.5).toFixed(1)}, p95 ms = ${quantile(all, 0.95).toFixed(1)}, fastest tenth ms = ${quantile(all, 0.1).toFixed(1)}`,
      `sketch-edit: an empty request of the same page, same run: median ms = ${quantile(empty, 0.5).toFixed(1)}, p95 ms = ${quantile(empty, 0.95).toFixed(1)}; load of the machine = ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`,
      '',
    ].join('\n'),
  );
} finally {
  await browser.close();
  await studio.stop();
}
