import { times, weathers, type Figure, type Scene } from '../../shared/scene.ts';
import type { Condition } from '../../shared/condition.ts';
import { sketchSize } from './draw.ts';
import { layoutFigures } from './layout.ts';
import { figureInfo } from './lexicon.ts';
import { places } from './places.ts';

/** Farther than this from where a condition has a figure's foot, in fractions of the height, it is moved there. */
const farOff = 0.25;

/**
 * A scene whose text names nothing to draw, with what a condition tells: figures, in the order from the left in which
 * the condition has them, the place, the time and the weather where the text leaves them open. A scene with figures is
 * given back as it is: what a text names goes before what a model makes of it.
 */
export function fillScene(scene: Scene, condition: Condition): Scene {
  const known = condition.figures.filter(({ icon }) => figureInfo(icon) !== undefined);
  if (scene.figures.length > 0 || (known.length === 0 && condition.place === null)) return scene;
  // Where nobody stands and nothing is named, a scene plays in the meadow: its text did not say so.
  const open = scene.place === 'meadow' || scene.place === 'plain';
  const place = places.find(({ name }) => name === condition.place?.name)?.name;
  const filled: Scene = {
    ...scene,
    place: open && place !== undefined ? place : scene.place,
    time: (scene.time === 'day' && times.find((name) => name === condition.time?.name)) || scene.time,
    weather:
      (scene.weather === 'clear' && weathers.find((name) => name === condition.weather?.name)) ||
      scene.weather,
  };
  const laid = layoutFigures(
    known.map(({ icon, word }) => ({ icon, word })),
    {
      seed: scene.seed,
      place: filled.place,
      shot: scene.shot,
      aspect: sketchSize.width / sketchSize.height,
    },
  );
  const fromLeft = laid.map(({ x }) => x).toSorted((a, b) => a - b);
  const order = known.map(({ x }, at) => ({ x, at })).toSorted((a, b) => a.x - b.x);
  const figures = laid.map((figure, at): Figure => {
    const x = fromLeft[order.findIndex((one) => one.at === at)] ?? figure.x;
    const y = known[at]?.y ?? figure.y;
    return { ...figure, x, y: Math.abs(y - figure.y) > farOff ? Math.round(y * 10_000) / 10_000 : figure.y };
  });
  return { ...filled, figures };
}
