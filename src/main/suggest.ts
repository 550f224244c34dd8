import { FabulaError } from '../shared/errors.ts';
import { currentVersion, panelText, type Panel } from '../shared/story.ts';
import type { Library } from './library/library.ts';
import type { Models } from './models/models.ts';
import type { WrittenPanel } from './models/writer/layout.ts';
import type { RequestContext } from './requests.ts';
import type { Stories } from './stories/stories.ts';

/** More panels than any writer reads are not fetched. */
const panelsRead = 24;

/** What to write next, suggested by the pack that writes. Changes nothing: the person accepts it or drops it. */
export class Suggest {
  readonly #stories: Stories;
  readonly #library: Library;
  readonly #models: Models;

  constructor({ stories, library, models }: { stories: Stories; library: Library; models: Models }) {
    this.#stories = stories;
    this.#library = library;
    this.#models = models;
  }

  /**
   * The next text for a panel. The writer reads the panels before it (stories told with their pictures are gone on with
   * better than single texts: Koh et al. 2023, "Generating images with multimodal language models", section 4), the
   * panel's own text, and what the pictures show; parts of the answer are the text so far.
   *
   * @returns what is to be put behind the panel's text, with the space that goes between
   * @throws FabulaError `not-found` for the story, the panel or a pack that writes; `unavailable` with
   *   `details.languages` where the pack does not write the story's language; `corrupt-pack`; `cancelled`
   */
  async text(
    { story: id, panel: panelId, seed }: { story: string; panel: string; seed: number },
    { signal, send }: RequestContext,
  ): Promise<{ text: string; pack: string }> {
    const { story } = this.#stories.open(id);
    const at = story.panels.findIndex((panel) => panel.id === panelId);
    if (at < 0) throw new FabulaError('not-found', `The story has no panel ${panelId}. Open it again.`);
    const { languages, version } = this.#models.writer;
    const [language = ''] = story.settings.language.toLowerCase().split('-');
    const known = languages.map((tag) => tag.toLowerCase().split('-')[0]);
    if (language !== '' && !known.includes(language)) {
      throw new FabulaError(
        'unavailable',
        `The story's language is set to ${story.settings.language}, which the pack ${version} does not write (it writes ${languages.join(', ')}). Add a pack that does with "fabula packs add FOLDER".`,
        { languages: [...languages] },
      );
    }
    const panels = story.panels.slice(Math.max(0, at - panelsRead), at + 1).map((panel) => this.#read(panel));
    return this.#models.write({ panels, seed }, { signal, onText: (text) => send({ kind: 'text', text }) });
  }

  #read(panel: Panel): WrittenPanel {
    const said = panel.blocks
      .filter((block) => block.type === 'image')
      .map((block) => block.caption.trim() || this.#caption(currentVersion(block)?.asset));
    return { text: panelText(panel), picture: said.find((caption) => caption !== '') ?? null };
  }

  /** The library's caption of a picture; empty where it has none, or the picture is gone. */
  #caption(asset: string | undefined): string {
    const found = asset === undefined ? undefined : this.#library.getMany([asset])[0];
    return found?.caption?.text ?? '';
  }
}
