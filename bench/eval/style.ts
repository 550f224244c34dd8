import { join } from 'node:path';
import { CaptionStyle } from '../../src/main/captions/style/style.ts';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { readManifest, readSquares, scoreCaptions } from './photos.ts';
import { atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';
import { styleExamples } from './style-examples.ts';

const held = 500;

const words = (text: string): string[] => text.match(/[A-Za-z][A-Za-z'-]*/g) ?? [];
const small = new Set(
  'a an the and or of in on at to by for from with into over as next up down near'.split(' '),
);
/** Words that mark a text as set in the past, and in the present, wherever they stand. */
const past = /\b(?:was|were|had|saw|watched|went|ran|stood|sat|rode|played|jumped|walked|swam)\b/i;
const present =
  /\b(?:is|are|has|(?:stand|sit|run|ride|play|jump|walk|swim|climb|hold|look|wear|perform|pose|do|fl(?:y|ie)|surf|ski|throw|catch|wait|lie|read|eat|push|pull|wash|wrestle|kick|slide|watch|skateboard|snowboard|hike|race|drive|dig|carr(?:y|ie)|make|swing|drink|talk|smile|lean|hang|perch|rest|sleep|work|paddle|float|splash|chase|bite|leap|land|hit|dance|sing|paint|cross|go|get|take|tr(?:y|ie)|fish|dive|compete|move|fight|travel|rest|show|bike|crawl|cover|sell|shop|cook|blow|reach|face|roll|fall|come|use|have|crouch|kneel|practice|celebrate|gather|march|bathe|row|sail|bounce|tackle|fetch|cling|sniff|lick|chew|shake|tug|dress|prepare|enjoy)(?:s|es)?)\b/i;

/**
 * Tells whether a caption is of a style by its own rules, which know nothing of how the captions were made: marks,
 * capitals, pronouns, and the tense of the words in it.
 */
const recognisers: Readonly<Record<keyof typeof styleExamples, (caption: string) => boolean>> = {
  'keyword list': (caption) => {
    const items = caption.split(', ');
    return (
      items.length >= 2 &&
      items.length <= 6 &&
      !/[.!?]/.test(caption) &&
      items.every((item) => words(item).length <= 2 && !/\b(?:a|an|the|is|are)\b/i.test(item))
    );
  },
  'diary in the past': (caption) =>
    /^[A-Z].*\bI (?:saw|watched)\b/.test(caption) &&
    past.test(caption) &&
    !/\b(?:is|are)\b/.test(caption) &&
    caption.endsWith('.'),
  'alt text in the present': (caption) =>
    /^(?:A|An|The|Two|Three|Four|Some|Several|People|Many|[A-Z][a-z]+)\b/.test(caption) &&
    caption.endsWith('.') &&
    words(caption).length <= 12 &&
    present.test(caption) &&
    !past.test(caption) &&
    // Simple present: no helper before a form in -ing.
    !/\b(?:is|are) \w+ing\b/.test(caption) &&
    !/\b(?:I|we|my|our)\b/i.test(caption),
  headline: (caption) =>
    words(caption).length >= 2 &&
    words(caption).length <= 8 &&
    !/[.!?]$/.test(caption) &&
    !/\b(?:a|an|the)\b/i.test(caption) &&
    words(caption).every((word) => /^[A-Z]/.test(word) || small.has(word)) &&
    !past.test(caption),
  'long with an opening': (caption) =>
    caption.startsWith('In this one, ') && words(caption).length >= 12 && caption.endsWith('.'),
};

/**
 * Captions in five styles, each shown by four or five examples, of photos that no model was trained on: the share that
 * a rule of its own recognises, and how much of what they name a human caption of the photo names too.
 */
export async function style({ shared, quick }: EvalOptions): Promise<EvalRow[]> {
  const folder = join(shared, 'photos');
  const photos = readManifest(folder, 'flickr8k', 'dev')?.slice(0, quick ? 100 : held);
  if (!photos) return [skipped('style', `${folder} is not there`)];
  const models = new Models({ packs: new Packs([resourcePath('models')]) });
  try {
    const squares = await readSquares(
      photos.map(({ file }) => join(folder, file)),
      models.imageSize,
    );
    const precision = (captions: readonly string[]): number | null =>
      scoreCaptions(
        shared,
        photos.map((photo, at) => ({ photo, caption: captions[at]! })),
      )?.content_precision ?? null;
    const plain = (await models.captionImages(squares)).map(({ text }) => text);
    const before = precision(plain);
    const rows: EvalRow[] = [];
    for (const [name, recognise] of Object.entries(recognisers)) {
      const examples = styleExamples[name as keyof typeof styleExamples];
      const own = new CaptionStyle(examples);
      const found = await models.captionImages(squares, { steering: own.steering });
      const captions = found.map(({ candidates }) => own.write(candidates));
      const share = captions.filter(recognise).length / captions.length;
      const unsteered = plain.filter(recognise).length / plain.length;
      rows.push(
        atLeast(
          'style',
          `${name}: share recognised, Flickr8k dev ${photos.length}`,
          share,
          0.8,
          `${unsteered.toFixed(3)} of captions without the style; e.g. “${captions[0]!}”`,
        ),
      );
      if (before === null) continue;
      // The opening comes from the examples and says nothing about the photo.
      const told = captions.map((caption) =>
        own.profile.openings.reduce(
          (text, opening) => (text.startsWith(opening) ? text.slice(opening.length) : text),
          caption,
        ),
      );
      const whole = precision(captions)!;
      rows.push(
        atLeast(
          'style',
          `${name}: content precision, times that without the style`,
          precision(told)! / before,
          0.9,
          own.profile.openings.length > 0
            ? `of what follows the opening; ${(whole / before).toFixed(3)} with its words counted as content`
            : `${whole.toFixed(4)} against ${before.toFixed(4)}`,
        ),
      );
    }
    return rows;
  } finally {
    await models.close();
  }
}
