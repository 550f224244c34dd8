import { z } from 'zod';

/** A path inside a pack: relative, `/` between parts, no `..`. */
export const packPath = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (path) =>
      !path.includes('\\') &&
      !path.includes('\0') &&
      !/^[A-Za-z]:/.test(path) &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'a path of a pack is relative and stays inside the pack (no "..", no "\\", not absolute)',
  );

const Count = z.number().int().min(1);

/**
 * The role `encode`, family `starter`: two networks with vectors in one space.
 *
 * `vision`: pixels u8 [N, S, S, 3] -> tokens f32 [N, P, D] and embedding f32 [N, dimensions], unit length.
 * `text`: ids i64 [N, T], padded with 0 -> embedding f32 [N, dimensions], unit length.
 */
export const EncodeRoleSchema = z.object({
  family: z.literal('starter', 'this Fabula knows the family "starter" only'),
  vision: packPath,
  text: packPath,
  tokenizer: packPath,
  dimensions: Count.max(16_384),
  /** S: side of the square, in pixels, to which pictures are squashed. */
  imageSize: Count.max(4096),
  /** Most tokens of one text; a longer text is encoded in parts. */
  maxTokens: Count.max(8192),
  batch: Count.max(1024),
  /** probability(similarity) = sigmoid(scale * similarity + bias), fitted on held-back pairs. */
  calibration: z.object({ scale: z.number(), bias: z.number() }),
});
export type EncodeRole = z.infer<typeof EncodeRoleSchema>;

/**
 * The role `caption`, family `starter`: an encoder-decoder that shares `vision` with the role `encode`.
 *
 * `prefix`: tokens f32 [N, P, D], and with `tokenCounts` kept i64 [N, K] -> cross f32 [N, L, 2, K, W].
 * `decoder`: ids i64 [B, 1], position i64 [1], beam i64 [B] (the row of the step before that each row goes on from),
 * past f32 [B', L, 2, T, W], cross, photo i64 [B] -> present f32 [B, L, 2, T + 1, W], top_scores and top_ids [B, K].
 */
export const CaptionRoleSchema = z.object({
  family: z.literal('starter', 'this Fabula knows the family "starter" only'),
  vision: packPath,
  prefix: packPath,
  decoder: packPath,
  tokenizer: packPath,
  imageSize: Count.max(4096),
  /** L and W of the decoder. */
  layers: Count.max(256),
  width: Count.max(16_384),
  beams: Count.max(16),
  maxTokens: Count.max(512),
  /** A finished caption of n tokens scores log-probability / n^lengthPenalty. */
  lengthPenalty: z.number().min(0).max(5),
  batch: Count.max(1024),
  /**
   * How many of the P image tokens may go on to the decoder, ascending: a picture keeps the smallest of these numbers
   * that holds all it needs, as the output `need` f32 [N, P] of `vision` says. Left out: all go on.
   */
  tokenCounts: z.tuple([Count.max(4096)], Count.max(4096)).optional(),
  /**
   * How the caption is chosen among the finished ones: by its score plus `weight` times the cosine of its vector, which
   * `text` makes of at most `maxTokens` of its ids as in the role `encode`, and the picture's, the output `embedding` of
   * `vision`. Left out: by the score alone.
   */
  fit: z.object({ text: packPath, maxTokens: Count.max(512), weight: z.number().min(0).max(100) }).optional(),
  /**
   * Words that steer the search: `words` and `vocabulary` as of the role `words`, reading the tokens of `vision`, and
   * `forms`: JSON, how the words are said (see `starter/word-guide.ts`). What the words of a caption count is added to its
   * log-probability, times `search`, while captions grow, and to its score, times `rank`, when the finished are compared.
   */
  guide: z
    .object({
      words: packPath,
      vocabulary: packPath,
      forms: packPath,
      search: z.number().min(0).max(100),
      rank: z.number().min(0).max(100),
      /** Words that captions had better not begin with: "on the grass a dog". */
      notFirst: z.array(z.string().min(1).max(100)).max(1000),
    })
    .optional(),
});
export type CaptionRole = z.infer<typeof CaptionRoleSchema>;

/**
 * The role `words`, family `starter`: reads words off the tokens of `vision`, for the word pyramid.
 *
 * `words`: tokens f32 [N, P, D] -> presence f32 [N, W], calibrated probabilities, and cells f32 [N, P, W], logits of where.
 * `vocabulary`: JSON, the W words in order (see `starter/words.ts`).
 */
export const WordsRoleSchema = z.object({
  family: z.literal('starter', 'this Fabula knows the family "starter" only'),
  vision: packPath,
  words: packPath,
  vocabulary: packPath,
  imageSize: Count.max(4096),
  batch: Count.max(1024),
});
export type WordsRole = z.infer<typeof WordsRoleSchema>;

const PieceId = z.number().int().min(0).max(10_000_000);

/**
 * The role `write`, family `writer`: a causal language model over a byte-level tokenizer that continues a panel.
 *
 * `network`: ids i64 [1, T], past f32 [L, 2, H, P, D] (P = 0 first) -> present f32 [L, 2, H, P + T, D], logits f32
 * [pieces], those after the last id.
 */
export const WriteRoleSchema = z.object({
  family: z.literal('writer', 'this Fabula knows the family "writer" only'),
  network: packPath,
  tokenizer: packPath,
  /** L, H and D of the network. */
  layers: Count.max(256),
  heads: Count.max(256),
  channels: Count.max(4096),
  /** Most pieces the network reads and writes together. */
  context: Count.max(1_000_000),
  /** Most pieces one request writes; what is left of the context is for reading. */
  maxTokens: Count.max(8192),
  /** BCP 47 tags of the languages it writes. */
  languages: z
    .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'use language tags as "en" or "pt-BR"'))
    .min(1)
    .max(200),
  /**
   * A text whose words (those without a capital) have fewer letters to a piece than this is in none of its languages:
   * a tokenizer spells what it has not learned. 0 trusts every text.
   */
  lettersPerToken: z.number().min(0).max(20),
  /** Ids of the marks that lay out a story, see `training/writer_text.py`. */
  marks: z.object({
    begin: PieceId,
    end: PieceId,
    panelEnd: PieceId,
    picture: PieceId,
    pictureEnd: PieceId,
    /** Pieces that must never come out. */
    never: z.array(PieceId).max(10_000),
  }),
  temperature: z.number().min(0).max(5),
  nucleus: z.number().gt(0).max(1),
});
export type WriteRole = z.infer<typeof WriteRoleSchema>;

/**
 * The role `decide`, family `regression`: whether a panel is better given a picture of the library, a drawing, or
 * neither. `model` is JSON of the shape `DecideModelSchema` (`src/main/decide/decider.ts`).
 */
export const DecideRoleSchema = z.object({
  family: z.literal('regression', 'this Fabula knows the family "regression" only'),
  model: packPath,
});
export type DecideRole = z.infer<typeof DecideRoleSchema>;
const Named = z.string().min(1).max(100);

/**
 * The role `join`, family `writer`: small trained maps around a writer that stays as it is, so that it reads pictures
 * among words, finds pictures, and tells the sketch painter what to draw (Koh et al. 2023, "Generating images with
 * multimodal language models").
 *
 * `vision`: as of the role `encode`; its tokens f32 [N, P, D'] are what `see` takes.
 * `see`: tokens f32 [1, P, D'], position i64 [1] -> past f32 [1, L, 2, H, K, D], put behind the writer's own past.
 * `retrieve`: present f32 [L, 2, H, T, D], panels f32 [P, T] (1 where a position belongs to the panel, the current one
 * last) -> vector f32 [dimensions], unit length, in the space of the pack's role `encode`.
 * `paint`: present, own f32 [T], before f32 [T] (1 where a position belongs to the current panel, and to those before)
 * -> place f32 [places], time f32 [4], weather f32 [7], each adding up to 1; figures f32 [F],
 * probabilities each by itself; where f32 [F, 3]: middle from the left, foot from the top, height, in fractions.
 */
export const JoinRoleSchema = z.object({
  family: z.literal('writer', 'this Fabula knows the family "writer" only'),
  vision: packPath,
  see: packPath,
  retrieve: packPath,
  paint: packPath,
  imageSize: Count.max(4096),
  /** SHA-256 of the writer's network that the maps were trained around: with another one they mean nothing. */
  writer: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hexadecimal digits'),
  /** K: positions a picture takes. */
  positions: Count.max(256),
  dimensions: Count.max(16_384),
  /**
   * Fitted on held-back pairs, as many that belong together as not: the logarithm of the odds that a picture fits is
   * text * (its similarity to the encoder's vector of the panel's text) + story * (that to `vector`) + bias.
   */
  calibration: z.object({ text: z.number(), story: z.number(), bias: z.number() }),
  scene: z.object({
    places: z.array(Named).min(1).max(1000),
    times: z.array(Named).min(1).max(100),
    weathers: z.array(Named).min(1).max(100),
    /** Icons of the sketch painter, each with the word it is called by. */
    figures: z
      .array(z.object({ icon: Named, word: Named }))
      .min(1)
      .max(10_000),
    /** A figure is told of from this probability on, a place, time or weather from the other. */
    leastFigure: z.number().min(0).max(1),
    leastSetting: z.number().min(0).max(1),
  }),
});
export type JoinRole = z.infer<typeof JoinRoleSchema>;

/** What a pack may be able to do, and what its manifest says about how. */
export interface Roles {
  encode: EncodeRole;
  caption: CaptionRole;
  write: WriteRole;
  words: WordsRole;
  decide: DecideRole;
  join: JoinRole;
}
