import { expect, test } from 'vitest';
import { assetsShown, clock, panelAt, timesOf } from '../../../src/renderer/src/state/play.svelte.ts';
import { imageBlock, panelOf, storyOf, textBlock } from '../../fixtures/stories.ts';

const story = storyOf([
  { ...panelOf('a', textBlock('t', 'A')), duration: 2.5 },
  panelOf('b', imageBlock('i', 'a'.repeat(64)), imageBlock('j', 'b'.repeat(64))),
  { ...panelOf('c'), duration: 1 },
]);

test('each panel lasts as long as it says, or as the story says', () => {
  const { starts, total } = timesOf(story);
  const { panelDuration } = story.settings;
  expect(starts).toEqual([0, 2.5, 2.5 + panelDuration]);
  expect(total).toBe(3.5 + panelDuration);
  expect([0, 2.49, 2.5, 2.5 + panelDuration, 1000].map((time) => panelAt(starts, time))).toEqual([
    0, 0, 1, 2, 2,
  ]);
  expect(timesOf({ ...story, panels: [] })).toEqual({ starts: [], total: 0 });
});

test('the pictures of a panel are shown together, in their order', () => {
  expect(assetsShown(story.panels[1]!).map(({ asset }) => asset[0])).toEqual(['a', 'b']);
  expect(assetsShown(story.panels[0]!)).toEqual([]);
});

test.each([
  [0, '0:00'],
  [7.9, '0:07'],
  [750, '12:30'],
  [3723, '1:02:03'],
])('%d seconds read %s', (seconds, words) => {
  expect(clock(seconds)).toBe(words);
});
