import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWebDoor } from '../../src/main/web/server.ts';
import type { Asset, Job, OpenStory } from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/errors.ts';
import { OpenDoor } from '../fixtures/web-door.ts';

let open: OpenDoor;

beforeAll(async () => {
  open = await OpenDoor.open({ bodyLimit: 100_000, uploadLimit: 50_000, heartbeat: 50 });
  await open.signIn();
});
afterAll(() => open.close());

/** Reads the event stream until it holds what is looked for. */
function listen(until: RegExp, path = '/events'): { heard: Promise<string>; opened: Promise<unknown> } {
  const heard = Promise.withResolvers<string>();
  const opened = Promise.withResolvers<unknown>();
  const request = get(
    { host: '127.0.0.1', port: open.port, path, headers: { cookie: open.cookie } },
    (response) => {
      expect(response.headers['content-type']).toContain('text/event-stream');
      opened.resolve(null);
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (!until.test(text)) return;
        request.destroy();
        heard.resolve(text);
      });
      response.on('close', () => {
        heard.reject(new Error(`The stream ended: ${text}`));
      });
    },
  );
  request.on('error', () => {});
  return { heard: heard.promise, opened: opened.promise };
}

function listeners(): number {
  return open.studio.events.listeners('job.changed');
}

test('a command answers with a Result, a failing one with its code', async () => {
  expect(await open.command('studio.about', {})).toMatchObject({ ok: true, value: { assets: 0 } });
  expect(await open.command('library.search', { text: ' ' })).toMatchObject({
    ok: false,
    code: 'invalid-input',
    message: expect.stringContaining('give a text or a picture') as string,
  });
  expect(await open.command('stories.open', { story: 'none' })).toMatchObject({
    ok: false,
    code: 'not-found',
  });
  expect(await open.command('library.list', { limit: 'many' })).toMatchObject({
    ok: false,
    code: 'invalid-input',
    message: expect.stringContaining('“limit”') as string,
  });
});

test('a folder is imported, and the window hears of it as it happens', async () => {
  const pictures = join(open.folder, 'pictures');
  mkdirSync(pictures);
  for (const [name, background] of [
    ['red.jpg', '#c03020'],
    ['green.jpg', '#20a040'],
  ] as const) {
    await sharp({ create: { width: 320, height: 200, channels: 3, background } })
      .jpeg()
      .toFile(join(pictures, name));
  }
  const { heard, opened } = listen(/"kind":"import".*"state":"done"/);
  await opened;
  const job = await open.command<Result<Job>>('library.import', { paths: [pictures] });
  expect(job).toMatchObject({ ok: true, value: { kind: 'import' } });
  const text = await heard;
  expect(text).toContain('event: job.changed\ndata: {');
  const list = await open.command<Result<{ total: number; assets: Asset[] }>>('library.list', {});
  expect(list).toMatchObject({ ok: true, value: { total: 2 } });
});

test('new pictures become searchable without being asked, by text and by picture', async () => {
  const { space } = open.studio.search;
  for (let tries = 0; open.studio.library.missingVectors(space, 10).length > 0; tries++) {
    if (tries > 300) throw new Error('The pictures were not encoded.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const byWord = await open.command<Result<{ good: boolean; hits: { asset: Asset; words: boolean }[] }>>(
    'library.search',
    { text: 'green' },
  );
  if (!byWord.ok) throw new Error(byWord.message);
  // The word stands in the file's name.
  expect(byWord.value.good).toBe(true);
  const hit = byWord.value.hits.find(({ words }) => words);
  expect(hit?.asset.name).toBe('green.jpg');
  expect(byWord.value.hits).toHaveLength(2);

  const like = await open.command<Result<{ hits: { asset: Asset; similarity: number }[] }>>(
    'library.search',
    {
      asset: hit!.asset.id,
    },
  );
  if (!like.ok) throw new Error(like.message);
  expect(like.value.hits.map(({ asset }) => asset.name)).toEqual(['red.jpg']);
  expect(like.value.hits[0]!.similarity).toBeLessThanOrEqual(1.0001);
});

describe('uploads', () => {
  const upload = (name: string, body: Uint8Array) =>
    open.ask({
      method: 'POST',
      path: `/upload?name=${encodeURIComponent(name)}`,
      headers: { origin: open.origin, 'content-type': 'application/octet-stream' },
      body,
    });

  test('a picture is taken in under its name, and known the second time', async () => {
    const bytes = await sharp({ create: { width: 90, height: 60, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    const first = JSON.parse((await upload('雪 ☃.png', bytes)).body) as Result<{
      asset: Asset;
      duplicate: boolean;
    }>;
    expect(first).toMatchObject({
      ok: true,
      value: { duplicate: false, asset: { name: '雪 ☃.png', width: 90 } },
    });
    const second = JSON.parse((await upload('again.png', bytes)).body) as unknown;
    expect(second).toMatchObject({ ok: true, value: { duplicate: true } });
  });

  test('what is no picture is refused with its name, and nothing is left of it', async () => {
    const { status, body } = await upload('letter.png', Buffer.from('Dear library'));
    expect(status).toBe(422);
    expect(JSON.parse(body)).toMatchObject({ ok: false, code: 'unreadable-image' });
    expect(body).toContain('letter.png');
    expect(readdirSync(join(open.studio.dataDir, 'temporary'))).toEqual([]);
  });

  test('one past the limit is refused, said or not', async () => {
    const large = new Uint8Array(60_000);
    const said = await upload('large.png', large);
    expect(said.status).toBe(413);
    const unsaid = await open.ask({
      method: 'POST',
      path: '/upload?name=large.png',
      headers: { origin: open.origin, 'transfer-encoding': 'chunked' },
      body: large,
    });
    expect(unsaid.status).toBe(413);
    expect(readdirSync(join(open.studio.dataDir, 'temporary'))).toEqual([]);
    // The connection problems of one request are not the next one's.
    expect(await open.command('studio.about', {})).toMatchObject({ ok: true });
  });

  test('a name with folders is refused', async () => {
    for (const name of ['../a.png', 'a/b.png', 'a\\b.png', '']) {
      expect((await upload(name, new Uint8Array(4))).status).toBe(400);
    }
  });
});

test('a finished export is handed over as a download that runs nothing', async () => {
  const story = await open.command<Result<{ story: OpenStory }>>('stories.importOutline', {
    name: 'tale.md',
    markdown: '# 物語 / Tale\n\nA cat sat on a <script>alert(1)</script> mat.\n',
  });
  if (!story.ok) throw new Error(story.message);
  const job = await open.command<Result<Job>>('exports.start', {
    story: story.value.story.story.id,
    format: 'html',
  });
  if (!job.ok) throw new Error(job.message);
  const finished = await open.studio.jobs.waitFor(job.value.id);
  expect(finished.state).toBe('done');
  const { status, headers, body } = await open.ask({ path: `/exports/${job.value.id}` });
  expect(status).toBe(200);
  expect(headers['content-disposition']).toMatch(/^attachment; filename\*=UTF-8''/);
  expect(decodeURIComponent(headers['content-disposition']!)).toContain('物語');
  expect(headers['content-security-policy']).toContain('sandbox');
  expect(body).not.toContain('<script>alert');
});

test('a window that opens hears again what was told since it began to, and no more', async () => {
  const before = listeners();
  open.studio.settings.set({ theme: 'dark' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  open.studio.settings.set({ theme: 'light' });
  open.studio.settings.set({ theme: 'system' });
  const text = await listen(/still here/, '/events?age=200').heard;
  const themes = [...text.matchAll(/^event: settings\.changed\ndata: .*"theme":"(\w+)"/gm)];
  expect(themes.map(([, theme]) => theme)).toEqual(['light', 'system']);
  expect(await listen(/still here/).heard).not.toContain('event:');
  await expect.poll(listeners).toBe(before);
});

test('a quiet stream shows signs of life, and forgets a window that went away', async () => {
  const before = listeners();
  const { heard, opened } = listen(/: still here[\s\S]*: still here/);
  await opened;
  expect(listeners()).toBe(before + 1);
  await heard;
  await expect.poll(listeners).toBe(before);
});

test('a body past the limit and one that is no JSON are refused, and the server goes on', async () => {
  const post = (body: string) =>
    open.ask({
      method: 'POST',
      path: '/command/stories.create',
      headers: { origin: open.origin, 'content-type': 'application/json' },
      body,
    });
  const large = await post(JSON.stringify({ title: 'x'.repeat(200_000) }));
  expect(large.status).toBe(413);
  expect(JSON.parse(large.body)).toMatchObject({ ok: false, code: 'invalid-input' });
  for (const body of ['{"title":', '', '\xff\xfe']) {
    const { status } = await post(body);
    expect(status).toBe(400);
  }
  expect(await open.command('stories.create', { title: 'Still here' })).toMatchObject({ ok: true });
});

test('a taken port is said in one line that says what to do', async () => {
  await expect(
    openWebDoor({ studio: open.studio, windowDir: join(open.folder, 'window'), port: open.port }),
  ).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('--port') as string });
});

test('a window that was not built is said so', async () => {
  await expect(
    openWebDoor({ studio: open.studio, windowDir: join(open.folder, 'nowhere') }),
  ).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('npm run build') as string,
  });
});

test('closing ends streams and stops listening', async () => {
  const second = await openWebDoor({ studio: open.studio, windowDir: join(open.folder, 'window') });
  const { port } = new URL(second.origin);
  await second.close();
  await expect(
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/' }, resolve).on('error', reject);
    }),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(existsSync(join(open.folder, 'data', 'library.db'))).toBe(true);
});
