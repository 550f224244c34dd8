import { describe, expect, test } from 'vitest';
import {
  assetsOf,
  panelsAsText,
  readPanels,
  withoutAssets,
  writePanels,
} from '../../../src/renderer/src/state/panel-clipboard.ts';
import { checkStory } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { imageBlock, panelOf, textBlock } from '../../fixtures/stories.ts';

const asset = 'e'.repeat(64);
const panels = [
  { ...panelOf('p', textBlock('t', 'قطة'), imageBlock('i', asset)), dialogue: 'Meow?', duration: 2.5 },
  panelOf('q', textBlock('u', '')),
];

/** Everything of a panel but its ids. */
function content(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, entry: unknown) => (key === 'id' || key === 'current' ? undefined : entry)),
  );
}

describe('panels on the clipboard', () => {
  test('come back with all they held and ids of their own, any number of times', () => {
    const clip = writePanels(panels);
    const first = readPanels(clip);
    const second = readPanels(clip);
    expect(content(first)).toEqual(content(panels));
    checkStory({ cast: [], panels: [...panels, ...first, ...second] });
    const [, picture] = first[0]!.blocks;
    expect(picture?.type === 'image' && picture.current).toBe(
      picture?.type === 'image' && picture.versions[0]!.id,
    );
  });

  test('are plain words for other programs', () => {
    expect(panelsAsText(panels)).toBe('قطة\n\nMeow?');
  });

  test.each([
    ['no JSON', '{"format":'],
    ['something else', '{"format":"other"}'],
    ['a field of the wrong type', writePanels(panels).replace('2.5', '"long"')],
    ['an asset that is no hash', writePanels(panels).replace(asset, '../../etc/passwd')],
    ['an id twice', writePanels([panels[0]!, panels[0]!])],
    ['no panels', '{"format":"fabula-panels","version":1,"panels":[]}'],
  ])('are refused when they are %s', (_what, text) => {
    expect(() => readPanels(text)).toThrow(FabulaError);
  });

  test('keep the place of a picture that this library has not', () => {
    expect([...assetsOf(panels)]).toEqual([asset]);
    const [first] = withoutAssets(panels, new Set([asset]));
    expect(first!.blocks[1]).toMatchObject({ type: 'image', current: null, versions: [] });
    checkStory({ cast: [], panels: [first!] });
    expect(withoutAssets(panels, new Set())[0]).toEqual(panels[0]);
  });
});
