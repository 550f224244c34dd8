import { FabulaError } from '../shared/errors.ts';
import type { Suggestion } from '../shared/contract.ts';
import type { Models } from './models/models.ts';
import type { RequestContext } from './requests.ts';
import type { Stories } from './stories/stories.ts';
import type { StoryReader } from './story-reader.ts';

/** What to write next, suggested by the pack that writes. Changes nothing: the person accepts it or drops it. */
export class Suggest {
  readonly #stories: Stories;
  readonly #models: Models;
  readonly #reader: StoryReader;

  constructor({ stories, models, reader }: { stories: Stories; models: Models; reader: StoryReader }) {
    this.#stories = stories;
    this.#models = models;
    this.#reader = reader;
  }

  /**
   * The next text for a panel. The writer reads the panels before it (stories told with their pictures are gone on with
   * better than single texts: Koh et al. 2023, "Generating images with multimodal language models", section 4), the
   * panel's own text, and what the pictures show, by their captions and, where a pack joins pictures to it, by the
   * pictures themselves; parts of the answer are the text so far.
   *
   * @returns what is to be put behind the panel's text, with the space that goes between, and how many pictures were seen
   * @throws FabulaError `not-found` for the story, the panel or a pack that writes; `unavailable` with
   *   `details.languages` where the pack does not write the story's language; `corrupt-pack`; `cancelled`
   */
  async text(
    { story: id, panel: panelId, seed }: { story: string; panel: string; seed: number },
    { signal, send }: RequestContext,
  ): Promise<Suggestion> {
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
    const { panels, pictures } = await this.#reader.gather(story, at, signal);
    const written = await this.#models.write(
      { panels, pictures, seed },
      { signal, onText: (text) => send({ kind: 'text', text }) },
    );
    return { ...written, pictures: pictures.length };
  }
}
