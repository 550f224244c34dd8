import * as api from '../api.ts';
import type { MessageKey } from '../../../shared/messages.ts';
import type { Figure, FigureBox, Scene } from '../../../shared/scene.ts';
import {
  currentVersion,
  type ImageBlock,
  type ImageVersion,
  type Panel,
  type Story,
} from '../../../shared/story.ts';
import { newId } from './ids.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';
import * as edits from './scene-edits.ts';
import { SketchDrawings, svgAddress } from './sketch-drawings.ts';
import type { DrawnSketch } from './sketch-painter.ts';
import type { StoryState } from './story.svelte.ts';

/** Steps with a key or a slider that follow each other within this time are one edit. */
const pauseMs = 450;
/** A change is kept once it has been seen, or after this time, in milliseconds. */
const seenWithin = 250;
/** A control must be pointed at for this long before its choices are drawn ahead, in milliseconds. */
const meantAfter = 60;

/** What a figure dragged from a search into the picture carries: its icon and word, as JSON. */
export const figureType = 'application/x-fabula-figure';

/** Where the frame of a figure is to be drawn, in fractions of the picture. */
export type Frame = Omit<FigureBox, 'id'>;

/**
 * The editor of one sketch of a story. The story is the truth: what is being changed lies on top of it as a draft
 * until its drawing is kept and the edit made.
 */
export class SketchState {
  readonly story: StoryState;
  readonly block: string;
  readonly #notices: Notices;
  /** The drawing as the studio made it last, which may be some steps behind {@link scene}. */
  shown = $state.raw<DrawnSketch | null>(null);
  selected = $state.raw<readonly string[]>([]);
  /** The scene as it is being changed; null while it is as the story has it. */
  #draft = $state.raw<Scene | null>(null);
  #pictures = $state.raw<ReadonlyMap<string, { label: string; address: string }>>(new Map());
  /** Edits on their way into the story. */
  #saving = $state(0);
  #saved: Promise<void> = Promise.resolve();
  #pending: { label: string; kind: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: Scene | null = null;
  #drawing: Promise<void> | null = null;
  readonly #drawings = new SketchDrawings();
  /** Scenes composed ahead, by what they were composed from; they hold for the story as it was then. */
  readonly #staged = new Map<string, Scene>();
  #stagedFor: Story | null = null;
  /** Counts what is prepared: only the last goes on. */
  #preparing = 0;

  readonly #place = $derived.by((): { panel: Panel; block: ImageBlock } | null => {
    for (const panel of this.story.story.panels) {
      const block = panel.blocks.find((one) => one.id === this.block);
      if (block?.type === 'image') return { panel, block };
    }
    return null;
  });
  readonly version = $derived(this.#place ? currentVersion(this.#place.block) : undefined);
  readonly scene = $derived(this.#draft ?? this.version?.scene);
  /** Those selected that are there. */
  readonly chosen = $derived(this.scene?.figures.filter((figure) => this.selected.includes(figure.id)) ?? []);
  /** From the nearest to the farthest. */
  readonly figures = $derived(this.scene ? edits.drawingOrder(this.scene).reverse() : []);
  readonly busy = $derived(this.#draft !== null || this.#saving > 0);

  constructor(story: StoryState, block: string, notices: Notices) {
    this.story = story;
    this.block = block;
    this.#notices = notices;
  }

  get panelNumber(): number {
    return this.story.story.panels.findIndex((panel) => panel.id === this.#place?.panel.id) + 1;
  }

  // Drawing

  /** Shows a scene; of several that have to be asked for meanwhile only the last is drawn. */
  draw(scene: Scene): void {
    this.#wanted = scene;
    if (scene === this.shown?.scene) return;
    const ready = this.#drawings.ready(scene);
    if (ready) this.shown = ready;
    else this.#drawing ??= this.#drawAll();
  }

  async #drawAll(): Promise<void> {
    try {
      while (this.#wanted && this.#wanted !== this.shown?.scene) {
        const drawn = await this.#drawings.of(this.#wanted);
        // What is wanted by now may have been ready.
        if (this.#wanted !== this.shown?.scene) this.shown = drawn;
      }
    } catch (error) {
      this.#wanted = null;
      this.#notices.problem(error);
    } finally {
      this.#drawing = null;
    }
  }

  /** Resolves when a scene has been painted, or before long. */
  async #seen(scene: Scene): Promise<void> {
    if (this.scene === scene) this.draw(scene);
    await Promise.race([this.#drawing, pause(seenWithin)]);
    await idle();
  }

  /**
   * Draws ahead what the scene may be changed into by the control that is being pointed at, one after the other when
   * nothing else is to be done, so that whatever is chosen is seen in the next frame.
   */
  async prepare(changes: readonly SceneChange[]): Promise<void> {
    const turn = ++this.#preparing;
    const { scene } = this;
    await pause(meantAfter);
    for (const change of changes) {
      await idle();
      if (!scene || !same(scene, this.scene) || this.#preparing !== turn) return;
      try {
        await this.#drawings.of(await this.#changed(scene, change));
      } catch {
        // It is asked for again, and the reason told, when it is chosen.
        return;
      }
    }
  }

  /** A scene after a change to all of it. @throws FabulaError as `sketch.restage` */
  async #changed(scene: Scene, change: SceneChange): Promise<Scene> {
    if (!('place' in change || 'shot' in change || 'seed' in change)) return { ...scene, ...change };
    if (this.#stagedFor !== this.story.story) this.#staged.clear();
    this.#stagedFor = this.story.story;
    const key = JSON.stringify([scene, change]);
    const ready = this.#staged.get(key);
    if (ready) return ready;
    const staged = await api.command('sketch.restage', { scene, change, ...this.#reading() });
    this.#staged.set(key, staged.scene);
    return staged.scene;
  }

  /** The frame of a figure as it is now, worked out from where it was when it was last drawn. */
  frame(figure: Figure): Frame | null {
    const box = this.shown?.figures.get(figure.id)?.box;
    const was = this.shown?.scene.figures.find((one) => one.id === figure.id);
    if (!box || !was || was.icon !== figure.icon) return null;
    if (was === figure) return box;
    const scale = figure.height / was.height;
    return {
      x: figure.x + (box.x - was.x) * scale,
      y: figure.y + (box.y - was.y) * scale,
      width: box.width * scale,
      height: box.height * scale,
      rotation: figure.rotation,
    };
  }

  /** Asks for the pictures of figures that are not here yet. */
  async loadPictures(figures: readonly Figure[], seed: number): Promise<void> {
    const missing = figures.filter((figure) => !this.#pictures.has(pictureKey(figure)));
    if (missing.length === 0) return;
    const found = await this.#notices.attempt(() =>
      api.command('sketch.figures', {
        figures: missing.map(({ id, icon, hue, cast }) => ({
          id,
          icon,
          ...(hue === undefined ? {} : { hue }),
          ...(cast === undefined ? {} : { cast }),
        })),
        seed,
      }),
    );
    if (!found) return;
    const pictures = new Map(this.#pictures);
    for (const [at, figure] of missing.entries()) {
      const { label, picture } = found[at]!;
      pictures.set(pictureKey(figure), { label, address: svgAddress(picture) });
    }
    this.#pictures = pictures;
  }

  /** The English name of a figure, and the address of its picture, once it is here. */
  pictureOf(figure: Figure): { label: string; address: string } | undefined {
    return this.#pictures.get(pictureKey(figure));
  }

  // Changing

  /** Shows a change without making it part of the story yet: {@link commit} does. */
  preview(scene: Scene): void {
    this.#draft = scene;
  }

  /** What {@link restore} needs to take back what is previewed from now on. */
  mark(): Scene | null {
    return this.#draft;
  }

  /** Takes back what was previewed and not committed. */
  restore(mark: Scene | null): void {
    this.#draft = this.#saving > 0 ? mark : null;
  }

  /** Makes what was previewed one edit of the story. */
  commit(label: string): void {
    clearTimeout(this.#timer);
    this.#pending = null;
    const scene = this.#draft;
    const version = this.version;
    if (!scene || !version) return;
    this.#saving += 1;
    this.#saved = this.#saved.then(() => this.#keep(scene, version.id, label));
  }

  /** Makes a change and an edit of it. */
  change(scene: Scene, label: string): void {
    this.flush();
    if (scene === this.scene) return;
    this.preview(scene);
    this.commit(label);
  }

  /** Makes a change that others of its kind may follow at once; together they are one edit. */
  nudge(scene: Scene, kind: string, label: string): void {
    if (this.#pending && this.#pending.kind !== kind) this.flush();
    if (scene === this.scene) return;
    this.preview(scene);
    this.#pending = { label, kind };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), pauseMs);
  }

  /** Ends a row of nudges. */
  flush(): void {
    if (this.#pending) this.commit(this.#pending.label);
  }

  async #keep(scene: Scene, version: string, label: string): Promise<void> {
    try {
      const before = this.version;
      // Another window, or an undo, may have put another picture in its place meanwhile.
      if (!before?.scene || before.id !== version || same(before.scene, scene)) return;
      // Keeping a picture is work for the whole machine.
      await this.#seen(scene);
      const { asset } = await api.command('sketch.draw', { scene });
      const now = this.version;
      if (now?.id === version) this.story.replaceVersion(this.block, editedVersion(now, scene, asset), label);
    } catch (error) {
      this.#notices.problem(error);
    } finally {
      this.#saving -= 1;
      if (this.#draft === scene) this.#draft = null;
    }
  }

  /** Resolves when every change is an edit of the story. */
  async whenKept(): Promise<void> {
    this.flush();
    await this.#saved;
  }

  async undo(): Promise<void> {
    await this.whenKept();
    this.story.undo();
  }

  async redo(): Promise<void> {
    await this.whenKept();
    this.story.redo();
  }

  // Figures

  select(id: string | null, { add = false }: { add?: boolean } = {}): void {
    if (id === null) this.selected = [];
    else if (!add) this.selected = [id];
    else {
      this.selected = this.selected.includes(id)
        ? this.selected.filter((one) => one !== id)
        : [...this.selected, id];
    }
  }

  /** What a figure is called: its word, and what is drawn for it where that is something else. */
  nameOf(figure: Figure): string {
    const drawn = this.pictureOf(figure)?.label ?? figure.icon.replaceAll('-', ' ');
    const word = figure.word.trim();
    if (word === '' || word.toLowerCase() === drawn.toLowerCase()) return drawn;
    return t('sketch.figureName', { word, figure: drawn });
  }

  #edit(how: (scene: Scene, ids: readonly string[]) => Scene, label: string): void {
    this.flush();
    if (this.scene && this.selected.length > 0) this.change(how(this.scene, this.selected), label);
  }

  moveBy(dx: number, dy: number): void {
    if (!this.scene || this.chosen.length === 0) return;
    this.nudge(edits.moveFigures(this.scene, this.selected, dx, dy), 'move', t('sketch.move'));
  }

  scaleBy(factor: number): void {
    if (!this.scene || this.chosen.length === 0) return;
    this.nudge(edits.scaleFigures(this.scene, this.selected, factor), 'scale', t('sketch.scale'));
  }

  turnBy(degrees: number): void {
    if (!this.scene || this.chosen.length === 0) return;
    this.nudge(edits.turnFigures(this.scene, this.selected, degrees), 'turn', t('sketch.turn'));
  }

  setHue(hue: number): void {
    const id = this.chosen[0]?.id;
    if (!this.scene || !id) return;
    this.nudge(edits.setFigure(this.scene, id, { hue }), 'hue', t('sketch.colour'));
  }

  flip(): void {
    this.#edit(edits.flipFigures, t('sketch.flip'));
  }

  reorder(step: number): void {
    const label = step > 0 ? t('sketch.nearer') : t('sketch.farther');
    this.#edit((scene, ids) => edits.reorderFigures(scene, ids, step), label);
  }

  remove(): void {
    this.#edit(edits.removeFigures, t('sketch.remove'));
    this.selected = [];
  }

  duplicate(): void {
    let copies: string[] = [];
    this.#edit((scene, ids) => {
      const copied = edits.duplicateFigures(scene, ids);
      copies = copied.copies;
      return copied.scene;
    }, t('sketch.duplicate'));
    if (copies.length > 0) this.selected = copies;
  }

  /** Adds a figure where there is room, or with its middle at a point of the picture. */
  async add(icon: string, word: string, at?: { x: number; y: number }): Promise<void> {
    await this.#put({ icon, word, ...(at ? { at } : {}) }, t('sketch.add'));
  }

  /** Draws something else in place of a figure. */
  async replace(id: string, icon: string, word: string): Promise<void> {
    await this.#put({ icon, word, instead: id }, t('sketch.replace'));
  }

  async #put(
    what: { icon: string; word: string; instead?: string; at?: { x: number; y: number } },
    label: string,
  ): Promise<void> {
    this.flush();
    const { scene } = this;
    if (!scene) return;
    const fitted = await this.#notices.attempt(() => api.command('sketch.fitFigure', { scene, ...what }));
    if (!fitted || !this.scene) return;
    this.change(edits.putFigure(this.scene, fitted.figure), label);
    this.selected = [fitted.figure.id];
  }

  /** Makes a figure a member of the cast, drawn as that one looks, or nobody in particular. */
  async setCast(figure: Figure, member: string | null): Promise<void> {
    this.flush();
    if (!this.scene) return;
    const { cast: _cast, hue: _hue, ...plain } = figure;
    let changed: Figure = plain;
    const who = this.story.story.cast.find((one) => one.id === member);
    if (who) {
      const { scene } = this;
      const look = await this.#notices.attempt(async () => {
        const looks = await api.command('sketch.looks', { cast: this.story.story.cast });
        const own = looks.find((one) => one.member === who.id)!;
        const fitted = await api.command('sketch.fitFigure', {
          scene,
          icon: own.icon,
          word: who.name,
          instead: figure.id,
        });
        return { ...fitted.figure, cast: who.id, ...(own.hue === null ? {} : { hue: own.hue }) };
      });
      if (!look || !this.scene) return;
      changed = look;
    }
    this.change(edits.putFigure(this.scene, changed), t('sketch.setCast'));
  }

  forgetWord(word: string): void {
    if (!this.scene) return;
    const unknown = this.scene.unknown.filter((one) => one !== word);
    this.change({ ...this.scene, unknown }, t('sketch.forgetWord'));
  }

  // The scene

  /** Changes all of the scene; another place or shot composes it anew. */
  async set(change: SceneChange, label: string): Promise<void> {
    this.flush();
    const { scene } = this;
    if (!scene) return;
    const changed = await this.#notices.attempt(() => this.#changed(scene, change));
    if (changed) this.change(changed, label);
  }

  /** Composes the scene anew with another seed, as a new version: the picture it had stays in the block's history. */
  async redraw(): Promise<void> {
    await this.whenKept();
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const { version } = this;
    const from = this.scene;
    const scene = from && (await this.#notices.attempt(() => this.#changed(from, { seed })));
    const block = this.#place?.block;
    if (!scene || !version || !block) return;
    const drawn = await this.#notices.attempt(() => api.command('sketch.draw', { scene }));
    if (!drawn) return;
    const { confidence, prompt } = version;
    this.story.addVersion(
      block,
      {
        id: newId(),
        asset: drawn.asset,
        source: 'sketched',
        createdAt: new Date().toISOString(),
        ...(prompt === undefined ? {} : { prompt }),
        seed,
        ...(confidence === undefined ? {} : { confidence }),
        scene,
      },
      t('sketch.redraw'),
    );
  }

  /** Reads a text in place of the one the sketch was read from, and draws what it says. */
  async read(text: string): Promise<void> {
    await this.whenKept();
    const { scene } = this;
    if (!scene) return;
    const answer = await this.#notices.attempt(() =>
      api.command('sketch.read', { text, seed: scene.seed, ...this.#reading() }),
    );
    if (answer) this.change(answer.scene, t('sketch.readAgain'));
  }

  #reading(): { story: string; panel?: string } {
    const panel = this.#place?.panel.id;
    return { story: this.story.id, ...(panel === undefined ? {} : { panel }) };
  }
}

/** What a person chooses for all of a scene at once. */
export type SceneChange =
  Partial<Pick<Scene, 'time' | 'weather' | 'mood'>> | Partial<Pick<Scene, 'place' | 'shot' | 'seed'>>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the window has nothing to do, or soon. */
const idle = (): Promise<unknown> =>
  new Promise((resolve) => requestIdleCallback(resolve, { timeout: seenWithin }));

const pictureKey = ({ id, icon, hue, cast }: Figure): string => `${icon} ${hue ?? ''} ${cast ?? id}`;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A version after a change by hand: it is no longer the measured share of its words that says how good it is. */
function editedVersion(version: ImageVersion, scene: Scene, asset: string): ImageVersion {
  const { confidence: _measured, ...kept } = version;
  return { ...kept, asset, scene, seed: scene.seed };
}

/** The message that names a place; places a newer Fabula knows have none. */
export const placeNames: Readonly<Record<string, MessageKey>> = {
  forest: 'sketch.placeForest',
  beach: 'sketch.placeBeach',
  sea: 'sketch.placeSea',
  underwater: 'sketch.placeUnderwater',
  mountains: 'sketch.placeMountains',
  desert: 'sketch.placeDesert',
  savanna: 'sketch.placeSavanna',
  city: 'sketch.placeCity',
  street: 'sketch.placeStreet',
  village: 'sketch.placeVillage',
  farm: 'sketch.placeFarm',
  meadow: 'sketch.placeMeadow',
  garden: 'sketch.placeGarden',
  park: 'sketch.placePark',
  river: 'sketch.placeRiver',
  lake: 'sketch.placeLake',
  jungle: 'sketch.placeJungle',
  snow: 'sketch.placeSnow',
  cave: 'sketch.placeCave',
  'throne-room': 'sketch.placeThroneRoom',
  bedroom: 'sketch.placeBedroom',
  kitchen: 'sketch.placeKitchen',
  'living-room': 'sketch.placeLivingRoom',
  classroom: 'sketch.placeClassroom',
  library: 'sketch.placeLibrary',
  shop: 'sketch.placeShop',
  space: 'sketch.placeSpace',
  moon: 'sketch.placeMoon',
  sky: 'sketch.placeSky',
  road: 'sketch.placeRoad',
  bridge: 'sketch.placeBridge',
  playground: 'sketch.placePlayground',
  stadium: 'sketch.placeStadium',
  stage: 'sketch.placeStage',
  plain: 'sketch.placePlain',
};

export function placeName(place: string): string {
  const key = placeNames[place];
  return key ? t(key) : place.replaceAll('-', ' ');
}

export const timeNames: Readonly<Record<Scene['time'], MessageKey>> = {
  dawn: 'sketch.timeDawn',
  day: 'sketch.timeDay',
  dusk: 'sketch.timeDusk',
  night: 'sketch.timeNight',
};

export const weatherNames: Readonly<Record<Scene['weather'], MessageKey>> = {
  clear: 'sketch.weatherClear',
  cloudy: 'sketch.weatherCloudy',
  rain: 'sketch.weatherRain',
  snow: 'sketch.weatherSnow',
  fog: 'sketch.weatherFog',
  storm: 'sketch.weatherStorm',
  wind: 'sketch.weatherWind',
};

export const shotNames: Readonly<Record<Scene['shot'], MessageKey>> = {
  wide: 'sketch.shotWide',
  medium: 'sketch.shotMedium',
  'close-up': 'sketch.shotCloseUp',
};

export const moodNames: Readonly<Record<Scene['mood'], MessageKey>> = {
  neutral: 'sketch.moodNeutral',
  happy: 'sketch.moodHappy',
  sad: 'sketch.moodSad',
  angry: 'sketch.moodAngry',
  scared: 'sketch.moodScared',
  calm: 'sketch.moodCalm',
};
