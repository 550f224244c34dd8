import { primaryOf } from './paragraphs.ts';

/** The few words that Fabula itself prints between those of a story. */
export interface PrintedWords {
  shot: string;
  script: string;
  picture: string;
  notes: string;
  dialogue: string;
  untitled: string;
  /** Alternative text of a picture that nobody described. */
  pictureOf(panel: number): string;
  /** Stands where a picture is missing, with what it showed. */
  missing(alt: string): string;
}

const english: PrintedWords = {
  shot: 'Shot',
  script: 'Script',
  picture: 'Picture',
  notes: 'Notes',
  dialogue: 'Dialogue',
  untitled: 'Untitled',
  pictureOf: (panel) => `Picture of panel ${panel}`,
  missing: (alt) => `Missing picture: ${alt}`,
};

/** By primary language tag. A story is in its own language, whatever the window speaks. */
const languages: Readonly<Record<string, PrintedWords>> = {
  en: english,
  es: {
    shot: 'Plano',
    script: 'Guion',
    picture: 'Imagen',
    notes: 'Notas',
    dialogue: 'Diálogo',
    untitled: 'Sin título',
    pictureOf: (panel) => `Imagen de la viñeta ${panel}`,
    missing: (alt) => `Falta la imagen: ${alt}`,
  },
  fr: {
    shot: 'Plan',
    script: 'Scénario',
    picture: 'Image',
    notes: 'Notes',
    dialogue: 'Dialogue',
    untitled: 'Sans titre',
    pictureOf: (panel) => `Image de la case ${panel}`,
    missing: (alt) => `Image manquante : ${alt}`,
  },
  de: {
    shot: 'Einstellung',
    script: 'Skript',
    picture: 'Bild',
    notes: 'Notizen',
    dialogue: 'Dialog',
    untitled: 'Ohne Titel',
    pictureOf: (panel) => `Bild zu Feld ${panel}`,
    missing: (alt) => `Bild fehlt: ${alt}`,
  },
  ar: {
    shot: 'اللقطة',
    script: 'النص',
    picture: 'الصورة',
    notes: 'ملاحظات',
    dialogue: 'الحوار',
    untitled: 'بلا عنوان',
    pictureOf: (panel) => `صورة اللوحة ${panel}`,
    missing: (alt) => `صورة مفقودة: ${alt}`,
  },
  ja: {
    shot: 'カット',
    script: '台本',
    picture: '絵',
    notes: 'メモ',
    dialogue: 'せりふ',
    untitled: '無題',
    pictureOf: (panel) => `コマ${panel}の絵`,
    missing: (alt) => `絵がありません：${alt}`,
  },
  ms: {
    shot: 'Syot',
    script: 'Skrip',
    picture: 'Gambar',
    notes: 'Nota',
    dialogue: 'Dialog',
    untitled: 'Tanpa tajuk',
    pictureOf: (panel) => `Gambar panel ${panel}`,
    missing: (alt) => `Gambar tiada: ${alt}`,
  },
};

/** The words of a language (BCP 47 tag); in English where Fabula does not speak it. */
export function printedWords(language: string): PrintedWords {
  return languages[primaryOf(language)] ?? english;
}
