/**
 * Makes resources/sketch/lexicon.json: which words, in many languages, name which figures, and what each figure is like.
 *
 * Sources, in order of trust:
 *   1. scripts/lexicon/words.LANG.txt and concepts.LANG.txt: written for this project.
 *   2. CLDR short names ("tts") of the emoji each figure draws.
 *   3. CLDR keywords and emojibase tags, as weak senses: good enough for search, not for reading.
 *
 * The output depends on these files and on the pinned packages alone, so a second run writes the same bytes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { props } from '../src/main/sketch/props.ts';

const require = createRequire(import.meta.url);
const here = import.meta.dirname;

/** Languages taken from CLDR. `en` first: its names are the labels. */
const languages = [
  'en',
  'es',
  'ms',
  'ja',
  'ar',
  'fr',
  'de',
  'pt',
  'it',
  'nl',
  'ru',
  'hi',
  'zh',
  'ko',
  'he',
  'sw',
  'id',
  'tr',
];
/** Languages of which keywords are kept as well as names. */
const withKeywords = new Set(['en', 'es', 'ms', 'ja', 'ar', 'fr', 'de', 'pt', 'zh', 'ko', 'id', 'hi']);

interface FigureRow {
  icon: string;
  label: string;
  height: number;
  habitat: string;
  facing: string;
  body: string;
}

interface Icons {
  icons: Record<string, { body: string }>;
  aliases?: Record<string, { parent: string }>;
}

const iconSet = require('@iconify-json/fluent-emoji-flat/icons.json') as Icons;
const chars = require('@iconify-json/fluent-emoji-flat/chars.json') as Record<string, string>;

const lines = (file: string): string[] =>
  readFileSync(join(here, 'lexicon', file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));

function readFigures(): FigureRow[] {
  const rows = new Map<string, FigureRow>();
  let habitat = 'ground';
  let facing = 'N';
  let body = '-';
  for (const line of lines('figures.txt')) {
    const header = /^\[(\w+) (\w) ([\w-]+)\]$/.exec(line);
    if (header) {
      [, habitat = '', facing = '', body = ''] = header;
      continue;
    }
    for (const entry of line.split(',')) {
      const [icon = '', ...rest] = entry.trim().split(' ');
      if (!(icon in iconSet.icons) || rows.has(icon)) continue;
      const own = rest.find((part) => /^[LRN]$/.test(part));
      rows.set(icon, {
        icon,
        label: icon.replaceAll('-', ' '),
        height: Number(rest.at(-1)),
        habitat,
        facing: own ?? facing,
        body,
      });
    }
  }
  for (const [icon, prop] of Object.entries(props)) {
    rows.set(icon, {
      icon,
      label: prop.label,
      height: prop.height,
      habitat: prop.habitat,
      facing: prop.facing ?? 'N',
      body: prop.lacks ?? '-',
    });
  }
  return [...rows.values()];
}

/**
 * The box that is inked, the hue most of the ink has (-1 where it is grey), and the colour at the hem (where a bust is
 * cut), on the 32 x 32 field.
 */
async function measure(body: string): Promise<[number, number, number, number, number, string]> {
  const side = 128;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 32 32">${body}</svg>`;
  const { data } = await sharp(Buffer.from(svg)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  let left = side;
  let top = side;
  let right = 0;
  let bottom = 0;
  const hues = new Float64Array(24);
  let inked = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = (y * side + x) * 4;
      const [r = 0, g = 0, b = 0, a = 0] = data.subarray(at, at + 4);
      if (a < 40) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      inked++;
      const high = Math.max(r, g, b);
      const chroma = high - Math.min(r, g, b);
      if (chroma < 50) continue;
      const hue =
        high === r ? ((g - b) / chroma + 6) % 6 : high === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
      const bin = Math.floor(hue * 4);
      hues[bin] = (hues[bin] ?? 0) + 1;
    }
  }
  const best = hues.indexOf(Math.max(...hues));
  const hue = (hues[best] ?? 0) > inked * 0.18 ? best * 15 + 7 : -1;
  const round = (value: number): number => Math.round((value / side) * 320) / 10;
  const at = (Math.max(0, bottom - 3) * side + Math.round(left + (right - left) * 0.3)) * 4;
  const hem = `#${Buffer.from(data.subarray(at, at + 3)).toString('hex')}`;
  return [round(left), round(top), round(right - left), round(bottom - top), hue, hem];
}

/** Words are kept in lower case, without variation selectors, with single spaces. */
const tidy = (word: string): string =>
  word
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/[\u064b-\u0652\u0640]/g, '')
    .trim()
    .replaceAll(/\s+/g, ' ');

interface Annotation {
  default?: string[];
  tts?: string[];
}

function annotations(language: string): Map<string, Annotation> {
  const found = new Map<string, Annotation>();
  for (const [folder, key] of [
    ['annotations', 'annotations'],
    ['annotationsDerived', 'annotationsDerived'],
  ] as const) {
    try {
      const file = require(`cldr-annotations-full/${folder}/${language}/annotations.json`) as Record<
        string,
        { annotations: Record<string, Annotation> }
      >;
      for (const [char, value] of Object.entries(file[key]?.annotations ?? {})) found.set(char, value);
    } catch {
      // Derived annotations do not exist for every language.
    }
  }
  return found;
}

/** True where a keyword is a word of the figure's own name, and so no mere association. */
function isNamePart(word: string, name: string | undefined): boolean {
  return name !== undefined && !word.includes(' ') && name.split(/[\s-]/).includes(word);
}

async function main(): Promise<void> {
  const rows = readFigures();
  const index = new Map(rows.map((row, at) => [row.icon, at]));
  const strong: Record<string, Map<string, number[]>> = {};
  const weak: Record<string, Map<string, number[]>> = {};
  const concepts: Record<string, Record<string, string[]>> = {};
  const labels: Record<string, Map<number, string>> = {};
  const add = (into: Map<string, number[]>, word: string, at: number): void => {
    const key = tidy(word);
    if (key === '') return;
    const list = into.get(key);
    if (!list) into.set(key, [at]);
    else if (!list.includes(at)) list.push(at);
  };
  for (const language of languages) {
    strong[language] = new Map();
    weak[language] = new Map();
    labels[language] = new Map();
  }

  for (const file of readdirSync(join(here, 'lexicon')).sort()) {
    const [, kind, language = ''] = /^(words|concepts)\.(\w+)\.txt$/.exec(file) ?? [];
    if (kind === undefined) continue;
    const into = (strong[language] ??= new Map());
    labels[language] ??= new Map();
    for (const line of lines(file)) {
      const [left = '', right = ''] = line.split(' = ');
      const words = right.split(',').map(tidy);
      if (left.startsWith('@')) {
        const sense = left.slice(1).trim();
        const table = (concepts[language] ??= {});
        for (const word of words) {
          const senses = (table[word] ??= []);
          if (!senses.includes(sense)) senses.push(sense);
        }
        continue;
      }
      const at = index.get(left.trim());
      if (at === undefined) throw new Error(`${file}: no figure is called "${left}"`);
      for (const marked of words) {
        // A trailing plus marks a plural that no rule of the language finds.
        const word = marked.replace(/\+$/, '');
        add(into, word, at);
        if (marked.endsWith('+'))
          (concepts[language] ??= {})[word] = [...(concepts[language][word] ?? []), 'plural'];
      }
      const first = words[0] ?? '';
      if (!labels[language].has(at)) labels[language].set(at, first);
    }
  }
  for (const [at, row] of rows.entries()) row.label = labels['en']?.get(at) ?? row.label;

  const charOf = new Map<string, string>();
  for (const [code, icon] of Object.entries(chars)) {
    if (!index.has(icon)) continue;
    const char = String.fromCodePoint(...code.split('-').map((part) => Number.parseInt(part, 16)));
    const known = charOf.get(icon);
    if (known === undefined || char.length < known.length) charOf.set(icon, char);
  }
  const tags = new Map(
    (require('emojibase-data/en/data.json') as { emoji: string; label: string; tags?: string[] }[]).map(
      (entry) => [entry.emoji.replaceAll('\ufe0f', ''), [entry.label, ...(entry.tags ?? [])]],
    ),
  );
  const people = /^(man|woman|person)-|^(man|woman|person|boy|girl|child|older-person|old-man|old-woman)$/;
  for (const language of languages) {
    const notes = annotations(language);
    const names = strong[language] ?? new Map<string, number[]>();
    const loose = weak[language] ?? new Map<string, number[]>();
    for (const [icon, char] of charOf) {
      const at = index.get(icon) ?? 0;
      const plain = char.replaceAll('\ufe0f', '');
      const note = notes.get(plain) ?? notes.get(char);
      const name = tidy(note?.tts?.[0] ?? '');
      if (name !== '') {
        // What people wrote for this project wins over the short name, which may name another thing in a story.
        if (!names.has(name)) add(names, name, at);
        else add(loose, name, at);
        if (!labels[language]?.has(at)) labels[language]?.set(at, name);
      }
      if (withKeywords.has(language)) for (const word of note?.default ?? []) add(loose, word, at);
      if (language === 'en') for (const word of tags.get(plain) ?? []) add(loose, word, at);
    }
    // A keyword that only one kind of thing carries is as good as a name, outside English, whose table is written out.
    if (language !== 'en') {
      for (const [word, list] of loose) {
        const things = list.filter((at) => !people.test(rows[at]?.icon ?? ''));
        const [only] = things;
        if (
          only !== undefined &&
          things.length <= 2 &&
          list.length <= 3 &&
          !names.has(word) &&
          word.length > 1
        ) {
          if (['ja', 'zh', 'ko'].includes(language) || isNamePart(word, labels[language]?.get(only)))
            names.set(word, [only]);
        }
      }
    }
  }

  const figures = [];
  for (const row of rows) {
    const body = props[row.icon]?.body ?? iconSet.icons[row.icon]?.body ?? '';
    const measured = await measure(body);
    // Only busts need the colour of their hem.
    figures.push([
      row.icon,
      row.label,
      row.height,
      row.habitat,
      row.facing,
      row.body,
      ...measured.slice(0, row.body === 'bust' ? 6 : 5),
    ]);
  }
  const words: Record<string, Record<string, string>> = {};
  for (const language of Object.keys(strong).sort()) {
    const table: Record<string, string> = {};
    const all = new Set([...(strong[language]?.keys() ?? []), ...(weak[language]?.keys() ?? [])]);
    for (const word of [...all].sort()) {
      const first = strong[language]?.get(word) ?? [];
      const rest = (weak[language]?.get(word) ?? []).filter((at) => !first.includes(at)).slice(0, 12);
      table[word] = first.join(' ') + (rest.length > 0 ? `|${rest.join(' ')}` : '');
    }
    words[language] = table;
  }
  const output = {
    licence: [
      'Figures: Fluent Emoji by Microsoft (MIT). Names and keywords: Unicode CLDR (Unicode-3.0).',
      'English tags: emojibase (MIT). Story words and concepts: this project (MIT).',
    ],
    figures,
    words,
    concepts,
  };
  const text = JSON.stringify(output).replaceAll('],["', '],\n["');
  writeFileSync(join(here, '..', 'resources', 'sketch', 'lexicon.json'), `${text}\n`);
  const count = Object.values(words).reduce((sum, table) => sum + Object.keys(table).length, 0);
  process.stderr.write(
    `${figures.length} figures, ${count} words in ${Object.keys(words).length} languages\n`,
  );
}

await main();
