import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/main/commands.ts';
import { openStudio, type Studio } from '../../src/main/studio.ts';
import type { CommandInput, CommandName, CommandOutput, StudioEvents } from '../../src/shared/contract.ts';

describe('what a studio suggests to write', () => {
  let folder: string;
  let studio: Studio;
  let story: string;
  let panels: string[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fabula-suggest-'));
    studio = await openStudio({ dataDir: join(folder, 'data'), resident: false });
    const opened = studio.importOutline(
      'story.md',
      '# The kite\n\nLily and Ben had a red kite.\n\nOne day they took the kite to the park.\n\nThe wind was strong and the\n',
    ).story;
    story = opened.story.id;
    panels = opened.story.panels.map(({ id }) => id);
  });
  afterAll(async () => {
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>> {
    const result = await run(studio, name, input);
    if (!result.ok) throw Object.assign(new Error(result.message), result);
    return result.value;
  }

  /** The parts that a request sends. */
  function heard(request: string): string[] {
    const parts: string[] = [];
    studio.events.listen('request.part', (event: StudioEvents['request.part']) => {
      if (event.request === request && event.part.kind === 'text') parts.push(event.part.text);
    });
    return parts;
  }

  test('the next text of a panel streams, fits behind the panel’s own, and changes nothing', async () => {
    const before = studio.stories.open(story);
    const parts = heard('stream');
    const input = { story, panel: panels[2]!, seed: 3 };
    const answer = await ask('suggest.text', { ...input, request: 'stream' });
    expect(answer.pack).toMatch(/^writer@/);
    expect(answer.text).toMatch(/^[^\p{L}\p{N}]/u);
    expect(parts.length).toBeGreaterThan(3);
    for (const [index, part] of parts.entries()) expect(part.startsWith(parts[index - 1] ?? '')).toBe(true);
    expect(studio.stories.open(story)).toEqual(before);
    expect(await ask('suggest.text', input)).toEqual(answer);
    expect(await ask('suggest.text', { ...input, seed: 4 })).not.toEqual(answer);
  });

  test('the panels before and the caption of the picture are read', async () => {
    const input = { story, panel: panels[1]!, seed: 9 };
    const alone = await ask('suggest.text', input);
    const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#c33' } })
      .png()
      .toBuffer();
    const { asset } = await studio.upload('kite.png', bytes);
    const edit = (change: object): void => {
      const { revision } = studio.stories.open(story);
      studio.stories.edit({ story, revision, edit: change as never, label: 'Test' });
    };
    const version = { id: 'v1', asset: asset.id, source: 'imported', createdAt: new Date(0).toISOString() };
    const block = { id: 'picture', type: 'image', caption: '', current: 'v1', versions: [version] };
    edit({ type: 'insert-block', panel: panels[1]!, index: 0, block });
    const looked = await ask('suggest.text', input);
    // A pack that joins pictures to the writer sees it without anybody saying what it shows.
    if (studio.models.joinPack === null) expect(looked).toEqual(alone);
    else expect(looked).toMatchObject({ pictures: 1 });
    studio.library.setCaption(asset.id, {
      text: 'A black dog swims in the sea.',
      source: 'person',
      pack: null,
    });
    const captioned = await ask('suggest.text', input);
    expect(captioned).not.toEqual(alone);
    edit({ type: 'remove-panel', panel: panels[0]! });
    expect(await ask('suggest.text', input)).not.toEqual(captioned);
  });

  test('cancelled, it stops and says so', async () => {
    const parts = heard('stop');
    const asked = ask('suggest.text', { story, panel: panels[2]!, request: 'stop' });
    while (parts.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await ask('requests.cancel', { request: 'stop' })).toEqual({ cancelled: true });
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a story in a language the pack does not write, and a panel that is gone, are said', async () => {
    const { story: other } = studio.importOutline('neko.md', '# 猫\n\n猫は港に帰ります。\n').story;
    await expect(ask('suggest.text', { story: other.id, panel: other.panels[0]!.id })).rejects.toMatchObject({
      code: 'unavailable',
      details: { languages: ['en'] },
    });
    const { revision, story: record } = studio.stories.open(story);
    const settings = { ...record.settings, language: 'ms-MY' };
    studio.stories.edit({ story, revision, edit: { type: 'set-settings', settings }, label: 'Test' });
    await expect(ask('suggest.text', { story, panel: panels[2]! })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ms-MY') as string,
    });
    await expect(ask('suggest.text', { story, panel: 'gone' })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a caption streams too: the likeliest so far, and in the end the one that stands', async () => {
    const bytes = await sharp({ create: { width: 80, height: 60, channels: 3, background: '#3a6' } })
      .png()
      .toBuffer();
    const { asset } = await studio.upload('green.png', bytes);
    const parts = heard('caption');
    const answer = await ask('captions.suggest', { asset: asset.id, request: 'caption' });
    expect(answer.pack).toMatch(/^starter@/);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every((part) => part.length > 0)).toBe(true);
    expect(studio.library.get(asset.id).caption).toBeNull();
  });

  test('the pack is listed, and the doctor tries it', async () => {
    expect(studio.packs.list().find(({ id }) => id === 'writer')).toMatchObject({
      roles: ['write'],
      problem: null,
    });
    const checks = await ask('studio.doctor', {});
    expect(checks.find(({ name }) => name === 'writing')).toMatchObject({
      state: 'works',
      detail: expect.stringMatching(/^writer@.+ writes en, a piece of a word in \d+ ms$/) as string,
    });
  });
});
