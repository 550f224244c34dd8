import { z } from 'zod';

/**
 * The Pyramid record: what is on a picture, in words, coarse first (Yu et al. 2023, "SPAE: Semantic Pyramid AutoEncoder
 * for Multimodal Generation with Frozen LLMs"). Layer 1 is one concept, layer 2 the subjects and the setting, layer 3
 * the details. Words are English, lower case, and may have a space (`police car`).
 */

/** Part of a picture, in fractions of it: x and y are the upper left corner. */
export const BoxSchema = z.object({
  x: z.number().min(0).max(1),
  y: z.number().min(0).max(1),
  width: z.number().min(0).max(1),
  height: z.number().min(0).max(1),
});
export type Box = z.infer<typeof BoxSchema>;

/** What a word tells: a thing that stands somewhere, where and when it is, what happens, how something looks, how many. */
export const wordKinds = ['thing', 'place', 'time', 'action', 'look', 'count'] as const;
export type WordKind = (typeof wordKinds)[number];

export const WordSchema = z.object({
  word: z.string().min(1).max(200),
  kind: z.enum(wordKinds),
  /** Calibrated: of the words given 0.7, seven in ten are right. 1 for what a sketch was drawn from. */
  probability: z.number().min(0).max(1),
  /** Where it was seen; null for what is nowhere in particular, as night is. */
  box: BoxSchema.nullable(),
});
export type Word = z.infer<typeof WordSchema>;

export const PyramidSchema = z.object({
  /** Pack id and revision of the model that saw the words, or `sketch` for those of a scene, which are exact. */
  pack: z.string().min(1).max(200),
  concept: WordSchema,
  /** About four: who and what, and the setting; surest first. */
  subjects: z.array(WordSchema).max(12),
  /** About sixteen; surest first. None of them is in a layer above. */
  details: z.array(WordSchema).max(48),
});
export type Pyramid = z.infer<typeof PyramidSchema>;

/** What was seen on one picture: a pyramid that does not say who saw it. */
export const SeenWordsSchema = PyramidSchema.omit({ pack: true });
export type SeenWords = z.infer<typeof SeenWordsSchema>;

export const pyramidLayers = [1, 2, 3] as const;
/** 1 the concept, 2 with the subjects and the setting, 3 with the details. */
export type PyramidLayer = (typeof pyramidLayers)[number];

/** {@link Pyramid.pack} of a picture that was drawn from a scene. */
export const sketchPack = 'sketch';

/** The words of one layer alone. */
export function layerWords(pyramid: Pyramid, layer: PyramidLayer): readonly Word[] {
  if (layer === 1) return [pyramid.concept];
  return layer === 2 ? pyramid.subjects : pyramid.details;
}

/** The words of a layer and of those above it, coarse first. */
export function wordsDownTo(pyramid: Pyramid, layer: PyramidLayer): Word[] {
  return pyramidLayers.filter((one) => one <= layer).flatMap((one) => layerWords(pyramid, one));
}
