import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandNames, type Asset, type Job } from '../../src/shared/contract.ts';
import type { Result } from '../../src/shared/errors.ts';
import { ensureBuilt, root } from '../fixtures/built.ts';
import { writePictures } from '../fixtures/pictures.ts';

/** The real window in the real Electron, wherever its binary and a display are to be had. */

interface TestBridge {
  command(name: string, input: unknown): Promise<Result<unknown>>;
}

const electronFolder = join(root, 'node_modules', 'electron');

function whyNot(): string | null {
  const pathFile = join(electronFolder, 'path.txt');
  if (!existsSync(pathFile) || !existsSync(join(electronFolder, 'dist', readFileSync(pathFile, 'utf8')))) {
    return 'the Electron binary is not here; "npx install-electron" fetches it';
  }
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return 'there is no display; "xvfb-run" gives one';
  }
  return null;
}

const reason = whyNot();
if (reason !== null) {
  if (process.env['FABULA_REQUIRE_ELECTRON']) throw new Error(`Electron is asked for, but ${reason}.`);
  console.log(`Skipped the test in real Electron: ${reason}.`);
}

describe.skipIf(reason !== null)('the desktop window', () => {
  let folder: string;
  let app: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'fabula-electron-'));
    await writePictures(join(folder, 'pictures'), ['one.jpg', 'two.jpg']);
    app = await _electron.launch({
      // Containers have no user namespaces for the sandbox; elsewhere it is on, as in the shipped program.
      args: [...(process.platform === 'linux' && process.env['CI'] ? ['--no-sandbox'] : []), root],
      env: { ...(process.env as Record<string, string>), FABULA_DATA: join(folder, 'data') },
    });
    page = await app.firstWindow();
    await page.waitForLoadState('domcontentloaded');
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const command = <T>(name: string, input: unknown): Promise<Result<T>> =>
    page.evaluate(
      ([asked, given]) => (globalThis as unknown as { fabula: TestBridge }).fabula.command(asked, given),
      [name, input] as const,
    ) as Promise<Result<T>>;

  test('shows the studio, without Node in the page', async () => {
    expect(page.url()).toBe('fabula://app/index.html');
    expect(await page.title()).toContain('Fabula');
    expect(await page.evaluate(() => [typeof require, typeof process])).toEqual(['undefined', 'undefined']);
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      return (
        window!.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
      ).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false });
  });

  test('imports, captions and shows a picture through its own protocol', async () => {
    expect(commandNames.length).toBeGreaterThan(20);
    const job = await command<Job>('library.import', { paths: [join(folder, 'pictures')] });
    expect(job).toMatchObject({ ok: true });
    await expect
      .poll(
        async () => {
          const list = await command<{ total: number }>('library.list', {});
          return list.ok ? list.value.total : 0;
        },
        { timeout: 20_000 },
      )
      .toBe(2);
    const list = await command<{ assets: Asset[] }>('library.list', {});
    if (!list.ok) throw new Error(list.message);
    const [asset] = list.value.assets;
    expect(await command('captions.suggest', { asset: asset!.id })).toMatchObject({ ok: true });
    const width = await page.evaluate(async (id) => {
      const picture = new Image();
      picture.src = `fabula://media/thumb/${id}`;
      await picture.decode();
      return picture.naturalWidth;
    }, asset!.id);
    expect(width).toBe(320);
  });

  test('a page cannot be led elsewhere', async () => {
    await page.evaluate(() => {
      location.href = 'https://example.org/';
    });
    expect(await page.evaluate(() => window.open('https://example.org/'))).toBeNull();
    expect(page.url()).toBe('fabula://app/index.html');
  });
});
