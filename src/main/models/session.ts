import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FabulaError } from '../../shared/errors.ts';

/** One network, loaded. */
export interface Network {
  /** @throws FabulaError `model-failed` naming the file. */
  run(inputs: Readonly<Record<string, Tensor>>, outputs: readonly string[]): Promise<readonly Tensor[]>;
}

export interface SessionSettings {
  /** Threads one operator may use. */
  threads: number;
}

/**
 * Loads ONNX networks and keeps them: a file is loaded at its first use only.
 *
 * onnxruntime's `create` and `run` block the thread they are called on, so this belongs into the worker process.
 */
export class Sessions {
  readonly #settings: SessionSettings;
  readonly #loaded = new Map<string, Promise<Network>>();

  constructor(settings: SessionSettings) {
    this.#settings = settings;
  }

  /** @throws FabulaError `model-failed` naming the file when it cannot be loaded; the next call tries again. */
  get(file: string): Promise<Network> {
    const known = this.#loaded.get(file);
    if (known) return known;
    const loading = load(file, this.#settings);
    this.#loaded.set(file, loading);
    loading.catch(() => this.#loaded.delete(file));
    return loading;
  }
}

async function load(file: string, settings: SessionSettings): Promise<Network> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(file, {
      executionProviders: ['cpu'],
      intraOpNumThreads: settings.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // The arena keeps the largest sizes ever asked for; batches differ in length, so it would only grow.
      enableCpuMemArena: false,
      // Threads that spin while they wait take the cores from the process that decodes the next pictures.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw modelFailed(`${file} cannot be loaded`, error);
  }
  return {
    async run(inputs, outputs) {
      let results: InferenceSession.ReturnType;
      try {
        results = await session.run(inputs, outputs);
      } catch (error) {
        throw modelFailed(`${file} failed`, error);
      }
      return outputs.map((name) => {
        const value = results[name];
        if (!(value instanceof Tensor)) throw modelFailed(`${file} has no output ${name}`);
        return value;
      });
    },
  };
}

function modelFailed(what: string, cause?: unknown): FabulaError {
  const reason = cause instanceof Error ? ` (${cause.message.slice(0, 500)})` : '';
  return new FabulaError(
    'model-failed',
    `${what}${reason}. Check the pack with "fabula packs list", or get it again.`,
    {},
    { cause },
  );
}

/** A tensor over bytes that are already there: nothing is copied. */
export function bytesTensor(bytes: Uint8Array, dims: readonly number[]): Tensor {
  return new Tensor('uint8', bytes, dims);
}

/** int64, which onnxruntime takes as bigint. */
export function idsTensor(ids: ArrayLike<number>, dims: readonly number[]): Tensor {
  return new Tensor(
    'int64',
    BigInt64Array.from({ length: ids.length }, (_, index) => BigInt(ids[index] ?? 0)),
    dims,
  );
}

export function floatsTensor(values: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor('float32', values, dims);
}

/** The values of a float32 output. */
export function floats(tensor: Tensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) {
    throw new FabulaError('model-failed', `The network answers with ${tensor.type} instead of float32.`);
  }
  return tensor.data;
}

/** The values of an int64 output. */
export function ids(tensor: Tensor): BigInt64Array {
  if (!(tensor.data instanceof BigInt64Array)) {
    throw new FabulaError('model-failed', `The network answers with ${tensor.type} instead of int64.`);
  }
  return tensor.data;
}
