import { currentVersion, type Block, type Story } from '../../shared/story.ts';
import { paragraphs, textContext, type Paragraph } from './paragraphs.ts';
import { loadImages } from './pictures.ts';
import type { ExportParts } from './parts.ts';
import { layoutOf, pageSize } from '../../shared/layout.ts';
import { fillFields, withoutPages } from './fields.ts';
import { secondsOf } from './pages.ts';
import { printedWords } from './words.ts';

/** Pictures in a page are shown at no more than this many pixels a side. */
const side = 1600;

/**
 * A story as one HTML file that needs nothing else: pictures are inside it as data, there is no script, and a content
 * security policy keeps it so. Every text is escaped; paragraphs carry their own language and direction. Prints in
 * the page size asked for.
 *
 * @throws FabulaError `cancelled` when the signal is aborted; `invalid-input` when no panel is left to print
 */
export async function exportHtml(story: Story, parts: ExportParts): Promise<string> {
  const { options } = parts;
  const { selection, imageOf } = await loadImages(story, parts, () => side);
  const { chosen, language } = selection;
  const words = printedWords(language);
  const context = textContext(
    story.settings.language,
    chosen.flatMap(({ panel }) => panel.blocks.map((block) => (block.type === 'text' ? block.text : ''))),
  );
  const set = (text: string, className = ''): string =>
    paragraphs(text, context)
      .map(
        (paragraph) =>
          `<p${className && ` class="${className}"`}${spoken(paragraph)}>${lines(paragraph)}</p>`,
      )
      .join('\n');

  const image = (block: Block): string => {
    if (block.type === 'text') return options.text ? set(block.text) : '';
    const found = imageOf(block.id);
    if (found === undefined) return '';
    const caption =
      !options.captions || block.caption.trim() === ''
        ? ''
        : `<figcaption>${set(block.caption)}</figcaption>`;
    if (found.picture === null) {
      return `<figure><div class="missing">${escapeHtml(words.missing(found.alt))}</div>${caption}</figure>`;
    }
    const { bytes, mime, width, height } = found.picture;
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return `<figure><img src="data:${mime};base64,${data}" alt="${escapeHtml(found.alt)}" width="${Math.round(width)}" height="${Math.round(height)}">${caption}</figure>`;
  };

  const panels = chosen.map(({ panel, number }) => {
    const shot = panel.shot.trim() === '' ? String(number) : panel.shot;
    const duration = secondsOf(panel.duration ?? story.settings.panelDuration);
    const head = [
      options.shotNumbers ? `<h2 dir="auto">${escapeHtml(shot)}</h2>` : '',
      options.durations ? `<span class="duration">${duration}</span>` : '',
    ].join('');
    // A single picture leads its panel, as in the PDF; several keep their places between the words.
    const shown = panel.blocks.filter(
      (block) => block.type === 'image' && currentVersion(block) !== undefined,
    );
    const blocks =
      shown.length === 1 ? [shown[0]!, ...panel.blocks.filter((block) => block !== shown[0])] : panel.blocks;
    const [first, ...rest] = blocks;
    const leads = first !== undefined && first === shown[0];
    return [
      `<article class="panel">`,
      leads ? image(first) : '',
      head === '' ? '' : `<header>${head}</header>`,
      `<div class="words">`,
      ...(leads ? rest : blocks).map(image),
      options.dialogue && panel.dialogue.trim() !== ''
        ? `<blockquote>${set(panel.dialogue)}</blockquote>`
        : '',
      options.notes && panel.notes.trim() !== ''
        ? `<aside><b>${escapeHtml(words.notes)}</b>\n${set(panel.notes)}</aside>`
        : '',
      `</div>`,
      `</article>`,
    ]
      .filter((part) => part !== '')
      .join('\n');
  });

  const title = story.title === '' ? words.untitled : story.title;
  const [titleParagraph] = paragraphs(title, context);
  const layout = layoutOf(options.layout, options.orientation);
  const running = (text: string): string =>
    set(withoutPages(fillFields(text, story, parts.date ?? new Date(story.updatedAt), language)));
  const { width, height } = pageSize(options);
  return `<!doctype html>
<html lang="${escapeHtml(titleParagraph?.lang ?? 'en')}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${story.settings.author === '' ? '' : `<meta name="author" content="${escapeHtml(story.settings.author)}">`}
<style>
@page { size: ${width}mm ${height}mm; margin: 18mm 19mm 22mm; }
${style}
.panels { grid-template-columns: repeat(${layout.columns}, minmax(0, 1fr)); }
</style>
</head>
<body class="${layout.kind}">
${options.header === '' ? '' : `<div class="running">${running(options.header)}</div>`}
<header class="title">
<h1${titleParagraph ? spoken(titleParagraph) : ''}>${escapeHtml(title)}</h1>
${set(story.settings.author, 'author')}
</header>
<main class="panels">
${panels.join('\n')}
</main>
${options.footer === '' ? '' : `<div class="running">${running(options.footer)}</div>`}
</body>
</html>
`;
}

const style = `
:root { color-scheme: light; --ink: #1d1b18; --soft: #6f6a62; --hair: #d9d4cb; --tint: #f5f3ee; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 4rem 1.5rem; max-width: 72rem; color: var(--ink); background: #fff;
  font: 1.0625rem/1.55 Literata, Georgia, 'Noto Serif', serif; }
h1 { font-size: 2.6rem; line-height: 1.15; font-weight: 600; margin: 0 0 .5rem; text-wrap: balance; }
.title { border-bottom: 1px solid var(--hair); padding-bottom: 1.5rem; margin-bottom: 2rem; }
.author { color: var(--soft); font-style: italic; margin: 0; }
.panels { display: grid; gap: 2.5rem 2rem; }
.panel { break-inside: avoid; min-width: 0; }
.panel header { display: flex; justify-content: space-between; margin: .75rem 0 .25rem;
  font: 600 .8rem/1.4 'Noto Sans', system-ui, sans-serif; }
.panel h2 { font: inherit; margin: 0; }
.duration { color: var(--soft); font-weight: 400; }
p { margin: 0 0 .7em; overflow-wrap: anywhere; }
figure { margin: 0 0 .75rem; }
figure img { display: block; width: 100%; height: auto; border-radius: 2px; background: var(--tint); }
figcaption { color: var(--soft); font-style: italic; font-size: .875rem; margin-top: .4rem; }
.missing { display: grid; place-items: center; aspect-ratio: 16 / 9; padding: 1rem; background: var(--tint);
  color: var(--soft); font: .8rem 'Noto Sans', system-ui, sans-serif; }
blockquote { margin: 0 0 .7em; padding-inline-start: .9em; border-inline-start: 2px solid var(--hair); font-style: italic; }
aside { color: var(--soft); font: .875rem/1.5 'Noto Sans', system-ui, sans-serif; }
.running { color: var(--soft); font: .8rem 'Noto Sans', system-ui, sans-serif; }
.picture-book { max-width: 52rem; font-size: 1.35rem; }
.film-strip .panel > figure:first-child { background: #211f1d; padding: 1.4rem .5rem; border-radius: 2px;
  background-image: repeating-linear-gradient(90deg, #fff 0 .5rem, transparent .5rem 1rem),
    repeating-linear-gradient(90deg, #fff 0 .5rem, transparent .5rem 1rem);
  background-size: 100% .55rem; background-repeat: no-repeat; background-position: 0 .4rem, 0 calc(100% - .4rem); }
.film-strip figcaption { color: #d9d4cb; }
.script-left .panels { grid-template-columns: 1fr; gap: 0; }
.script-left .panel { display: grid; grid-template-columns: 1fr 42%; gap: 0 2rem; padding: 1.25rem 0;
  border-bottom: 1px solid var(--hair); }
.script-left .panel > figure { grid-column: 2; grid-row: 1 / span 2; }
.script-left .panel > header, .script-left .panel > .words { grid-column: 1; }
@media (max-width: 40rem) { .panels { grid-template-columns: 1fr !important; } }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .picture-book .panel { break-before: page; }
  .picture-book { font-size: 16pt; }
}
`;

const spoken = ({ lang, dir }: Paragraph): string => ` lang="${escapeHtml(lang)}" dir="${dir}"`;

const lines = (paragraph: Paragraph): string => paragraph.lines.map(escapeHtml).join('<br>');

/** Text as it may stand between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
