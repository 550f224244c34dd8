import { fork, type ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commandNames,
  type Asset,
  type ExportPreview,
  type Job,
  type OpenStory,
} from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/errors.ts';
import { languageCodes, translate } from '../../src/shared/messages.ts';
import { windowCommandIds } from '../../src/shared/window-commands.ts';
import { ensureBuilt, root } from '../fixtures/built.ts';

/**
 * The built main process and preload, run against the strict fake of Electron's interface: what they ask of Electron
 * exists, and what they answer is what a window would get.
 */

let folder: string;
let driver: ChildProcess;
let complaints = '';
let lastId = 0;

function ask<T>(name: string, ...values: unknown[]): Promise<T> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const hear = (message: { id: number; value: T; error?: string }): void => {
      if (message.id !== id) return;
      driver.off('message', hear);
      driver.off('exit', gone);
      if (message.error === undefined) resolve(message.value);
      else reject(new Error(message.error));
    };
    const gone = (): void => {
      reject(new Error(`The desktop ended: ${complaints}`));
    };
    driver.on('message', hear);
    driver.on('exit', gone);
    driver.send({ id, ask: name, values });
  });
}

interface MenuItem {
  id?: string;
  label?: string;
  role?: string;
  type?: string;
  enabled?: boolean;
  accelerator?: string;
  registerAccelerator?: boolean;
  submenu?: MenuItem[];
}

interface State {
  windows: number;
  url: string;
  options: { webPreferences: Record<string, unknown> };
  channels: string[];
  menu: MenuItem[];
  theme: string;
  questions: { message: string; detail?: string; buttons?: string[] }[];
  opened: string[];
  errors: { title: string; content: string }[];
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array;
}

function fetchFrom(url: string, method = 'GET'): Promise<Answer> {
  return ask<Answer>('fetch', url, method);
}

function invoke<T>(channel: string, input: unknown, from = 'own'): Promise<Result<T>> {
  return ask('invoke', channel, [input], from);
}

function startDriver(data: string): ChildProcess {
  const fixtures = join(root, 'tests', 'fixtures');
  return fork(join(fixtures, 'electron-driver.ts'), [], {
    serialization: 'advanced',
    execArgv: ['--import', join(fixtures, 'electron-hook.ts')],
    env: { ...process.env, FABULA_DATA: data, FAKE_ELECTRON_APP: root },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

let started: {
  schemes: { scheme: string; privileges: Record<string, boolean> }[];
  windows: number;
  errors: unknown[];
};
let picture: string;

beforeAll(async () => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'fabula-desktop-'));
  mkdirSync(join(folder, 'pictures'));
  picture = join(folder, 'pictures', 'red.jpg');
  await sharp({ create: { width: 400, height: 300, channels: 3, background: '#c03020' } })
    .jpeg()
    .toFile(picture);
  driver = startDriver(join(folder, 'data'));
  driver.stderr!.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  started = await ask('start');
  await ask('preload');
});

afterAll(() => {
  driver.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function importPicture(): Promise<Asset> {
  const job = await ask<Result<Job>>('bridge', 'command', 'library.import', { paths: [picture] });
  expect(job.ok).toBe(true);
  for (let tries = 0; tries < 200; tries++) {
    const list = await ask<Result<{ assets: Asset[] }>>('bridge', 'command', 'library.list', {});
    if (list.ok && list.value.assets[0] !== undefined) return list.value.assets[0];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The picture was not imported.');
}

describe('starting', () => {
  test('registers the scheme before Electron is ready and opens one confined window', async () => {
    expect(started.errors).toEqual([]);
    expect(started.windows).toBe(0);
    expect(started.schemes).toHaveLength(1);
    expect(started.schemes[0]).toMatchObject({
      scheme: 'fabula',
      privileges: { standard: true, secure: true },
    });
    expect(started.schemes[0]!.privileges).not.toHaveProperty('bypassCSP');
    const state = await ask<State>('state');
    expect(state.windows).toBe(1);
    expect(state.url).toBe('fabula://app/index.html');
    expect(state.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
    expect(state.menu.map((item) => item.label)).toContain('File');
  });

  test('answers every command of the contract, and beside them only its dialogs', async () => {
    const { channels } = await ask<State>('state');
    for (const name of commandNames) expect(channels).toContain(`command:${name}`);
    expect(channels.filter((channel) => !channel.startsWith('command:')).sort()).toEqual([
      'desktop:add-picture',
      'desktop:choose-files',
      'desktop:choose-folder',
      'desktop:confirm',
      'desktop:import-dropped',
      'desktop:save-export',
      'desktop:show-commands',
    ]);
    expect(channels).toHaveLength(commandNames.length + 7);
  });

  test('the preload requires nothing but electron and exposes named methods only', async () => {
    expect(await ask<string[]>('bridgeNames')).toEqual([
      'addPicture',
      'chooseFiles',
      'chooseFolder',
      'command',
      'confirm',
      'importDropped',
      'on',
      'onMenuCommand',
      'platform',
      'saveExport',
      'showCommands',
    ]);
  });
});

describe('messages', () => {
  test.each(['foreign-page', 'inner-frame', 'foreign-window', 'gone'])(
    'one from a %s is refused',
    async (from) => {
      const answer = await invoke('command:studio.about', {}, from);
      expect(answer).toMatchObject({ ok: false, code: 'forbidden' });
      const dialog = await invoke('desktop:import-dropped', [picture], from);
      expect(dialog).toMatchObject({ ok: false, code: 'forbidden' });
    },
  );

  test('an input is checked against the contract, and a command that fails answers with its code', async () => {
    expect(await invoke('command:library.get', { asset: '../../etc/passwd' })).toMatchObject({
      ok: false,
      code: 'invalid-input',
    });
    expect(await invoke('command:library.get', { asset: 'a'.repeat(64) })).toMatchObject({
      ok: false,
      code: 'not-found',
    });
    await expect(invoke('command:no.such.command', {})).rejects.toThrow('No handler registered');
  });

  test('the studio behind the bridge is the real one: it imports, tells the window, captions and edits', async () => {
    await ask('listen', 'job.changed');
    const asset = await importPicture();
    expect(asset).toMatchObject({ name: 'red.jpg', width: 400, height: 300 });
    const heard = await ask<{ event: string; payload: Job }[]>('heard');
    expect(heard.some(({ payload }) => payload.kind === 'import' && payload.state === 'done')).toBe(true);

    // The utility process starts, loads the starter pack and answers.
    const caption = await ask<Result<{ text: string; pack: string }>>(
      'bridge',
      'command',
      'captions.suggest',
      {
        asset: asset.id,
      },
    );
    expect(caption).toMatchObject({
      ok: true,
      value: { pack: expect.stringMatching(/^starter@/) as string },
    });

    const story = await ask<Result<{ story: { id: string } }>>('bridge', 'command', 'stories.create', {
      title: 'One',
    });
    if (!story.ok) throw new Error(story.message);
    const edit = await ask<Result<{ undo: string }>>('bridge', 'command', 'stories.edit', {
      story: story.value.story.id,
      revision: 0,
      label: 'Rename',
      edit: { type: 'set-title', title: 'Two' },
    });
    expect(edit).toMatchObject({ ok: true, value: { revision: 1, undo: 'Rename' } });
  });

  test('a picture without a file is taken in by its bytes, and an import says which pictures it brought', async () => {
    const asset = await importPicture();
    const bytes = new Uint8Array(
      await sharp({ create: { width: 60, height: 40, channels: 3, background: '#2040c0' } })
        .png()
        .toBuffer(),
    );
    const pasted = await ask<Result<{ asset: Asset; duplicate: boolean }>>(
      'bridge',
      'addPicture',
      'image.png',
      bytes,
    );
    expect(pasted).toMatchObject({
      ok: true,
      value: { asset: { name: 'image.png', width: 60, height: 40 }, duplicate: false },
    });
    for (const wrong of [
      { name: '../image.png', bytes },
      { name: 'image.png', bytes: 'text' },
    ]) {
      expect(await invoke('desktop:add-picture', wrong)).toMatchObject({ ok: false, code: 'invalid-input' });
    }
    const jobs = await ask<Result<Job[]>>('bridge', 'command', 'jobs.list', {});
    const done = jobs.ok
      ? jobs.value.find(({ kind, state }) => kind === 'import' && state === 'done')
      : undefined;
    expect(await ask('bridge', 'command', 'jobs.pictures', { job: done!.id })).toEqual({
      ok: true,
      value: { assets: [asset.id] },
    });
  });

  test('dialogs: a folder chosen is imported, none chosen is no error, an export is saved where the person says', async () => {
    await ask('answer', [], null);
    expect(await ask('bridge', 'chooseFolder')).toEqual({ ok: true, value: null });
    await ask('answer', [join(folder, 'pictures')], join(folder, 'saved.pdf'));
    expect(await ask('bridge', 'chooseFolder')).toMatchObject({ ok: true, value: { kind: 'import' } });

    const story = await ask<Result<{ story: OpenStory }>>('bridge', 'command', 'stories.importOutline', {
      name: 'tale.md',
      markdown: '# Tale\n\nA cat sat down.\n',
    });
    if (!story.ok) throw new Error(story.message);
    const job = await ask<Result<Job>>('bridge', 'command', 'exports.start', {
      story: story.value.story.story.id,
    });
    if (!job.ok) throw new Error(job.message);
    for (let tries = 0; ; tries++) {
      const jobs = await ask<Result<Job[]>>('bridge', 'command', 'jobs.list', {});
      const state = jobs.ok ? jobs.value.find(({ id }) => id === job.value.id)?.state : undefined;
      if (state === 'done') break;
      if (state === 'failed' || tries > 400) throw new Error(`The export is ${state}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await ask('bridge', 'saveExport', job.value.id)).toEqual({ ok: true, value: { saved: true } });
    expect(readFileSync(join(folder, 'saved.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(await ask('bridge', 'saveExport', '../../etc/passwd')).toMatchObject({
      ok: false,
      code: 'invalid-input',
    });
  });
});

describe('the menu', () => {
  const items = async (): Promise<MenuItem[]> => {
    const { menu } = await ask<State>('state');
    return menu.flatMap(({ submenu }) => submenu ?? []);
  };
  const item = async (id: string): Promise<MenuItem | undefined> =>
    (await items()).find((one) => one.id === id);

  test('has every command of the window once, with the keys of the window, which answers them itself', async () => {
    const ids = (await items()).map(({ id }) => id).filter((id) => id !== undefined);
    expect(ids.sort()).toEqual([...windowCommandIds].sort());
    expect(await item('import')).toMatchObject({
      label: 'Add pictures…',
      accelerator: 'CmdOrCtrl+Shift+I',
      registerAccelerator: false,
    });
    for (const { id, accelerator, registerAccelerator } of await items()) {
      if (id !== undefined && accelerator !== undefined) expect(registerAccelerator).toBe(false);
    }
  });

  test('is enabled as the window says, and sends it what is chosen', async () => {
    await ask('listenMenu');
    expect(await ask('chooseMenu', 'new-story')).toBe(false);
    expect(await ask('bridge', 'showCommands', ['new-story', 'palette'])).toEqual({ ok: true, value: null });
    expect(await item('new-story')).toMatchObject({ enabled: true });
    expect(await item('export')).toMatchObject({ enabled: false });
    expect(await ask('chooseMenu', 'new-story')).toBe(true);
    const heard = await ask<{ event: string; payload: unknown }[]>('heard');
    expect(heard.filter(({ event }) => event === 'menu')).toEqual([{ event: 'menu', payload: 'new-story' }]);
    expect(await ask('bridge', 'showCommands', ['rm -rf'])).toMatchObject({
      ok: false,
      code: 'invalid-input',
    });
  });

  test('speaks the language that is set, in every item and role, and takes on the theme', async () => {
    expect(await item('keys')).toMatchObject({ label: 'Keys' });
    for (const language of languageCodes) {
      const settings = { language, theme: 'dark' };
      expect(await ask('bridge', 'command', 'settings.set', { settings })).toMatchObject({ ok: true });
      const { menu, theme } = await ask<State>('state');
      expect(theme).toBe('dark');
      expect(menu.map(({ label }) => label)).toContain(translate(language, 'menu.file'));
      expect(await item('new-panel')).toMatchObject({ label: translate(language, 'menu.newPanel') });
      for (const { role, type, label } of await items()) {
        if (role !== 'services' && type !== 'separator') expect(label).toBeTruthy();
      }
    }
    // Left and right change places where the window is read from right to left.
    await ask('bridge', 'command', 'settings.set', { settings: { language: 'ar' } });
    expect(await item('panel-earlier')).toMatchObject({ accelerator: 'Alt+Right' });
    await ask('bridge', 'command', 'settings.set', { settings: { language: 'en' } });
    expect(await item('panel-earlier')).toMatchObject({ accelerator: 'Alt+Left' });
    await ask('bridge', 'command', 'settings.set', { settings: { language: 'system', theme: 'system' } });
  });

  test('what cannot be undone is asked with the system’s own box', async () => {
    const question = { title: 'Delete “Tale”?', text: 'For good.', action: 'Delete story', keep: 'Keep' };
    await ask('answer', [], null, false);
    expect(await ask('bridge', 'confirm', question)).toEqual({ ok: true, value: false });
    await ask('answer', [], null, true);
    expect(await ask('bridge', 'confirm', question)).toEqual({ ok: true, value: true });
    expect((await ask<State>('state')).questions[0]).toMatchObject({
      message: 'Delete “Tale”?',
      buttons: ['Keep', 'Delete story'],
      defaultId: 0,
      cancelId: 0,
    });
    expect(await ask('bridge', 'confirm', { title: '' })).toMatchObject({ ok: false, code: 'invalid-input' });
  });
});

describe('the protocol', () => {
  test('serves the window with a strict policy', async () => {
    const page = await fetchFrom('fabula://app/index.html');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    const policy = page.headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect((await fetchFrom('fabula://app/index.html', 'POST')).status).toBe(405);
  });

  test('serves a thumbnail', async () => {
    const { id } = await importPicture();
    const { status, headers, bytes } = await fetchFrom(`fabula://media/thumb/${id}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('image/webp');
    const { width, height, format } = await sharp(bytes).metadata();
    expect({ width, height, format }).toEqual({ width: 320, height: 240, format: 'webp' });
  });

  test('serves the pages of a preview, and none that is not kept', async () => {
    const created = await ask<Result<OpenStory>>('bridge', 'command', 'stories.create', { title: 'One' });
    if (!created.ok) throw new Error(created.message);
    const preview = await ask<Result<ExportPreview>>('bridge', 'command', 'exports.preview', {
      story: created.value.story.id,
    });
    if (!preview.ok) throw new Error(preview.message);
    const { status, headers, bytes } = await fetchFrom(`fabula://media/previews/${preview.value.id}/0/300`);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 300 });
    for (const url of [
      `fabula://app/previews/${preview.value.id}/0/300`,
      'fabula://media/previews/x/0/300',
    ]) {
      expect((await fetchFrom(url)).status).toBe(404);
    }
  });

  test.each([
    'fabula://app/../../package.json',
    'fabula://app/%2e%2e/%2e%2e/package.json',
    'fabula://app/..%2f..%2fpackage.json',
    'fabula://app/..%5c..%5cpackage.json',
    'fabula://media/thumb/../../library.db',
    'fabula://media/thumb/%2e%2e%2flibrary.db',
    'fabula://media/original/../library.db',
    'fabula://elsewhere/index.html',
    'fabula://app/',
  ])('nothing outside is reached through %s', async (url) => {
    const { status, bytes } = await fetchFrom(url);
    if (url.endsWith('app/')) expect(status).toBe(200);
    else {
      expect(status).toBe(404);
      expect(bytes).toHaveLength(0);
    }
  });

  test('a link in the cache that leads out of it is refused', async () => {
    const { id } = await importPicture();
    const secret = join(folder, 'secret.txt');
    writeFileSync(secret, 'not for windows');
    const rendition = join(folder, 'data', 'cache', id.slice(0, 2), `${id}-thumb.webp`);
    unlinkSync(rendition);
    symlinkSync(secret, rendition);
    try {
      const { status, bytes } = await fetchFrom(`fabula://media/thumb/${id}`);
      expect(status).toBe(403);
      expect(bytes).toHaveLength(0);
    } finally {
      unlinkSync(rendition);
    }
    expect((await fetchFrom(`fabula://media/thumb/${id}`)).status).toBe(200);
  });
});

describe('the page', () => {
  test('cannot leave its address, open windows or attach views', async () => {
    expect(await ask('navigate', 'will-navigate', 'fabula://app/index.html')).toBe(true);
    expect(await ask('navigate', 'will-navigate', 'https://example.org/')).toBe(false);
    expect(await ask('navigate', 'will-navigate', 'fabula://app.example.org/index.html')).toBe(false);
    expect(await ask('navigate', 'will-navigate', 'file:///etc/passwd')).toBe(false);
    expect(await ask('navigate', 'will-redirect', 'https://example.org/')).toBe(false);
    expect(await ask('navigate', 'will-attach-webview', 'https://example.org/')).toBe(false);
    for (const url of [
      'https://example.org/',
      'http://github.com/',
      'https://github.com.example.org/',
      'file:///etc/passwd',
      'javascript:alert(1)',
    ]) {
      expect(await ask('open', url)).toBe('deny');
    }
    expect((await ask<State>('state')).opened).toEqual([]);
    expect(await ask('open', 'https://github.com/')).toBe('deny');
    expect((await ask<State>('state')).opened).toEqual(['https://github.com/']);
  });

  test('may fill the screen, to play a story', async () => {
    expect(await ask('permission', 'fullscreen')).toEqual({ requested: true, checked: true });
  });

  test.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'hid'])(
    'is denied %s',
    async (permission) => {
      expect(await ask('permission', permission)).toEqual({ requested: false, checked: false });
    },
  );
});

test('quitting closes the studio first', async () => {
  expect(await ask('quit')).toBe(0);
  expect((await ask<State>('state')).errors).toEqual([]);
  // Closed well, the database has no log left beside it.
  expect(() => readFileSync(join(folder, 'data', 'library.db-wal'))).toThrow('ENOENT');
});

test('a data folder that cannot be used is said in a box, and nothing is opened', async () => {
  const first = driver;
  const file = join(folder, 'file');
  writeFileSync(file, '');
  driver = startDriver(join(file, 'data'));
  try {
    const { errors } = await ask<{ errors: { title: string; content: string }[] }>('start');
    expect(errors).toHaveLength(1);
    expect(errors[0]!.title).toBe('Fabula cannot start');
    expect(errors[0]!.content).toContain(file);
    expect((await ask<State>('state')).windows).toBe(0);
  } finally {
    driver.kill('SIGKILL');
    driver = first;
  }
});
