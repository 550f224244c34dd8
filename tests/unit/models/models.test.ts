import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Host,
  spawnNodeWorker,
  type SpawnWorker,
  type WorkerProcess,
} from '../../../src/main/models/host.ts';
import { Models } from '../../../src/main/models/models.ts';
import { Packs } from '../../../src/main/models/packs.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { FabulaError } from '../../../src/shared/errors.ts';

const starter = new Packs([resourcePath('models')]);
const size = starter.get('encode').role.imageSize;

/** Pictures that differ: a disc of another colour at another place on a gradient. */
function pictures(count: number): Promise<Uint8Array[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const hue = (index * 67) % 360;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">
        <rect width="100%" height="100%" fill="hsl(${(hue + 140) % 360} 60% 70%)"/>
        <circle cx="${40 + ((index * 31) % 130)}" cy="${50 + ((index * 17) % 110)}" r="${20 + (index % 5) * 8}" fill="hsl(${hue} 80% 40%)"/>
      </svg>`;
      return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
    }),
  );
}

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);

let some: Uint8Array[];
beforeAll(async () => {
  some = await pictures(11);
});

describe('the starter pack in its worker', () => {
  let models: Models;
  beforeAll(() => {
    models = new Models({ packs: starter });
  });
  afterAll(() => models.close());

  test('pictures and texts get unit vectors of one space, the same each time', async () => {
    const images = await models.encodeImages(some);
    const texts = await models.encodeTexts(['a dog in the snow', 'two girls on a beach']);
    expect(images).toHaveLength(11);
    for (const vector of [...images, ...texts]) {
      expect(vector).toHaveLength(256);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    }
    expect(await models.encodeImages(some)).toEqual(images);
    // Neither neighbours in a batch nor its size change a vector by more than rounding.
    const [alone] = await models.encodeImages([some[9]!]);
    expect(cosine(alone!, images[9]!)).toBeGreaterThan(0.9999);
    const [dog] = await models.encodeTexts(['a dog in the snow']);
    expect(cosine(dog!, texts[0]!)).toBeGreaterThan(0.9999);
  });

  test('letter case, punctuation and accents do not change a text; words do', async () => {
    const [plain, shouted, other] = await models.encodeTexts([
      'a dog at a cafe',
      'A Dog, at a CAFÉ!',
      'a red car',
    ]);
    expect(cosine(plain!, shouted!)).toBeGreaterThan(0.9999);
    expect(plain).not.toEqual(other);
  });

  test('a page of text, an empty text and one without known letters are encoded too', async () => {
    const page = 'A dog runs over a field of snow. '.repeat(200) + 'word '.repeat(500);
    const vectors = await models.encodeTexts([page, '', '犬が走る', '\u0000']);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
  });

  test('captions are sentences, the same each time, one by one as in a batch', async () => {
    const captions = await models.captionImages(some);
    expect(captions).toHaveLength(11);
    for (const { text, score } of captions) {
      expect(text).toMatch(/^\P{Ll}.*\.$/u);
      expect(score).toBeLessThan(0);
    }
    expect(await models.captionImages(some)).toEqual(captions);
    const [alone] = await models.captionImages([some[3]!]);
    expect(alone!.text).toBe(captions[3]!.text);
  });

  test('captions and vectors in one pass are those of two', async () => {
    const both = await models.captionAndEncode(some);
    const captions = await models.captionImages(some);
    const vectors = await models.encodeImages(some);
    expect(both.map(({ text }) => text)).toEqual(captions.map(({ text }) => text));
    expect(both.map(({ vector }) => vector)).toEqual(vectors);
  });

  test('pack, revision and calibration come from the manifest', () => {
    const { manifest } = starter.get('encode');
    expect(models.space).toBe(`${manifest.id}@${manifest.revision}`);
    expect(models.captionPack).toBe(`${manifest.id}@${manifest.revision}`);
    expect(models.probability(-1)).toBeLessThan(models.probability(0.2));
    expect(models.probability(0.2)).toBeLessThan(models.probability(1));
    expect(models.probability(1)).toBeLessThanOrEqual(1);
  });

  test('a picture of another size is refused', async () => {
    await expect(models.encodeImages([new Uint8Array(12)])).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('nothing asked, nothing answered', async () => {
    expect(await models.encodeImages([])).toEqual([]);
    expect(await models.encodeTexts([])).toEqual([]);
  });

  test('a raised signal cancels what waits and what runs; the rest is answered', async () => {
    const abort = new AbortController();
    const cancelled = models.captionImages([...some, ...some], { signal: abort.signal });
    const kept = models.captionImages([some[0]!]);
    setTimeout(() => abort.abort(), 20);
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await kept).toHaveLength(1);
    await expect(models.encodeTexts(['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  test('a text is answered before the pictures that were asked for earlier', async () => {
    const order: string[] = [];
    const many = models
      .captionImages([...some, ...some, ...some, ...some])
      .then(() => order.push('pictures'));
    const search = models.encodeTexts(['a dog']).then(() => order.push('text'));
    await Promise.all([many, search]);
    expect(order).toEqual(['text', 'pictures']);
  });
});

describe('when the worker breaks down', () => {
  /** Real workers; the first `kills` of them are killed the moment they get something to do. */
  function deadly(kills: number): { spawn: SpawnWorker; pids: number[] } {
    const pids: number[] = [];
    const spawn = (): WorkerProcess => {
      const worker = spawnNodeWorker();
      const doomed = pids.length < kills;
      pids.push(worker.pid!);
      let ready = false;
      worker.onMessage(() => (ready = true));
      return {
        onMessage: (listener) => worker.onMessage(listener),
        onExit: (listener) => worker.onExit(listener),
        kill: () => worker.kill(),
        send: (message) => {
          worker.send(message);
          // In the middle of the work: the worker is up and has the request.
          const strike = (): void => {
            if (ready) process.kill(worker.pid!, 'SIGKILL');
            else setTimeout(strike, 5);
          };
          if (doomed && message.kind === 'run') strike();
        },
      };
    };
    return { spawn, pids };
  }

  test('killed once: every request is answered all the same, by a new worker', async () => {
    const { spawn, pids } = deadly(1);
    const models = new Models({ packs: starter, spawn });
    const [captions, vectors, texts] = await Promise.all([
      models.captionImages(some),
      models.encodeImages(some.slice(0, 2)),
      models.encodeTexts(['a dog']),
    ]);
    expect(pids).toHaveLength(2);
    expect(captions).toHaveLength(11);
    expect(vectors).toHaveLength(2);
    expect(texts).toHaveLength(1);
    await models.close();
  });

  test('killed twice over one request: that one fails and says so, the others are answered', async () => {
    const { spawn, pids } = deadly(2);
    const models = new Models({ packs: starter, spawn });
    const results = await Promise.allSettled([
      models.encodeImages(some.slice(0, 1)),
      models.encodeImages(some.slice(1, 2)),
      models.encodeImages(some.slice(2, 3)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    const reason: unknown = results[0].status === 'rejected' ? results[0].reason : null;
    expect(reason).toBeInstanceOf(FabulaError);
    expect(reason).toMatchObject({ code: 'model-failed' });
    expect(String(reason)).toContain('SIGKILL');
    expect(pids).toHaveLength(3);
    await models.close();
  });

  test('killed while nothing is asked: the next request starts a new one', async () => {
    let last: ReturnType<typeof spawnNodeWorker> | undefined;
    const models = new Models({ packs: starter, spawn: () => (last = spawnNodeWorker()) });
    await models.encodeTexts(['a dog']);
    process.kill(last!.pid!, 'SIGKILL');
    expect(await models.encodeTexts(['a dog'])).toHaveLength(1);
    await models.close();
  });

  test('a worker that cannot start fails what waits, with the reason', async () => {
    const spawn = (): WorkerProcess => ({
      send: () => undefined,
      onMessage: () => undefined,
      onExit: (listener) => setTimeout(() => listener('ended with code 1: no such module'), 1),
      kill: () => undefined,
    });
    const models = new Models({ packs: starter, spawn });
    const results = await Promise.allSettled([models.encodeTexts(['a']), models.encodeTexts(['b'])]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'model-failed' } });
      expect(String(result.status === 'rejected' && result.reason)).toContain('no such module');
    }
    await models.close();
  });

  test('idle, the worker is ended, and started again by the next request', async () => {
    const workers: ReturnType<typeof spawnNodeWorker>[] = [];
    const spawn = (): WorkerProcess => {
      workers.push(spawnNodeWorker());
      return workers.at(-1)!;
    };
    const host = new Host(spawn, 30);
    const { folder, role } = starter.get('encode');
    const task = { kind: 'encode-texts' as const, with: { folder, role }, texts: ['a dog'] };
    const first = await host.request(task);
    await new Promise<void>((resolve) => workers[0]!.onExit(() => resolve()));
    expect(await host.request(task)).toEqual(first);
    expect(workers).toHaveLength(2);
    await host.close();
  });

  test('closing ends the worker and cancels what waits', async () => {
    let worker: ReturnType<typeof spawnNodeWorker> | undefined;
    const models = new Models({ packs: starter, spawn: () => (worker = spawnNodeWorker()) });
    await models.encodeTexts(['a dog']);
    const waiting = expect(models.captionImages(some)).rejects.toMatchObject({ code: 'cancelled' });
    await models.close();
    await waiting;
    expect(() => process.kill(worker!.pid!, 0)).toThrow('ESRCH');
    await expect(models.encodeTexts(['a dog'])).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a pack that is whole and yet no use', () => {
  const root = mkdtempSync(join(tmpdir(), 'fabula-models-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('a network that onnxruntime cannot load fails naming the file; the worker lives on', async () => {
    const folder = join(root, 'packs', 'starter');
    cpSync(starter.get('encode').folder, folder, { recursive: true });
    const garbage = Buffer.from('this is not a network');
    writeFileSync(join(folder, 'vision.onnx'), garbage);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      files: { path: string; bytes: number; sha256: string }[];
    };
    const entry = manifest.files.find(({ path }) => path === 'vision.onnx')!;
    entry.bytes = garbage.length;
    entry.sha256 = createHash('sha256').update(garbage).digest('hex');
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));

    const models = new Models({ packs: new Packs([join(root, 'packs')]) });
    const error: unknown = await models.encodeImages(some.slice(0, 1)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'model-failed' });
    expect(String(error)).toContain(join(folder, 'vision.onnx'));
    expect(await models.encodeTexts(['a dog'])).toHaveLength(1);
    await models.close();
  });

  test('a damaged file is found before it is loaded', async () => {
    const folder = join(root, 'damaged', 'starter');
    cpSync(starter.get('encode').folder, folder, { recursive: true });
    const file = join(folder, 'decoder.onnx');
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    const models = new Models({ packs: new Packs([join(root, 'damaged')]) });
    const error: unknown = await models.captionImages(some.slice(0, 1)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'corrupt-pack' });
    expect(String(error)).toContain(file);
    await models.close();
  });
});
