import { z } from 'zod';

const Told = z.object({ name: z.string(), probability: z.number().min(0).max(1) });

/**
 * A condition for the sketch painter: what a story, up to a panel and with the pictures before it, tells of the picture
 * that would go there. Unlike a scene it may be unsure, and silent on anything. Coordinates are those of a scene.
 */
export const ConditionSchema = z.object({
  /** Null where nothing is told of it. */
  place: Told.nullable(),
  time: Told.nullable(),
  weather: Told.nullable(),
  /** The likeliest first. */
  figures: z.array(
    z.object({
      icon: z.string(),
      /** What it is called, in English. */
      word: z.string(),
      probability: z.number().min(0).max(1),
      /** The point on which it stands, and its height. */
      x: z.number(),
      y: z.number(),
      height: z.number(),
    }),
  ),
});
export type Condition = z.infer<typeof ConditionSchema>;

/** What a condition says in words, the most telling first: figures, then place, then a time and weather out of the usual. */
export function conditionWords({ figures, place, time, weather }: Condition): string[] {
  const setting = [
    place?.name.replaceAll('-', ' '),
    time?.name === 'day' ? undefined : time?.name,
    weather?.name === 'clear' ? undefined : weather?.name,
  ];
  return [...new Set([...figures.map(({ word }) => word), ...setting.filter((word) => word !== undefined)])];
}
