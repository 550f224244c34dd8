/** What figures there are, as people speak of them: by these kinds a taste is learnt and told. */
export const kinds = [
  'animals',
  'people',
  'creatures',
  'plants',
  'food',
  'vehicles',
  'places',
  'sky',
  'things',
  'signs',
] as const;
export type Kind = (typeof kinds)[number];

/** What an icon of a person ends with that has a skin tone; the lists are without. */
const tone = /-(?:medium-light|medium-dark|light|medium|dark)$/;

/** The kind of a figure by its icon, from lists of icons by kind; what is in no list is a thing. */
export function kindReader(lists: { readonly [kind in Kind]?: readonly string[] }): (icon: string) => Kind {
  const byIcon = new Map<string, Kind>();
  for (const kind of kinds) for (const icon of lists[kind] ?? []) byIcon.set(icon, kind);
  return (icon) => byIcon.get(icon) ?? byIcon.get(icon.replace(tone, '')) ?? 'things';
}
