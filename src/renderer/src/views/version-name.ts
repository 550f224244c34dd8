import type { ImageVersion } from '../../../shared/story.ts';
import { t } from '../state/language.svelte.ts';
import { dayAndTime } from '../state/words.ts';

/** `Version 2: sketched, 3 March 2026, 14:05`. @param at its place in the block's history, from 0 */
export function versionName(version: ImageVersion, at: number): string {
  return t('match.versionName', {
    number: at + 1,
    source: version.source,
    when: dayAndTime(version.createdAt),
  });
}
