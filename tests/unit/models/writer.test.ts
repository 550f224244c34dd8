import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnNodeWorker, type WorkerProcess } from '../../../src/main/models/host.ts';
import { Models } from '../../../src/main/models/models.ts';
import { Packs } from '../../../src/main/models/packs.ts';
import { floats, floatsTensor, idsTensor, Sessions } from '../../../src/main/models/session.ts';
import { layOut, plainCaption, plainText } from '../../../src/main/models/writer/layout.ts';
import { Pieces, Utf8Text } from '../../../src/main/models/writer/pieces.ts';
import { sample, seededRandom } from '../../../src/main/models/writer/sampling.ts';
import { resourcePath } from '../../../src/main/resources.ts';

interface Fixture {
  revision: string;
  cases: { text: string; ids: number[]; best: number[]; logits: number[] }[];
}
const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/writer-logits.json'), 'utf8'),
) as Fixture;

const folder = resourcePath('models', 'writer');

describe('bytes put together into text', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);

  test('a character comes out when its last byte has come, never before', () => {
    const text = new Utf8Text();
    const seen = [...bytes('é猫🚀!')].map((byte) => {
      text.add(Uint8Array.of(byte));
      return text.text;
    });
    expect(seen).toEqual(['', 'é', 'é', 'é', 'é猫', 'é猫', 'é猫', 'é猫', 'é猫🚀', 'é猫🚀!']);
    expect(text.whole).toBe(true);
  });

  test('bytes that would break a character are told beforehand', () => {
    const text = new Utf8Text();
    expect(text.accepts(Uint8Array.of(0x80))).toBe(false);
    expect(text.accepts(Uint8Array.of(0xc0, 0xaf))).toBe(false);
    expect(text.accepts(Uint8Array.of(0xed, 0xa0))).toBe(false);
    expect(text.accepts(Uint8Array.of(0xf4, 0x90))).toBe(false);
    text.add(Uint8Array.of(0xe7, 0x8c));
    expect(text.accepts(bytes('a'))).toBe(false);
    expect(() => text.add(bytes('a'))).toThrow(RangeError);
    text.add(Uint8Array.of(0xab));
    expect(text.text).toBe('猫');
  });
});

describe('drawing a piece', () => {
  const logits = Float32Array.of(1, 4, 3.5, -2, 3);
  const all = { temperature: 1, nucleus: 1, allowed: () => true };

  test('the same seed draws the same, another seed something else', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 40 }, () => sample(logits, { ...all, random }));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(new Set(draw(7)).size).toBeGreaterThan(2);
  });

  test('only the likeliest that make up the nucleus come, and only what is allowed', () => {
    const random = seededRandom(1);
    const drawn = (nucleus: number, allowed: (id: number) => boolean): Set<number> =>
      new Set(Array.from({ length: 300 }, () => sample(logits, { ...all, nucleus, allowed, random })));
    expect(drawn(0.8, () => true)).toEqual(new Set([1, 2, 4]));
    expect(drawn(0.3, () => true)).toEqual(new Set([1]));
    expect(drawn(1, (id) => id === 3)).toEqual(new Set([3]));
    expect(sample(logits, { ...all, random, allowed: () => false })).toBe(-1);
  });

  test('shares come out as the probabilities say, and temperature 0 always takes the first', () => {
    const random = seededRandom(3);
    const counts = [0, 0, 0, 0, 0];
    for (let turn = 0; turn < 4000; turn++) counts[sample(logits, { ...all, random })]!++;
    const total = [...logits].reduce((sum, value) => sum + Math.exp(value), 0);
    for (const [id, count] of counts.entries()) {
      expect(Math.abs(count / 4000 - Math.exp(logits[id]!) / total)).toBeLessThan(0.03);
    }
    expect(sample(logits, { ...all, temperature: 0, random })).toBe(1);
  });
});

describe('what the writer reads', () => {
  const marks = { begin: 1, end: 2, panelEnd: 3, picture: 4, pictureEnd: 5, never: [0] };
  const encode = (text: string): number[] => [...text].map((letter) => letter.codePointAt(0)!);
  const laidOut = (text: string): number[] => encode(` ${text}`);

  test('panels in order, each ended, the last one open; empty ones left out', () => {
    const panels = [
      { picture: null, text: 'A' },
      { picture: null, text: ' ' },
      { picture: 'A dog, running.', text: 'B' },
    ];
    expect(layOut(panels, marks, encode, 100)).toEqual([
      1,
      ...laidOut('A'),
      3,
      4,
      ...laidOut('a dog running'),
      5,
      ...laidOut('B'),
    ]);
    expect(layOut([{ picture: null, text: '' }], marks, encode, 100)).toEqual([1]);
  });

  test('of a long story the nearest is kept', () => {
    const panels = Array.from({ length: 30 }, (_, index) => ({ picture: null, text: `panel ${index}` }));
    const ids = layOut(panels, marks, encode, 40);
    expect(ids).toHaveLength(40);
    expect(ids.slice(-laidOut('panel 29').length)).toEqual(laidOut('panel 29'));
    expect(ids).not.toContain(marks.begin);
  });

  test('signs as the writer has learned them', () => {
    expect(plainText('  “It’s”\n\n_mine_… ')).toBe('"It\'s" mine...');
    expect(plainCaption('Two girls, on a BEACH!')).toBe('two girls on a beach');
  });
});

describe('the writer pack', () => {
  const packs = new Packs([resourcePath('models')]);
  const story = [
    {
      picture: null,
      text: 'Once upon a time, there was a little dog named Max. Max loved to play in the park.',
    },
    { picture: 'a dog runs on the grass', text: 'One day, Max saw a big red ball.' },
  ];

  describe('its tokenizer', () => {
    let pieces: Pieces;
    beforeAll(async () => {
      pieces = await Pieces.load(join(folder, 'tokenizer.json'));
    });

    test('gives the ids that training saw', () => {
      for (const { text, ids } of fixture.cases) expect(pieces.encode(` ${plainText(text)}`)).toEqual(ids);
    });

    test.each([
      'The quick brown fox, "jumped"; 3,141 times!',
      'Zażółć gęślą jaźń — ¿qué?',
      'القطة تنظر إلى البحر في الليل.',
      'बिल्ली समुद्र को देखती है।',
      '猫は港に帰ります。🚀👩‍🚀',
      'tab\tand\nline\n\n  spaces',
    ])('gets back what it was given: %s', (text) => {
      expect(pieces.decode(pieces.encode(text))).toBe(text);
    });

    test('cuts no text into a mark, not even one that spells it', () => {
      const { marks } = packs.get('write').role;
      const ids = pieces.encode('<eop> </picture><picture><bos><eos><pad> end');
      const all = [marks.begin, marks.end, marks.panelEnd, marks.picture, marks.pictureEnd, ...marks.never];
      expect(ids.filter((id) => all.includes(id))).toEqual([]);
    });
  });

  test('onnxruntime here gives the numbers that PyTorch gave in training', async () => {
    const { role, manifest } = packs.get('write');
    expect(manifest.revision).toBe(fixture.revision);
    const network = await new Sessions({ threads: 1 }).get(join(folder, role.network));
    const none = [role.layers, 2, role.heads, 0, role.channels];
    for (const { ids, best, logits } of fixture.cases) {
      let past = floatsTensor(new Float32Array(0), none);
      let last = new Float32Array(0);
      // Cut in two, so that the past counts too.
      for (const part of [[role.marks.begin, ...ids.slice(0, 4)], ids.slice(4)]) {
        const inputs = { ids: idsTensor(part, [1, part.length]), past };
        const [present, values] = await network.run(inputs, ['present', 'logits']);
        past = present!;
        last = new Float32Array(floats(values!));
      }
      for (const [rank, id] of best.entries()) expect(Math.abs(last[id]! - logits[rank]!)).toBeLessThan(5e-3);
      expect(last.indexOf(Math.max(...last))).toBe(best[0]);
    }
  });

  describe('in its worker', () => {
    let models: Models;
    beforeAll(() => {
      models = new Models({ packs });
    });
    afterAll(() => models.close());

    test('text comes piece by piece, each part the whole text so far, and the answer says who wrote it', async () => {
      const parts: string[] = [];
      const answer = await models.write({ panels: story, seed: 5 }, { onText: (text) => parts.push(text) });
      const { manifest } = packs.get('write');
      expect(answer.pack).toBe(`${manifest.id}@${manifest.revision}`);
      expect(answer.text.match(/[a-z]+/gi)!.length).toBeGreaterThanOrEqual(3);
      expect(answer.text).toMatch(/^ \S/);
      expect(answer.text).not.toMatch(/[<>\uFFFD]/);
      expect(parts.length).toBeGreaterThan(3);
      for (const [index, part] of parts.entries()) expect(part.startsWith(parts[index - 1] ?? '')).toBe(true);
      expect(parts.at(-1)!.startsWith(answer.text)).toBe(true);
    });

    test('the same seed writes the same, another seed something else; what comes before matters', async () => {
      const write = async (seeds: number[], panels = story): Promise<string[]> =>
        Promise.all(seeds.map(async (seed) => (await models.write({ panels, seed })).text));
      const first = await write([11, 12, 13, 14]);
      expect(await write([11, 12, 13, 14])).toEqual(first);
      expect(new Set(first).size).toBeGreaterThan(1);
      const other = [{ picture: null, text: 'The queen was angry with the old wizard.' }, story[1]!];
      expect(await write([11, 12, 13, 14], other)).not.toEqual(first);
    });

    test('it ends where a panel ends: for most seeds before its room is used up, and at a sentence', async () => {
      const { role } = packs.get('write');
      let ended = 0;
      for (let seed = 1; seed <= 10; seed++) {
        const parts: string[] = [];
        const { text } = await models.write({ panels: story, seed }, { onText: (part) => parts.push(part) });
        if (parts.length < role.maxTokens) ended++;
        if (/[.!?]["')]*$/.test(text) === false) expect(parts.length).toBeLessThan(role.maxTokens);
      }
      expect(ended).toBeGreaterThanOrEqual(7);
    });

    test('it does not say one thing twice in a panel', async () => {
      for (let seed = 1; seed <= 6; seed++) {
        const { text } = await models.write({ panels: story, seed, temperature: 0.2 });
        const words = text.toLowerCase().match(/[a-z']+/g)!;
        const runs = words.slice(3).map((_, index) => words.slice(index, index + 4).join(' '));
        expect(new Set(runs).size).toBe(runs.length);
      }
    });

    test('a new panel begins without a space, a word that stands there is not glued to', async () => {
      const before = story[0]!;
      for (let seed = 1; seed <= 5; seed++) {
        const begun = await models.write({
          panels: [before, { picture: null, text: '' }],
          seed,
          maxTokens: 8,
        });
        expect(begun.text).toMatch(/^\S/);
        const word = await models.write({
          panels: [before, { picture: null, text: 'Max ran to the' }],
          seed,
        });
        expect(word.text).toMatch(/^[^\p{L}\p{N}]/u);
        const space = await models.write({
          panels: [before, { picture: null, text: 'Max ran to the ' }],
          seed,
        });
        expect(space.text).toMatch(/^\S/);
      }
    });

    test('a story of many long panels is written on, and nothing at all is begun', async () => {
      const long = Array.from({ length: 40 }, () => ({
        picture: 'a dog',
        text: `${story[0]!.text} `.repeat(12),
      }));
      expect((await models.write({ panels: long, seed: 1 })).text).not.toBe('');
      expect((await models.write({ panels: [{ picture: null, text: '' }], seed: 1 })).text).not.toBe('');
    });

    test('a raised signal stops it between two pieces, and nothing comes after', async () => {
      const abort = new AbortController();
      let parts = 0;
      const writing = models.write(
        { panels: story, seed: 5 },
        {
          signal: abort.signal,
          onText: () => {
            parts++;
            abort.abort();
          },
        },
      );
      await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
      const then = parts;
      expect((await models.write({ panels: story, seed: 5 })).text).not.toBe('');
      expect(parts).toBe(then);
    });

    test('others are answered while it writes', async () => {
      await models.encodeTexts(['warm']);
      const order: string[] = [];
      const texts = [21, 22].map((seed) =>
        models.write({ panels: story, seed, maxTokens: 64 }).then(() => order.push('text')),
      );
      const search = models.encodeTexts(['a dog']).then(() => order.push('search'));
      await Promise.all([...texts, search]);
      expect(order[0]).toBe('search');
      expect(order).toHaveLength(3);
    });

    test.each([
      ['Arabic', 'القطة تنظر إلى البحر في الليل. القطة صغيرة وجميلة.'],
      ['Japanese', '猫は港に帰ります。'],
      ['Hindi', 'बिल्ली समुद्र को देखती है।'],
      ['Spanish', 'Había una vez un perro pequeño que vivía en una casa muy grande cerca del río.'],
      ['Malay', 'Pada suatu hari, seekor kucing kecil berjalan di tepi pantai dan melihat perahu merah.'],
    ])('in %s it says that it writes English only instead of writing rubbish', async (_, text) => {
      await expect(models.write({ panels: [{ picture: null, text }], seed: 1 })).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('English') as string,
        details: { languages: ['en'] },
      });
    });

    test.each([
      'A dog.',
      'Lena and Mokasa went to the harbour.',
      '“Zoë!” cried Anansi, “look at the naïve café.”',
    ])('English with foreign names is English: %s', async (text) => {
      expect((await models.write({ panels: [{ picture: null, text }], seed: 1 })).text).not.toBe('');
    });
  });

  test('a worker killed in the middle of a text: it is written again by a new one, and others are answered', async () => {
    const pids: number[] = [];
    const spawn = (): WorkerProcess => {
      const worker = spawnNodeWorker();
      pids.push(worker.pid!);
      return worker;
    };
    const models = new Models({ packs, spawn });
    try {
      const parts: string[] = [];
      const onText = (text: string): void => {
        parts.push(text);
        if (parts.length === 3) process.kill(pids[0]!, 'SIGKILL');
      };
      const [written, other, vectors] = await Promise.all([
        models.write({ panels: story, seed: 5 }, { onText }),
        models.write({ panels: story, seed: 6 }),
        models.encodeTexts(['a dog']),
      ]);
      expect(pids).toHaveLength(2);
      expect(written).toEqual(await models.write({ panels: story, seed: 5 }));
      expect(parts.at(-1)!.startsWith(written.text)).toBe(true);
      expect(other.text).not.toBe('');
      expect(vectors).toHaveLength(1);
    } finally {
      await models.close();
    }
  });

  describe('when its files are not right', () => {
    let home: string;
    beforeAll(() => {
      home = mkdtempSync(join(tmpdir(), 'fabula-writer-'));
    });
    afterAll(() => rmSync(home, { recursive: true, force: true }));

    async function writeWith(name: string, spoil: (pack: string) => void): Promise<unknown> {
      const pack = join(home, name, 'writer');
      cpSync(folder, pack, { recursive: true });
      spoil(pack);
      const models = new Models({ packs: new Packs([join(home, name)]) });
      try {
        return await models.write({ panels: story, seed: 1 }).catch((error: unknown) => error);
      } finally {
        await models.close();
      }
    }

    test('a missing, a short and a changed file are named, with what to do', async () => {
      expect(await writeWith('missing', (pack) => unlinkSync(join(pack, 'writer.onnx')))).toMatchObject({
        code: 'corrupt-pack',
        message: expect.stringMatching(/writer\.onnx is missing\. Get the pack again/) as string,
      });
      expect(
        await writeWith('short', (pack) => truncateSync(join(pack, 'tokenizer.json'), 100)),
      ).toMatchObject({
        code: 'corrupt-pack',
        message: expect.stringMatching(
          /tokenizer\.json: it has 100 bytes instead of \d+\. Get the pack/,
        ) as string,
      });
    });

    test('without a pack that writes, the message says how to add one', async () => {
      const models = new Models({ packs: new Packs([home]) });
      await expect(models.write({ panels: story, seed: 1 })).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining('fabula packs add') as string,
      });
      await models.close();
    });
  });
});
