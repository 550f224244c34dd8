import { beforeAll, describe, expect, test } from 'vitest';
import { Decider, readDecideModel, type DecideModel, type Lesson } from '../../../src/main/decide/decider.ts';
import type { Evidence } from '../../../src/main/decide/evidence.ts';
import { fitBayes, fitClasses, fitLine, scoreOf, softmax } from '../../../src/main/decide/regression.ts';
import { drawnOdds, fitText, readText } from '../../../src/main/decide/text.ts';
import { resourcePath } from '../../../src/main/resources.ts';

describe('the regressions', () => {
  test('find the line that made the examples, and hold weights back where told to', () => {
    const examples = Array.from({ length: 200 }, (_, at) => ({ at: [0, 1], value: [(at % 20) / 10 - 1, 1] }));
    const labels = examples.map(({ value }) => value[0]! > 0.2);
    const free = fitLine(examples, labels, 2, { ridge: 0.01, rounds: 400 });
    expect(examples.every((one, at) => scoreOf(free, one) > 0 === labels[at])).toBe(true);
    const held = fitLine(examples, labels, 2, { ridge: 1000, rounds: 400 });
    expect(Math.abs(held.weights[0]!)).toBeLessThan(Math.abs(free.weights[0]!) / 10);
  });

  test('give the prior back without examples, and are surer with more', () => {
    const priors = [
      { mean: 1, deviation: 0.5 },
      { mean: 0, deviation: 2 },
    ];
    const none = fitBayes([], priors);
    expect(none.mean).toEqual([1, 0]);
    expect(none.deviation[1]).toBeCloseTo(2, 6);
    const yes = { inputs: [0, 1], yes: true, weight: 1 };
    const one = fitBayes([yes], priors);
    const ten = fitBayes(Array<typeof yes>(10).fill(yes), priors);
    expect(one.mean[1]).toBeGreaterThan(0);
    expect(ten.mean[1]).toBeGreaterThan(one.mean[1]!);
    expect(ten.deviation[1]).toBeLessThan(one.deviation[1]!);
    expect(ten.mean[0]).toBeCloseTo(1, 6);
  });

  test('never choose a class that is not possible', () => {
    const examples = [0, 1, 2].flatMap((label) =>
      Array.from({ length: 20 }, () => ({
        inputs: [1, label],
        label,
        possible: [true, true, true],
        offset: [0, 0, 0],
        weight: 1,
      })),
    );
    const weights = fitClasses(examples, 3, { ridge: 0.1 });
    const score = (input: number) => weights.map((row) => row[0]! + row[1]! * input);
    for (const label of [0, 1, 2]) {
      expect(score(label).indexOf(Math.max(...score(label)))).toBe(label);
    }
    expect(softmax([1, -Infinity, 1])).toEqual([0.5, 0, 0.5]);
  });
});

test('the text alone is learnt from what it names and from its words', () => {
  const kindOf = (icon: string): string => (icon.includes('dog') ? 'animals' : 'things');
  const drawn = [
    'a dog chasing a balloon',
    'a cat riding a bicycle',
    'a robot with an umbrella',
    'a fox and a moon',
  ];
  const found = ['derision', 'gravity itself', 'the meaning of life', 'an opinion'];
  const texts = [...drawn, ...found].map((text) => readText(text, kindOf));
  const labels = texts.map((_, at) => at < drawn.length);
  for (const pieces of [0, 2]) {
    const model = fitText(texts, labels, { pieces, ridge: 1 });
    expect(texts.map((text) => drawnOdds(model, text) > 0)).toEqual(labels);
    expect(drawnOdds(model, readText('a horse with a guitar', kindOf))).toBeGreaterThan(
      drawnOdds(model, readText('an idea', kindOf)),
    );
  }
});

const file = resourcePath('models', 'decide', 'decide.json');

describe('the decision of the pack', () => {
  let model: DecideModel;
  const evidence = (changes: Partial<Evidence>): Omit<Evidence, 'text'> => ({
    found: 0.1,
    second: 0.08,
    words: 0,
    drawn: 1,
    undrawn: 0,
    library: 100,
    ...changes,
  });
  const untaught = (text: string, changes: Partial<Evidence>) =>
    new Decider(model, () => []).decide(text, evidence(changes));

  beforeAll(() => {
    model = readDecideModel(file);
  });

  test('goes by the best picture, the drawing, and says when neither is good', () => {
    expect(untaught('A dog on the beach.', { found: 0.97, second: 0.3, words: 1 }).choice).toBe('retrieve');
    expect(untaught('A dog on the beach.', {}).choice).toBe('sketch');
    const none = untaught('Nobody knew why it mattered.', { drawn: 0, undrawn: 2 });
    expect(none.choice).toBe('none');
    expect(none.probability).toBeGreaterThan(0.5);
    // Without a library there is nothing to find, and without words nothing to draw.
    expect(untaught('A dog.', { found: null, second: null, library: 0 })).toMatchObject({
      choice: 'sketch',
      odds: null,
    });
    expect(untaught('!', { found: null, second: null, drawn: null }).choice).toBe('none');
  });

  test('is the surer of a picture the better it fits', () => {
    const odds = [0.05, 0.3, 0.6, 0.9, 0.99].map((found) => untaught('A cat sleeps.', { found }).odds!);
    expect(odds).toEqual(odds.toSorted((a, b) => b - a));
  });

  test('learns a taste from few answers, of what it was shown about, and forgets it with them', () => {
    const animals = [
      'A cat sleeps.',
      'Two ducks on a lake.',
      'The fox ran.',
      'A horse and a cow.',
      'A bear eats.',
    ];
    const people = [
      'A woman sings.',
      'Two boys play.',
      'The teacher laughed.',
      'A man walks.',
      'A girl reads.',
    ];
    const teach = (text: string, drawn: boolean, number: number): Lesson => {
      const { odds } = untaught(text, { found: 0.5, second: 0.2 });
      return { number, text, odds, drawn };
    };
    let lessons: Lesson[] = [
      ...animals.map((text, at) => teach(text, true, at)),
      ...people.map((text, at) => teach(text, false, at + 10)),
    ];
    const decider = new Decider(model, () => lessons);
    const even = { found: 0.5, second: 0.2 };
    const elephant = decider.decide('An elephant in the rain.', evidence(even));
    const king = decider.decide('The king is angry.', evidence(even));
    expect(elephant).toMatchObject({ choice: 'sketch', taste: 'animals' });
    expect(king).toMatchObject({ choice: 'retrieve', taste: 'people' });
    const learnt = new Map(decider.taste().topics.map((one) => [one.topic, one]));
    expect(learnt.get('animals')).toMatchObject({ drawn: 5, found: 0 });
    expect(learnt.get('animals')!.weight).toBeGreaterThan(0.5);
    expect(learnt.get('people')!.weight).toBeLessThan(-0.5);
    expect(learnt.get('food')!.weight).toBe(0);

    const before = untaught('An elephant in the rain.', even);
    // One answer alone outweighs no good evidence.
    lessons = lessons.slice(0, 1);
    const clear = evidence({ found: 0.97, second: 0.2, words: 1 });
    expect(decider.decide('An elephant in the rain.', clear).choice).toBe('retrieve');
    lessons = [];
    expect(decider.decide('An elephant in the rain.', evidence(even))).toEqual(before);
  });
});
