import { z } from 'zod';
import { SceneSchema } from './scene.ts';

/** The records of a story: Story, Panel, Block, Cast. Everything is plain JSON; times are ISO 8601 in UTC. */

export const IdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id has 1 to 64 letters, digits, "_" or "-"');
/** The SHA-256 of an asset's bytes, in lower-case hexadecimal. */
export const AssetIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'an asset id is 64 hexadecimal digits (SHA-256)');

const LongText = z.string().max(1_000_000);

/** How a picture came to be in a panel. */
export const imageSources = ['imported', 'retrieved', 'sketched', 'painted'] as const;

/** One picture an image block has had. Versions are only ever added, so every earlier picture can be restored. */
export const ImageVersionSchema = z.object({
  id: IdSchema,
  asset: AssetIdSchema,
  source: z.enum(imageSources),
  createdAt: z.iso.datetime(),
  /** What was asked: the search query or the painter's prompt. */
  prompt: LongText.optional(),
  seed: z.number().int().min(0).max(0xffffffff).optional(),
  /** Pack id and revision of the model that retrieved or made the picture, e.g. `starter@2026.11-1`. */
  pack: z.string().max(200).optional(),
  /** For a retrieved picture: the calibrated probability, 0..1, that it shows what was asked. */
  confidence: z.number().min(0).max(1).optional(),
  /** For a sketch: the scene it was drawn from, which stays editable. */
  scene: SceneSchema.optional(),
});
export type ImageVersion = z.infer<typeof ImageVersionSchema>;

export const TextBlockSchema = z.object({ id: IdSchema, type: z.literal('text'), text: LongText });
export type TextBlock = z.infer<typeof TextBlockSchema>;

export const ImageBlockSchema = z.object({
  id: IdSchema,
  type: z.literal('image'),
  /** Alternative text and printed caption; empty when the asset's own caption is to be used. */
  caption: LongText,
  /** Id of the version shown, or null while the block is waiting for a picture. */
  current: IdSchema.nullable(),
  versions: z.array(ImageVersionSchema).max(1000),
});
export type ImageBlock = z.infer<typeof ImageBlockSchema>;

export const BlockSchema = z.discriminatedUnion('type', [TextBlockSchema, ImageBlockSchema]);
export type Block = z.infer<typeof BlockSchema>;

export const PanelSchema = z.object({
  id: IdSchema,
  /** Shot label as printed, e.g. `1A` or `CU`; empty means the panel's number. */
  shot: z.string().max(200),
  notes: LongText,
  dialogue: LongText,
  /** Seconds on screen, or null for the story's default. */
  duration: z.number().positive().max(86_400).nullable(),
  blocks: z.array(BlockSchema).max(1000),
});
export type Panel = z.infer<typeof PanelSchema>;

export const CastMemberSchema = z.object({
  id: IdSchema,
  name: z.string().min(1).max(200),
  /** How the character looks, in words: `a small grey cat`. */
  look: z.string().max(2000),
  /** Figure that always stands for the character; chosen from `look` when absent. */
  icon: z.string().max(128).optional(),
  /** Hue rotation in degrees, so that two members with one icon differ. */
  hue: z.number().min(-180).max(180).optional(),
});
export type CastMember = z.infer<typeof CastMemberSchema>;

export const StorySettingsSchema = z.object({
  /** Seeds every sketch of the story; 32-bit unsigned. */
  seed: z.number().int().min(0).max(0xffffffff),
  /** BCP 47 tag of the main language; empty when not known. */
  language: z.string().max(35),
  author: z.string().max(500),
  /** Seconds a panel without its own duration stays on screen. */
  panelDuration: z.number().positive().max(3600),
});
export type StorySettings = z.infer<typeof StorySettingsSchema>;

export const StorySchema = z.object({
  format: z.literal(1),
  id: IdSchema,
  title: z.string().max(1000),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  settings: StorySettingsSchema,
  cast: z.array(CastMemberSchema).max(500),
  panels: z.array(PanelSchema).max(20_000),
});
export type Story = z.infer<typeof StorySchema>;

export const defaultSettings: StorySettings = { seed: 1, language: '', author: '', panelDuration: 4 };

/** The version an image block shows, or undefined while it waits for a picture. */
export function currentVersion(block: ImageBlock): ImageVersion | undefined {
  return block.versions.find((version) => version.id === block.current);
}

/** The text blocks of a panel, joined by blank lines. */
export function panelText(panel: Panel): string {
  return panel.blocks
    .filter((block) => block.type === 'text')
    .map((block) => block.text)
    .join('\n\n');
}

/** What is asked for a panel when nobody asks anything else: its text, else its dialogue, else its notes. */
export function panelQuery(panel: Panel): string {
  return panelText(panel).trim() || panel.dialogue.trim() || panel.notes.trim();
}
