import { z } from 'zod';
import { errorCodes } from '../../shared/errors.ts';
import { CaptionRoleSchema, EncodeRoleSchema } from './roles.ts';

/** What the studio and the worker process say to each other. Both sides check what they receive. */

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');
const Floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'not float32 values');

const EncodeWithSchema = z.object({ folder: z.string().min(1), role: EncodeRoleSchema });
const CaptionWithSchema = z.object({ folder: z.string().min(1), role: CaptionRoleSchema });
/** RGB bytes of `count` squares, one after the other: u8 [count, S, S, 3]. */
const Pixels = { pixels: Bytes, count: z.number().int().min(1).max(1024) };

export const TaskSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('encode-images'), with: EncodeWithSchema, ...Pixels }),
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
    ...Pixels,
  }),
]);
export type Task = z.infer<typeof TaskSchema>;
export type EncodeWith = z.infer<typeof EncodeWithSchema>;
export type CaptionWith = z.infer<typeof CaptionWithSchema>;

export const ToWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), id: z.number().int(), task: TaskSchema }),
  z.object({ kind: z.literal('cancel'), id: z.number().int() }),
]);
export type ToWorker = z.infer<typeof ToWorkerSchema>;

export const AnswerSchema = z.object({
  /** f32 [count, dimensions], unit vectors; null when nothing was to be encoded. */
  vectors: Floats.nullable(),
  /** Score: mean log-probability of a caption's tokens, at most 0. Empty when nothing was to be captioned. */
  captions: z.array(z.object({ text: z.string(), score: z.number() })),
});
export type Answer = z.infer<typeof AnswerSchema>;

export const FromWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('done'), id: z.number().int(), answer: AnswerSchema }),
  z.object({
    kind: z.literal('failed'),
    id: z.number().int(),
    code: z.enum(errorCodes),
    message: z.string(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorkerSchema>;
