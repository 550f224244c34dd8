import {
  bestLanguage,
  directionOf,
  languageCodes,
  translate,
  type Language,
  type MessageKey,
  type MessageValues,
} from '../../../shared/messages.ts';
import { kept } from './kept.ts';

/** The language of the window. One for the whole page, because `lang` and `dir` belong to the page. */
class LanguageState {
  /** As set by the person; `system` follows the languages that the system prefers. */
  setting = $state<'system' | Language>(languageCodes.find((code) => code === kept('language')) ?? 'system');
  readonly current = $derived(this.setting === 'system' ? bestLanguage(navigator.languages) : this.setting);
  readonly direction = $derived(directionOf(this.current));
}

export const language = new LanguageState();

/** A message in the language of the window; what shows it follows when the language changes. */
export function t(key: MessageKey, values?: MessageValues): string {
  return translate(language.current, key, values);
}
