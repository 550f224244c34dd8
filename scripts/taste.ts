import type { Page } from 'playwright-core';
import { ask } from '../tests/e2e/steps.ts';

/** Answers of a person who likes animals drawn and people found, so that pictures of the settings show something. */
const answers: readonly (readonly [text: string, source: 'retrieved' | 'sketched'])[] = [
  ['A fox sleeps in the forest.', 'sketched'],
  ['Three ducks swim on the lake.', 'sketched'],
  ['The elephants march over the savanna at night.', 'sketched'],
  ['A monkey climbs a tree in the jungle.', 'sketched'],
  ['Two camels cross the desert.', 'sketched'],
  ['Children play in the playground.', 'retrieved'],
  ['The teacher stands in the classroom.', 'retrieved'],
  ['Grandmother pours tea in the kitchen.', 'retrieved'],
  ['A girl rides a horse through the meadow.', 'retrieved'],
  ['A taxi waits in the city in the rain.', 'retrieved'],
  ['The sailboats come home at sunset.', 'retrieved'],
  ['A lighthouse in the storm.', 'sketched'],
];

/** Takes pictures as that person would, through the studio's own commands. */
export async function teach(page: Page): Promise<void> {
  const [story] = await ask(page, 'stories.list', {});
  const { panels } = (await ask(page, 'stories.open', { story: story!.id })).story;
  const at = { story: story!.id, panel: panels[0]!.id };
  for (const [query, source] of answers) {
    const match = await ask(page, 'stories.match', { ...at, query, limit: 2, sketches: 1 });
    const shown = [match.retrieved, match.sketched].flatMap((list) =>
      list.map((one, rank) => ({ asset: one.asset, source: one.source, confidence: one.confidence, rank })),
    );
    const accepted = match[source][0]?.asset;
    if (accepted === undefined) continue;
    await ask(page, 'stories.choose', { ...at, query, shown, accepted, odds: match.decision.odds });
  }
}
