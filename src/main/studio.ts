import { mkdirSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { About, Asset, Check, CommandArguments, Job, OpenStory } from '../shared/contract.ts';
import { FabulaError } from '../shared/errors.ts';
import type { Scene } from '../shared/scene.ts';
import { Captions } from './captions/captions.ts';
import { SavedStyles } from './captions/style/saved-styles.ts';
import { CaptionWriting } from './captions/writing.ts';
import { Replacer } from './captions/replace.ts';
import { ReviewQueue } from './captions/review.ts';
import { Lessons } from './decide/lessons.ts';
import { examine } from './doctor.ts';
import { StudioEmitter } from './events.ts';
import { Exports } from './exports/exports.ts';
import { ForeignChanges } from './foreign-changes.ts';
import { explainFileError } from './fs-errors.ts';
import { History } from './history.ts';
import { Jobs } from './jobs/jobs.ts';
import { Files } from './library/files.ts';
import { importedAssets, importRunner, startImport } from './library/import-job.ts';
import { Labels } from './labels/labels.ts';
import { Library } from './library/library.ts';
import { VectorIndex } from './library/search.ts';
import { ThumbHashing } from './library/thumb-hashing.ts';
import type { SpawnWorker } from './models/host.ts';
import { Mix } from './mix.ts';
import { Models } from './models/models.ts';
import { Packs } from './models/packs.ts';
import { randomIds, systemClock, type Clock, type Ids } from './ports.ts';
import { programVersion } from './program.ts';
import { PictureWords } from './picture-words.ts';
import { Requests } from './requests.ts';
import { resourcePath } from './resources.ts';
import { Search } from './search.ts';
import { Settings } from './settings.ts';
import { openDatabase, type Database } from './store/database.ts';
import { readArchive } from './stories/archive.ts';
import { Choices } from './stories/choices.ts';
import { Illustrator } from './stories/illustrate.ts';
import { attachPictures } from './stories/outline-pictures.ts';
import { decodeOutline, readOutline } from './stories/outline.ts';
import { Sketches } from './stories/sketches.ts';
import { Stories } from './stories/stories.ts';
import { StoryReader } from './story-reader.ts';
import { Suggest } from './suggest.ts';
import { writeWhole } from './whole-file.ts';

export interface StudioOptions {
  /** The folder that holds the database, the cache and what was copied in; made when it is not there. */
  dataDir: string;
  /**
   * True for a process that stays, as a window or a server does: it goes on with jobs that were broken off and
   * encodes new pictures in the background. A command that comes and goes does only what it was asked.
   */
  resident: boolean;
  /** Starts the model worker; as a child of this Node process when absent. */
  spawnWorker?: SpawnWorker;
  clock?: Clock;
  ids?: Ids;
  /** Folders of packs besides the data folder's own. */
  packFolders?: readonly string[];
}

/** How long nothing must have changed before new pictures are encoded in the background, in milliseconds. */
const quietTime = 500;
/** How long after opening the data folder is tidied, in milliseconds: the window comes first. */
const tidyAfter = 20_000;
/** How long nothing must have been worked on before blurred pictures are made, in milliseconds. */
const hashAfter = 1000;

/** Opens a data folder. @throws FabulaError naming the folder or the database that cannot be used, and why */
export function openStudio(options: StudioOptions): Promise<Studio> {
  // A promise, because a door must not come to rely on opening being immediate: a migration may take its time.
  return new Promise((resolve) => {
    resolve(new Studio(options));
  });
}

/** Every service of one data folder, made and closed together. It knows no door. */
export class Studio {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly exportsDir: string;
  readonly events = new StudioEmitter();
  readonly requests = new Requests((request, part) => {
    this.events.tell('request.part', { request, part });
  });
  readonly clock: Clock;
  readonly ids: Ids;
  readonly database: Database;
  readonly settings: Settings;
  readonly history: History;
  readonly library: Library;
  readonly jobs: Jobs;
  readonly packs: Packs;
  readonly models: Models;
  readonly search: Search;
  readonly pyramids: PictureWords;
  readonly captions: Captions;
  readonly styles: SavedStyles;
  readonly labels: Labels;
  readonly captionWriting: CaptionWriting;
  readonly suggest: Suggest;
  readonly replacer: Replacer;
  readonly review: ReviewQueue;
  readonly stories: Stories;
  readonly illustrator: Illustrator;
  readonly sketches: Sketches;
  readonly mix: Mix;
  readonly choices: Choices;
  readonly lessons: Lessons;
  readonly exports: Exports;
  readonly #closing = new AbortController();
  readonly #foreign: ForeignChanges | null;
  #background: Promise<void> = Promise.resolve();
  /** Apart from the rest: in a large library it takes minutes, most of them spent waiting. */
  readonly #hashing: ThumbHashing;
  #quiet: NodeJS.Timeout | undefined;

  constructor({
    dataDir,
    resident,
    spawnWorker,
    clock = systemClock,
    ids = randomIds,
    packFolders,
  }: StudioOptions) {
    this.dataDir = resolve(dataDir);
    this.exportsDir = join(this.dataDir, 'exports');
    this.clock = clock;
    this.ids = ids;
    const { events } = this;

    const files = new Files(this.dataDir);
    this.cacheDir = files.cache;
    try {
      mkdirSync(this.exportsDir, { recursive: true });
    } catch (error) {
      throw explainFileError(error, this.exportsDir);
    }
    const database = openDatabase(join(this.dataDir, 'library.db'));
    this.database = database;
    this.settings = new Settings({
      database,
      changed: (settings) => events.tell('settings.changed', settings),
    });
    this.history = new History({
      database,
      clock,
      emit: (state) => events.tell('history.changed', state),
      stop: (run) => this.#stopRun(run),
    });
    const { history } = this;
    this.library = new Library({
      database,
      files,
      clock,
      history,
      emit: (assets) => events.tell('library.changed', { assets }),
    });
    this.jobs = new Jobs({
      database,
      clock,
      ids,
      adopt: resident,
      emit: (job) => events.tell('job.changed', job),
    });
    this.packs = new Packs([...(packFolders ?? [resourcePath('models')]), join(this.dataDir, 'packs')]);
    this.models = new Models({
      packs: this.packs,
      ...(spawnWorker === undefined ? {} : { spawn: spawnWorker }),
    });
    const { library, jobs, models } = this;
    this.search = new Search({ library, models, openIndex: (space) => new VectorIndex(database, space) });
    this.pyramids = new PictureWords({ library, models, database });
    jobs.register('import', importRunner(library, { exclude: [this.dataDir] }));
    this.captions = new Captions({ library, models, jobs, database, history });
    this.styles = new SavedStyles(database);
    this.labels = new Labels({
      database,
      library,
      models,
      history,
      clock,
      ids,
      index: (space) => new VectorIndex(database, space),
      changed: () => events.tell('library.changed', { assets: null }),
    });
    this.captionWriting = new CaptionWriting({ library, jobs });
    this.replacer = new Replacer({ library });
    this.review = new ReviewQueue({ database, library, history });
    this.stories = new Stories({
      database,
      clock,
      ids,
      history,
      emit: (name, payload) => events.tell(name, payload),
    });
    this.sketches = new Sketches({ stories: this.stories, library, database, clock });
    this.choices = new Choices({ database, clock });
    this.lessons = new Lessons({
      packs: this.packs,
      choices: this.choices,
      learning: () => this.settings.get().learn,
    });
    const reader = new StoryReader({ library, models });
    this.mix = new Mix({ library, search: this.search, models, database, pyramids: this.pyramids });
    this.illustrator = new Illustrator({
      reader,
      stories: this.stories,
      library,
      jobs,
      search: this.search,
      ids,
      clock,
      decider: () => this.lessons.decider(),
    });
    this.suggest = new Suggest({ stories: this.stories, models, reader });
    this.exports = new Exports({
      stories: this.stories,
      library,
      jobs,
      database,
      clock,
      ids,
      folder: this.exportsDir,
    });
    this.#hashing = new ThumbHashing({
      library,
      busy: () => jobs.list().some(({ state }) => state === 'running'),
      wait: hashAfter,
    });
    this.#foreign = resident ? new ForeignChanges({ database, events, history }) : null;
    if (resident) {
      this.#embedInBackground();
      this.#tidyInBackground();
    }
  }

  about(): About {
    return {
      version: programVersion(),
      node: process.versions.node,
      dataDir: this.dataDir,
      assets: this.library.count(),
      stories: this.stories.list().length,
      captionRegions: this.models.choosesRegions,
    };
  }

  doctor(signal?: AbortSignal): Promise<Check[]> {
    return examine({ studio: this, signal });
  }

  /** Takes in files and folders of this machine, as a job. */
  startImport(paths: readonly string[], originals: 'leave' | 'copy'): Job {
    return startImport(this.jobs, { paths: paths.map((path) => resolve(path)), originals });
  }

  /** The assets an import has brought so far, in order. @throws FabulaError `not-found`; `invalid-input` for other jobs */
  importedPictures(job: string): string[] {
    if (this.jobs.get(job).kind !== 'import') {
      throw new FabulaError('invalid-input', `Job ${job} imports no pictures.`);
    }
    return importedAssets(this.jobs, job);
  }

  /** Takes in the bytes of one picture, as a browser sends it. */
  upload(name: string, bytes: Uint8Array): Promise<{ asset: Asset; duplicate: boolean }> {
    return this.library.importBytes(name, bytes, { origin: 'imported' });
  }

  /** Makes a story of an outline's text. Pictures it names by path are not read: their blocks stay empty. */
  importOutline(name: string, markdown: string): { story: OpenStory; warnings: string[] } {
    const { story, pictures, warnings } = readOutline(markdown, { name, ids: this.ids, clock: this.clock });
    const unread = pictures.map(
      ({ path, line }) => `${name}: line ${line}: the picture “${path}” was not read; put it in by hand.`,
    );
    return { story: this.stories.insert(story), warnings: [...warnings, ...unread] };
  }

  /**
   * Makes a story of a file: a `.fabula` archive, or else an outline with the pictures it names.
   *
   * @param seed Seeds the sketches of an outline; an archive keeps its own.
   * @throws FabulaError naming the file
   */
  async readStoryFile(
    path: string,
    { seed, signal }: { seed?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<{ story: OpenStory; warnings: string[] }> {
    if (extname(path).toLowerCase() === '.fabula') {
      const { library, stories } = this;
      return { story: await readArchive(path, { library, stories, signal }), warnings: [] };
    }
    const name = basename(path);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw explainFileError(error, path);
    });
    const { clock, ids, library } = this;
    const outline = readOutline(decodeOutline(bytes, name), { name, ids, clock });
    const seeded =
      seed === undefined
        ? outline.story
        : { ...outline.story, settings: { ...outline.story.settings, seed } };
    const { story, warnings } = await attachPictures(seeded, outline.pictures, {
      folder: dirname(path),
      name,
      library,
      ids,
      clock,
      signal,
    });
    return { story: this.stories.insert(story), warnings: [...outline.warnings, ...warnings] };
  }

  /** Puts a finished export where the person chose: whole, or not at all. */
  async saveExport(job: string, target: string): Promise<void> {
    const { file } = this.exports.fileOf(job);
    await writeWhole(target, (temporary) => copyFile(file, temporary)).catch((error: unknown) => {
      throw explainFileError(error, target);
    });
  }

  /** Draws a text, or a scene as it is, and keeps the drawing. */
  async drawSketch(input: CommandArguments<'sketch.draw'>): Promise<{ asset: string; scene: Scene }> {
    const scene = 'scene' in input ? input.scene : this.sketches.read(input.text, input.seed, input.story);
    return { asset: await this.sketches.draw(scene), scene };
  }

  /** Ends what runs, keeping what is done, and closes the database. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearTimeout(this.#quiet);
    this.#foreign?.close();
    this.requests.cancelAll();
    this.exports.close();
    await this.jobs.close();
    await this.models.close();
    await this.#background;
    await this.#hashing.close();
    this.database.close();
  }

  /** Removes sketches that nothing refers to any more, and begins to make blurred pictures, a while after opening. */
  #tidyInBackground(): void {
    const { signal } = this.#closing;
    const timer = setTimeout(() => {
      this.#background = this.#background.then(async () => {
        // What could not be removed now is tried again at the next start.
        await this.sketches.tidy({ signal }).catch(() => 0);
      });
      this.#hashing.wake();
      this.events.listen('library.changed', () => this.#hashing.wake());
    }, tidyAfter);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  }

  /** Cancels the job whose captions are being taken back, if it has not ended; other runs have ended, or are elsewhere. */
  #stopRun(run: string): void {
    const job = this.jobs.list().find(({ id }) => id === run);
    if (job !== undefined && !['done', 'cancelled', 'failed'].includes(job.state)) this.jobs.cancel(job.id);
  }

  /**
   * Encodes pictures as they come, once no import or caption job runs: an import is faster alone, and captioning
   * encodes in passing.
   */
  #embedInBackground(): void {
    const { signal } = this.#closing;
    const busy = new Set<string>();
    const soon = (): void => {
      clearTimeout(this.#quiet);
      if (signal.aborted || busy.size > 0) return;
      this.#quiet = setTimeout(() => {
        this.#background = this.#background.then(async () => {
          // A pack that fails here fails again, and is reported, when somebody searches.
          await this.search.embedMissing({ signal }).catch(() => 0);
          // So is a label that cannot be worked out.
          await this.labels.refresh(signal).catch(() => undefined);
        });
      }, quietTime);
    };
    this.events.listen('library.changed', soon);
    this.events.listen('job.changed', (job: Job) => {
      if (job.kind !== 'import' && job.kind !== 'caption') return;
      if (job.state === 'running') busy.add(job.id);
      else busy.delete(job.id);
      soon();
    });
    soon();
  }
}
