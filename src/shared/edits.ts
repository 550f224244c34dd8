import { z } from 'zod';
import { FabulaError } from './errors.ts';
import {
  BlockSchema,
  CastMemberSchema,
  IdSchema,
  ImageVersionSchema,
  PanelSchema,
  StorySettingsSchema,
  type Block,
  type Panel,
  type Story,
} from './story.ts';

/**
 * Every change to a story is an Edit: plain data which can be applied, inverted, stored and sent. Undo, autosave and
 * the copies in other windows all rest on this.
 */

const Index = z.number().int().min(0);

const SimpleEditSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('set-title'), title: z.string().max(1000) }),
  z.object({ type: z.literal('set-settings'), settings: StorySettingsSchema }),
  z.object({ type: z.literal('insert-cast'), index: Index, member: CastMemberSchema }),
  z.object({ type: z.literal('set-cast'), member: CastMemberSchema }),
  z.object({ type: z.literal('remove-cast'), id: IdSchema }),
  z.object({ type: z.literal('insert-panel'), index: Index, panel: PanelSchema }),
  z.object({ type: z.literal('remove-panel'), panel: IdSchema }),
  /** Moves a panel so that it stands at `index` afterwards. */
  z.object({ type: z.literal('move-panel'), panel: IdSchema, index: Index }),
  z.object({
    type: z.literal('set-panel'),
    panel: IdSchema,
    fields: PanelSchema.pick({ shot: true, notes: true, dialogue: true, duration: true }).partial(),
  }),
  z.object({ type: z.literal('insert-block'), panel: IdSchema, index: Index, block: BlockSchema }),
  z.object({ type: z.literal('remove-block'), block: IdSchema }),
  /** Moves a block so that it stands at `index` of `panel` afterwards. */
  z.object({ type: z.literal('move-block'), block: IdSchema, panel: IdSchema, index: Index }),
  z.object({ type: z.literal('set-text'), block: IdSchema, text: z.string().max(1_000_000) }),
  z.object({ type: z.literal('set-image-caption'), block: IdSchema, caption: z.string().max(1_000_000) }),
  /** Adds a version at `index` of the block's versions and shows it. */
  z.object({ type: z.literal('insert-version'), block: IdSchema, index: Index, version: ImageVersionSchema }),
  /** Takes a version away; `current` is the version shown afterwards. */
  z.object({
    type: z.literal('remove-version'),
    block: IdSchema,
    version: IdSchema,
    current: IdSchema.nullable(),
  }),
  z.object({ type: z.literal('show-version'), block: IdSchema, version: IdSchema.nullable() }),
  /** Puts a version in place of the one with the same id: a sketch that was edited. */
  z.object({ type: z.literal('replace-version'), block: IdSchema, version: ImageVersionSchema }),
]);
type SimpleEdit = z.infer<typeof SimpleEditSchema>;

/** Several edits that are applied, saved and undone as one. */
const BatchEditSchema = z.object({
  type: z.literal('batch'),
  edits: z.array(SimpleEditSchema).min(1).max(50_000),
});

export const EditSchema = z.discriminatedUnion('type', [SimpleEditSchema, BatchEditSchema]);
export type Edit = z.infer<typeof EditSchema>;

/**
 * Applies an edit. The story given is not changed; panels that the edit does not touch are shared with the result,
 * so comparing by identity tells which panels to save or draw again.
 *
 * @returns the new story, and the edit that takes it back (byte for byte, `updatedAt` aside, which stays untouched)
 * @throws FabulaError `not-found` when the edit names something the story has not; `invalid-input` when an index lies
 *   outside the list or an id is taken
 */
export function applyEdit(story: Story, edit: Edit): { story: Story; inverse: Edit } {
  if (edit.type !== 'batch') return applySimple(story, edit);
  const inverses: SimpleEdit[] = [];
  let current = story;
  for (const one of edit.edits) {
    const applied = applySimple(current, one);
    current = applied.story;
    inverses.unshift(applied.inverse);
  }
  return { story: current, inverse: { type: 'batch', edits: inverses } };
}

function applySimple(story: Story, edit: SimpleEdit): { story: Story; inverse: SimpleEdit } {
  switch (edit.type) {
    case 'set-title':
      return {
        story: { ...story, title: edit.title },
        inverse: { type: 'set-title', title: story.title },
      };
    case 'set-settings':
      return {
        story: { ...story, settings: edit.settings },
        inverse: { type: 'set-settings', settings: story.settings },
      };
    case 'insert-cast': {
      refuseTaken(story.cast, edit.member.id, 'cast member');
      return {
        story: { ...story, cast: inserted(story.cast, edit.index, edit.member) },
        inverse: { type: 'remove-cast', id: edit.member.id },
      };
    }
    case 'set-cast': {
      const index = indexOf(story.cast, edit.member.id, 'cast member');
      const before = story.cast[index]!;
      return {
        story: { ...story, cast: story.cast.with(index, edit.member) },
        inverse: { type: 'set-cast', member: before },
      };
    }
    case 'remove-cast': {
      const index = indexOf(story.cast, edit.id, 'cast member');
      return {
        story: { ...story, cast: story.cast.toSpliced(index, 1) },
        inverse: { type: 'insert-cast', index, member: story.cast[index]! },
      };
    }
    case 'insert-panel': {
      refuseTaken(story.panels, edit.panel.id, 'panel');
      refuseBroken(edit.panel.blocks);
      for (const block of edit.panel.blocks) refuseTakenBlock(story, block.id);
      return {
        story: { ...story, panels: inserted(story.panels, edit.index, edit.panel) },
        inverse: { type: 'remove-panel', panel: edit.panel.id },
      };
    }
    case 'remove-panel': {
      const index = indexOf(story.panels, edit.panel, 'panel');
      return {
        story: { ...story, panels: story.panels.toSpliced(index, 1) },
        inverse: { type: 'insert-panel', index, panel: story.panels[index]! },
      };
    }
    case 'move-panel': {
      const from = indexOf(story.panels, edit.panel, 'panel');
      const panel = story.panels[from]!;
      return {
        story: { ...story, panels: inserted(story.panels.toSpliced(from, 1), edit.index, panel) },
        inverse: { type: 'move-panel', panel: panel.id, index: from },
      };
    }
    case 'set-panel': {
      const index = indexOf(story.panels, edit.panel, 'panel');
      const before = story.panels[index]!;
      // Only the fields the edit sets go into the inverse, so that undo leaves later changes of other fields alone.
      const fields = Object.fromEntries(
        Object.keys(edit.fields).map((key) => [key, before[key as keyof typeof edit.fields]]),
      );
      return {
        story: withPanel(story, index, { ...before, ...definedFields(edit.fields) }),
        inverse: { type: 'set-panel', panel: edit.panel, fields },
      };
    }
    case 'insert-block': {
      refuseBroken([edit.block]);
      refuseTakenBlock(story, edit.block.id);
      const index = indexOf(story.panels, edit.panel, 'panel');
      const panel = story.panels[index]!;
      return {
        story: withPanel(story, index, {
          ...panel,
          blocks: inserted(panel.blocks, edit.index, edit.block),
        }),
        inverse: { type: 'remove-block', block: edit.block.id },
      };
    }
    case 'remove-block': {
      const at = findBlock(story, edit.block);
      return {
        story: withPanel(story, at.panelIndex, {
          ...at.panel,
          blocks: at.panel.blocks.toSpliced(at.index, 1),
        }),
        inverse: { type: 'insert-block', panel: at.panel.id, index: at.index, block: at.block },
      };
    }
    case 'move-block': {
      const at = findBlock(story, edit.block);
      const without = withPanel(story, at.panelIndex, {
        ...at.panel,
        blocks: at.panel.blocks.toSpliced(at.index, 1),
      });
      const targetIndex = indexOf(without.panels, edit.panel, 'panel');
      const target = without.panels[targetIndex]!;
      return {
        story: withPanel(without, targetIndex, {
          ...target,
          blocks: inserted(target.blocks, edit.index, at.block),
        }),
        inverse: { type: 'move-block', block: edit.block, panel: at.panel.id, index: at.index },
      };
    }
    case 'set-text': {
      const at = findBlock(story, edit.block);
      if (at.block.type !== 'text') throw notA('text', edit.block);
      return {
        story: withBlock(story, at, { ...at.block, text: edit.text }),
        inverse: { type: 'set-text', block: edit.block, text: at.block.text },
      };
    }
    case 'set-image-caption': {
      const { at, block } = findImage(story, edit.block);
      return {
        story: withBlock(story, at, { ...block, caption: edit.caption }),
        inverse: { type: 'set-image-caption', block: edit.block, caption: block.caption },
      };
    }
    case 'insert-version': {
      const { at, block } = findImage(story, edit.block);
      refuseTaken(block.versions, edit.version.id, 'version');
      return {
        story: withBlock(story, at, {
          ...block,
          current: edit.version.id,
          versions: inserted(block.versions, edit.index, edit.version),
        }),
        inverse: {
          type: 'remove-version',
          block: edit.block,
          version: edit.version.id,
          current: block.current,
        },
      };
    }
    case 'remove-version': {
      const { at, block } = findImage(story, edit.block);
      const index = indexOf(block.versions, edit.version, 'version');
      const versions = block.versions.toSpliced(index, 1);
      if (edit.current !== null) indexOf(versions, edit.current, 'version');
      if (block.current !== edit.version) {
        // Re-inserting a version shows it, so taking away one that is not shown would have no exact inverse.
        throw new FabulaError(
          'invalid-input',
          `Version ${edit.version} is not the one shown. Show it first, then remove it.`,
        );
      }
      return {
        story: withBlock(story, at, { ...block, current: edit.current, versions }),
        inverse: {
          type: 'insert-version',
          block: edit.block,
          index,
          version: block.versions[index]!,
        },
      };
    }
    case 'show-version': {
      const { at, block } = findImage(story, edit.block);
      if (edit.version !== null) indexOf(block.versions, edit.version, 'version');
      return {
        story: withBlock(story, at, { ...block, current: edit.version }),
        inverse: { type: 'show-version', block: edit.block, version: block.current },
      };
    }
    case 'replace-version': {
      const { at, block } = findImage(story, edit.block);
      const index = indexOf(block.versions, edit.version.id, 'version');
      return {
        story: withBlock(story, at, { ...block, versions: block.versions.with(index, edit.version) }),
        inverse: { type: 'replace-version', block: edit.block, version: block.versions[index]! },
      };
    }
  }
}

interface BlockPlace {
  panelIndex: number;
  panel: Panel;
  index: number;
  block: Block;
}

function findBlock(story: Story, id: string): BlockPlace {
  for (const [panelIndex, panel] of story.panels.entries()) {
    const index = panel.blocks.findIndex((block) => block.id === id);
    if (index >= 0) return { panelIndex, panel, index, block: panel.blocks[index]! };
  }
  throw new FabulaError('not-found', `The story has no block ${id}.`);
}

function findImage(story: Story, id: string) {
  const at = findBlock(story, id);
  if (at.block.type !== 'image') throw notA('image', id);
  return { at, block: at.block };
}

function withPanel(story: Story, index: number, panel: Panel): Story {
  return { ...story, panels: story.panels.with(index, panel) };
}

function withBlock(story: Story, at: BlockPlace, block: Block): Story {
  return withPanel(story, at.panelIndex, {
    ...at.panel,
    blocks: at.panel.blocks.with(at.index, block),
  });
}

function inserted<T>(list: readonly T[], index: number, item: T): T[] {
  if (index > list.length) {
    throw new FabulaError(
      'invalid-input',
      `Position ${index} is past the end of a list of ${list.length}. Use 0 to ${list.length}.`,
    );
  }
  return list.toSpliced(index, 0, item);
}

function indexOf(list: readonly { id: string }[], id: string, what: string): number {
  const index = list.findIndex((item) => item.id === id);
  if (index < 0) throw new FabulaError('not-found', `The story has no ${what} ${id}.`);
  return index;
}

function refuseTaken(list: readonly { id: string }[], id: string, what: string): void {
  if (list.some((item) => item.id === id)) {
    throw new FabulaError('invalid-input', `The story already has a ${what} ${id}.`);
  }
}

function refuseTakenBlock(story: Story, id: string): void {
  for (const panel of story.panels) refuseTaken(panel.blocks, id, 'block');
}

/** Refuses blocks that share an id, and pictures whose versions do or which show a version they have not. */
function refuseBroken(blocks: readonly Block[]): void {
  refuseRepeated(blocks, 'block');
  for (const block of blocks) {
    if (block.type !== 'image') continue;
    refuseRepeated(block.versions, 'version');
    if (block.current !== null && !block.versions.some((version) => version.id === block.current)) {
      throw new FabulaError(
        'invalid-input',
        `Block ${block.id} shows a version it has not (${block.current}).`,
      );
    }
  }
}

function refuseRepeated(list: readonly { id: string }[], what: string): void {
  const seen = new Set<string>();
  for (const { id } of list) {
    if (seen.has(id)) throw new FabulaError('invalid-input', `There is more than one ${what} ${id}.`);
    seen.add(id);
  }
}

/**
 * Checks what the schema of a story cannot: that ids are unique, and that every picture shows a version it has. Edits
 * keep this true; a story from elsewhere (an archive, an outline) must be checked before it is saved.
 *
 * @throws FabulaError `invalid-input` naming the id
 */
export function checkStory(story: Pick<Story, 'cast' | 'panels'>): void {
  refuseRepeated(story.cast, 'cast member');
  refuseRepeated(story.panels, 'panel');
  refuseBroken(story.panels.flatMap((panel) => panel.blocks));
}

function notA(type: Block['type'], id: string): FabulaError {
  return new FabulaError(
    'invalid-input',
    `Block ${id} is not ${type === 'text' ? 'a text' : 'an image'} block.`,
  );
}

/** Drops fields given as undefined, which a partial record may hold and a Panel may not. */
function definedFields<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
