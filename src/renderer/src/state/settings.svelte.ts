import * as api from '../api.ts';
import { defaultSettings, type Settings } from '../../../shared/settings.ts';
import { keep, kept } from './kept.ts';
import { language } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** What the person has set for the whole studio, as this window shows it. */
export class SettingsState {
  values = $state.raw<Readonly<Settings>>({
    ...defaultSettings,
    language: language.setting,
    theme: kept('theme') === 'light' ? 'light' : kept('theme') === 'dark' ? 'dark' : 'system',
  });
  readonly #notices: Notices;

  constructor(notices: Notices) {
    this.#notices = notices;
    api.on('settings.changed', (values) => this.#take(values));
    api.onReconnect(() => void this.load());
    this.#take(this.values);
  }

  async load(): Promise<void> {
    const before = this.values;
    const values = await this.#notices.attempt(() => api.command('settings.get', {}));
    // What was set or heard in the meantime is later than the answer.
    if (values && this.values === before) this.#take(values);
  }

  /** Shows a change at once and saves it. */
  async set(values: Partial<Settings>): Promise<void> {
    this.#take({ ...this.values, ...values });
    await this.#notices.attempt(() => api.command('settings.set', { settings: values }));
  }

  #take(values: Readonly<Settings>): void {
    this.values = values;
    language.setting = values.language;
    const { dataset } = document.documentElement;
    if (values.theme === 'system') delete dataset['theme'];
    else dataset['theme'] = values.theme;
    // For the first moment of the next window, before it has asked the studio.
    keep('theme', values.theme === 'system' ? null : values.theme);
    keep('language', values.language === 'system' ? null : values.language);
  }
}
