/** What a text is about, as a taste for drawings or library pictures may hang on it. */
export const tasteTopics = [
  /** Every text. */
  'always',
  'animals',
  'people',
  'creatures',
  'plants',
  'food',
  'vehicles',
  /** Buildings and landmarks. */
  'places',
  'sky',
  'things',
  /** Nobody in it: neither animals, people nor creatures. */
  'scenery',
  'night',
  'indoors',
  /** More than a dozen words. */
  'long',
] as const;
export type TasteTopic = (typeof tasteTopics)[number];
