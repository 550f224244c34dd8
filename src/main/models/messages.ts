import { z } from 'zod';
import { errorCodes } from '../../shared/errors.ts';
import { ConditionSchema } from '../../shared/condition.ts';
import { SeenWordsSchema } from '../../shared/pyramid.ts';
import {
  CaptionRoleSchema,
  EncodeRoleSchema,
  JoinRoleSchema,
  WordsRoleSchema,
  WriteRoleSchema,
} from './roles.ts';

/** What the studio and the worker process say to each other. Both sides check what they receive. */

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');
const Floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'not float32 values');

const EncodeWithSchema = z.object({ folder: z.string().min(1), role: EncodeRoleSchema });
const CaptionWithSchema = z.object({ folder: z.string().min(1), role: CaptionRoleSchema });
const WordsWithSchema = z.object({ folder: z.string().min(1), role: WordsRoleSchema });
const WriteWithSchema = z.object({ folder: z.string().min(1), role: WriteRoleSchema });
const JoinWithSchema = z.object({ folder: z.string().min(1), role: JoinRoleSchema });

/** What a style asks of the search for captions, in place of the pack's own settings. */
export const CaptionSteeringSchema = z.object({
  beams: z.number().int().min(1).max(16),
  lengthPenalty: z.number().min(0).max(5),
  /** Words that are wanted (above 0) or not (below 0): added once to the log-probability of a caption with the word. */
  words: z.array(z.object({ word: z.string().min(1).max(100), bonus: z.number() })).max(1000),
});
export type CaptionSteering = z.infer<typeof CaptionSteeringSchema>;

/** RGB bytes of `count` squares, one after the other: u8 [count, S, S, 3]. */
const Pixels = { pixels: Bytes, count: z.number().int().min(1).max(1024) };

/** What a writer reads: panels, the current one last, and the pictures some of them have. */
const Story = {
  panels: z
    .array(
      z.object({
        picture: z.string().nullable(),
        /** Which of the pictures it has, from 0; null where the writer does not see one. */
        look: z.number().int().min(0).nullable(),
        text: z.string(),
      }),
    )
    .min(1),
  /** How pictures are seen, and the pictures; null where only words are read. */
  seen: z.object({ with: JoinWithSchema, pixels: Bytes, count: z.number().int().min(1).max(64) }).nullable(),
};

export const TaskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('encode-images'),
    with: EncodeWithSchema,
    ...Pixels,
    /** Read their words as well; where both roles use one vision network it runs once. */
    words: WordsWithSchema.optional(),
  }),
  z.object({ kind: z.literal('read-words'), with: WordsWithSchema, ...Pixels }),
  z.object({
    kind: z.literal('encode-texts'),
    with: EncodeWithSchema,
    texts: z.array(z.string()).min(1).max(1024),
  }),
  z.object({
    kind: z.literal('caption-images'),
    with: CaptionWithSchema,
    /** Encode the pictures as well; where both roles use one vision network it runs once. */
    encode: EncodeWithSchema.nullable(),
    /** Read their words as well, in the same way. */
    words: WordsWithSchema.optional(),
    ...Pixels,
    /** Send the likeliest caption of the only picture after every word, as a `part`. */
    parts: z.boolean(),
    /** How to search for captions of a style; null for the pack's own way. */
    steering: CaptionSteeringSchema.nullable(),
  }),
  z.object({ kind: z.literal('caption-regions'), with: CaptionWithSchema, ...Pixels }),
  z.object({
    kind: z.literal('write'),
    with: WriteWithSchema,
    /** The panels before, and last the one to go on with. */
    ...Story,
    settings: z.object({
      seed: z.number().int().min(0).max(0xffffffff),
      maxTokens: z.number().int().min(1),
      temperature: z.number().min(0),
      nucleus: z.number().gt(0).max(1),
    }),
  }),
  /** What the writer makes of the last panel, after those before: a vector, and a condition for the painter. */
  z.object({ kind: z.literal('read-story'), with: WriteWithSchema, join: JoinWithSchema, ...Story }),
  /** Captions that the writer puts pictures into. */
  z.object({ kind: z.literal('tell-images'), with: WriteWithSchema, join: JoinWithSchema, ...Pixels }),
]);
export type Task = z.infer<typeof TaskSchema>;
export type EncodeWith = z.infer<typeof EncodeWithSchema>;
export type CaptionWith = z.infer<typeof CaptionWithSchema>;
export type WordsWith = z.infer<typeof WordsWithSchema>;
export type WriteWith = z.infer<typeof WriteWithSchema>;
export type JoinWith = z.infer<typeof JoinWithSchema>;
export type Seen = z.infer<(typeof Story)['seen']>;

export const ToWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), id: z.number().int(), task: TaskSchema }),
  z.object({ kind: z.literal('cancel'), id: z.number().int() }),
]);
export type ToWorker = z.infer<typeof ToWorkerSchema>;

export const AnswerSchema = z.object({
  /** f32 [count, dimensions], unit vectors; null when nothing was to be encoded. */
  vectors: Floats.nullable(),
  /** Score: mean log-probability of a caption's tokens, at most 0. Empty when nothing was to be captioned. */
  captions: z.array(
    z.object({
      text: z.string(),
      score: z.number(),
      /** Everything the search finished, best first, the caption itself among it; empty unless it was steered. */
      candidates: z.array(z.object({ text: z.string(), score: z.number() })),
    }),
  ),
  /** What was written; empty when nothing was to be. */
  text: z.string(),
  /** What was seen on each picture; left out where no words were to be read. */
  words: z.array(SeenWordsSchema).optional(),
  /** Which image tokens captions are written from; left out where that was not asked. */
  regions: z
    .array(
      z.object({
        /** How much each token is needed, 0..1, row by row. */
        need: z.array(z.number()),
        /** The tokens kept. */
        kept: z.array(z.number().int().min(0)),
      }),
    )
    .optional(),
  /** What there is to be drawn, where a story was read. */
  condition: ConditionSchema.optional(),
});
export type Answer = z.infer<typeof AnswerSchema>;

export const FromWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  /** The text as far as it is written. */
  z.object({ kind: z.literal('part'), id: z.number().int(), text: z.string() }),
  z.object({ kind: z.literal('done'), id: z.number().int(), answer: AnswerSchema }),
  z.object({
    kind: z.literal('failed'),
    id: z.number().int(),
    code: z.enum(errorCodes),
    message: z.string(),
    details: z.record(z.string(), z.json()),
  }),
]);
export type FromWorker = z.infer<typeof FromWorkerSchema>;
