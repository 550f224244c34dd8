/**
 * The small words with which people ask for a change: `without`, `en vez de`, `もう`. What they name (things, places,
 * hours, colours, numbers) is in the lexicon.
 */

/** What a word of a change does. */
export type Sign =
  /** What comes (in Japanese: what came) is to be there, or not to be there. */
  | 'add'
  | 'remove'
  | 'with'
  /** Says of what came before that it is not to be there: `the tree is gone`. */
  | 'gone'
  /** `replace A by B`, and `A becomes B`. */
  | 'replace'
  | 'into'
  | 'becomes'
  /** `B instead of A`. */
  | 'instead'
  | 'more'
  | 'fewer'
  | 'only'
  | 'bigger'
  | 'smaller'
  | 'much'
  | 'twice'
  | 'half'
  | 'left'
  | 'right'
  | 'middle'
  | 'air'
  | 'near'
  | 'far'
  | 'left-of'
  | 'right-of'
  | 'move'
  | 'flip'
  /** Of which of two pictures. */
  | 'second'
  | 'first'
  /** The place, hour and weather of a picture. */
  | 'backdrop'
  /** A position in time or space follows: `at night`. */
  | 'at'
  | 'and'
  | 'but'
  | 'closer'
  | 'wider'
  | 'red-adverb'
  | 'blue-adverb'
  | 'green-adverb'
  | 'yellow-adverb'
  /** Nothing of its own. */
  | 'filler';

type Table = Partial<Record<Sign, string>>;

const tables: Readonly<Record<string, Table>> = {
  en: {
    filler:
      'give|the same scene|the same picture|the same image|the same photo|the very same|the same thing|same scene|same picture|the same|same|this picture|this scene|this|it|everything else|everything|as it is|please|make|make it|makes|turn it|the picture|the scene|the image|is|are|be|should|would|like|now|then|too|also|as well|scene|picture|image|photo|version|keep|keep the rest|leave the rest|set|let|have|has|having|show|showing|draw|paint|colour|color|of|the|to be|that|there|its|their|ones|the time|the weather|the season|the place|the colour|the color|time|weather|season|place|in colour|size|here',
    but: 'but|except|only that|however',
    and: 'and|&',
    remove:
      'without any|without|with no more|with no|with fewer|no more|no|take away|take out|remove|delete|erase|get rid of|minus|drop|lose|leave out|not|cut out|hide',
    gone: 'is gone|are gone|gone|removed|disappears|disappear|vanishes|is missing|taken away',
    add: 'add|adding|plus|put in|put|insert|bring in|include|there is|there are|introduce',
    with: 'with an|with a|with',
    replace: 'replace|replacing|replaced|swap|exchange|substitute|change|turn|trade|transform|switch',
    becomes:
      'becomes|become|turns into|turn into|changes to|is now|should be|is to be|is replaced by|are replaced by|becoming|as',
    into: 'into|for|to',
    instead: 'instead of|in place of|rather than|in lieu of',
    more: 'more|another|extra|additional|further',
    fewer: 'fewer|less',
    only: 'only|just|a single',
    bigger: 'bigger|larger|enlarge|grow|taller',
    smaller: 'smaller|tinier|shorter|shrink',
    much: 'much|a lot|way',
    twice: 'twice as big|twice as large|twice the size|double the size|double',
    half: 'half as big|half as large|half the size',
    'left-of': 'to the left of|on the left of|left of',
    'right-of': 'to the right of|on the right of|right of',
    left: 'on the left side|on the left hand side|on the left|to the left|at the left|from the left|left',
    right: 'on the right side|on the right hand side|on the right|to the right|at the right|right',
    middle:
      'in the middle|in the centre|in the center|at the centre|at the center|to the middle|in the midst',
    air: 'in the sky|in the air|up in the air|flying|overhead|in flight',
    near: 'in the foreground|in front|up front|nearer',
    far: 'in the background|in the back|far away|in the distance|farther away',
    move: 'move|shift|bring',
    flip: 'flip|mirror|turn around|turned around|facing the other way',
    second:
      "of the second picture|from the second picture|in the second picture|of the other picture|from the other picture|of the second image|from the second image|of the other image|from the other image|of the second photo|from the second photo|of the other photo|from the other photo|of the second one|from the second one|of the second|from the second|from the other one|of the other one|from picture two|of picture two|from picture 2|of picture 2|second picture's|the second picture|the other picture",
    first:
      'of the first picture|from the first picture|in the first picture|of the first image|of the first|from the first|the first picture',
    backdrop: 'background|backdrop|setting|scenery|surroundings',
    at: 'at|during',
    closer: 'zoom in|from nearer|closer|seen from near|from close up',
    wider: 'zoom out|from farther away|from further away|from afar|wider',
  },
  es: {
    filler:
      'la misma escena|la misma imagen|la misma foto|el mismo dibujo|lo mismo|la misma|el mismo|misma|mismo|igual|esta imagen|esta escena|la escena|la imagen|el resto igual|por favor|haz|hazlo|hacer|que|sea|esté|está|el|la|los|las|lo|de|del|al|a|su|es|son|ahora|también|tiempo|hay|escena|imagen|foto|se|muy|todo',
    but: 'pero|excepto|salvo',
    and: 'y|e',
    remove: 'sin ningún|sin ninguna|sin|quita|quitar|elimina|eliminar|borra|borrar|saca|ningún|ninguna|no',
    gone: 'desaparece|desaparecen|ya no está|ya no están',
    add: 'añade|añadir|agrega|agregar|pon|poner|mete|suma|incluye|añadiendo|coloca',
    with: 'con una|con un|con',
    replace: 'cambia|cambiar|reemplaza|reemplazar|sustituye|sustituir|convierte|transforma',
    becomes: 'se convierte en|se vuelve|pasa a ser',
    into: 'por',
    instead: 'en vez del|en vez de|en lugar del|en lugar de',
    more: 'más|otro|otra|otros|otras|adicional|adicionales',
    fewer: 'menos',
    only: 'solo|sólo|solamente|únicamente',
    bigger: 'más grande|más grandes|mayor|agranda|más alto|más alta',
    smaller: 'más pequeño|más pequeña|más pequeños|más pequeñas|menor|reduce|más bajo',
    much: 'mucho',
    twice: 'el doble de grande|dos veces más grande|al doble',
    half: 'la mitad de grande|a la mitad',
    'left-of': 'a la izquierda de la|a la izquierda del|a la izquierda de',
    'right-of': 'a la derecha de la|a la derecha del|a la derecha de',
    left: 'a la izquierda|en la izquierda|izquierda',
    right: 'a la derecha|en la derecha|derecha',
    middle: 'en el centro|en medio|al centro',
    air: 'en el cielo|en el aire|volando',
    near: 'en primer plano|delante',
    far: 'al fondo|en el fondo|a lo lejos|detrás',
    move: 'mueve|mover|desplaza',
    flip: 'voltea|gira|refleja',
    second:
      'de la segunda imagen|de la segunda foto|de la otra imagen|de la otra foto|de la segunda|de la otra|del segundo dibujo|del otro dibujo|la segunda imagen|la otra imagen',
    first: 'de la primera imagen|de la primera foto|de la primera',
    backdrop: 'fondo|paisaje',
    at: 'durante|por',
    closer: 'más cerca|de cerca|primer plano|acerca',
    wider: 'más lejos|desde lejos|de lejos|plano general|aleja',
  },
  ja: {
    filler:
      '同じ場面で|同じ場面を|同じ場面|同じ絵で|同じ絵|同じ写真|同じ画像|同じ|この絵|この写真|場面を|場面|絵を|写真を|画像を|ください|下さい|して|する|した|してください|しましょう|いる|ある|を|が|は|に|で|の|も|へ|と一緒に|時の|の時|時間|状態|ところ|様子|匹|羽|頭|個|軒|枚|にする|にしてください|にして|な',
    but: 'でも|けど|だけど|ただし',
    and: 'と|や|そして|、そして',
    remove:
      'をなくして|をなしに|をなし|なしで|なしに|なし|無しで|無し|抜きで|抜き|を消して|消して|消す|を除いて|除いて|除く|を取り除いて|取り除いて|取り除く|を取って|を外して|を削除して|削除して|削除|がいない|のいない|いない|がない|のない|ない',
    add: 'を追加して|を追加する|追加して|追加する|追加|を加えて|加えて|加える|を足して|足して|足す|を入れて|入れて|を置いて|置いて|を増やして|増やして|がいる|がある|を描いて|描いて',
    replace:
      'に変えて|に変える|に変更して|に変更|に置き換えて|に置き換える|に替えて|に取り替えて|に入れ替えて|に代えて|と交換して|になる|になって|にする|にして',
    instead: 'の代わりに|のかわりに|代わりに|ではなくて|ではなく|じゃなくて',
    more: 'もう|あと|さらに|もっと|別の|ほかの|他の',
    fewer: '減らして|少なく',
    only: 'だけにして|だけに|だけ|のみ',
    bigger: 'もっと大きな|もっと大きい|もっと大きく|もっと大きくして|より大きな|大きくして|大きく|拡大して',
    smaller: 'もっと小さな|もっと小さい|もっと小さく|より小さな|小さくして|小さく|縮小して',
    twice: '二倍に|2倍に|二倍の大きさの|倍に',
    half: '半分に|半分の大きさの',
    'left-of': 'の左に|の左側に|の左',
    'right-of': 'の右に|の右側に|の右',
    left: '左側に|左に|左の|左へ|左側',
    right: '右側に|右に|右の|右へ|右側',
    middle: '真ん中に|中央に|まんなかに|中央',
    air: '空に|空中に',
    near: '手前に|前景に',
    far: '背景に|奥に|遠くに',
    move: 'を動かして|動かして|移動して|移動',
    flip: '反転して|裏返して|逆向きに',
    second:
      '二枚目の写真の|二枚目の絵の|二枚目の画像の|二枚目の|2枚目の写真の|2枚目の絵の|2枚目の|もう一枚の写真の|もう一枚の絵の|もう一枚の',
    first: '一枚目の写真の|一枚目の絵の|一枚目の',
    backdrop: '背景',
    closer: 'もっと近くから|近くから|アップで|近づいて',
    wider: '遠くから|引いて',
    'red-adverb': '赤くして|赤く',
    'blue-adverb': '青くして|青く',
    'green-adverb': '緑色に|緑に',
    'yellow-adverb': '黄色くして|黄色く|黄色に',
  },
  ar: {
    filler:
      'نفس المشهد|نفس الصورة|المشهد نفسه|الصورة نفسها|نفسه|نفسها|ذاته|ذاتها|نفس|المشهد|الصورة|هذه الصورة|هذا|هذه|اجعل|اجعله|اجعلها|ليكون|يكون|تكون|من فضلك|الآن|أيضا|أيضًا|وقت|فيها|فيه|هناك|يوجد|من|اللون',
    but: 'لكن|ولكن|إلا',
    and: 'و',
    remove: 'من دون|بدون|دون|بلا|احذف|أزل|ازل|أزيل|امسح|أخف|اخف|لا|حذف|إزالة',
    gone: 'يختفي|تختفي|اختفى|اختفت',
    add: 'أضف|اضف|أضيف|إضافة|ضع|زد|أدخل',
    with: 'مع|به|فيه',
    replace: 'استبدل|استبدال|بدّل|بدل ال|غيّر|غير|حوّل|حول',
    becomes: 'يصبح|تصبح|يتحول إلى|تتحول إلى',
    into: 'إلى|الى|ب',
    instead: 'بدلا من|بدلاً من|بدل من|عوضا عن|عوضاً عن|مكان|بدل',
    more: 'المزيد من|مزيد من|آخر|أخرى|آخران|آخرين|إضافي|إضافية|إضافيان|إضافيين|أكثر',
    fewer: 'أقل',
    only: 'فقط',
    bigger: 'أكبر|اكبر|كبّر|كبر|أطول|أكبر حجما|أكبر بكثير',
    smaller: 'أصغر|اصغر|صغّر|صغر|أقصر',
    much: 'بكثير',
    twice: 'ضعف الحجم|ضعف حجم|مرتين أكبر',
    half: 'نصف الحجم|نصف حجم',
    'left-of': 'على يسار|إلى يسار|يسار',
    'right-of': 'على يمين|إلى يمين|يمين',
    left: 'على اليسار|إلى اليسار|في اليسار|من اليسار|جهة اليسار|اليسار|يسارا',
    right: 'على اليمين|إلى اليمين|في اليمين|من اليمين|جهة اليمين|اليمين|يمينا',
    middle: 'في الوسط|في المنتصف|وسط الصورة',
    air: 'في السماء|في الهواء|في الجو',
    near: 'في المقدمة',
    far: 'في الخلفية|في البعيد',
    move: 'حرك|حرّك|انقل',
    flip: 'اقلب',
    second:
      'من الصورة الثانية|في الصورة الثانية|من الصورة الأخرى|الصورة الثانية|الصورة الأخرى|من الثانية|من الأخرى',
    first: 'من الصورة الأولى|في الصورة الأولى|الصورة الأولى',
    backdrop: 'الخلفية|خلفية',
    at: 'عند|أثناء|خلال',
    closer: 'من قريب|عن قرب|لقطة قريبة',
    wider: 'من بعيد|عن بعد|لقطة واسعة',
  },
  ms: {
    filler:
      'gambar yang sama|babak yang sama|adegan yang sama|yang sama|sama|sama seperti|gambar ini|adegan ini|ini|itu|tersebut|yang|jadikan|buat|buatkan|biarkan|tolong|sila|sekarang|juga|ada|waktu|masa|ekor|buah|orang|batang|kuntum|biji|gambar|babak|adegan|saiz|semuanya',
    but: 'tetapi|tapi|kecuali|cuma',
    and: 'dan|serta',
    remove: 'tanpa|tiada|buang|hapus|hapuskan|padam|padamkan|keluarkan|alih keluar|tidak ada',
    gone: 'hilang|dihilangkan|dibuang',
    add: 'tambah|tambahkan|letak|letakkan|masukkan|menambah|bubuh',
    with: 'dengan',
    replace: 'ganti|gantikan|tukar|tukarkan|ubah|menggantikan',
    becomes: 'menjadi|bertukar menjadi|bertukar kepada',
    into: 'kepada|jadi|menjadi',
    instead: 'bukannya|bukan|sebagai ganti|menggantikan|daripada',
    more: 'lagi|lain|tambahan',
    fewer: 'kurang',
    only: 'hanya|sahaja',
    bigger: 'lebih besar|besarkan|lebih tinggi',
    smaller: 'lebih kecil|kecilkan|lebih rendah',
    much: 'jauh',
    twice: 'dua kali lebih besar|dua kali ganda',
    half: 'separuh saiz|separuh',
    'left-of': 'di sebelah kiri|di kiri',
    'right-of': 'di sebelah kanan|di kanan',
    left: 'di sebelah kiri|di kiri|ke kiri|sebelah kiri|kiri',
    right: 'di sebelah kanan|di kanan|ke kanan|sebelah kanan|kanan',
    middle: 'di tengah-tengah|di tengah|ke tengah',
    air: 'di langit|di udara',
    near: 'di hadapan sekali|di latar depan',
    far: 'di latar belakang|di kejauhan|jauh di sana',
    move: 'alihkan|pindahkan|gerakkan',
    flip: 'balikkan|terbalikkan',
    second:
      'daripada gambar kedua|dari gambar kedua|dalam gambar kedua|gambar kedua|daripada gambar lain|dari gambar lain|dari gambar yang satu lagi|gambar lagi satu',
    first: 'daripada gambar pertama|dari gambar pertama|gambar pertama',
    backdrop: 'latar belakang|latar',
    at: 'pada|semasa|ketika|ke',
    closer: 'lebih dekat|dari dekat',
    wider: 'lebih jauh|dari jauh',
  },
};

/** The languages in which changes can be asked for. */
export const changeLanguages: readonly string[] = Object.keys(tables);

export interface Phrase {
  readonly text: string;
  readonly signs: readonly Sign[];
}

const phrases = new Map<string, readonly Phrase[]>();

/** Every phrase of a language with what it may do, the longest first. */
export function changePhrases(language: string): readonly Phrase[] {
  let known = phrases.get(language);
  if (known === undefined) {
    const found = new Map<string, Sign[]>();
    for (const [sign, list] of Object.entries(tables[language] ?? {}) as [Sign, string][]) {
      for (const text of list.split('|')) found.set(text, [...(found.get(text) ?? []), sign]);
    }
    known = [...found]
      .map(([text, signs]) => ({ text, signs }))
      .toSorted((a, b) => b.text.length - a.text.length);
    phrases.set(language, known);
  }
  return known;
}
