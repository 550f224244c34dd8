import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import type { CastLook, FigurePicture, FoundFigure, RequestPart } from '../../shared/contract.ts';
import { SceneSchema, type Figure, type Scene } from '../../shared/scene.ts';
import type { SketchLayers } from '../../shared/sketch-layers.ts';
import {
  currentVersion,
  ImageBlockSchema,
  panelText,
  type CastMember,
  type ImageBlock,
  type ImageVersion,
  type Panel,
  type Story,
} from '../../shared/story.ts';
import type { Library } from '../library/library.ts';
import type { Clock } from '../ports.ts';
import { drawFigures, drawLayers, drawScene } from '../sketch/draw.ts';
import { figureInfo, findFigures } from '../sketch/lexicon.ts';
import { places } from '../sketch/places.ts';
import { rasterise } from '../sketch/raster.ts';
import { castLooks, readScene, type ReadOptions } from '../sketch/read.ts';
import { wordsOfScene } from '../sketch/scene-words.ts';
import { fitFigure, recastScene, restageScene, type Staging } from '../sketch/revise.ts';
import type { Stories } from './stories.ts';

export interface SketchesParts {
  stories: Pick<Stories, 'open'>;
  library: Pick<Library, 'importBytes' | 'remove' | 'putWords'>;
  database: Database;
  clock: Clock;
}

/** A sketch nothing refers to is kept this long, in milliseconds: a window may be offering it still. */
const keptFor = 24 * 60 * 60 * 1000;
/** Rows read, and pictures removed, before others get their turn. */
const rowsAtOnce = 200;
const removedAtOnce = 20;

const placePicture = { width: 192, height: 108 };

/** Sketches as an editor needs them: previews, readings, figures, the looks of a cast; and tidying up after it. */
export class Sketches {
  readonly #parts: SketchesParts;
  #places: Promise<{ name: string; indoor: boolean; picture: string }[]> | undefined;

  constructor(parts: SketchesParts) {
    this.#parts = parts;
  }

  /**
   * @param has keys of the documents that need not be sent again
   * @throws FabulaError `invalid-input` when the place or a figure is not known
   */
  preview(scene: Scene, has: readonly string[] = []): SketchLayers {
    const there = new Set(has);
    const shortened = (key: string): string => hash('sha256', key).slice(0, 20);
    const drawn = drawLayers(scene, (key) => there.has(shortened(key)));
    return {
      ...drawn,
      back: shortened(drawn.back),
      front: shortened(drawn.front),
      figures: drawn.figures.map((figure) => ({ ...figure, drawing: shortened(figure.drawing) })),
      documents: Object.fromEntries(
        Object.entries(drawn.documents).map(([key, svg]) => [shortened(key), svg]),
      ),
    };
  }

  /** Draws a scene and keeps the drawing. */
  async draw(scene: Scene): Promise<string> {
    const bytes = new TextEncoder().encode(drawScene(scene));
    const { asset } = await this.#parts.library.importBytes('sketch.svg', bytes, { origin: 'sketched' });
    this.#parts.library.putWords([{ asset: asset.id, pyramid: wordsOfScene(scene) }]);
    return asset.id;
  }

  /** Reads a text with the cast of a story and what the panels before tell. @throws FabulaError `not-found` */
  read(text: string, seed: number, story?: string, panel?: string): Scene {
    return readScene(text, { seed, ...this.#reading(story, panel) });
  }

  /** @throws FabulaError `not-found`; `invalid-input` when the place is not known */
  restage(scene: Scene, change: Staging, story?: string, panel?: string): Scene {
    return restageScene(scene, change, this.#reading(story, panel));
  }

  fit(
    scene: Scene,
    icon: string,
    word: string,
    where: { at?: { x: number; y: number } | undefined; instead?: string | undefined },
  ): Figure {
    return fitFigure(scene, { icon, word, ...where });
  }

  find(query: string, limit: number): FoundFigure[] {
    return findFigures(query, limit).map(({ icon, label, score }) => ({
      ...pictureOf({ id: icon, icon }, 0),
      label,
      score,
    }));
  }

  figures(figures: readonly Pick<Figure, 'id' | 'icon' | 'hue' | 'cast'>[], seed: number): FigurePicture[] {
    return figures.map((figure) => pictureOf(figure, seed));
  }

  /** Drawn once, when first asked for. */
  places(): Promise<{ name: string; indoor: boolean; picture: string }[]> {
    this.#places ??= Promise.all(
      places.map(async ({ name, indoor = false }) => {
        const scene = { ...bareScene, seed: 1, place: name };
        const png = await rasterise(drawScene(scene), placePicture);
        return { name, indoor, picture: `data:image/png;base64,${png.toString('base64')}` };
      }),
    );
    return this.#places;
  }

  /** How each member of a cast is drawn, with what they wear. */
  looks(cast: readonly CastMember[]): CastLook[] {
    const looks = castLooks(cast);
    return cast.map((member) => {
      const look = looks.get(member.id)!;
      const figure = {
        ...fitFigure(bareScene, { icon: look.icon, word: '' }),
        cast: member.id,
        ...(look.hue === undefined ? {} : { hue: look.hue }),
      };
      const dressed = recastScene({ ...bareScene, figures: [figure] }, member.id, { cast });
      return {
        member: member.id,
        icon: look.icon,
        hue: look.hue ?? null,
        label: labelOf(look.icon),
        picture: drawFigures(dressed.figures),
      };
    });
  }

  /** The image blocks of a story whose sketch shows a member of the cast otherwise than the cast says, by member. */
  outdated(story: string): { member: string; blocks: string[] }[] {
    const { story: record } = this.#parts.stories.open(story);
    return record.cast
      .map(({ id }) => ({ member: id, blocks: recastIn(record, id).map(({ block }) => block.id) }))
      .filter(({ blocks }) => blocks.length > 0);
  }

  /**
   * Draws anew the sketches of a story that show a member otherwise than the cast says. The story is not changed.
   *
   * @throws FabulaError `not-found`; `cancelled`
   */
  async recast(
    story: string,
    member: string,
    { signal, send }: { signal: AbortSignal; send: (part: RequestPart) => void },
  ): Promise<{ versions: { block: string; version: ImageVersion }[] }> {
    const waiting = recastIn(this.#parts.stories.open(story).story, member);
    const versions: { block: string; version: ImageVersion }[] = [];
    for (const { block, version, scene } of waiting) {
      signal.throwIfAborted();
      send({ kind: 'progress', done: versions.length, total: waiting.length });
      versions.push({ block: block.id, version: { ...version, scene, asset: await this.draw(scene) } });
    }
    signal.throwIfAborted();
    return { versions };
  }

  /**
   * Removes the sketches that no story shows or has shown, that no edit to be undone or redone speaks of, and that are
   * older than a day and have no caption: what an editor and offers nobody took leave behind.
   *
   * @returns how many were removed
   */
  async tidy({ signal }: { signal: AbortSignal }): Promise<number> {
    const { database, library, clock } = this.#parts;
    const before = new Date(clock.now().getTime() - keptFor).toISOString();
    const old = new Set(
      database
        .prepare(
          `SELECT id FROM assets WHERE origin = 'sketched' AND caption IS NULL AND imported_at < ?
           AND id NOT IN (SELECT asset FROM history_changes)`,
        )
        .pluck()
        .all(before) as string[],
    );
    const marks = { panels: 0, edits: 0 };
    // A little at a time: a long history must not hold up the window that is being opened.
    while (old.size > 0 && this.#keepMentioned(old, marks)) {
      await pause();
      if (signal.aborted) return 0;
    }
    let removed = 0;
    while (old.size > 0 && !signal.aborted) {
      let removing = Promise.resolve({ removed: 0 });
      database
        .transaction(() => {
          // Whatever was written since the last look is looked at in the transaction that removes.
          while (this.#keepMentioned(old, marks));
          const some = [...old].slice(0, removedAtOnce);
          for (const id of some) old.delete(id);
          removing = library.remove(some);
        })
        .immediate();
      removed += (await removing).removed;
      await pause();
    }
    return removed;
  }

  /** Takes out of `old` what the next rows of panels and edits mention; false when there are no more rows. */
  #keepMentioned(old: Set<string>, marks: { panels: number; edits: number }): boolean {
    const { database } = this.#parts;
    const panels = database
      .prepare('SELECT rowid AS row, json AS text FROM panels WHERE rowid > ? ORDER BY rowid LIMIT ?')
      .all(marks.panels, rowsAtOnce) as { row: number; text: string }[];
    const edits = database
      .prepare(
        `SELECT number AS row, edit || inverse AS text FROM history
         WHERE number > ? AND story IS NOT NULL ORDER BY number LIMIT ?`,
      )
      .all(marks.edits, rowsAtOnce) as { row: number; text: string }[];
    for (const { text } of [...panels, ...edits]) {
      for (const [id] of text.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)) old.delete(id);
    }
    marks.panels = panels.at(-1)?.row ?? marks.panels;
    marks.edits = edits.at(-1)?.row ?? marks.edits;
    return panels.length > 0 || edits.length > 0;
  }

  #reading(story: string | undefined, panel: string | undefined): Pick<ReadOptions, 'cast' | 'context'> {
    if (story === undefined) return {};
    const { story: record } = this.#parts.stories.open(story);
    return readingAt(
      record,
      record.panels.findIndex((one) => one.id === panel),
    );
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** What is kept with the caption of a sketch that no story shows. */
const KeptSchema = z.object({ scene: SceneSchema });

/** The scene a sketch was drawn from, as a story that shows or has shown it knows, or its caption; else null. */
export function sceneOfSketch(
  { database, library }: { database: Database; library: Pick<Library, 'captionHistory'> },
  asset: string,
): Scene | null {
  const panels = database
    .prepare('SELECT json FROM panels WHERE instr(json, ?) > 0')
    .pluck()
    .iterate(asset) as IterableIterator<string>;
  for (const json of panels) {
    const { blocks } = JSON.parse(json) as { blocks: unknown[] };
    for (const raw of blocks) {
      const { data } = ImageBlockSchema.safeParse(raw);
      const version = data?.versions.find((one) => one.asset === asset && one.scene !== undefined);
      if (version?.scene) return version.scene;
    }
  }
  for (const { settings } of library.captionHistory(asset)) {
    const kept = KeptSchema.safeParse(settings);
    if (kept.success) return kept.data.scene;
  }
  return null;
}

const bareScene: Scene = {
  format: 1,
  seed: 0,
  place: 'plain',
  time: 'day',
  weather: 'clear',
  shot: 'medium',
  mood: 'neutral',
  figures: [],
  unknown: [],
  text: '',
};

/** Whom a panel's words may mean: the cast, and what the panels before it tell. */
function readingAt(story: Story, index: number): { cast: readonly CastMember[]; context: string[] } {
  return {
    cast: story.cast,
    context: story.panels.slice(Math.max(0, index - 3), Math.max(0, index)).map(panelText),
  };
}

/** The sketches shown in a story which have to change for a member of its cast, with the scene each is to have. */
function recastIn(
  story: Story,
  member: string,
): { block: ImageBlock; version: ImageVersion; scene: Scene }[] {
  return story.panels.flatMap((panel: Panel, index) =>
    panel.blocks.flatMap((block) => {
      const version = block.type === 'image' ? currentVersion(block) : undefined;
      if (block.type !== 'image' || !version?.scene) return [];
      const scene = recastScene(version.scene, member, readingAt(story, index));
      return scene === version.scene ? [] : [{ block, version, scene }];
    }),
  );
}

function labelOf(icon: string): string {
  return figureInfo(icon)?.label ?? icon;
}

function pictureOf(figure: Pick<Figure, 'id' | 'icon' | 'hue' | 'cast'>, seed: number): FigurePicture {
  const whole: Figure = { ...figure, word: '', x: 0, y: 0, height: 1, flip: false, rotation: 0, depth: 0 };
  return { icon: figure.icon, label: labelOf(figure.icon), picture: drawFigures([whole], 96, seed) };
}
