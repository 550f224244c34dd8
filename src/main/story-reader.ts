import type { Condition } from '../shared/condition.ts';
import { FabulaError } from '../shared/errors.ts';
import { currentVersion, panelText, type Panel, type Story } from '../shared/story.ts';
import type { Library } from './library/library.ts';
import type { Models } from './models/models.ts';
import type { WrittenPanel } from './models/writer/layout.ts';
import { translateToEnglish } from './sketch/lexicon.ts';

/** More panels than any writer reads are not fetched. */
const panelsRead = 24;
/** Pictures looked at, the nearest first: each takes room that words need too. */
const picturesSeen = 4;
/** Panels that tell what a picture would show: what lies farther back is another scene. */
const panelsTelling = 6;

/** What a story, up to a panel, tells of the picture that would go there. */
export interface StoryReading {
  /** Unit vector in the encoder's space. */
  vector: Float32Array;
  condition: Condition;
  /** `pack@revision` of the maps. */
  pack: string;
  /** The logarithm of a picture's odds, from its similarity to the text's own vector and to {@link vector}. */
  logOdds(text: number, story: number): number;
}

/** Panels as the writer reads them, and the pictures of those that have one. */
export interface GatheredPanels {
  panels: WrittenPanel[];
  pictures: Uint8Array[];
}

/**
 * Reads stories with pictures among the words, as far as the packs can: a pack that fills the role `join` lets the
 * writer see the pictures of the panels (Koh et al. 2023, "Generating images with multimodal language models").
 */
export class StoryReader {
  readonly #library: Library;
  readonly #models: Models;

  constructor({ library, models }: { library: Library; models: Models }) {
    this.#library = library;
    this.#models = models;
  }

  /**
   * The panels up to one, as the writer reads them: texts, captions, and the nearest pictures where they can be seen. A
   * picture whose file cannot be read any more is passed over.
   *
   * @throws FabulaError `cancelled`
   */
  async gather(story: Story, index: number, signal: AbortSignal | undefined): Promise<GatheredPanels> {
    const shown = story.panels.slice(Math.max(0, index - panelsRead), index + 1);
    const sees = this.#models.joinPack !== null;
    const pictures: Uint8Array[] = [];
    const panels: WrittenPanel[] = [];
    for (const panel of shown.toReversed()) {
      signal?.throwIfAborted();
      const asset = pictureOf(panel);
      const pixels =
        sees && asset !== undefined && pictures.length < picturesSeen
          ? await this.#library.pixels(asset, this.#models.imageSize).catch(() => null)
          : null;
      if (pixels !== null) pictures.push(pixels);
      const look = pixels === null ? null : pictures.length - 1;
      panels.unshift({ text: panelText(panel), picture: this.#said(panel), look });
    }
    return { panels, pictures };
  }

  /**
   * What the story tells of a picture for a panel. The panel's own pictures are left out, for another one is looked for.
   *
   * @param query the panel's text, or what is asked in its place
   * @returns null where no pack reads stories with pictures, or the one that does not know the story's language
   * @throws FabulaError `cancelled`, `corrupt-pack`, `model-failed`
   */
  async read(
    story: Story,
    index: number,
    query: string,
    signal: AbortSignal | undefined,
  ): Promise<StoryReading | null> {
    const pack = this.#models.joinPack;
    if (pack === null) return null;
    const before = story.panels.slice(Math.max(0, index - panelsTelling), index);
    const { panels, pictures } =
      before.length === 0
        ? { panels: [], pictures: [] }
        : await this.gather({ ...story, panels: before }, before.length - 1, signal);
    const asked = [
      ...panels.map((panel) => ({ ...panel, text: translateToEnglish(panel.text) })),
      { picture: null, look: null, text: translateToEnglish(query) },
    ];
    try {
      const { vector, condition } = await this.#models.readStory(asked, pictures, { signal });
      return {
        vector,
        condition,
        pack,
        logOdds: (text, story) => this.#models.storyLogOdds(text, story),
      };
    } catch (error) {
      if (error instanceof FabulaError && error.code === 'unavailable') return null;
      throw error;
    }
  }

  /** What the picture of a panel shows, as the story or the library says; null where nobody has said. */
  #said(panel: Panel): string | null {
    const said = panel.blocks
      .filter((block) => block.type === 'image')
      .map((block) => block.caption.trim() || this.#caption(currentVersion(block)?.asset));
    return said.find((caption) => caption !== '') ?? null;
  }

  /** The library's caption of a picture; empty where it has none, or the picture is gone. */
  #caption(asset: string | undefined): string {
    const found = asset === undefined ? undefined : this.#library.getMany([asset])[0];
    return found?.caption?.text ?? '';
  }
}

/** The first picture a panel shows. */
function pictureOf(panel: Panel): string | undefined {
  for (const block of panel.blocks) {
    const version = block.type === 'image' ? currentVersion(block) : undefined;
    if (version !== undefined) return version.asset;
  }
  return undefined;
}
