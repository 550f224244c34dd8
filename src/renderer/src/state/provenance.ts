import type { Caption } from '../../../shared/contract.ts';
import { t } from './language.svelte.ts';
import { dayAndTime } from './words.ts';

/** Who wrote a caption, and when, as a sentence. */
export function provenanceOf(caption: Caption | null): string {
  if (!caption) return t('library.noCaptionYet');
  const when = dayAndTime(caption.createdAt);
  if (caption.source === 'person') return t('library.writtenByPerson', { when });
  if (caption.source === 'file') return t('library.readFromFile', { when });
  return t('library.writtenByPack', { pack: caption.pack ?? t('library.byModel'), when });
}
