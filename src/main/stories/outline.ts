import type {
  BlockContent,
  Definition,
  DefinitionContent,
  ListItem,
  PhrasingContent,
  RootContent,
} from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { frontmatter } from 'micromark-extension-frontmatter';
import { isMap, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { z } from 'zod';
import { FabulaError } from '../../shared/errors.ts';
import {
  defaultSettings,
  StorySchema,
  StorySettingsSchema,
  type Block,
  type CastMember,
  type ImageBlock,
  type Panel,
  type Story,
  type StorySettings,
} from '../../shared/story.ts';
import type { Clock, Ids } from '../ports.ts';

/** A picture an outline names: the block that waits for it, the path as written, and where it stands. */
export interface OutlinePicture {
  block: string;
  path: string;
  line: number;
}

export interface Outline {
  story: Story;
  pictures: OutlinePicture[];
  warnings: string[];
}

export interface OutlineParts {
  /** The file's name, for messages and as the title of an outline which has none. */
  name: string;
  ids: Ids;
  clock: Clock;
}

/**
 * Decodes the bytes of a text file: UTF-8, or UTF-16 with a byte order mark.
 * @throws FabulaError `invalid-input` naming the file when the bytes are neither.
 */
export function decodeOutline(bytes: Uint8Array, name: string): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FabulaError(
      'invalid-input',
      `“${name}” is not text in UTF-8. Save it as UTF-8 in your editor and try again.`,
      { file: name },
      { cause: error },
    );
  }
  if (text.includes('\0')) {
    throw new FabulaError('invalid-input', `“${name}” is not a text file: it holds zero bytes.`, {
      file: name,
    });
  }
  return text;
}

/**
 * Reads a Markdown outline (CommonMark with YAML front matter) into a story:
 *
 * - the title is the front matter's, else the first level-1 heading, else the file's name; a level-1 heading that only
 *   repeats the front matter's title is left out;
 * - any other heading becomes the shot label of the panel that follows it (headings in a row are joined by “ · ”, a
 *   heading with nothing after it becomes an empty panel);
 * - a paragraph, a list item or a code block is a panel; pictures inside it stay where they stand between the words;
 * - a paragraph of pictures alone adds them to the panel before it, or is a panel of its own when it comes first or
 *   right after a heading;
 * - a block quote is dialogue of the panel before it (of a new panel when it comes first or right after a heading);
 * - HTML and any other markup is kept as the characters it is written in;
 * - front matter: `title`, `author`, `language`, `seed`, `panelDuration` (seconds), `cast` (a list of `name`, `look`).
 *
 * Nothing is read from disk: pictures are answered as paths, and the blocks that wait for them hold no version yet.
 *
 * @throws FabulaError `invalid-input` naming the file, and the line for faults of the front matter
 */
export function readOutline(markdown: string, { name, ids, clock }: OutlineParts): Outline {
  const tree = fromMarkdown(markdown, {
    extensions: [frontmatter(['yaml'])],
    mdastExtensions: [frontmatterFromMarkdown(['yaml'])],
  });
  const first = tree.children[0];
  const front: FrontMatter =
    first?.type === 'yaml'
      ? readFrontMatter(first.value, (first.position?.start.line ?? 1) + 1, { name, ids })
      : { settings: {}, cast: [], warnings: [] };

  const reader = new Reader(ids, definitions(tree.children), front.title);
  for (const node of tree.children) reader.read(node);
  reader.finish();

  const now = clock.now().toISOString();
  const title = front.title ?? reader.title ?? name.replace(/\.[^.]*$/, '');
  const story: Story = {
    format: 1,
    id: ids.next(),
    title,
    createdAt: now,
    updatedAt: now,
    settings: { ...defaultSettings, ...front.settings },
    cast: front.cast,
    panels: reader.panels,
  };
  const checked = StorySchema.safeParse(story);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new FabulaError('invalid-input', `“${name}”: ${issue!.path.join('.')}: ${issue!.message}`, {
      file: name,
    });
  }
  return {
    story,
    pictures: reader.pictures,
    warnings: [...front.warnings, ...reader.warnings].map((warning) => `${name}: ${warning}`),
  };
}

/** Link and picture definitions (`[a]: b.png`) by identifier. */
function definitions(nodes: readonly RootContent[]): Map<string, Definition> {
  const found = new Map<string, Definition>();
  for (const node of nodes) {
    if (node.type === 'definition' && !found.has(node.identifier)) found.set(node.identifier, node);
  }
  return found;
}

/** A run of words or a picture, in the order of the outline. */
type Piece = { text: string } | { picture: { path: string; alt: string; line: number } };

class Reader {
  readonly panels: Panel[] = [];
  readonly pictures: OutlinePicture[] = [];
  readonly warnings: string[] = [];
  title: string | undefined;
  readonly #ids: Ids;
  readonly #definitions: Map<string, Definition>;
  readonly #frontTitle: string | undefined;
  /** Headings read since the last panel. */
  #labels: string[] = [];

  constructor(ids: Ids, found: Map<string, Definition>, frontTitle: string | undefined) {
    this.#ids = ids;
    this.#definitions = found;
    this.#frontTitle = frontTitle;
  }

  read(node: RootContent): void {
    switch (node.type) {
      case 'heading': {
        const text = plain(this.#pieces(node.children)).trim();
        if (node.depth === 1 && text === this.#frontTitle) return;
        if (node.depth === 1 && this.#frontTitle === undefined && this.title === undefined) {
          this.title = text.slice(0, 1000);
        } else if (text !== '') {
          this.#labels.push(text);
        }
        return;
      }
      case 'paragraph':
        this.#paragraph(this.#pieces(node.children));
        return;
      case 'list':
        for (const item of node.children) this.#item(item);
        return;
      case 'blockquote':
        this.#quote(node.children);
        return;
      case 'code':
        this.#panel([{ text: node.value }]);
        return;
      case 'html':
        this.#panel([{ text: node.value }]);
        return;
      default:
        // A divider, a definition or the front matter: nothing that is printed.
        return;
    }
  }

  /** Gives a heading at the very end a panel, so that no words of the outline are lost. */
  finish(): void {
    if (this.#labels.length > 0) this.#panel([]);
  }

  #paragraph(pieces: Piece[]): void {
    const last = this.panels.at(-1);
    if (plain(pieces).trim() === '' && last !== undefined && this.#labels.length === 0) {
      last.blocks.push(...this.#blocks(pieces));
    } else {
      this.#panel(pieces);
    }
  }

  /** One panel for the item's own words and pictures; items of a list inside it are panels after it. */
  #item(item: ListItem): void {
    const own = item.children.filter((child) => child.type !== 'list');
    const pieces = own.flatMap((child, index) => [
      ...(index > 0 ? [{ text: '\n\n' }] : []),
      ...this.#flow(child),
    ]);
    if (pieces.length > 0) this.#panel(pieces);
    for (const child of item.children) if (child.type === 'list') this.read(child);
  }

  #quote(children: readonly (BlockContent | DefinitionContent)[]): void {
    const pieces = children.flatMap((child, index) => [
      ...(index > 0 ? [{ text: '\n' }] : []),
      ...this.#flow(child),
    ]);
    if (this.panels.length === 0 || this.#labels.length > 0) this.#panel([]);
    const panel = this.panels.at(-1)!;
    const words = plain(pieces).trim();
    panel.dialogue = [panel.dialogue, words].filter((part) => part !== '').join('\n');
    panel.blocks.push(...this.#blocks(pieces.filter((piece) => 'picture' in piece)));
  }

  /** The words and pictures of any block inside a list item or a quote. */
  #flow(node: BlockContent | DefinitionContent): Piece[] {
    switch (node.type) {
      case 'paragraph':
      case 'heading':
        return this.#pieces(node.children);
      case 'code':
      case 'html':
        return [{ text: node.value }];
      case 'blockquote':
        return node.children.flatMap((child) => this.#flow(child));
      case 'list':
        return node.children.flatMap((item, index) => [
          ...(index > 0 ? [{ text: '\n' }] : []),
          ...item.children.flatMap((child) => this.#flow(child)),
        ]);
      default:
        return [];
    }
  }

  #panel(pieces: Piece[]): void {
    const label = this.#labels.join(' · ');
    this.#labels = [];
    this.panels.push({
      id: this.#ids.next(),
      shot: label.slice(0, 200),
      // A label too long to print beside a panel is kept whole in the notes.
      notes: label.length > 200 ? label : '',
      dialogue: '',
      duration: null,
      blocks: this.#blocks(pieces),
    });
  }

  #blocks(pieces: readonly Piece[]): Block[] {
    const blocks: Block[] = [];
    let words = '';
    const flush = () => {
      const text = words.replace(/[ \t]+\n/g, '\n').trim();
      if (text !== '') blocks.push({ id: this.#ids.next(), type: 'text', text });
      words = '';
    };
    for (const piece of pieces) {
      if ('text' in piece) {
        words += piece.text;
      } else {
        flush();
        blocks.push(this.#image(piece.picture));
      }
    }
    flush();
    return blocks;
  }

  #image({ path, alt, line }: { path: string; alt: string; line: number }): ImageBlock {
    const block: ImageBlock = {
      id: this.#ids.next(),
      type: 'image',
      caption: alt,
      current: null,
      versions: [],
    };
    if (/^([a-z][a-z0-9+.-]+:|\/\/)/i.test(path)) {
      // A Windows drive letter has one character before its colon, an address at least two.
      this.warnings.push(
        `line ${line}: the picture “${shorten(path)}” is an address, not a file, and is not fetched`,
      );
    } else if (path === '') {
      this.warnings.push(`line ${line}: a picture without a file name`);
    } else {
      this.pictures.push({ block: block.id, path, line });
    }
    return block;
  }

  #pieces(nodes: readonly PhrasingContent[]): Piece[] {
    return nodes.flatMap((node): Piece[] => {
      switch (node.type) {
        case 'text':
          return [{ text: joinLines(node.value) }];
        case 'inlineCode':
        case 'html':
          return [{ text: node.value }];
        case 'break':
          return [{ text: '\n' }];
        case 'image':
          return [{ picture: { path: node.url, alt: node.alt ?? '', line: lineOf(node) } }];
        case 'imageReference': {
          const url = this.#definitions.get(node.identifier)?.url ?? '';
          return [{ picture: { path: url, alt: node.alt ?? '', line: lineOf(node) } }];
        }
        case 'footnoteReference':
          return [];
        default:
          return this.#pieces(node.children);
      }
    });
  }
}

function lineOf(node: { position?: { start: { line: number } } | undefined }): number {
  return node.position?.start.line ?? 1;
}

function plain(pieces: readonly Piece[]): string {
  return pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Lines of one paragraph become one line; scripts written without spaces get none. */
function joinLines(text: string): string {
  return text
    .replace(
      /(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}。、！？」』）])\s*\n\s*(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}「『（])/gu,
      '',
    )
    .replace(/[ \t]*\n[ \t]*/g, ' ');
}

interface FrontMatter {
  title?: string;
  settings: Partial<StorySettings>;
  cast: CastMember[];
  warnings: string[];
}

const FrontMatterSchema = z.object({
  title: z.coerce.string().max(1000).optional(),
  author: z.coerce.string().pipe(StorySettingsSchema.shape.author).optional(),
  language: StorySettingsSchema.shape.language.optional(),
  seed: StorySettingsSchema.shape.seed.optional(),
  panelDuration: StorySettingsSchema.shape.panelDuration.optional(),
  cast: z
    .array(
      z.object({
        name: z.coerce.string().min(1).max(200),
        look: z.coerce.string().max(2000).default(''),
        icon: z.string().max(128).optional(),
        hue: z.number().min(-180).max(180).optional(),
      }),
    )
    .max(500)
    .default([]),
});

function readFrontMatter(
  source: string,
  firstLine: number,
  { name, ids }: { name: string; ids: Ids },
): FrontMatter {
  const lines = new LineCounter();
  // The limit on aliases stops a few lines of YAML from unfolding into gigabytes.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number | undefined, message: string): FabulaError => {
    const line = offset === undefined ? firstLine : firstLine - 1 + lines.linePos(offset).line;
    return new FabulaError('invalid-input', `“${name}”, line ${line}: front matter: ${message}`, {
      file: name,
      line,
    });
  };
  const [problem] = document.errors;
  if (problem !== undefined) throw fail(problem.pos[0], `${problem.message}. Correct the YAML.`);
  if (document.contents !== null && !isMap(document.contents)) {
    throw fail(0, 'write it as “key: value” lines.');
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw fail(0, `${error instanceof Error ? error.message : String(error)}.`);
  }
  const parsed = FrontMatterSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail(offsetOf(document, issue!.path), `${issue!.path.join('.')}: ${issue!.message}.`);
  }
  const { title, cast, ...rest } = parsed.data;
  const known = new Set(Object.keys(FrontMatterSchema.shape));
  const warnings = Object.keys((value ?? {}) as object)
    .filter((key) => !known.has(key))
    .map((key) => {
      const line = firstLine - 1 + lines.linePos(offsetOf(document, [key]) ?? 0).line;
      return `line ${line}: “${key}” is no setting of a story and was left out (known: ${[...known].join(', ')})`;
    });
  return {
    ...(title === undefined ? {} : { title }),
    settings: Object.fromEntries(Object.entries(rest).filter(([, setting]) => setting !== undefined)),
    cast: cast.map(({ name: member, look, icon, hue }) => ({
      id: ids.next(),
      name: member,
      look,
      ...(icon === undefined ? {} : { icon }),
      ...(hue === undefined ? {} : { hue }),
    })),
    warnings,
  };
}

/** Where in the YAML the value at a path stands, or the nearest thing around it that is written down. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let offset: number | undefined;
  let node: unknown = document.contents;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    }
  }
  return offset;
}
