// What a transformer adds to its sequence of tokens [n, t, c]: where each token is, and a token that stands for all.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, option } from '@bitgrad/core';
import { broadcast } from '../broadcast.js';
import { layerOptions, quantRules } from '../layer-options.js';
import {
  called,
  knownSize,
  resolveInitializer,
  serializeKeras,
  singleShape,
  type Initializer,
  type InitializerSpec,
  type LayerArgs,
  type LayerVariable,
  type Shape,
} from '../keras.js';

/** Options of {@link PositionEmbedding} and {@link ClassToken}. */
export interface EmbeddingArgs extends LayerArgs {
  /** Default: truncated normal with standard deviation 0.02, seeded. */
  embeddingInitializer?: InitializerSpec;
  /** Decides the default initial values; default: the layer's name. */
  seed?: number | null;
}

abstract class EmbeddingLayer extends tfl.layers.Layer {
  /** The learned vectors, [tokens, c]. */
  embedding!: LayerVariable;
  readonly seed: number | null;
  private readonly initializer: Initializer;

  constructor(args: EmbeddingArgs) {
    super(
      layerOptions('an embedding layer', args, { embeddingInitializer: option.any, seed: quantRules.seed }),
    );
    this.seed = args.seed ?? null;
    const rng = this.seed === null ? createRng(0).fork(this.name) : createRng(this.seed);
    // Never 0: tfjs takes a seed of 0 for none in some of its initializers.
    const seed = 1 + rng.fork('embedding').integer(0x7ffffffe);
    const normal = tfl.initializers.truncatedNormal({ stddev: 0.02, seed }) as Initializer;
    this.initializer = resolveInitializer(args.embeddingInitializer, normal);
  }

  protected addEmbedding(tokens: number, c: number): void {
    this.embedding = this.addWeight(
      'embedding',
      [tokens, c],
      'float32',
      this.initializer as never,
      undefined,
      true,
    );
    this.built = true;
  }

  protected abstract join(x: tf.Tensor3D, embedding: tf.Tensor): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) => this.join(x as never, this.embedding.read()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { seed } = this;
    return { ...super.getConfig(), seed, embeddingInitializer: serializeKeras(this.initializer) };
  }
}

/** Adds a learned vector to each token: y[n, t, c] = x[n, t, c] + embedding[t, c]; t is fixed when the layer is built. */
export class PositionEmbedding extends EmbeddingLayer {
  static className = 'BitgradPositionEmbedding';

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const owner = `layer "${this.name}"`;
    this.addEmbedding(knownSize(shape, 3, 1, owner), knownSize(shape, 3, 2, owner));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  protected override join(x: tf.Tensor3D, embedding: tf.Tensor): tf.Tensor {
    return tf.add(x, embedding);
  }
}
tf.serialization.registerClass(PositionEmbedding);

/** A {@link PositionEmbedding} layer. */
export const positionEmbedding = (args: EmbeddingArgs = {}): PositionEmbedding => new PositionEmbedding(args);

/** Puts a learned token in front of the sequence: [n, t, c] to [n, t + 1, c] (ViT's class token, arXiv 2010.11929). */
export class ClassToken extends EmbeddingLayer {
  static className = 'BitgradClassToken';

  override build(inputShape: Shape | Shape[]): void {
    this.addEmbedding(1, knownSize(singleShape(inputShape), 3, 2, `layer "${this.name}"`));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, t, c] = singleShape(inputShape) as [number | null, number | null, number];
    return [n, t === null ? null : t + 1, c];
  }

  protected override join(x: tf.Tensor3D, embedding: tf.Tensor): tf.Tensor {
    const [n, , c] = x.shape;
    return tf.concat([broadcast(tf.expandDims(embedding, 0), [n, 1, c]) as tf.Tensor3D, x], 1);
  }
}
tf.serialization.registerClass(ClassToken);

/** A {@link ClassToken} layer. */
export const classToken = (args: EmbeddingArgs = {}): ClassToken => new ClassToken(args);

/** Takes the first token of a sequence: [n, t, c] to [n, c]; no weights. */
export class FirstToken extends tfl.layers.Layer {
  static className = 'BitgradFirstToken';

  /** @throws BitgradError `invalid-option` for an unknown option */
  constructor(args: LayerArgs = {}) {
    super(layerOptions('FirstToken', args, {}));
  }

  override build(inputShape: Shape | Shape[]): void {
    knownSize(singleShape(inputShape), 3, 2, `layer "${this.name}"`);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, , c] = singleShape(inputShape) as [number | null, number | null, number];
    return [n, c];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called<tf.Tensor3D>(this, inputs, kwargs, (x) => {
      const [n, , c] = x.shape;
      return tf.reshape(tf.slice(x, [0, 0, 0], [n, 1, c]), [n, c]);
    });
  }
}
tf.serialization.registerClass(FirstToken);

/** A {@link FirstToken} layer. */
export const firstToken = (args: LayerArgs = {}): FirstToken => new FirstToken(args);
