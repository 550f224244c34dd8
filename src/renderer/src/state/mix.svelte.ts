import * as api from '../api.ts';
import type { CommandInput, MixDrawn, MixFound } from '../../../shared/contract.ts';
import type { ImageBlock, ImageVersion } from '../../../shared/story.ts';
import { newId } from './ids.ts';
import { t } from './language.svelte.ts';
import type { StoryState } from './story.svelte.ts';

export type MixPicture = CommandInput<'sketch.mix'>['pictures'][number];

/** How many pictures of the library are asked for. */
const wanted = 8;

/** One mix of a picture, or two, with words: both answers are asked for at once, and come when they are ready. */
export class MixState {
  pictures = $state.raw<readonly MixPicture[]>([]);
  text = $state('');
  /** The words the answers are for; null before the first. */
  asked = $state<string | null>(null);
  found = $state.raw<MixFound | null>(null);
  drawn = $state.raw<(MixDrawn & { asset: string }) | null>(null);
  finding = $state(false);
  drawing = $state(false);
  /** The words by which the first picture was understood. */
  understood = $state('');
  findProblem = $state('');
  drawProblem = $state('');

  #work: AbortController | null = null;

  readonly working = $derived(this.finding || this.drawing);
  readonly canAsk = $derived(this.text.trim() !== '' || this.pictures.length > 1);

  constructor(pictures: readonly MixPicture[]) {
    this.pictures = pictures.slice(0, 2);
  }

  async ask(): Promise<void> {
    this.stop();
    const work = new AbortController();
    this.#work = work;
    this.asked = this.text;
    this.found = null;
    this.drawn = null;
    this.understood = '';
    await Promise.all([this.#draw(work), this.#find(work)]);
  }

  /** Stops what is still on its way; what has arrived stays. */
  stop(): void {
    this.#work?.abort();
    this.finding = false;
    this.drawing = false;
  }

  /** Takes a picture that was found for the one to be changed next. */
  goOnFrom(asset: string): void {
    this.stop();
    this.pictures = [{ asset }];
    this.found = null;
    this.drawn = null;
    this.asked = null;
    this.understood = '';
  }

  setSecond(asset: string | null): void {
    this.pictures = [...this.pictures.slice(0, 1), ...(asset === null ? [] : [{ asset }])];
  }

  async #draw(work: AbortController): Promise<void> {
    this.drawing = true;
    this.drawProblem = '';
    try {
      const drawn = await api.request('sketch.mix', this.#input(), {
        signal: work.signal,
        onPart: (part) => {
          if (part.kind === 'text') this.understood = part.text;
        },
      });
      const { asset } = await api.command('sketch.draw', { scene: drawn.scene });
      if (!work.signal.aborted) this.drawn = { ...drawn, asset };
    } catch (error) {
      if (!work.signal.aborted) this.drawProblem = worded(error);
    } finally {
      if (this.#work === work) this.drawing = false;
    }
  }

  async #find(work: AbortController): Promise<void> {
    this.finding = true;
    this.findProblem = '';
    try {
      const found = await api.request(
        'library.mix',
        { ...this.#input(), limit: wanted },
        { signal: work.signal, onPart: () => undefined },
      );
      if (!work.signal.aborted) this.found = found;
    } catch (error) {
      if (!work.signal.aborted) this.findProblem = worded(error);
    } finally {
      if (this.#work === work) this.finding = false;
    }
  }

  #input(): { pictures: MixPicture[]; text: string } {
    return { pictures: [...this.pictures], text: this.text.trim().slice(0, 1000) };
  }

  /** Gives the drawing to an image block, as its newest version. */
  useDrawing(story: StoryState, block: ImageBlock): void {
    if (!this.drawn) return;
    const { asset, scene } = this.drawn;
    this.#use(story, block, { asset, source: 'sketched', scene, seed: scene.seed });
  }

  useFound(story: StoryState, block: ImageBlock, asset: string): void {
    this.#use(story, block, { asset, source: 'retrieved' });
  }

  /** Keeps the drawing in the library, with its description for a caption. */
  async keepDrawing(): Promise<void> {
    if (!this.drawn) return;
    const { scene, description } = this.drawn;
    await api.command('sketch.keep', { scene, caption: description || t('mix.untitled') });
  }

  #use(
    story: StoryState,
    block: ImageBlock,
    what: Pick<ImageVersion, 'asset' | 'source' | 'scene' | 'seed'>,
  ): void {
    const prompt = this.asked ?? '';
    story.addVersion(
      block,
      { id: newId(), createdAt: new Date().toISOString(), prompt, ...what },
      t('mix.undoUse'),
    );
    this.stop();
  }
}

function worded(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
