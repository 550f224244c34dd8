import { EditSchema, type Edit } from '../../../src/shared/edits.ts';
import type { Scene } from '../../../src/shared/scene.ts';
import type { Block, CastMember, ImageBlock, ImageVersion, Panel, Story } from '../../../src/shared/story.ts';

/**
 * Random edits for property tests. A new edit type gets its line in {@link makers}: the compiler asks for it.
 */

type SimpleEdit = Exclude<Edit, { type: 'batch' }>;

const texts = [
  '',
  'Moss',
  'émoi 🐈‍⬛',
  'حارس المنارة',
  'המגדלור',
  '灯台守\nと猫',
  'दीपस्तंभ',
  '<b>&amp;</b>',
  '"\\\u0000\u2028',
];

/** Draws edits, most of which fit the story they are drawn for; the others must be refused and leave no trace. */
export class RandomEdits {
  readonly #random: () => number;
  #count = 0;

  /** @param random from 0 to below 1; the same sequence draws the same edits */
  constructor(random: () => number) {
    this.#random = random;
  }

  next(story: Story): Edit {
    if (this.below(12) > 0) return this.simple(story);
    const edits = Array.from({ length: 1 + this.below(4) }, () => this.simple(story));
    return { type: 'batch', edits };
  }

  simple(story: Story): SimpleEdit {
    const type = this.one(Object.keys(makers) as SimpleEdit['type'][]);
    return makers[type](this, story);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  id(): string {
    return `n${++this.#count}`;
  }

  text(): string {
    return this.one(texts).repeat(1 + this.below(3));
  }

  asset(): string {
    return this.one([...'0123456789abcdef']).repeat(64);
  }

  seed(): number {
    return this.below(2 ** 32);
  }

  index(list: readonly unknown[]): number {
    return this.below(list.length + 1);
  }

  panelId(story: Story): string {
    return this.one(story.panels)?.id ?? 'none';
  }

  block(story: Story, type?: Block['type']): Block | undefined {
    const blocks = story.panels.flatMap((panel) => panel.blocks);
    return this.one(type === undefined ? blocks : blocks.filter((block) => block.type === type));
  }

  image(story: Story): ImageBlock | undefined {
    return this.block(story, 'image') as ImageBlock | undefined;
  }

  member(id = this.id()): CastMember {
    return {
      id,
      name: `Name ${this.below(100)}`,
      look: this.text(),
      ...(this.below(2) === 0 ? {} : { icon: 'cat', hue: this.below(300) - 150 }),
    };
  }

  scene(): Scene {
    const figures = Array.from({ length: this.below(3) }, () => ({
      id: this.id(),
      icon: 'dog-face',
      word: this.text().slice(0, 20),
      x: this.#random(),
      y: this.#random(),
      height: 0.1 + this.#random(),
      flip: this.below(2) === 0,
      rotation: this.below(90),
      depth: this.#random(),
    }));
    return {
      format: 1,
      seed: this.seed(),
      place: 'forest',
      time: 'dusk',
      weather: 'rain',
      shot: 'wide',
      mood: 'calm',
      figures,
      unknown: [],
      text: this.text(),
    };
  }

  version(id = this.id()): ImageVersion {
    const sketch = this.below(2) === 0;
    return {
      id,
      asset: this.asset(),
      source: sketch ? 'sketched' : 'retrieved',
      createdAt: '2026-03-04T05:06:07.000Z',
      prompt: this.text(),
      ...(sketch
        ? { seed: this.seed(), scene: this.scene() }
        : { pack: 'starter@1', confidence: this.#random() }),
    };
  }

  newBlock(): Block {
    const id = this.id();
    if (this.below(2) === 0) return { id, type: 'text', text: this.text() };
    const versions = Array.from({ length: this.below(3) }, () => this.version());
    return { id, type: 'image', caption: this.text(), current: this.one(versions)?.id ?? null, versions };
  }

  newPanel(): Panel {
    return {
      id: this.id(),
      shot: this.text().slice(0, 5),
      notes: this.text(),
      dialogue: this.text(),
      duration: this.below(2) === 0 ? null : 1 + this.below(9),
      blocks: Array.from({ length: this.below(4) }, () => this.newBlock()),
    };
  }
}

/** How to draw an edit of each type. Where the story has nothing for it, one that does not fit. */
const makers: {
  [Type in SimpleEdit['type']]: (random: RandomEdits, story: Story) => Extract<SimpleEdit, { type: Type }>;
} = {
  'set-title': (random) => ({ type: 'set-title', title: random.text() }),
  'set-settings': (random, story) => ({
    type: 'set-settings',
    settings: { ...story.settings, seed: random.seed(), author: random.text() },
  }),
  'insert-cast': (random, story) => ({
    type: 'insert-cast',
    index: random.index(story.cast),
    member: random.member(),
  }),
  'set-cast': (random, story) => ({ type: 'set-cast', member: random.member(random.one(story.cast)?.id) }),
  'remove-cast': (random, story) => ({ type: 'remove-cast', id: random.one(story.cast)?.id ?? 'none' }),
  'insert-panel': (random, story) => ({
    type: 'insert-panel',
    index: random.index(story.panels),
    panel: random.newPanel(),
  }),
  'remove-panel': (random, story) => ({ type: 'remove-panel', panel: random.panelId(story) }),
  'move-panel': (random, story) => ({
    type: 'move-panel',
    panel: random.panelId(story),
    index: random.index(story.panels),
  }),
  'set-panel': (random, story) => ({
    type: 'set-panel',
    panel: random.panelId(story),
    fields: random.one([
      { dialogue: random.text() },
      { notes: random.text(), shot: '1A' },
      { duration: random.below(2) === 0 ? null : 2.5 },
    ]),
  }),
  'insert-block': (random, story) => ({
    type: 'insert-block',
    panel: random.panelId(story),
    index: random.below(3),
    block: random.newBlock(),
  }),
  'remove-block': (random, story) => ({ type: 'remove-block', block: random.block(story)?.id ?? 'none' }),
  'move-block': (random, story) => ({
    type: 'move-block',
    block: random.block(story)?.id ?? 'none',
    panel: random.panelId(story),
    index: random.below(3),
  }),
  'set-text': (random, story) => ({
    type: 'set-text',
    block: random.block(story, 'text')?.id ?? 'none',
    text: random.text(),
  }),
  'set-image-caption': (random, story) => ({
    type: 'set-image-caption',
    block: random.image(story)?.id ?? 'none',
    caption: random.text(),
  }),
  'insert-version': (random, story) => {
    const block = random.image(story);
    return {
      type: 'insert-version',
      block: block?.id ?? 'none',
      index: random.index(block?.versions ?? []),
      version: random.version(),
    };
  },
  'remove-version': (random, story) => {
    const block = random.image(story);
    const left = block?.versions.filter((version) => version.id !== block.current) ?? [];
    return {
      type: 'remove-version',
      block: block?.id ?? 'none',
      version: block?.current ?? 'none',
      current: random.one(left)?.id ?? null,
    };
  },
  'replace-version': (random, story) => {
    const block = random.image(story);
    return {
      type: 'replace-version',
      block: block?.id ?? 'none',
      version: random.version(random.one(block?.versions ?? [])?.id ?? 'none'),
    };
  },
  'show-version': (random, story) => {
    const block = random.image(story);
    return {
      type: 'show-version',
      block: block?.id ?? 'none',
      version: random.below(4) === 0 ? null : (random.one(block?.versions ?? [])?.id ?? 'none'),
    };
  },
};

/** The types of edit there are, batches aside: for a test that each was drawn. */
export const editTypes = Object.keys(makers);

/** Edits are stored as JSON and read back as they were. */
export function asStored(edit: Edit): Edit {
  return EditSchema.parse(JSON.parse(JSON.stringify(edit)));
}
