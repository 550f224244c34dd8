import {
  bestLanguage,
  directionOf,
  translate,
  type Language,
  type MessageKey,
  type MessageValues,
} from '../../../shared/messages.ts';

/** The language of the window. One for the whole page, because `lang` and `dir` belong to the page. */
class LanguageState {
  current = $state<Language>(bestLanguage(navigator.languages));
  readonly direction = $derived(directionOf(this.current));
}

export const language = new LanguageState();

/** A message in the language of the window; what shows it follows when the language changes. */
export function t(key: MessageKey, values?: MessageValues): string {
  return translate(language.current, key, values);
}
