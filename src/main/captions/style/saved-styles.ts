import type { SavedStyle } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { tagKey, tidyTag } from '../../library/tags.ts';
import { durably, type Database } from '../../store/database.ts';
import { learnStyle } from './profile.ts';

/** Caption styles kept under a name; case does not tell names apart. */
export class SavedStyles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): SavedStyle[] {
    return this.#database
      .prepare<[], { name: string; examples: string }>(
        'SELECT name, examples FROM caption_styles ORDER BY key',
      )
      .all()
      .map(({ name, examples }) => ({ name, examples: JSON.parse(examples) as string[] }));
  }

  /** @throws FabulaError `not-found` naming the styles there are */
  get(name: string): SavedStyle {
    const styles = this.list();
    const found = styles.find((style) => tagKey(style.name) === tagKey(name));
    if (found !== undefined) return found;
    const names = styles.map((style) => `“${style.name}”`).join(', ');
    throw new FabulaError(
      'not-found',
      `There is no caption style “${name}”. ${names === '' ? 'None is saved yet.' : `Saved: ${names}.`}`,
    );
  }

  /** Saves a style, in the place of one of that name. @throws FabulaError `invalid-input` for examples that make none */
  save(name: string, examples: readonly string[]): SavedStyle[] {
    learnStyle(examples);
    durably(this.#database, () =>
      this.#database
        .prepare('INSERT OR REPLACE INTO caption_styles (key, name, examples) VALUES (?, ?, ?)')
        .run(tagKey(name), tidyTag(name), JSON.stringify(examples)),
    );
    return this.list();
  }

  remove(name: string): SavedStyle[] {
    this.#database.prepare('DELETE FROM caption_styles WHERE key = ?').run(tagKey(name));
    return this.list();
  }
}
