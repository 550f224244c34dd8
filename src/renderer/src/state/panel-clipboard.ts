import { z } from 'zod';
import { checkStory } from '../../../shared/edits.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { PanelSchema, panelText, type Panel } from '../../../shared/story.ts';
import { copyOfPanel } from './panel-edits.ts';

/** The type of panels on the clipboard, beside their plain text for every other program. */
export const panelsType = 'application/x-fabula-panels+json';

const ClipSchema = z.object({
  format: z.literal('fabula-panels'),
  version: z.literal(1),
  panels: z.array(PanelSchema).min(1).max(20_000),
});

export function writePanels(panels: readonly Panel[]): string {
  return JSON.stringify({ format: 'fabula-panels', version: 1, panels: [...panels] } satisfies z.input<
    typeof ClipSchema
  >);
}

/** The words of panels as other programs paste them: texts and dialogue, a blank line between any two. */
export function panelsAsText(panels: readonly Panel[]): string {
  return panels
    .map((panel) => [panelText(panel), panel.dialogue].filter((text) => text.trim() !== '').join('\n\n'))
    .filter((text) => text !== '')
    .join('\n\n');
}

/**
 * Reads panels from the clipboard, which any program may have written.
 *
 * @returns copies with ids of their own, so that they can be pasted any number of times, into the same story too
 * @throws FabulaError `invalid-input` naming the field that is wrong
 */
export function readPanels(text: string): Panel[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FabulaError(
      'invalid-input',
      'The panels on the clipboard are not whole. Copy them again.',
      {},
      { cause },
    );
  }
  const clip = ClipSchema.safeParse(value);
  if (!clip.success) {
    const [issue] = clip.error.issues;
    throw new FabulaError(
      'invalid-input',
      `The panels on the clipboard cannot be read (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}). Copy them again.`,
    );
  }
  const { panels } = clip.data;
  checkStory({ panels, cast: [] });
  return panels.map(copyOfPanel);
}

/** Every asset that panels show or have shown. */
export function assetsOf(panels: readonly Panel[]): Set<string> {
  const assets = new Set<string>();
  for (const panel of panels)
    for (const block of panel.blocks)
      if (block.type === 'image') for (const version of block.versions) assets.add(version.asset);
  return assets;
}

/** Panels without the picture versions whose asset is not there; a picture left without any waits for a new one. */
export function withoutAssets(panels: readonly Panel[], missing: ReadonlySet<string>): Panel[] {
  return panels.map((panel) => ({
    ...panel,
    blocks: panel.blocks.map((block) => {
      if (block.type === 'text') return block;
      const versions = block.versions.filter((version) => !missing.has(version.asset));
      const shown = versions.some((version) => version.id === block.current);
      return { ...block, versions, current: shown ? block.current : (versions.at(-1)?.id ?? null) };
    }),
  }));
}
