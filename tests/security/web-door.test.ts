import { symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenDoor } from '../fixtures/web-door.ts';

/** What a page of another site, another program or a curious neighbour can try on the loopback port. */

let open: OpenDoor;
let asset: string;

beforeAll(async () => {
  open = await OpenDoor.open({ bodyLimit: 100_000, uploadLimit: 200_000 });
  const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#3050c0' } })
    .png()
    .toBuffer();
  ({
    asset: { id: asset },
  } = await open.studio.upload('blue.png', bytes));
});
afterAll(() => open.close());

describe('without the token', () => {
  test.each([
    '/',
    '/index.html',
    '/events',
    '/?token=',
    '/?token=guess',
    '/assets/index-3f9a7b21.js',
    '/media/thumb/' + '0'.repeat(64),
    '/previews/00000000-0000-4000-8000-000000000000/0/800',
  ])('%s is refused', async (path) => {
    open.cookie = '';
    const { status, body } = await open.ask({ path });
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ ok: false, code: 'forbidden' });
  });

  test('a command is refused, and so is an upload', async () => {
    open.cookie = '';
    for (const path of ['/command/studio.about', '/upload?name=a.png']) {
      const { status } = await open.ask({
        method: 'POST',
        path,
        headers: { origin: open.origin, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(status).toBe(403);
    }
  });

  test('a forged or foreign cookie is refused', async () => {
    for (const cookie of [`fabula-${open.port}=guess`, 'fabula=x', `fabula-${open.port}=`]) {
      const { status } = await open.ask({ path: '/', headers: { cookie } });
      expect(status).toBe(403);
    }
  });
});

test('the token is traded for a cookie that no script and no other site gets, and leaves the address', async () => {
  const { status, headers, body } = await open.signIn();
  expect(status).toBe(303);
  expect(headers.location).toBe('/');
  expect(body).toBe('');
  const cookie = headers['set-cookie']![0]!;
  expect(cookie).toMatch(/; HttpOnly(;|$)/);
  expect(cookie).toMatch(/; SameSite=Strict(;|$)/);
  expect(cookie).not.toContain(new URL(open.door.url).searchParams.get('token')!);
  const page = await open.ask({ path: '/' });
  expect(page.status).toBe(200);
  expect(page.body).toContain('<title>Fabula</title>');
});

describe('with the cookie', () => {
  beforeAll(() => open.signIn());

  test('a rebound domain is refused: Host must be this server', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${open.port}`,
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${open.port}`,
    ]) {
      const { status } = await open.ask({ path: '/', headers: { host } });
      expect(status).toBe(403);
    }
    for (const host of [`localhost:${open.port}`, `127.0.0.1:${open.port}`]) {
      expect((await open.ask({ path: '/', headers: { host } })).status).toBe(200);
    }
  });

  test('another site is refused: Origin must be this server, and must be there', async () => {
    const about = { method: 'POST', path: '/command/studio.about', body: '{}' };
    const type = { 'content-type': 'application/json' };
    for (const origin of [
      'https://evil.example',
      'null',
      'http://127.0.0.1',
      `http://localhost:${open.port}`,
    ]) {
      expect((await open.ask({ ...about, headers: { ...type, origin } })).status).toBe(403);
    }
    expect((await open.ask({ ...about, headers: type })).status).toBe(403);
    expect((await open.ask({ ...about, headers: { ...type, origin: open.origin } })).status).toBe(200);
  });

  test('a form of another site cannot send what a command takes', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { status } = await open.ask({
        method: 'POST',
        path: '/command/studio.about',
        headers: { origin: open.origin, 'content-type': type },
        body: '{}',
      });
      expect(status).toBe(400);
    }
  });

  test('every answer forbids scripts from elsewhere, sniffing and framing', async () => {
    for (const path of ['/', '/nowhere', `/media/thumb/${asset}`]) {
      const { headers } = await open.ask({ path });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });

  test('pages of a preview are pictures that nobody keeps, for whoever has the cookie', async () => {
    const created = await open.command<{ value: { story: { id: string } } }>('stories.create', {
      title: 'Secret',
    });
    const { value } = await open.command<{ value: { id: string } }>('exports.preview', {
      story: created.value.story.id,
    });
    const path = `/previews/${value.id}/0/320`;
    const { status, headers, bytes } = await open.ask({ path });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('image/png');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(String(headers['content-security-policy'])).not.toMatch(/unsafe|wasm|worker/);
    expect((await sharp(bytes).metadata()).width).toBe(320);

    const { cookie } = open;
    open.cookie = '';
    expect((await open.ask({ path })).status).toBe(403);
    open.cookie = cookie;
    expect((await open.ask({ path, headers: { host: 'evil.example' } })).status).toBe(403);
    for (const other of [
      `/previews/${value.id}/1/320`,
      `/previews/${value.id}/0/9999`,
      `/previews/${value.id}/0/3`,
      `/previews/${value.id}/-1/320`,
      `/previews/${value.id}/0/320/..`,
      '/previews/../library.db/0/320',
      '/previews/%2e%2e/0/320',
      '/previews/unknown/0/320',
    ]) {
      expect([other, (await open.ask({ path: other })).status]).toEqual([other, 404]);
    }
  });

  test.each([
    '/..',
    '/../secret.txt',
    '/../data/library.db',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%2f..%2fetc%2fpasswd',
    '/..%5csecret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/',
    '/assets',
    '/assets/link.txt',
    '//etc/passwd',
    '/media/',
    '/media/thumb/',
    '/media/thumb/../../library.db',
    '/media/thumb/%2e%2e%2f%2e%2e%2flibrary.db',
    '/media/original/' + '0'.repeat(64),
    '/media/thumb/' + '0'.repeat(64),
    '/exports/',
    '/exports/..',
    '/exports/%2e%2e',
    '/exports/..%2flibrary.db',
    '/index.html%00.png',
  ])('%s reaches nothing', async (path) => {
    const { status, body } = await open.ask({ path });
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ ok: false, code: 'not-found' });
    expect(body).not.toContain('not for windows');
  });

  test('a picture is served by its hash; a link in its place that leads out of the cache is refused', async () => {
    const path = `/media/thumb/${asset}`;
    const picture = await open.ask({ path });
    expect(picture.status).toBe(200);
    expect(picture.headers['content-type']).toBe('image/webp');
    expect(picture.headers['cache-control']).toContain('immutable');
    expect((await sharp(picture.bytes).metadata()).width).toBe(64);

    const { file } = await open.studio.library.media(asset, 'thumb');
    unlinkSync(file);
    symlinkSync(join(open.folder, 'secret.txt'), file);
    try {
      const { status, body } = await open.ask({ path });
      expect(status).toBe(403);
      expect(body).not.toContain('not for windows');
    } finally {
      unlinkSync(file);
    }
    expect((await open.ask({ path })).status).toBe(200);
  });

  test('other methods are refused', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status } = await open.ask({ method, path: '/', headers: { origin: open.origin } });
      expect(status).toBe(405);
    }
  });

  test('an unknown command, and one named like a property of every object, are not found', async () => {
    for (const name of ['no.such', 'constructor', '__proto__', 'toString', 'studio.about/../x']) {
      const { status } = await open.ask({
        method: 'POST',
        path: `/command/${name}`,
        headers: { origin: open.origin, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(status).toBe(404);
    }
  });
});
