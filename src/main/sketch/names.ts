/**
 * Names across scripts: a cast member called Mira is ミラ in a Japanese panel and ميرا in an Arabic one. Only whole words
 * are compared, and only kana and Arabic letters, whose sounds can be read off.
 */

const kana: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'ア a イ i ウ u エ e オ o カ ka キ ki ク ku ケ ke コ ko サ sa シ shi ス su セ se ソ so タ ta チ chi ツ tsu テ te ト to ナ na ニ ni ヌ nu ネ ne ノ no ' +
    'ハ ha ヒ hi フ fu ヘ he ホ ho マ ma ミ mi ム mu メ me モ mo ヤ ya ユ yu ヨ yo ラ ra リ ri ル ru レ re ロ ro ワ wa ヲ o ン n ガ ga ギ gi グ gu ゲ ge ゴ go ' +
    'ザ za ジ ji ズ zu ゼ ze ゾ zo ダ da ヂ ji ヅ zu デ de ド do バ ba ビ bi ブ bu ベ be ボ bo パ pa ピ pi プ pu ペ pe ポ po ヴ v ァ a ィ i ゥ u ェ e ォ o ャ ya ュ yu ョ yo ッ _ ー _'
  )
    .split(' ')
    .flatMap((part, at, all) => (at % 2 === 0 ? [[part, all[at + 1] ?? '']] : [])),
);

/** Reduces a Latin spelling to what kana can tell apart: no doubled letters, l as r, v as b, no final vowel filler. */
function plainSound(latin: string): string {
  return latin
    .normalize('NFD')
    .replaceAll(/[^a-z]/gi, '')
    .toLowerCase()
    .replaceAll('l', 'r')
    .replaceAll(/v|bu(?=[aeiou])/g, 'b')
    .replaceAll('ph', 'f')
    .replaceAll(/c(?!h)/g, 'k')
    .replaceAll(/(.)\1+/g, '$1');
}

function kanaSounds(name: string, word: string): boolean {
  const heard = plainSound([...word].map((letter) => kana[letter] ?? '').join(''));
  const said = plainSound(name);
  if (heard === said) return true;
  // Kana puts a vowel after every consonant: Toku may be Tok.
  return (
    heard.replaceAll(/u(?![aeiou]|$)/g, '').replace(/[uo]$/, '') === said.replace(/[uo]$/, '') &&
    said.length > 3
  );
}

const arabicLetters: Readonly<Record<string, string>> = {
  a: '[اآأةىعه]?',
  b: 'ب',
  c: '[كس]',
  d: '[دضذ]',
  e: '[ايىإ]?',
  f: 'ف',
  g: '[غجق]',
  h: '[هح]?',
  i: '[يىإ]?',
  j: '[جي]',
  k: '[كق]',
  l: 'ل',
  m: 'م',
  n: 'ن',
  o: '[واأ]?',
  p: '[بپ]',
  q: 'ق',
  r: 'ر',
  s: '[سص]',
  t: '[تطث]',
  u: '[وا]?',
  v: '[فڤ]',
  w: 'و',
  x: 'كس',
  y: '[يى]?',
  z: '[زظ]',
};

function arabicPattern(name: string): RegExp | undefined {
  const letters = [
    ...name
      .normalize('NFD')
      .toLowerCase()
      .replaceAll(/[^a-z]/g, ''),
  ];
  if (letters.length < 3) return undefined;
  const body = letters.map((letter, at) => {
    const pattern = arabicLetters[letter] ?? '';
    // A vowel at either end is written in Arabic; were it optional, two consonants would match too many words.
    return at === letters.length - 1 || at === 0 ? pattern.replace(/\?$/, '') : pattern;
  });
  return new RegExp(`^[وف]?[لب]?(?:${body.join('')})$`, 'u');
}

/** True where `word`, in kana or Arabic, is how a name written in Latin letters sounds. */
export function soundsLike(name: string, word: string): boolean {
  if (/^[\p{Script=Katakana}ー]{2,}$/u.test(word)) return kanaSounds(name, word);
  if (/^\p{Script=Arabic}{3,}$/u.test(word)) return arabicPattern(name)?.test(word) ?? false;
  return false;
}
