import type { ZodError } from 'zod';
import { contract, type CommandArguments, type CommandName, type CommandOutput } from '../shared/contract.ts';
import { FabulaError, toFailure, type Result } from '../shared/errors.ts';
import type { RequestContext } from './requests.ts';
import type { Studio } from './studio.ts';

type Handler<Name extends CommandName> = (
  studio: Studio,
  input: CommandArguments<Name>,
  context: RequestContext,
) => CommandOutput<Name> | Promise<CommandOutput<Name>>;

/** The table: contract command to studio call. The doors carry it and add nothing. */
export const commands: { readonly [Name in CommandName]: Handler<Name> } = {
  'studio.about': (studio) => studio.about(),
  'studio.doctor': (studio) => studio.doctor(),
  'packs.list': (studio) => studio.packs.list(),
  'settings.get': (studio) => studio.settings.get(),
  'settings.set': (studio, { settings }) => studio.settings.set(settings),
  'requests.cancel': (studio, { request }) => ({ cancelled: studio.requests.cancel(request) }),

  'library.import': (studio, { paths, originals }) => studio.startImport(paths, originals),
  'library.list': (studio, { filter, order, offset, limit }) =>
    studio.library.list(filter, offset, limit, order),
  'library.get': (studio, { asset }) => studio.library.get(asset),
  'library.thumbHashes': (studio, { assets }) => studio.library.thumbHashes(assets),
  'library.remove': (studio, { assets }) => studio.library.remove(assets),
  'library.search': (studio, { text, asset, with: also, without, filter, limit }) =>
    studio.search.find(
      {
        plus: [
          ...(text.trim() === '' ? [] : [{ text }]),
          ...(asset === undefined ? [] : [{ asset }]),
          ...also,
        ],
        minus: without,
      },
      { filter, limit },
    ),
  'library.mix': (studio, { pictures, text, filter, limit }, context) =>
    studio.mix.find(pictures, text, { ...context, filter, limit }),
  'library.ids': (studio, { filter, order }) => studio.library.ids(filter, order),
  'library.facets': (studio, { filter }) => studio.library.facets(filter),
  'library.words': (studio, { asset }) => studio.pyramids.read(asset),
  'library.redraw': (studio, { asset, layer, seed }) => studio.pyramids.redraw(asset, layer, seed),
  'library.tags': (studio) => studio.library.tags(),
  'library.tag': (studio, { assets, add, remove }) =>
    studio.history.library(
      (count) => ({ key: 'library.undoTags', values: { count } }),
      () => studio.library.tag(assets, { add, remove }),
    ),
  'library.captions': (studio, { asset }) => studio.library.captionHistory(asset).reverse(),
  'library.restoreCaption': (studio, { asset, caption }) =>
    studio.history.library({ key: 'library.undoRestore' }, () =>
      studio.library.restoreCaption(asset, caption),
    ),
  'library.setCaption': (studio, { asset, text }) =>
    studio.history.library({ key: 'library.changeCaption' }, () =>
      studio.library.setCaption(asset, { text, source: 'person', pack: null }),
    ),

  'captions.start': (studio, { assets, filter, options }) =>
    studio.captions.start({ assets, filter }, options),
  'captions.write': (studio, { assets, filter, options }) =>
    studio.captionWriting.start({ assets, filter }, options),
  'captions.regions': (studio, { asset }) => studio.captions.regions(asset),
  'captions.suggest': (studio, { asset }, context) => studio.captions.suggest(asset, context),
  'suggest.text': (studio, input, context) => studio.suggest.text(input, context),

  'labels.list': (studio) => studio.labels.list(),
  'labels.create': (studio, { name }) => studio.labels.create(name),
  'labels.remove': (studio, { label }) => studio.labels.remove(label),
  'labels.look': (studio, { label, offset, limit }) => studio.labels.look(label, { offset, limit }),
  'labels.answer': (studio, { label, answers }) => studio.labels.answer(label, answers),
  'styles.list': (studio) => studio.styles.list(),
  'styles.save': (studio, { name, examples }) => studio.styles.save(name, examples),
  'styles.remove': (studio, { name }) => studio.styles.remove(name),
  'captions.preview': (studio, { assets, filter, options, limit }, { signal, send }) =>
    studio.captions.preview({ assets, filter, limit }, options, {
      signal,
      onPreview: (preview) => send({ kind: 'caption', preview }),
    }),
  'captions.find': (studio, input, { signal }) => studio.replacer.preview(input, signal),
  'captions.replace': async (studio, input, { signal }) => {
    const prepared = await studio.replacer.prepare(input, signal);
    return studio.history.library(
      (count) => ({ key: 'library.undoReplace', values: { count } }),
      () => studio.replacer.write(prepared, input),
    );
  },
  'review.start': (studio, { assets, filter }) => studio.review.start({ assets, filter }),
  'review.get': (studio) => studio.review.get(),
  'review.list': (studio, { offset, limit }) => studio.review.list(offset, limit),
  'review.decide': (studio, { asset, decision, text }) =>
    studio.history.library({ key: 'library.undoReview' }, () => studio.review.decide(asset, decision, text)),

  'jobs.list': (studio) => studio.jobs.list(),
  'jobs.errors': (studio, { job }) => studio.jobs.errors(job),
  'jobs.pictures': (studio, { job }) => ({ assets: studio.importedPictures(job) }),
  'jobs.pause': (studio, { job }) => studio.jobs.pause(job),
  'jobs.resume': (studio, { job }) => studio.jobs.resume(job),
  'jobs.cancel': (studio, { job }) => studio.jobs.cancel(job),
  'jobs.retry': (studio, { job }) => studio.jobs.retry(job),
  'jobs.clear': (studio) => studio.jobs.clear(),

  'history.undo': (studio, { story = null, once = null }) => studio.history.undo(story, once),
  'history.redo': (studio, { story = null, once = null }) => studio.history.redo(story, once),
  'history.state': (studio, { story = null }) => studio.history.state(story),

  'stories.list': (studio) => studio.stories.list(),
  'stories.create': (studio, { title }) => studio.stories.create(title),
  'stories.importOutline': (studio, { name, markdown }) => studio.importOutline(name, markdown),
  'stories.open': (studio, { story }) => studio.stories.open(story),
  'stories.remove': (studio, { story }) => studio.stories.remove(story),
  'stories.edit': (studio, input) => studio.stories.edit(input),
  'stories.match': (studio, input, context) => studio.illustrator.match(input, context),
  'stories.choose': (studio, choice) => studio.choices.record(choice),
  'choices.list': (studio, stretch) => studio.choices.list(stretch),
  'lessons.get': (studio) => studio.lessons.get(),
  'lessons.leaveOut': (studio, { leftOut, choices }) => ({
    changed: studio.choices.leaveOut(leftOut, choices),
  }),
  'choices.clear': (studio, { story }) => studio.choices.clear(story),
  'stories.illustrate': (studio, { story }) => studio.illustrator.start(story),

  'sketch.draw': (studio, input) => studio.drawSketch(input),
  'sketch.preview': (studio, { scene, has }) => studio.sketches.preview(scene, has),
  'sketch.mix': (studio, { pictures, text }, context) => studio.mix.draw(pictures, text, context),
  'sketch.keep': (studio, { scene, caption }) => studio.mix.keep(scene, caption),
  'sketch.read': (studio, { text, seed, story, panel }) => ({
    scene: studio.sketches.read(text, seed, story, panel),
  }),
  'sketch.restage': (studio, { scene, change, story, panel }) => ({
    scene: studio.sketches.restage(scene, defined(change), story, panel),
  }),
  'sketch.fitFigure': (studio, { scene, icon, word, at, instead }) => ({
    figure: studio.sketches.fit(scene, icon, word, { at, instead }),
  }),
  'sketch.findFigures': (studio, { query, limit }) => studio.sketches.find(query, limit),
  'sketch.figures': (studio, { figures, seed }) => studio.sketches.figures(figures, seed),
  'sketch.places': (studio) => studio.sketches.places(),
  'sketch.looks': (studio, { cast }) => studio.sketches.looks(cast),
  'sketch.outdated': (studio, { story }) => studio.sketches.outdated(story),
  'sketch.recast': (studio, { story, member }, context) => studio.sketches.recast(story, member, context),

  'exports.start': (studio, { story, format, options }) => studio.exports.start(story, format, options),
  'exports.preview': (studio, { story, options }, { signal, send }) =>
    studio.exports.preview(story, options, {
      signal,
      onPreview: (preview) => {
        send({ kind: 'preview', preview });
      },
    }),
  'exports.choice': (studio, { story }) => studio.exports.choice(story),
  'exports.remember': (studio, { story, choice }) => studio.exports.remember(story, choice),
};

/**
 * Runs a command with an input from outside: validated once, here, with the contract's schema. Never throws; what
 * goes wrong is in the Result.
 */
export async function run<Name extends CommandName>(
  studio: Studio,
  name: Name,
  raw: unknown,
): Promise<Result<CommandOutput<Name>>> {
  try {
    const input = contract[name].input.safeParse(raw);
    if (!input.success) throw new FabulaError('invalid-input', explain(name, input.error));
    const valid = input.data as CommandArguments<Name> & { request?: string };
    // The command that cancels names another's request; every other one names its own.
    const request = name === 'requests.cancel' ? undefined : valid.request;
    const value = await studio.requests.run<CommandOutput<Name>>(request, (context) =>
      commands[name](studio, valid, context),
    );
    return { ok: true, value };
  } catch (error) {
    return toFailure(error);
  }
}

/** Without the fields given as undefined, which a partial schema lets through. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Names the field that is wrong, as a path, and what it should be. */
function explain(name: CommandName, error: ZodError): string {
  const issue = error.issues[0];
  const field = issue === undefined ? '' : issue.path.map(String).join('.');
  return `${name}: ${field === '' ? 'the input' : `“${field}”`} is not accepted: ${issue?.message ?? 'unknown reason'}.`;
}
