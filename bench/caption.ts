/**
 * What captioning a folder costs beyond its models, and whether memory stays flat.
 *
 *   npm run bench:caption -- [--photos 400] [--rounds 5]   rate of the whole way (files, library, worker, lines)
 *                                                          against a bare loop of the same networks over tensors
 *                                                          that are decoded already, taking turns
 *   npm run bench:caption -- --all                         every photo once; memory of both processes
 *
 * Prints one JSON object. Photos: `../shared/photos/flickr8k`, or `--folder DIR`.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { captionFolder } from '../src/main/captions/folder.ts';
import { History } from '../src/main/history.ts';
import { Files } from '../src/main/library/files.ts';
import { Library } from '../src/main/library/library.ts';
import { Models } from '../src/main/models/models.ts';
import { Packs } from '../src/main/models/packs.ts';
import { Sessions } from '../src/main/models/session.ts';
import { Starter } from '../src/main/models/starter/starter.ts';
import { randomIds, systemClock } from '../src/main/ports.ts';
import { resourcePath } from '../src/main/resources.ts';
import { openDatabase } from '../src/main/store/database.ts';
import { CaptionOptionsSchema } from '../src/shared/contract.ts';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: resolve(import.meta.dirname, '../../shared/photos/flickr8k') },
    all: { type: 'boolean', default: false },
  },
});

const packs = new Packs([resourcePath('models')]);
const models = new Models({ packs });
const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));

interface Studio {
  library: Library;
  caption(folder: string, each?: (done: number) => void): Promise<number>;
  close(): void;
}

function openStudio(name: string): Studio {
  const dataDir = join(scratch, name);
  mkdirSync(dataDir);
  const database = openDatabase(join(dataDir, 'library.db'));
  const history = new History({ database, clock: systemClock });
  const library = new Library({ database, files: new Files(dataDir), clock: systemClock, history });
  const options = CaptionOptionsSchema.parse({});
  const jsonl = join(dataDir, 'captions.jsonl');
  return {
    library,
    async caption(folder, each) {
      let done = 0;
      const context = { library, models, database, history, clock: systemClock, ids: randomIds };
      for await (const result of captionFolder(context, { folder, options, jsonl })) {
        if (result.state !== 'captioned')
          throw new Error(`${result.file}: ${result.error?.message ?? result.state}`);
        each?.(++done);
      }
      return done;
    },
    close: () => database.close(),
  };
}

/** The photos as a folder of their own. */
function linkedFolder(name: string, photos: readonly string[]): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const photo of photos) symlinkSync(join(values.folder, photo), join(folder, photo));
  return folder;
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Processor time of this process and its children, in milliseconds; null where there is no /proc. */
function processorTime(): number | null {
  if (process.platform !== 'linux') return null;
  const { user, system } = process.cpuUsage();
  return children().reduce(
    (sum, pid) => {
      // Fields 14 and 15 after the command's name: ticks of 10 ms in user and in system mode.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) * 10;
    },
    (user + system) / 1000,
  );
}

function children(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
}

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
};

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

async function compareRates(): Promise<void> {
  const photos = readdirSync(values.folder).sort().slice(0, Number(values.photos));
  const folder = linkedFolder('photos', photos);

  const size = models.imageSize;
  const reader = openStudio('decoded');
  const batches: Uint8Array[] = [];
  for (let start = 0; start < photos.length; start += models.batch) {
    const part = photos.slice(start, start + models.batch);
    const squares = await Promise.all(
      part.map(async (photo) => {
        const { asset } = await reader.library.importFile(join(folder, photo), { originals: 'leave' });
        return reader.library.pixels(asset.id, size);
      }),
    );
    batches.push(Buffer.concat(squares));
  }
  reader.close();

  const starter = new Starter(new Sessions({ threads: availableParallelism() }));
  const captioner = packs.get('caption');
  const encoder = packs.get('encode');
  const bare = async (): Promise<void> => {
    for (const pixels of batches) {
      const count = pixels.length / (size * size * 3);
      await starter.captionImages(captioner, encoder, pixels, count, AbortSignal.timeout(3_600_000));
    }
  };
  const whole = async (name: string): Promise<void> => {
    const studio = openStudio(name);
    await studio.caption(folder);
    studio.close();
  };

  const warm = linkedFolder('warm', photos.slice(0, 2 * models.batch));
  const studio = openStudio('warming');
  await studio.caption(warm);
  studio.close();
  await starter.captionImages(captioner, encoder, batches[0]!, models.batch, AbortSignal.timeout(60_000));

  const rates: { bare: number; whole: number }[] = [];
  const processor = { bare: [] as number[], whole: [] as number[] };
  const measured = async (what: 'bare' | 'whole', work: () => Promise<unknown>): Promise<number> => {
    const before = processorTime();
    const time = await seconds(work);
    const after = processorTime();
    if (before !== null && after !== null) processor[what].push((after - before) / photos.length);
    return time;
  };
  for (let turn = 0; turn < Number(values.rounds); turn++) {
    const bareTime = await measured('bare', bare);
    const wholeTime = await measured('whole', () => whole(`round-${turn}`));
    rates.push({ bare: photos.length / bareTime, whole: photos.length / wholeTime });
    console.error(
      `round ${turn + 1}: bare ${round(rates.at(-1)!.bare)}, whole ${round(rates.at(-1)!.whole)} photos/s`,
    );
  }
  console.log(
    JSON.stringify({
      photos: photos.length,
      rounds: rates.length,
      pack: models.captionPack,
      barePhotosPerSecond: round(median(rates.map((rate) => rate.bare))),
      wholePhotosPerSecond: round(median(rates.map((rate) => rate.whole))),
      ratio: round(median(rates.map((rate) => rate.whole / rate.bare)), 3),
      processorMillisecondsPerPhoto: {
        bare: round(median(processor.bare)),
        whole: round(median(processor.whole)),
      },
    }),
  );
}

/** Resident memory of this process and its children, in MB (Linux). */
function residentMegabytes(): number {
  return ['self', ...children()].reduce((sum, pid) => {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return sum + Number(kilobytes) / 1024;
  }, 0);
}

async function watchMemory(): Promise<void> {
  const studio = openStudio('all');
  const memory: { done: number; megabytes: number }[] = [];
  let total = 0;
  const time = await seconds(async () => {
    total = await studio.caption(values.folder, (done) => {
      if (done % 200 === 0) memory.push({ done, megabytes: residentMegabytes() });
    });
    memory.push({ done: total, megabytes: residentMegabytes() });
  });
  studio.close();
  const at = (done: number): number => memory.find((sample) => sample.done >= done)?.megabytes ?? NaN;
  const later = memory.filter((sample) => sample.done >= 1000).map((sample) => sample.megabytes);
  console.log(
    JSON.stringify({
      photos: total,
      seconds: round(time, 1),
      photosPerSecond: round(total / time),
      megabytesAt1000: round(at(1000), 1),
      megabytesAtEnd: round(memory.at(-1)?.megabytes ?? NaN, 1),
      largestGrowthFrom1000: round(Math.max(...later) - at(1000), 1),
      memory: memory
        .filter(({ done }) => done % 1000 === 0)
        .map(({ done, megabytes }) => [done, round(megabytes, 1)]),
    }),
  );
}

try {
  await (values.all ? watchMemory() : compareRates());
} finally {
  await models.close();
  rmSync(scratch, { recursive: true, force: true });
}
