import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { allFigures } from '../../src/main/sketch/lexicon.ts';
import type { Kind } from '../../src/main/decide/kinds.ts';

/**
 * The kinds of the painter's figures, from the categories of the figure set (its metadata) and a few rules for what
 * these lump together. Lists of icons by kind; what is in none is a thing.
 */
export function kindLists(): { [kind in Kind]?: string[] } {
  const file = createRequire(import.meta.url).resolve('@iconify-json/fluent-emoji-flat/metadata.json');
  const { categories } = JSON.parse(readFileSync(file, 'utf8')) as { categories: Record<string, string[]> };
  const category = new Map(
    Object.entries(categories).flatMap(([name, icons]) => icons.map((icon) => [icon, name])),
  );
  const lists: { [kind in Kind]?: string[] } = {};
  for (const { icon, habitat } of allFigures()) {
    const kind = kindOf(icon, category.get(icon) ?? '', habitat);
    if (kind !== 'things') (lists[kind] ??= []).push(icon);
  }
  for (const list of Object.values(lists)) list.sort();
  return lists;
}

const creature =
  /mage|fairy|mermaid|merman|merperson|vampire|zombie|genie|elf|troll|super|santa|claus|angel|dragon|unicorn|phoenix|ghost|robot|alien|skull|ogre|goblin|sauropod|t-rex|mammoth|dodo/;
const plant =
  /tree|cactus|potted|sheaf|herb|seedling|flower|rose|tulip|blossom|hibiscus|lotus|leaf|bouquet|clover|mushroom|prop-bush/;
const vehicle =
  /automobile|vehicle|taxi|-car|bus$|trolleybus|engine|ambulance|truck|lorry|tractor|motorcycle|scooter|bicycle|locomotive|train|monorail|wheelchair|skateboard|skate$|tram|metro|saucer|satellite|rocket|airplane|helicopter|parachute|boat|canoe|ferry|ship|submarine|wagon|balloon$|sled/;
const sky =
  /^(?:sun|crescent|full-moon|new-moon|star|glowing|shooting|cloud|rainbow|comet|ringed|globe|tornado|high-voltage|snowflake|milky|cyclone)/;
const body = /nail-polish|bone|footprints|tooth|brain|heart|^ear|^eye|foot|hand|^nose|mouth|^leg/;

function kindOf(icon: string, category: string, habitat: string): Kind {
  if (/rosette/.test(icon)) return 'things';
  if (creature.test(icon)) return 'creatures';
  if (/^prop-(?:knight|queen|pirate)$/.test(icon)) return 'people';
  if (plant.test(icon) && category !== 'Food & Drink') return 'plants';
  if (icon === 'prop-flying-bird') return 'animals';
  if (vehicle.test(icon) && (category === 'Travel & Places' || icon.startsWith('prop-') || icon === 'sled'))
    return 'vehicles';
  if (sky.test(icon) && (habitat === 'sky' || habitat === 'air')) return 'sky';
  if (/^prop-(?:waterfall|lighthouse|windmill|barn|pyramid|clock-tower|bridge|pool|well)$/.test(icon))
    return 'places';
  switch (category) {
    case 'Animals & Nature':
      return /coral|nest|shell|wing|feather|paw|microbe|web/.test(icon) ? 'things' : 'animals';
    case 'People & Body':
      return body.test(icon) ? 'things' : 'people';
    case 'Food & Drink':
      return 'food';
    case 'Travel & Places':
      return habitat === 'table' || habitat === 'hand' || habitat === 'wall' ? 'things' : 'places';
    case 'Symbols':
      return 'signs';
    default:
      return 'things';
  }
}
