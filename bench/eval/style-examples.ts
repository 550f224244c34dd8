/** The styles that are tried, each as a person would show it: a few captions of pictures of their own. */
export const styleExamples = {
  'keyword list': [
    'mountain, lake, boat, sunset',
    'children, swing, playground, playing',
    'horse, rider, fence, jumping',
    'street, bicycle, woman, rain',
    'kitchen, table, bread',
  ],
  'diary in the past': [
    'Today I saw a horse galloping along the shore.',
    'This morning I watched two children feeding ducks by the pond.',
    'Later I saw an old man reading on a bench.',
    'Today I watched a cat sleeping in the window.',
  ],
  'alt text in the present': [
    'A woman reads a newspaper at a café table.',
    'Three sailboats drift across a calm bay.',
    'A child in a yellow raincoat splashes through a puddle.',
    'An old tram climbs a steep street.',
  ],
  headline: [
    'Sailors Race Across Stormy Bay',
    'Farmer Feeds Hungry Lambs',
    'Children Build Giant Snowman',
    'Cyclist Climbs Steep Hill',
  ],
  'long with an opening': [
    'In this one, a young woman in a long green coat is walking along the river with two small dogs on a leash.',
    'In this one, three children in bright raincoats are playing on the wet sand near the old wooden pier.',
    'In this one, an old man with a grey beard is sitting on a bench under a tall tree in the park.',
    'In this one, two cyclists in blue helmets are riding down a narrow road between the fields.',
  ],
} as const;
