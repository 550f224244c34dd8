import type { BlockContent, PhrasingContent, Root, RootContent } from 'mdast';
import { frontmatterToMarkdown } from 'mdast-util-frontmatter';
import { toMarkdown } from 'mdast-util-to-markdown';
import { stringify } from 'yaml';
import type { Story } from '../../shared/story.ts';
import { loadImages } from './pictures.ts';
import type { ExportParts } from './parts.ts';

/** Pictures that lie beside the text are for other programs to use, so they keep all the pixels most of them can. */
const side = 4000;

export interface MarkdownExport {
  markdown: string;
  /** Pictures by their path relative to the Markdown file. */
  pictures: { path: string; bytes: Uint8Array }[];
}

/**
 * A story as Markdown (CommonMark with YAML front matter) and the pictures it names. Reading it as an outline gives
 * the story back, with two limits: a text block of several paragraphs becomes several panels, and notes become text.
 *
 * @param folder where the pictures lie, relative to the Markdown file: `images`
 */
export async function exportMarkdown(
  story: Story,
  folder: string,
  parts: ExportParts,
): Promise<MarkdownExport> {
  const { options } = parts;
  const { selection, assets, imageOf } = await loadImages(story, parts, () => side);
  const paths = new Map(
    [...assets].map(([asset, { extension }]) => [asset, `${folder}/${asset.slice(0, 16)}.${extension}`]),
  );

  const children: RootContent[] = [{ type: 'yaml', value: frontMatter(story) }];
  if (story.title !== '') children.push(heading(1, story.title));
  for (const { panel } of selection.chosen) {
    if (panel.shot.trim() !== '') children.push(heading(2, panel.shot));
    // Blocks share one paragraph wherever they can, so that an outline reader finds one panel in it.
    const content: PhrasingContent[][] = [[]];
    for (const block of panel.blocks) {
      if (block.type === 'image') {
        const image = imageOf(block.id);
        const url = image && paths.get(image.asset);
        if (url !== undefined)
          addLine(content.at(-1)!, { type: 'image', url, alt: (options.captions && block.caption) || null });
        continue;
      }
      if (!options.text) continue;
      for (const [index, paragraph] of block.text.split(/\n[^\S\n]*\n\s*/).entries()) {
        if (index > 0) content.push([]);
        for (const [at, line] of paragraph.split('\n').entries()) {
          if (at > 0 && content.at(-1)!.length > 0) content.at(-1)!.push({ type: 'break' });
          if (line === '') continue;
          if (at > 0) content.at(-1)!.push(text(line));
          else addLine(content.at(-1)!, text(line));
        }
      }
    }
    for (const line of content) if (line.length > 0) children.push({ type: 'paragraph', children: line });
    if (options.dialogue && panel.dialogue.trim() !== '') {
      children.push({ type: 'blockquote', children: flow(panel.dialogue) });
    }
    if (options.notes && panel.notes.trim() !== '') children.push(...flow(panel.notes));
  }
  const root: Root = { type: 'root', children };
  return {
    markdown: toMarkdown(root, { extensions: [frontmatterToMarkdown(['yaml'])], bullet: '-', rule: '-' }),
    pictures: [...assets].map(([asset, { bytes }]) => ({ path: paths.get(asset)!, bytes })),
  };
}

const text = (value: string): PhrasingContent => ({ type: 'text', value });

/** Puts a piece on a line of its own inside a paragraph. */
function addLine(paragraph: PhrasingContent[], piece: PhrasingContent): void {
  if (paragraph.length > 0) paragraph.push(text('\n'));
  paragraph.push(piece);
}

function heading(depth: 1 | 2, value: string): RootContent {
  return { type: 'heading', depth, children: [text(value.replace(/\s+/g, ' ').trim())] };
}

function flow(value: string): BlockContent[] {
  return value.split(/\n[^\S\n]*\n\s*/).map((paragraph) => ({
    type: 'paragraph',
    children: paragraph
      .split('\n')
      .flatMap((line, at): PhrasingContent[] => (at > 0 ? [{ type: 'break' }, text(line)] : [text(line)])),
  }));
}

function frontMatter({ title, settings, cast }: Story): string {
  const { author, language, seed, panelDuration } = settings;
  return stringify({
    ...(title === '' ? {} : { title }),
    ...(author === '' ? {} : { author }),
    ...(language === '' ? {} : { language }),
    seed,
    panelDuration,
    ...(cast.length === 0 ? {} : { cast: cast.map(({ id: _, ...member }) => member) }),
  }).trimEnd();
}
