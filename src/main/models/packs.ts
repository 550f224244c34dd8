import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { PackSummary } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import type { Roles } from './roles.ts';
import {
  CaptionRoleSchema,
  DecideRoleSchema,
  EncodeRoleSchema,
  JoinRoleSchema,
  WordsRoleSchema,
  WriteRoleSchema,
  packPath,
} from './roles.ts';

/** The manifest of a pack, `manifest.json` in the pack's folder. */
export const ManifestSchema = z
  .object({
    format: z.literal(1),
    id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'use 1 to 64 of a-z, 0-9, "_" and "-"'),
    name: z.string().min(1).max(200),
    /** Grows with every release of the pack; embeddings of different revisions are never compared. */
    revision: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use letters, digits, ".", "_" and "-"'),
    licence: z.string().min(1).max(500),
    description: z.string().max(10_000).default(''),
    roles: z.object({
      encode: EncodeRoleSchema.optional(),
      caption: CaptionRoleSchema.optional(),
      write: WriteRoleSchema.optional(),
      words: WordsRoleSchema.optional(),
      decide: DecideRoleSchema.optional(),
      join: JoinRoleSchema.optional(),
    }),
    files: z
      .array(
        z.object({
          path: packPath,
          bytes: z.number().int().min(0),
          sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hexadecimal digits'),
        }),
      )
      .min(1)
      .max(10_000),
  })
  .superRefine((manifest, context) => {
    const listed = new Set(manifest.files.map((file) => file.path));
    for (const [name, role] of Object.entries(manifest.roles)) {
      for (const path of roleFiles(role)) {
        if (!listed.has(path)) {
          context.addIssue({
            code: 'custom',
            path: ['files'],
            message: `the role ${name} uses ${path}, which is not listed`,
          });
        }
      }
    }
  });
export type Manifest = z.infer<typeof ManifestSchema>;

/** The files a role loads, as paths inside the pack. */
function roleFiles(role: Roles[keyof Roles] | undefined): string[] {
  if (!role) return [];
  if ('model' in role) return [role.model];
  if ('see' in role) return [role.vision, role.see, role.retrieve, role.paint];
  if ('network' in role) return [role.network, role.tokenizer];
  if ('vocabulary' in role) return [role.vision, role.words, role.vocabulary];
  const paths =
    'decoder' in role ? [role.prefix, role.decoder, ...(role.fit ? [role.fit.text] : [])] : [role.text];
  return [role.vision, role.tokenizer, ...paths];
}

/** A pack that can be used: its manifest is valid, and its files are there with the sizes it gives. */
export interface Pack {
  manifest: Manifest;
  folder: string;
  /** `id@revision`, as kept with every embedding and caption. */
  version: string;
}

const MANIFEST = 'manifest.json';

/**
 * The packs of this machine. Each folder given holds one folder a pack. The first folder is the one shipped with
 * Fabula; the last is the person's own, into which {@link Packs.add} copies. Where several packs fill a role, one of
 * the person's own goes before a shipped one.
 */
export class Packs {
  readonly #folders: readonly string[];
  /** Files whose SHA-256 was found right, as `path|bytes|modified`: a file is read once, and again when it changes. */
  readonly #verified = new Set<string>();
  /** The pack in use for each role, so that asking for it costs nothing. */
  readonly #chosen = new Map<keyof Roles, Pack>();

  constructor(folders: readonly string[]) {
    if (folders.length === 0) throw new FabulaError('invalid-input', 'Give at least one folder of packs.');
    this.#folders = folders;
  }

  /** Every pack found, broken ones included with what is wrong with them. Reads manifests and sizes, not whole files. */
  list(): PackSummary[] {
    return this.#packFolders().map((folder) => {
      try {
        const { manifest } = openPack(folder);
        return summary(
          manifest,
          problemOf(() => checkSizes(folder, manifest)),
        );
      } catch (error) {
        const id = folder.slice(dirname(folder).length + 1);
        return {
          id,
          name: id,
          revision: '',
          licence: '',
          roles: [],
          bytes: 0,
          problem: error instanceof Error ? error.message : String(error),
        };
      }
    });
  }

  /**
   * The pack that fills a role.
   *
   * @throws FabulaError `not-found` when no pack fills it; `corrupt-pack` when the pack that does lacks a file or has
   *   one of another size. A broken pack is never passed over in silence: results of two packs would get mixed.
   */
  get<Role extends keyof Roles>(role: Role): Pack & { role: Roles[Role] } {
    const chosen = this.#chosen.get(role);
    const known = chosen?.manifest.roles[role] as Roles[Role] | undefined;
    if (chosen && known) return { ...chosen, role: known };
    let broken: unknown;
    for (const folder of this.#packFolders().reverse()) {
      let pack: Pack;
      try {
        pack = openPack(folder);
      } catch (error) {
        broken ??= error;
        continue;
      }
      const found = pack.manifest.roles[role] as Roles[Role] | undefined;
      if (!found) continue;
      checkSizes(folder, pack.manifest);
      this.#chosen.set(role, pack);
      return { ...pack, role: found };
    }
    if (broken instanceof FabulaError) throw broken;
    throw new FabulaError(
      'not-found',
      `No pack fills the role "${role}". Looked in ${this.#folders.join(' and ')}. Install Fabula again, or add a pack with "fabula packs add FOLDER".`,
    );
  }

  /**
   * Reads the files of a pack and compares their SHA-256 with the manifest. A file once found right is not read again
   * until its size or time changes.
   *
   * @throws FabulaError `corrupt-pack` naming the first file that differs; `not-found`; `cancelled`.
   */
  async verify(id: string, signal?: AbortSignal): Promise<void> {
    await this.check(openPack(this.#find(id)), signal);
  }

  /** What {@link verify} does, for a pack at hand. */
  async check(pack: Pack, signal?: AbortSignal): Promise<void> {
    await this.#verifyFiles(pack.folder, pack.manifest, signal);
  }

  /**
   * Copies a pack into the person's own folder, checking every file. A pack of the same id there is replaced.
   * Nothing is left behind when a file turns out wrong.
   *
   * @throws FabulaError `corrupt-pack`, `not-found`, `conflict` for a shipped pack's id and revision, `cancelled`.
   */
  async add(source: string, signal?: AbortSignal): Promise<PackSummary> {
    const { manifest } = openPack(resolve(source));
    checkSizes(resolve(source), manifest);
    const home = this.#own();
    const { id, revision } = manifest;
    const shipped = this.#packFolders().filter((folder) => dirname(folder) !== home);
    if (shipped.some((folder) => isVersion(folder, id, revision))) {
      throw new FabulaError(
        'conflict',
        `Revision ${revision} of the pack ${id} is shipped with Fabula already. A pack that differs needs another id or revision.`,
      );
    }
    let temporary = '';
    try {
      await mkdir(home, { recursive: true });
      // Begins with a dot, so that a copy cut short by a crash is never taken for a pack.
      temporary = await mkdtemp(join(home, '.adding-'));
      for (const path of [MANIFEST, ...manifest.files.map((file) => file.path)]) {
        stopWhen(signal);
        const target = join(temporary, path);
        await mkdir(dirname(target), { recursive: true });
        await copyFile(containedFile(resolve(source), path), target);
      }
      await this.#verifyFiles(temporary, manifest, signal);
      const target = join(home, manifest.id);
      const previous = `${temporary}-previous`;
      if (existsSync(target)) await rename(target, previous);
      try {
        await rename(temporary, target);
      } catch (error) {
        if (existsSync(previous)) await rename(previous, target);
        throw error;
      }
      await rm(previous, { recursive: true, force: true });
      this.#chosen.clear();
    } catch (error) {
      if (temporary !== '') await rm(temporary, { recursive: true, force: true });
      throw explainFileError(error, home);
    }
    return summary(manifest, null);
  }

  /** Deletes a pack that was added. @throws FabulaError `not-found`; `invalid-input` for a pack shipped with Fabula. */
  async remove(id: string): Promise<void> {
    const folder = this.#find(id);
    if (this.#folders.length === 1 || dirname(folder) !== this.#own()) {
      throw new FabulaError('invalid-input', `The pack ${id} is shipped with Fabula and cannot be removed.`);
    }
    const doomed = join(this.#own(), `.removing-${id}`);
    await rm(doomed, { recursive: true, force: true });
    await rename(folder, doomed);
    this.#chosen.clear();
    await rm(doomed, { recursive: true, force: true });
  }

  #own(): string {
    return resolve(this.#folders.at(-1) ?? '');
  }

  /** The folder of a pack by id; a pack whose manifest cannot be read goes by the name of its folder. */
  #find(id: string): string {
    const found = this.#packFolders()
      .reverse()
      .find((folder) => {
        try {
          return openPack(folder).manifest.id === id;
        } catch {
          return folder === join(dirname(folder), id);
        }
      });
    if (found === undefined) {
      throw new FabulaError(
        'not-found',
        `There is no pack ${id}. "fabula packs list" shows the packs there are.`,
      );
    }
    return found;
  }

  #packFolders(): string[] {
    return this.#folders.flatMap((home) => {
      const absolute = resolve(home);
      if (!existsSync(absolute)) return [];
      return readdirSync(absolute)
        .filter((name) => !name.startsWith('.') && existsSync(join(absolute, name, MANIFEST)))
        .sort()
        .map((name) => join(absolute, name));
    });
  }

  async #verifyFiles(folder: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
    checkSizes(folder, manifest);
    for (const file of manifest.files) {
      const path = containedFile(folder, file.path);
      const { size, mtimeMs } = statSync(path);
      const key = `${path}|${size}|${mtimeMs}`;
      if (this.#verified.has(key)) continue;
      if ((await sha256(path, signal)) !== file.sha256) {
        throw corrupt(manifest, path, 'its content differs from what the manifest says (SHA-256)');
      }
      this.#verified.add(key);
    }
  }
}

function openPack(folder: string): Pack {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new FabulaError(
      'not-found',
      `${path} cannot be read. A pack is a folder with a ${MANIFEST}.`,
      {},
      { cause: error },
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FabulaError(
      'corrupt-pack',
      `${path} is not valid JSON (${error instanceof Error ? error.message : String(error)}). Get the pack again.`,
      { file: path },
    );
  }
  const parsed = ManifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'the document';
    throw new FabulaError(
      'corrupt-pack',
      `${path}: ${field}: ${issue?.message ?? 'not valid'}. Get the pack again, or a newer Fabula if the pack is newer.`,
      { file: path, field },
    );
  }
  const manifest = parsed.data;
  return { manifest, folder, version: `${manifest.id}@${manifest.revision}` };
}

function isVersion(folder: string, id: string, revision: string): boolean {
  try {
    const { manifest } = openPack(folder);
    return manifest.id === id && manifest.revision === revision;
  } catch {
    return false;
  }
}

function checkSizes(folder: string, manifest: Manifest): void {
  for (const file of manifest.files) {
    const path = containedFile(folder, file.path);
    const bytes = statSync(path).size;
    if (bytes !== file.bytes) {
      throw corrupt(manifest, path, `it has ${bytes} bytes instead of ${file.bytes}`);
    }
  }
}

/** The real path of a pack's file. A link that leads out of the pack is refused. */
function containedFile(folder: string, path: string): string {
  const named = join(folder, path);
  let real: string;
  try {
    real = realpathSync(named);
  } catch {
    throw new FabulaError('corrupt-pack', `${named} is missing. Get the pack again.`, { file: named });
  }
  const inside = relative(realpathSync(folder), real);
  if (inside.startsWith(`..${sep}`) || isAbsolute(inside) || !statSync(real).isFile()) {
    throw new FabulaError('unsafe-path', `${named} is not a file inside its pack. Do not use this pack.`, {
      file: named,
    });
  }
  return real;
}

function corrupt(manifest: Manifest, file: string, what: string): FabulaError {
  return new FabulaError(
    'corrupt-pack',
    `The pack ${manifest.id} is damaged: ${file}: ${what}. Get the pack again and add it with "fabula packs add FOLDER".`,
    { pack: manifest.id, file },
  );
}

function problemOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function summary(manifest: Manifest, problem: string | null): PackSummary {
  return {
    id: manifest.id,
    name: manifest.name,
    revision: manifest.revision,
    licence: manifest.licence,
    roles: Object.keys(manifest.roles),
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    problem,
  };
}

async function sha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) {
      stopWhen(signal);
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    throw explainFileError(error, path);
  }
  return hash.digest('hex');
}

function stopWhen(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FabulaError('cancelled', 'Cancelled. No pack was changed.');
}
