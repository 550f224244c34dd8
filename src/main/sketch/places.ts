import { FabulaError } from '../../shared/errors.ts';

/**
 * The places a sketch can show, and where in each of them things can be: y from 0 (top) to 1 (bottom) of the picture.
 */
export interface Place {
  readonly name: string;
  /** As a caption says it after the subject: `in the forest`. */
  readonly phrase: string;
  /** Where far things stand. */
  readonly horizon: number;
  /** Where feet may be, far to near; absent where there is no ground. */
  readonly ground?: readonly [number, number];
  /** Where boats and swans float, far to near. */
  readonly water?: readonly [number, number];
  /** Where fish swim. */
  readonly deep?: readonly [number, number];
  readonly indoor?: boolean;
  /** Things float freely: space, sky. */
  readonly floating?: boolean;
}

const list: readonly Place[] = [
  { name: 'forest', phrase: 'in the forest', horizon: 0.64, ground: [0.7, 0.95] },
  { name: 'beach', phrase: 'on the beach', horizon: 0.44, water: [0.5, 0.62], ground: [0.72, 0.95] },
  { name: 'sea', phrase: 'on the sea', horizon: 0.42, water: [0.54, 0.9] },
  { name: 'underwater', phrase: 'under the sea', horizon: 0.8, deep: [0.2, 0.78], ground: [0.86, 0.95] },
  { name: 'mountains', phrase: 'in the mountains', horizon: 0.64, ground: [0.72, 0.95] },
  { name: 'desert', phrase: 'in the desert', horizon: 0.58, ground: [0.68, 0.95] },
  { name: 'savanna', phrase: 'on the savanna', horizon: 0.6, ground: [0.68, 0.95] },
  { name: 'city', phrase: 'in the city', horizon: 0.68, ground: [0.76, 0.95] },
  { name: 'street', phrase: 'on the street', horizon: 0.66, ground: [0.75, 0.95] },
  { name: 'village', phrase: 'in the village', horizon: 0.62, ground: [0.72, 0.95] },
  { name: 'farm', phrase: 'on the farm', horizon: 0.58, ground: [0.68, 0.95] },
  { name: 'meadow', phrase: 'in the meadow', horizon: 0.6, ground: [0.68, 0.95] },
  { name: 'garden', phrase: 'in the garden', horizon: 0.6, ground: [0.72, 0.95] },
  { name: 'park', phrase: 'in the park', horizon: 0.58, ground: [0.68, 0.95] },
  { name: 'river', phrase: 'by the river', horizon: 0.52, water: [0.64, 0.76], ground: [0.85, 0.96] },
  { name: 'lake', phrase: 'at the lake', horizon: 0.48, water: [0.58, 0.78], ground: [0.86, 0.96] },
  { name: 'jungle', phrase: 'in the jungle', horizon: 0.66, ground: [0.74, 0.95] },
  { name: 'snow', phrase: 'in the snow', horizon: 0.6, ground: [0.68, 0.95] },
  { name: 'cave', phrase: 'in a cave', horizon: 0.7, ground: [0.76, 0.95] },
  { name: 'throne-room', phrase: 'in the throne room', horizon: 0.68, ground: [0.76, 0.95], indoor: true },
  { name: 'bedroom', phrase: 'in the bedroom', horizon: 0.68, ground: [0.76, 0.95], indoor: true },
  { name: 'kitchen', phrase: 'in the kitchen', horizon: 0.68, ground: [0.78, 0.95], indoor: true },
  { name: 'living-room', phrase: 'in the living room', horizon: 0.68, ground: [0.76, 0.95], indoor: true },
  { name: 'classroom', phrase: 'in the classroom', horizon: 0.7, ground: [0.77, 0.95], indoor: true },
  { name: 'library', phrase: 'in the library', horizon: 0.72, ground: [0.79, 0.95], indoor: true },
  { name: 'shop', phrase: 'in the shop', horizon: 0.7, ground: [0.78, 0.95], indoor: true },
  { name: 'space', phrase: 'in space', horizon: 0.8, floating: true },
  { name: 'moon', phrase: 'on the moon', horizon: 0.66, ground: [0.74, 0.95] },
  { name: 'sky', phrase: 'in the sky', horizon: 0.9, floating: true },
  { name: 'road', phrase: 'on the road', horizon: 0.58, ground: [0.72, 0.94] },
  { name: 'bridge', phrase: 'on the bridge', horizon: 0.5, ground: [0.82, 0.92] },
  { name: 'playground', phrase: 'in the playground', horizon: 0.58, ground: [0.7, 0.95] },
  { name: 'stadium', phrase: 'in the stadium', horizon: 0.56, ground: [0.66, 0.95] },
  { name: 'stage', phrase: 'on the stage', horizon: 0.72, ground: [0.78, 0.93], indoor: true },
  { name: 'plain', phrase: '', horizon: 0.7, ground: [0.78, 0.92], indoor: true },
];

const byName = new Map(list.map((place) => [place.name, place]));

/** Every place, `plain` (a bare backdrop) last. */
export const places: readonly Place[] = list;

/**
 * A place by name.
 * @throws FabulaError `invalid-input` when the painter has no such place.
 */
export function placeNamed(name: string): Place {
  const place = byName.get(name);
  if (!place) {
    throw new FabulaError('invalid-input', `The scene's place "${name}" is not one the painter knows.`, {
      field: 'place',
      place: name,
      known: list.map((known) => known.name),
    });
  }
  return place;
}
