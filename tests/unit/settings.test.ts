import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Settings } from '../../src/main/settings.ts';
import { openDatabase } from '../../src/main/store/database.ts';
import type { Settings as Values } from '../../src/shared/settings.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fabula-settings-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('settings are kept in the data folder, told to every window, and set one by one', () => {
  const file = join(folder, 'library.db');
  const heard: Values[] = [];
  const first = openDatabase(file);
  const settings = new Settings({ database: first, changed: (values) => heard.push(values) });
  expect(settings.get()).toEqual({ language: 'system', theme: 'system', learn: true });
  settings.set({ theme: 'dark' });
  expect(settings.set({ language: 'ar' })).toEqual({ language: 'ar', theme: 'dark', learn: true });
  expect(heard).toEqual([
    { language: 'system', theme: 'dark', learn: true },
    { language: 'ar', theme: 'dark', learn: true },
  ]);
  first.close();

  const again = openDatabase(file);
  expect(new Settings({ database: again, changed: () => undefined }).get()).toEqual({
    language: 'ar',
    theme: 'dark',
    learn: true,
  });
  // What another version wrote, or a hand spoilt, falls back to the default and breaks nothing.
  again.prepare("UPDATE settings SET value = '\"tlh\"' WHERE key = 'window.language'").run();
  again.prepare("UPDATE settings SET value = '{' WHERE key = 'window.theme'").run();
  again.prepare("INSERT INTO settings VALUES ('window.later', 'true'), ('other', '1')").run();
  expect(new Settings({ database: again, changed: () => undefined }).get()).toEqual({
    language: 'system',
    theme: 'system',
    learn: true,
  });
  again.close();
});
