/** Splitting text into sentences and words, and telling languages apart: by script first, then by common words. */

const scripts: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['ko', /\p{Script=Hangul}/u],
  ['ar', /\p{Script=Arabic}/u],
  ['he', /\p{Script=Hebrew}/u],
  ['hi', /\p{Script=Devanagari}/u],
  ['zh', /\p{Script=Han}/u],
  ['ru', /\p{Script=Cyrillic}/u],
];

/** Words so common that a few of them give a Latin-script language away. */
const common: Readonly<Record<string, ReadonlySet<string>>> = {
  en: new Set(
    'the a an is are was were of and to with his her its it he she they on at from this that there by one two three under behind my very who has had'.split(
      ' ',
    ),
  ),
  es: new Set(
    'el la los las un una unos unas de del y en con su sus por para es son está están era que se al lo sobre bajo dos tres muy hay entre junto mi pero cuando'.split(
      ' ',
    ),
  ),
  ms: new Set(
    'yang di dan dengan itu ini sebuah seekor seorang ke dari pada untuk ialah adalah mereka dia ada di-dalam sedang atas bawah dalam tepi ekor buah orang oleh akan telah sudah tidak satu dua tiga kepada hari'.split(
      ' ',
    ),
  ),
  fr: new Set(
    'le la les un une des du de et est sont dans sur avec sous il elle ils elles au aux que qui pour ce cette son sa ses deux trois devant près dort très'.split(
      ' ',
    ),
  ),
  de: new Set(
    'der die das ein eine einen einem einer und ist sind im in auf mit unter den dem des zu von er sie es vor zwei drei hinter am neben sehr'.split(
      ' ',
    ),
  ),
  pt: new Set(
    'o a os as um uma uns umas de do da dos das e em no na nos nas com seu sua é são está que ao à dois duas três sob sobre muito pelo'.split(
      ' ',
    ),
  ),
  it: new Set(
    'il lo la i gli le un una uno di del della e è sono nel nella con su sotto che due tre per dei'.split(
      ' ',
    ),
  ),
  nl: new Set(
    'de het een en is zijn in op met van onder achter voor naast twee drie aan bij naar'.split(' '),
  ),
  sw: new Set(
    'na ya wa kwa ni katika mtoto juu chini wawili watatu za la cha karibu yake nyuma mbele'.split(' '),
  ),
  tr: new Set('bir ve ile bu iki üç altında üstünde için çok da de'.split(' ')),
};

/**
 * The language of a sentence as a BCP 47 primary subtag. Latin text without any telling word counts as `fallback`.
 */
export function sentenceLanguage(text: string, fallback = 'en'): string {
  for (const [language, pattern] of scripts) if (pattern.test(text)) return language;
  const words = text.toLowerCase().match(/[\p{L}\p{M}'-]+/gu) ?? [];
  let best = fallback;
  let most = 0;
  for (const [language, set] of Object.entries(common)) {
    const count = words.reduce((sum, word) => sum + (set.has(word) ? 1 : 0), 0);
    // A tie goes to the fallback, then to the language listed first.
    if (count > most || (count === most && count > 0 && language === fallback)) {
      best = language;
      most = count;
    }
  }
  if (most === 0 && words.some((word) => /^(\p{L}{3,})-\1(?:nya|an)?$/u.test(word))) return 'ms';
  if (most === 0 && /[ñ¿¡]/.test(text)) return 'es';
  return best;
}

/** Sentences of a text, in order, without their final marks. */
export function sentences(text: string): string[] {
  return text
    .split(/[.!?。！？؟।\n\r;]+/u)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * The words of a text, without punctuation. Where the script has no spaces the platform's segmenter cuts the
 * text; a reader then joins neighbours again by longest match.
 */
export function segmentWords(text: string, language: string): string[] {
  if (language !== 'ja' && language !== 'zh') {
    return text.replaceAll('’', "'").match(/[\p{L}\p{M}\p{N}]+(?:['-][\p{L}\p{M}\p{N}]+)*/gu) ?? [];
  }
  let segmenter = segmenters.get(language);
  if (!segmenter) {
    segmenter = new Intl.Segmenter(language, { granularity: 'word' });
    segmenters.set(language, segmenter);
  }
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (!isWordLike) continue;
    // The platform takes some phrases for words: `木の下`, under the tree.
    const phrase = /^(\p{Script=Han}+)(の)(.+)$/u.exec(segment);
    if (phrase) words.push(...phrase.slice(1));
    else words.push(segment);
  }
  return words;
}
