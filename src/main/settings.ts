import { defaultSettings, SettingsSchema, type Settings as Values } from '../shared/settings.ts';
import type { Database } from './store/database.ts';

const prefix = 'window.';

/** What a person has set for the studio, one row of the settings table each. */
export class Settings {
  readonly #database: Database;
  readonly #changed: (values: Values) => void;

  constructor({ database, changed }: { database: Database; changed: (values: Values) => void }) {
    this.#database = database;
    this.#changed = changed;
  }

  /** Every setting; the default of one that was never set, or that an older or newer version wrote differently. */
  get(): Values {
    const rows = this.#database
      .prepare<[string], { key: string; value: string }>('SELECT key, value FROM settings WHERE key GLOB ?')
      .all(`${prefix}*`);
    const values: Values = { ...defaultSettings };
    for (const { key, value } of rows) {
      const name = key.slice(prefix.length);
      const known = readJson(value);
      if (known === undefined) continue;
      const parsed = SettingsSchema.partial()
        .strict()
        .safeParse({ [name]: known });
      if (parsed.success) Object.assign(values, parsed.data);
    }
    return values;
  }

  /** Sets what is given and leaves the rest; tells every window. */
  set(values: { readonly [Name in keyof Values]?: Values[Name] | undefined }): Values {
    const write = this.#database.prepare(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#database
      .transaction(() => {
        for (const [name, value] of Object.entries(values)) {
          if (value !== undefined) write.run(prefix + name, JSON.stringify(value));
        }
      })
      .immediate();
    const now = this.get();
    this.#changed(now);
    return now;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
