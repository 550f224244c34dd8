/**
 * Figures the emoji set lacks and stories ask for: tables, swords, knights. Each is drawn on the same 32 x 32 field,
 * in the same flat manner, so that the painter need not know which set a figure comes from.
 */

const rect = (x: number, y: number, w: number, h: number, fill: string, rx = 0): string =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${rx}" fill="${fill}"/>`;
const disc = (cx: number, cy: number, r: number, fill: string): string =>
  `<circle cx="${cx}" cy="${cy}" r="${r}" fill="${fill}"/>`;
const oval = (cx: number, cy: number, rx: number, ry: number, fill: string): string =>
  `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
const path = (d: string, fill: string): string => `<path d="${d}" fill="${fill}"/>`;
const line = (d: string, stroke: string, width: number): string =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const many = (count: number, draw: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => draw(index)).join('');

/** A human face in the manner of the emoji set's busts, centred on `cx`, `cy`. */
const face = (cx: number, cy: number, s: number): string =>
  rect(cx - 5 * s, cy - 5 * s, 10 * s, 11 * s, '#eebfaa', 4.4 * s) +
  disc(cx - 2.2 * s, cy - 0.4 * s, 0.8 * s, '#4a2f22') +
  disc(cx + 2.2 * s, cy - 0.4 * s, 0.8 * s, '#4a2f22') +
  path(
    `M${cx - 1.8 * s} ${cy + 2.6 * s}q${1.8 * s} ${1.8 * s} ${3.6 * s} 0q${-1.8 * s} ${0.8 * s} ${-3.6 * s} 0`,
    '#990839',
  );

export interface Prop {
  /** What the figure is called in English. */
  readonly label: string;
  /** SVG elements on a 32 x 32 field. */
  readonly body: string;
  /** Natural height in metres. */
  readonly height: number;
  readonly habitat: 'ground' | 'far' | 'sky' | 'air' | 'water' | 'deep' | 'wall' | 'table' | 'hand';
  readonly facing?: 'L' | 'R';
  readonly lacks?: 'bust';
}

/** Every figure drawn in this repository, by icon name. */
export const props: Readonly<Record<string, Prop>> = {
  'prop-table': {
    label: 'table',
    height: 0.78,
    habitat: 'ground',
    body:
      rect(4, 13, 2.6, 16, '#7d4533', 0.8) +
      rect(25.4, 13, 2.6, 16, '#7d4533', 0.8) +
      rect(8, 13, 2, 12, '#5f3326', 0.6) +
      rect(22, 13, 2, 12, '#5f3326', 0.6) +
      rect(3, 12, 26, 4, '#8f5240') +
      rect(1, 10, 30, 3, '#a56953', 1.2),
  },
  'prop-desk': {
    label: 'desk',
    height: 0.8,
    habitat: 'ground',
    body:
      rect(3, 12, 9, 17, '#8f5240', 0.8) +
      rect(26, 12, 2.6, 17, '#7d4533', 0.8) +
      rect(4.2, 14, 6.6, 4, '#a56953', 0.6) +
      rect(4.2, 19, 6.6, 4, '#a56953', 0.6) +
      rect(4.2, 24, 6.6, 4, '#a56953', 0.6) +
      disc(7.5, 16, 0.6, '#f9c23c') +
      disc(7.5, 21, 0.6, '#f9c23c') +
      disc(7.5, 26, 0.6, '#f9c23c') +
      rect(1, 10, 30, 2.8, '#b97a5f', 1),
  },
  'prop-bench': {
    label: 'bench',
    height: 0.9,
    habitat: 'ground',
    body:
      rect(5, 12, 2, 17, '#4a4f57', 0.8) +
      rect(25, 12, 2, 17, '#4a4f57', 0.8) +
      rect(2, 10, 28, 3, '#b97a5f', 1) +
      rect(2, 14.4, 28, 3, '#a56953', 1) +
      rect(1, 20.4, 30, 3.4, '#c58b6d', 1.2),
  },
  'prop-armchair': {
    label: 'armchair',
    height: 1,
    habitat: 'ground',
    body:
      rect(6, 26, 3, 4, '#5f3326', 0.8) +
      rect(23, 26, 3, 4, '#5f3326', 0.8) +
      rect(6, 4, 20, 20, '#c2415c', 5) +
      rect(8.5, 6.5, 15, 14, '#d75a72', 3.6) +
      rect(7, 18, 18, 7, '#e57a8c', 2.4) +
      rect(3, 14, 6, 13.4, '#b0354f', 3) +
      rect(23, 14, 6, 13.4, '#b0354f', 3) +
      rect(7, 24, 18, 3.4, '#a02c45', 1),
  },
  'prop-throne': {
    label: 'throne',
    height: 1.8,
    habitat: 'ground',
    body:
      rect(7, 3, 18, 26, '#d99a1e', 2) +
      path('M7 4l4.5 3L16 1l4.5 6L25 4v4H7z', '#f9c23c') +
      rect(9.4, 8, 13.2, 13, '#b0213f', 2) +
      rect(6, 19, 20, 4.4, '#c8284a', 1.6) +
      rect(4, 14, 4, 16, '#f9c23c', 1.4) +
      rect(24, 14, 4, 16, '#f9c23c', 1.4) +
      disc(16, 5.4, 1.2, '#46a4fb'),
  },
  'prop-bookshelf': {
    label: 'bookshelf',
    height: 2,
    habitat: 'ground',
    body:
      rect(4, 1, 24, 30, '#7d4533', 1) +
      many(3, (row) =>
        [
          rect(6, 3 + row * 9.4, 20, 7.6, '#4f2a20'),
          many(7, (i) =>
            rect(
              6.6 + i * 2.7,
              4.2 + row * 9.4 + ((i * 5 + row * 3) % 3) * 0.6,
              2.2,
              6.4 - ((i * 5 + row * 3) % 3) * 0.6,
              ['#e2574c', '#46a4fb', '#f9c23c', '#44b97a', '#a97bd6', '#ef8f3c', '#6fc5d8'][
                (i + row * 2) % 7
              ] ?? '#e2574c',
              0.4,
            ),
          ),
        ].join(''),
      ),
  },
  'prop-lamp': {
    label: 'lamp',
    height: 0.55,
    habitat: 'table',
    body:
      oval(16, 29, 7, 2, '#8a5a2b') +
      rect(15, 15, 2, 14, '#b07a3c') +
      path('M10 4h12l4 13H6z', '#ffd873') +
      path('M10 4h5l-3 13H6z', '#ffe7a3'),
  },
  'prop-chest': {
    label: 'treasure chest',
    height: 0.6,
    habitat: 'ground',
    body:
      path('M3 14q0-9 8-9h10q8 0 8 9z', '#8f5240') +
      path('M5 15l4-5 4 2 3-4 4 3 4-2 3 6z', '#f9c23c') +
      disc(11, 12.4, 1.8, '#ffdf7a') +
      disc(20, 12, 1.6, '#f92f60') +
      rect(3, 15, 26, 14, '#a56953', 1.4) +
      rect(3, 15, 26, 3, '#7d4533') +
      rect(6, 15, 2.4, 14, '#d99a1e') +
      rect(23.6, 15, 2.4, 14, '#d99a1e') +
      rect(13.4, 16, 5.2, 6, '#f9c23c', 1) +
      disc(16, 18.6, 1, '#5f3326'),
  },
  'prop-fridge': {
    label: 'fridge',
    height: 1.8,
    habitat: 'ground',
    body:
      rect(7, 1, 18, 30, '#cfd8de', 2) +
      rect(8.4, 2.4, 15.2, 9, '#e8eef2', 1.4) +
      rect(8.4, 12.8, 15.2, 16.6, '#e8eef2', 1.4) +
      rect(10, 5, 1.4, 4.6, '#8fa0ab', 0.7) +
      rect(10, 15, 1.4, 7, '#8fa0ab', 0.7),
  },
  'prop-stove': {
    label: 'stove',
    height: 0.95,
    habitat: 'ground',
    body:
      rect(4, 6, 24, 24, '#e4e9ec', 1.6) +
      rect(3, 4, 26, 4, '#5b636b', 1.2) +
      many(4, (i) => disc(8.5 + i * 5, 10.6, 1.3, '#5b636b')) +
      rect(7, 14, 18, 12.4, '#394149', 1.4) +
      rect(9, 18, 14, 6.4, '#f0932f', 1) +
      rect(8, 15.4, 16, 1.2, '#aab4bb', 0.6),
  },
  'prop-fireplace': {
    label: 'fireplace',
    height: 1.5,
    habitat: 'ground',
    body:
      rect(3, 6, 26, 25, '#b5654a') +
      many(5, (r) => many(4, (i) => rect(4 + i * 6.4 - (r % 2) * 2, 8 + r * 4.8, 5.4, 3.8, '#c97a5c', 0.4))) +
      rect(1, 3, 30, 4, '#7d4533', 1) +
      path('M8 31V19q0-6 8-6t8 6v12z', '#3a2420') +
      path('M16 17q6 6 4 10.5q-1.5 3-4 3t-4-3q-1-5 4-10.5', '#ff822d') +
      path('M16 22q3 3 2 6q-.8 2-2 2t-2-2q-1-3 2-6', '#fcd53f'),
  },
  'prop-rug': {
    label: 'rug',
    height: 0.25,
    habitat: 'ground',
    body:
      oval(16, 26, 15, 4.6, '#b0354f') + oval(16, 26, 12, 3.5, '#e8a0a8') + oval(16, 26, 8.5, 2.4, '#b0354f'),
  },
  'prop-easel': {
    label: 'board',
    height: 1.6,
    habitat: 'ground',
    body:
      line('M9 8L5 30M23 8l4 22M16 4v26', '#7d4533', 1.6) +
      rect(4, 5, 24, 16, '#a56953', 1) +
      rect(5.6, 6.6, 20.8, 12.8, '#2f5d4a') +
      line('M8.5 10.5h8M8.5 13.5h12M8.5 16.5h5', '#cfe3d8', 0.8),
  },
  'prop-piano': {
    label: 'piano',
    height: 1.25,
    habitat: 'ground',
    body:
      rect(3, 4, 26, 25, '#2b2430', 1.6) +
      rect(1.6, 16, 28.8, 4, '#f4f4f4', 0.6) +
      many(11, (i) => rect(3.4 + i * 2.4, 16, 1.1, 2.4, '#1c1c1c')) +
      rect(1, 20, 30, 2.4, '#473b4d', 0.6) +
      rect(6, 6.5, 20, 7, '#3a3040', 1) +
      rect(4, 29, 2.6, 2, '#17131a') +
      rect(25.4, 29, 2.6, 2, '#17131a'),
  },
  'prop-harp': {
    label: 'harp',
    height: 1.6,
    habitat: 'ground',
    body:
      many(7, (i) => line(`M${11 + i * 2} ${9 - i * 0.3}L${11 + i * 2} ${27 - i * 2.1}`, '#fff1c9', 0.5)) +
      line('M8 29V7q0-4 4-3q6 2 9 1q5-1 5 4', '#d99a1e', 2.4) +
      line('M26 9Q24 22 9 29', '#b97f14', 2.6) +
      rect(5, 28.5, 12, 2.5, '#8a5a2b', 1),
  },
  'prop-stage-light': {
    label: 'spotlight',
    height: 1,
    habitat: 'sky',
    body:
      path('M11 13h10l8 18H3z', '#fff3b866') +
      rect(15, 0, 2, 4, '#4a4f57') +
      path('M11 3h10l2 10H9z', '#3b4048') +
      oval(16, 13, 7, 1.8, '#fff3b8'),
  },
  'prop-bush': {
    label: 'bush',
    height: 0.9,
    habitat: 'ground',
    body:
      disc(9, 21, 7, '#3f8f3a') +
      disc(23, 21, 7, '#3f8f3a') +
      disc(16, 16, 9, '#4ea645') +
      rect(3, 21, 26, 8, '#3f8f3a', 4) +
      disc(12, 15, 1.2, '#e2574c') +
      disc(20, 19, 1.2, '#e2574c') +
      disc(9, 22, 1.2, '#e2574c') +
      disc(24, 23, 1.2, '#e2574c'),
  },
  'prop-fence': {
    label: 'fence',
    height: 1,
    habitat: 'ground',
    body:
      rect(0, 15, 32, 2.4, '#e9dcc4') +
      rect(0, 23, 32, 2.4, '#e9dcc4') +
      many(5, (i) => path(`M${1.4 + i * 6.4} 30V12l2.2-3 2.2 3v18z`, '#fff8ea')),
  },
  'prop-wall': {
    label: 'wall',
    height: 1.6,
    habitat: 'ground',
    body:
      rect(0, 9, 32, 22, '#a9543f') +
      many(5, (r) =>
        many(5, (i) => {
          const left = Math.max(0.4, 0.4 + i * 6.4 - (r % 2) * 3.2);
          const right = Math.min(31.6, 6 + i * 6.4 - (r % 2) * 3.2 + (r % 2 === 1 && i === 4 ? 3.2 : 0));
          return rect(left, 10 + r * 4.2, Math.round((right - left) * 10) / 10, 3.5, '#c4694f', 0.3);
        }),
      ) +
      rect(-0.5, 7.6, 33, 2, '#8b4332', 0.5),
  },
  'prop-statue': {
    label: 'statue',
    height: 3,
    habitat: 'ground',
    body:
      rect(8, 25, 16, 6, '#8f99a1', 0.8) +
      rect(6, 29, 20, 2, '#7a848c', 0.6) +
      path('M11 25q0-13 5-13t5 13z', '#b6c0c7') +
      line('M12.5 15l-4-6M19.5 15l3 5', '#b6c0c7', 2.4) +
      disc(16, 8, 3.6, '#c3ccd2') +
      path('M16 12q3 0 4 13h-4z', '#a5afb7'),
  },
  'prop-street-lamp': {
    label: 'street lamp',
    height: 3.4,
    habitat: 'ground',
    body:
      rect(15, 9, 2, 21, '#3b4450', 0.8) +
      rect(12.5, 28.5, 7, 2.5, '#2f3742', 0.8) +
      path('M12 2.5h8l1.5 7h-11z', '#ffe08a') +
      path('M11 2.5l5-2.5 5 2.5z', '#2f3742') +
      rect(10, 9, 12, 1.5, '#2f3742', 0.6),
  },
  'prop-hydrant': {
    label: 'fire hydrant',
    height: 0.8,
    habitat: 'ground',
    body:
      rect(10, 10, 12, 18, '#e2362f', 1.6) +
      path('M9 11q0-7 7-7t7 7z', '#c92a25') +
      rect(14.5, 2, 3, 3, '#c92a25', 0.8) +
      rect(6, 14, 20, 5, '#f0524a', 2) +
      disc(16, 16.5, 2.6, '#f9c23c') +
      rect(8, 27, 16, 3.5, '#b3231f', 1),
  },
  'prop-waterfall': {
    label: 'waterfall',
    height: 9,
    habitat: 'far',
    body:
      path('M1 31V10q1-7 8-7h14q7 0 8 7v21z', '#6d747b') +
      path('M1 31V14q5 3 6 17zM31 31V12q-5 4-6 19z', '#565d64') +
      path('M9 3h14v26H9z', '#6ec6ee') +
      line('M12 4v22M16 4v24M20 4v21', '#c8ecfb', 1.2) +
      oval(16, 29, 11, 2.6, '#a9def5') +
      disc(9, 28, 2, '#e6f7fd') +
      disc(23, 28.5, 1.8, '#e6f7fd') +
      disc(16, 28, 2.2, '#e6f7fd') +
      oval(6, 4, 5, 2.2, '#4ea645') +
      oval(26, 4, 5, 2.2, '#4ea645'),
  },
  'prop-sandcastle': {
    label: 'sandcastle',
    height: 0.5,
    habitat: 'ground',
    body:
      path('M3 30l3-14h20l3 14z', '#e0b263') +
      path('M6 16v-4h2v2h2v-2h2v4zM20 16v-4h2v2h2v-2h2v4z', '#d2a152') +
      path('M11 16V9h2v2h2V9h2v2h2V9h2v7z', '#ebc27c') +
      path('M14 30v-5q0-2.5 2-2.5t2 2.5v5z', '#a8763a') +
      line('M16 9V3', '#8a5a2b', 0.8) +
      path('M16.3 2.5l6 2-6 2z', '#e2574c'),
  },
  'prop-swing': {
    label: 'swing',
    height: 2.4,
    habitat: 'ground',
    body:
      line('M5 30L9 3M13 30L9 3M19 30l4-27M27 30L23 3M8 3h16', '#d9493f', 1.8) +
      line('M13 4l0 17M19 4v17', '#8f99a1', 0.7) +
      rect(11.5, 20.5, 9, 2, '#f9c23c', 0.8),
  },
  'prop-ramp': {
    label: 'ramp',
    height: 1.2,
    habitat: 'ground',
    body:
      path('M1 30h30V14q-12 0-18 9Q9 29 1 30', '#a56953') +
      path('M31 14q-12 0-18 9Q9 29 1 30l2-.2q8-2 12-7.3Q20 16.5 31 16.5z', '#d1a07f'),
  },
  'prop-pool': {
    label: 'pool',
    height: 0.4,
    habitat: 'ground',
    body:
      oval(16, 25, 15.5, 5.8, '#d5dde2') +
      oval(16, 25, 14, 4.8, '#46b5e8') +
      line('M8 25q2-1.2 4 0t4 0M17 27q2-1.2 4 0t4 0', '#b9e6f8', 0.8),
  },
  'prop-well': {
    label: 'well',
    height: 2,
    habitat: 'ground',
    body:
      rect(7, 8, 2, 14, '#7d4533') +
      rect(23, 8, 2, 14, '#7d4533') +
      path('M3 10L16 2l13 8z', '#b0354f') +
      line('M16 8v7', '#d8c9a8', 0.8) +
      rect(14, 14, 4, 4, '#8f5240', 0.6) +
      rect(5, 19, 22, 12, '#9aa4ab', 2) +
      many(3, (r) => many(4, (i) => rect(6 + i * 5.2 - (r % 2), 20.5 + r * 3.5, 4.3, 2.6, '#b6c0c7', 0.8))),
  },
  'prop-lighthouse': {
    label: 'lighthouse',
    height: 14,
    habitat: 'far',
    body:
      path('M3 31q4-6 13-6t13 6z', '#7a848c') +
      path('M11 27l2-17h6l2 17z', '#fdf6ec') +
      path('M12.4 15l.5-4h6.2l.5 4zM11.6 22l.4-4h8l.4 4zM11 27l.2-2h9.6l.2 2z', '#e2473e') +
      rect(12, 5, 8, 5, '#ffe08a', 0.6) +
      rect(11, 9, 10, 1.6, '#394149', 0.6) +
      path('M11.5 5.2L16 1l4.5 4.2z', '#c92a25'),
  },
  'prop-windmill': {
    label: 'windmill',
    height: 10,
    habitat: 'far',
    body:
      path('M9 31l3-18h8l3 18z', '#efe3d0') +
      path('M11.5 13q0-5 4.5-5t4.5 5z', '#b5523f') +
      path('M14 31v-5q0-2 2-2t2 2v5z', '#7d4533') +
      rect(14.8, 17, 2.4, 3, '#6fb7d8', 0.4) +
      line('M16 11L5 2M16 11L27 2M16 11L5 20M16 11l11 9', '#7d4533', 0.9) +
      path(
        'M14 8L5 .5 3.5 2.5 12.5 10zM18 8l9-7.5 1.5 2L19.5 10zM14 14l-9 7.5-1.5-2L12.5 12zM18 14l9 7.5 1.5-2L19.5 12z',
        '#fff8eacc',
      ) +
      disc(16, 11, 1.4, '#5f3326'),
  },
  'prop-barn': {
    label: 'barn',
    height: 7,
    habitat: 'far',
    body:
      path('M3 31V15l4-8 9-5 9 5 4 8v16z', '#c23b34') +
      path('M1.5 15.5L6 6.5 16 1l10 5.5 4.5 9-2 1L24.5 8 16 3.4 7.5 8l-4 8.5z', '#6b3a32') +
      rect(10, 18, 12, 13, '#8f2a26') +
      line('M10 18h12v13H10zM10 18l12 13M22 18L10 31', '#fff1e0', 1.2) +
      rect(13.5, 9, 5, 5, '#5f2420', 0.4) +
      line('M13.5 9h5v5h-5z', '#fff1e0', 0.9),
  },
  'prop-pyramid': {
    label: 'pyramid',
    height: 16,
    habitat: 'far',
    body:
      path('M16 3l15.5 28H.5z', '#e3bd73') +
      path('M16 3l15.5 28H20z', '#c3974f') +
      line('M12.2 10.5h5.5M8.6 17h10M5 23.5h14', '#cfa65c', 0.5),
  },
  'prop-clock-tower': {
    label: 'clock tower',
    height: 18,
    habitat: 'far',
    body:
      rect(11, 9, 10, 22, '#d8b98a') +
      path('M10 9L16 0l6 9z', '#5c6f7a') +
      rect(10, 8.5, 12, 2, '#b99563') +
      disc(16, 14.5, 3.8, '#fffaf0') +
      line('M16 14.5V12M16 14.5l1.8 1', '#394149', 0.7) +
      rect(13, 20.5, 2, 5, '#8a6a41', 0.9) +
      rect(17, 20.5, 2, 5, '#8a6a41', 0.9),
  },
  'prop-bridge': {
    label: 'bridge',
    height: 6,
    habitat: 'far',
    body:
      line('M0 16Q5 16 8 6Q16 24 24 6Q27 16 32 16', '#d1513a', 1) +
      many(6, (i) =>
        line(`M${10 + i * 2.4} ${[10, 12.8, 14.6, 14.6, 12.8, 10][i] ?? 12}V20`, '#d1513a', 0.4),
      ) +
      rect(7, 4, 2.2, 27, '#c0432e') +
      rect(22.8, 4, 2.2, 27, '#c0432e') +
      rect(0, 19.5, 32, 2.8, '#a83a28'),
  },
  'prop-hot-air-balloon': {
    label: 'hot air balloon',
    height: 7,
    habitat: 'sky',
    body:
      line('M11 20l3 6M21 20l-3 6', '#7d4533', 0.7) +
      path('M16 1C8 1 4 7 5 12q1 5 7 9h8q6-4 7-9c1-5-3-11-11-11', '#f0524a') +
      path('M16 1c-4 0-6.5 6-6 11 .3 4 2 7 3.5 9h5c1.5-2 3.2-5 3.5-9 .5-5-2-11-6-11', '#fcd53f') +
      path('M16 1c-1.6 0-2.6 6-2.4 11 .1 4 .7 7 1.2 9h2.4c.5-2 1.1-5 1.2-9 .2-5-.8-11-2.4-11', '#46a4fb') +
      rect(12.8, 25.5, 6.4, 5.5, '#a56953', 1.2) +
      rect(12.4, 25, 7.2, 1.6, '#7d4533', 0.8),
  },
  'prop-pirate-ship': {
    label: 'pirate ship',
    height: 8,
    habitat: 'water',
    body:
      rect(15.3, 2, 1.4, 20, '#5f3326') +
      path('M16 3l6 1.6L16 6.4z', '#2b2430') +
      path('M8 7q8 2 16 0q-1.5 5 .5 12q-8.5-2.5-17 0q2-7 .5-12', '#fdf6ec') +
      path('M8.3 11q7.6 2 15.4 0l-.1 3q-7.6 2-15.2 0z', '#d9d0c0') +
      path('M2 19h5l1 2h16l1-2h5q-1 9-6 11H8q-5-2-6-11', '#8f5240') +
      path('M3 23h26l-.8 2.4H3.8z', '#6b3a32') +
      many(4, (i) => disc(9 + i * 4.6, 24.2, 0.9, '#f9c23c')),
  },
  'prop-submarine': {
    label: 'submarine',
    height: 2.6,
    habitat: 'deep',
    facing: 'L',
    body:
      rect(12, 8, 8, 8, '#d99a1e', 2) +
      line('M16 8V4h-3', '#8f99a1', 1.4) +
      path('M28 20l4-5v10z', '#c58712') +
      oval(15, 20, 14.5, 7.5, '#f9c23c') +
      path('M.8 21.5q14 6 28.4 0Q27 27.5 15 27.5T.8 21.5', '#d99a1e') +
      many(3, (i) => disc(8 + i * 6.5, 19, 2.2, '#394149') + disc(8 + i * 6.5, 19, 1.6, '#8ed8f5')),
  },
  'prop-wagon': {
    label: 'carriage',
    height: 1.9,
    habitat: 'ground',
    facing: 'L',
    body:
      path('M6 7q10-5 22 0l-2 15H8z', '#b0354f') +
      rect(9, 10, 6, 6.5, '#bfe6f5', 1) +
      rect(18, 10, 6, 6.5, '#bfe6f5', 1) +
      line('M6 7q10-5 22 0', '#f9c23c', 1.2) +
      rect(1, 20.5, 28, 1.8, '#7d4533', 0.8) +
      many(
        2,
        (i) =>
          `<circle cx="${9 + i * 15}" cy="25.5" r="4.8" fill="none" stroke="#5f3326" stroke-width="1.4"/>${line(`M${9 + i * 15} 21v9M${4.5 + i * 15} 25.5h9`, '#8f5240', 0.9)}`,
      ),
  },
  'prop-sword': {
    label: 'sword',
    height: 1,
    habitat: 'hand',
    body:
      path('M14.4 21V4L16 1l1.6 3v17z', '#cfd8de') +
      path('M16 1l1.6 3v17H16z', '#a9b4bc') +
      rect(10.5, 20.5, 11, 2.2, '#d99a1e', 1) +
      rect(15, 22.5, 2, 6, '#7d4533') +
      disc(16, 29.3, 1.7, '#f9c23c'),
  },
  'prop-spear': {
    label: 'staff',
    height: 1.6,
    habitat: 'hand',
    body: rect(15.2, 1, 1.6, 30, '#8f5240', 0.8) + disc(16, 2, 1.4, '#7d4533'),
  },
  'prop-baseball-bat': {
    label: 'baseball bat',
    height: 0.85,
    habitat: 'hand',
    body:
      path('M14 3q2-2.5 4 0l.3 12-1.4 14h-1.8l-1.4-14z', '#d9a066') + rect(14.3, 28, 3.4, 2, '#8f5240', 0.9),
  },
  'prop-surfboard': {
    label: 'surfboard',
    height: 1.9,
    habitat: 'hand',
    body:
      oval(16, 16, 5, 15, '#46b5e8') +
      path('M13 3.5q3-4 6 0v25q-3 4-6 0z', '#fdf6ec') +
      rect(15, 2, 2, 28, '#f0524a'),
  },
  'prop-ball': {
    label: 'ball',
    height: 0.3,
    habitat: 'hand',
    body:
      disc(16, 16, 14, '#f0383a') +
      path('M16 2q7 6 7 14t-7 14q-7-6-7-14t7-14', '#fdf6ec') +
      path('M16 2q3 6 3 14t-3 14q-3-6-3-14t3-14', '#f9c23c') +
      oval(10, 8, 3, 2, '#ffffff88'),
  },
  'prop-cube': {
    label: 'cube',
    height: 0.4,
    habitat: 'hand',
    body:
      path('M16 3l12 6-12 6L4 9z', '#ff7a74') +
      path('M4 9l12 6v14L4 23z', '#f0383a') +
      path('M28 9l-12 6v14l12-6z', '#c2262b'),
  },
  'prop-knight': {
    label: 'knight',
    height: 1.82,
    habitat: 'ground',
    lacks: 'bust',
    body:
      path('M4 30q0-10 12-10t12 10z', '#9aa8b2') +
      path('M11 21h10l-1 9h-8z', '#b0354f') +
      rect(14.8, 23, 2.4, 6, '#f9c23c') +
      rect(12.7, 24.8, 6.6, 2, '#f9c23c') +
      path('M15 4q1-4 7-3q-1 3-5 4z', '#e2473e') +
      rect(8.5, 4, 15, 17, '#c3ccd2', 6.5) +
      face(16, 13, 0.95) +
      path('M8.5 11q0-7.5 7.5-7.5t7.5 7.5z', '#aab6be') +
      rect(8.5, 9.6, 15, 1.8, '#7f8c95', 0.8) +
      disc(6.5, 23.5, 3, '#c3ccd2') +
      disc(25.5, 23.5, 3, '#c3ccd2'),
  },
  'prop-queen': {
    label: 'queen',
    height: 1.72,
    habitat: 'ground',
    lacks: 'bust',
    body:
      path('M8 9q0-6 8-6t8 6l1.5 14h-19z', '#7d4533') +
      path('M4 30q0-10 12-10t12 10z', '#a13fb0') +
      path('M11 20.5q5 4 10 0l1 3q-6 4-12 0z', '#fff8ea') +
      rect(14.5, 17, 3, 5, '#d19479', 1) +
      face(16, 12.5, 1) +
      path('M10.5 9.5q5.5-4.5 11 0q-1-4-5.5-4t-5.5 4', '#7d4533') +
      path('M9.5 7.5L8.8.8l3.7 3L16 0l3.5 3.8 3.7-3-.7 6.7z', '#f9c23c') +
      disc(16, 5, 1, '#f92f60') +
      disc(16, 24.8, 1, '#46a4fb'),
  },
  'prop-pirate': {
    label: 'pirate',
    height: 1.78,
    habitat: 'ground',
    lacks: 'bust',
    body:
      path('M4 30q0-10 12-10t12 10z', '#b0354f') +
      path('M12 20.5h8l-1.5 9.5h-5z', '#fdf6ec') +
      line('M12.5 23h7M12.8 26h6.4', '#46a4fb', 1.2) +
      face(16, 13.5, 1.05) +
      path('M11.5 16.5q4.5 5 9 0q0 4.8-4.5 4.8t-4.5-4.8', '#5f3326') +
      path('M13 17.5q3 1.6 6 0q-3 3-6 0', '#fff') +
      rect(16.5, 11.5, 4.4, 3.4, '#2b2430', 1.6) +
      line('M10.6 10.5l10.8 2', '#2b2430', 0.8) +
      path('M5 10q3-8.5 11-8.5T27 10q-11-4-22 0', '#2b2430') +
      disc(16, 5.6, 1.5, '#fdf6ec'),
  },
  'prop-boat': {
    label: 'boat',
    height: 1.3,
    habitat: 'water',
    body:
      rect(24, 3, 1.4, 17, '#7d4533', 0.6) +
      path('M24 4l-8 3 8 3z', '#e2574c') +
      path('M1 18h30q-1.5 9-6.5 10h-17Q2.5 27 1 18', '#b5654a') +
      path('M1 18h30l-.5 2.6H1.5z', '#fdf6ec') +
      path('M3.4 24h25.2q-1.6 3.6-4.1 4h-17q-2.6-.4-4.1-4', '#8f4a36') +
      path('M0 27.5q2-1.5 4 0t4 0 4 0 4 0 4 0 4 0 4 0 4 0V31H0z', '#46b5e8'),
  },
  'prop-flag': {
    label: 'flag',
    height: 1.5,
    habitat: 'hand',
    body:
      rect(5, 1, 1.8, 30, '#8f5240', 0.9) +
      disc(5.9, 1.6, 1.6, '#f9c23c') +
      path('M6.8 3q6-3 11 0t11 0v13q-6 3-11 0t-11 0z', '#e2473e') +
      path('M6.8 7.3q6-3 11 0t11 0v4.3q-6 3-11 0t-11 0z', '#fdf6ec'),
  },
  'prop-flying-bird': {
    label: 'flying bird',
    height: 0.3,
    habitat: 'air',
    facing: 'L',
    body:
      path('M14 15Q15 4 27 2q-1 8-7 14z', '#8f1238') +
      path('M6 15q4-4 11-1l13-2-6 5q-3 7-11 7-7-1-7-9', '#ca0b4a') +
      path('M13 15Q10 5 1 4q2 9 11 14 5 1 7-1-4 0-6-2', '#e0366a') +
      disc(7.5, 15.4, 3.6, '#ca0b4a') +
      path('M4.2 15.5L1 17.2l3.6.8z', '#f9c23c') +
      disc(6.6, 14.6, 0.7, '#212121'),
  },
};
