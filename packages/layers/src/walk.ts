// Walks the layers of a model with the shapes of each use, through nested models and wrappers.
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkValue, option } from '@bitgrad/core';
import { expectLayer, expectModel } from './expect-model.js';
import type { Shape } from './keras.js';

type Layer = tfl.layers.Layer;

/** One use of a layer in a model. */
export interface LayerUse {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /**
   * How often it runs for one example: more than 1 inside TimeDistributed or a model that is used again; NaN where that
   * depends on an unknown size.
   */
  readonly times: number;
}

/** A layer without layers of its own, and where a model uses it. */
export interface WalkedLayer {
  readonly layer: Layer;
  readonly uses: readonly LayerUse[];
  /** Names of the nested models and wrappers around it and its own, of its first use: `block/conv`. */
  readonly path: string;
}

interface Symbolic {
  readonly id: number;
  readonly sourceLayer: Layer;
  readonly nodeIndex: number;
  readonly tensorIndex: number;
}
interface Shapes {
  inputShapes: Shape[];
  outputShapes: Shape[];
}
interface Node extends Shapes {
  inputTensors: Symbolic[];
}
/** The parts of tfjs-layers' models and wrappers that tell what is inside. */
interface Nest {
  layers?: Layer[];
  inputs?: Symbolic[];
  outputs?: Symbolic[];
  model?: Nest;
  containerNodes?: ReadonlySet<string>;
  layer?: Layer;
  forwardLayer?: Layer;
  backwardLayer?: Layer;
}

const nodesOf = (layer: Layer, container: Nest | null): Node[] => {
  const all = layer.inboundNodes as unknown as Node[];
  // A layer may be used by other models too; a Sequential keeps its graph in an inner model.
  const known = container?.model?.containerNodes ?? container?.containerNodes;
  return known && known.size > 0 ? all.filter((_, i) => known.has(`${layer.name}_ib-${i}`)) : all;
};

const anyBatch = (shape: Shape): Shape => [null, ...shape.slice(1)];

const outputsOf = (layer: Layer, inputShapes: Shape[]): Shape[] => {
  const nest = layer as Nest;
  // A Sequential cannot tell by itself: tfjs looks for its inputs where only functional models keep them.
  if (nest.outputs && nest.inputs?.length === 1) return shapesFor(nest, inputShapes[0]!).outputShapes;
  const shape = layer.computeOutputShape(inputShapes.length === 1 ? inputShapes[0]! : inputShapes);
  return (Array.isArray(shape[0]) ? shape : [shape]) as Shape[];
};

/** Shapes of each call inside a model, and of its outputs, where its one input has a shape. */
function shapesFor(
  { inputs = [], outputs = [] }: Nest,
  inputShape: Shape,
): { calls: Map<Node, Shapes>; outputShapes: Shape[] } {
  const calls = new Map<Node, Shapes>();
  const known = new Map<number, Shape>();
  const record = ({ id, sourceLayer, nodeIndex, tensorIndex }: Symbolic, given?: Shape): Shape => {
    const found = known.get(id);
    if (found) return found;
    const node = (sourceLayer.inboundNodes as unknown as Node[])[nodeIndex]!;
    const inputShapes = given ? [given] : node.inputTensors.map((x) => record(x));
    const outputShapes = given ? [given] : outputsOf(sourceLayer, inputShapes);
    calls.set(node, { inputShapes, outputShapes });
    known.set(id, outputShapes[tensorIndex]!);
    return outputShapes[tensorIndex]!;
  };
  if (inputs.length !== 1) return { calls, outputShapes: [] };
  // A batch of one: a Reshape with an open size tells it only where all others are known.
  record(inputs[0]!, [1, ...inputShape.slice(1)]);
  return { calls, outputShapes: outputs.map((x) => record(x)) };
}

const size = option.either(option.integer(1), option.oneOf(null));
const shapeRule = option.required(option.list(size, 2));

/**
 * Shapes of a model's outputs, batch axis first, where its one input has a shape.
 * @throws BitgradError `invalid-option` for what is no model, or no shape
 */
export function outputShapesFor(model: Layer, inputShape: Shape): Shape[] {
  expectModel('layers', 'outputShapesFor', model);
  checkValue('layers', 'inputShape given to outputShapesFor', inputShape, shapeRule);
  return shapesFor(model as Nest, inputShape).outputShapes.map(anyBatch);
}

const usesIn = (layer: Layer, container: Nest | null, times: number, calls?: Map<Node, Shapes>): LayerUse[] =>
  nodesOf(layer, container).map((node) => {
    const { inputShapes, outputShapes } = calls?.get(node) ?? node;
    const open = (shape: Shape): Shape => (calls ? anyBatch(shape) : shape);
    return { inputShape: open(inputShapes[0]!), outputShape: open(outputShapes[0]!), times };
  });

/** A wrapper's uses as those of the layer inside: TimeDistributed runs it for each index of axis 1. */
const unwrap = (layer: Layer, uses: readonly LayerUse[]): LayerUse[] =>
  layer.getClassName() === 'TimeDistributed'
    ? uses.map(({ inputShape, outputShape, times }) => ({
        inputShape: [inputShape[0]!, ...inputShape.slice(2)],
        outputShape: [outputShape[0]!, ...outputShape.slice(2)],
        times: times * (inputShape[1] ?? Number.NaN),
      }))
    : [...uses];

/**
 * Every layer of a model, in order, each once, with all its uses.
 * @param inputShape shape of the model's input, batch axis first, in place of one with unknown sizes
 * @throws BitgradError `invalid-option` for what is no model
 */
export function walkLayers(model: Layer, inputShape?: Shape): WalkedLayer[] {
  expectLayer('layers', 'a function of @bitgrad/layers', model);
  const found = new Map<Layer, { uses: LayerUse[]; path: string }>();
  const visit = (layer: Layer, uses: LayerUse[], within: string): void => {
    const inside = layer === model && isModel ? '' : `${within}${layer.name}/`;
    const nest = layer as Nest;
    const wrapped = [nest.layer, nest.forwardLayer, nest.backwardLayer].filter(
      (x): x is Layer => x !== undefined,
    );
    if (nest.layers) {
      const inner = (times: number, calls?: Map<Node, Shapes>) => (layer: Layer) =>
        usesIn(layer, nest, times, calls);
      // A model that was never applied to anything is the outermost one: used once.
      const times = Math.max(
        1,
        uses.reduce((sum, use) => sum + use.times, 0),
      );
      const usesOf = inputShape
        ? (x: Layer) => uses.flatMap((use) => inner(use.times, shapesFor(nest, use.inputShape).calls)(x))
        : inner(times);
      nest.layers.forEach((x) => visit(x, usesOf(x), inside));
    } else if (wrapped.length > 0) wrapped.forEach((inner) => visit(inner, unwrap(layer, uses), inside));
    else {
      const { uses: others = [], path = `${within}${layer.name}` } = found.get(layer) ?? {};
      found.set(layer, { uses: [...others, ...uses], path });
    }
  };
  const isModel = (model as Nest).layers !== undefined;
  const given = inputShape && [{ inputShape, outputShape: [], times: 1 }];
  visit(model, isModel ? (given ?? []) : usesIn(model, null, 1), '');
  return [...found].map(([layer, { uses, path }]) => ({ layer, uses, path }));
}

/** Every layer of a model, in order, each once; nested models and wrappers (TimeDistributed, Bidirectional) opened. */
export const layersOf = (model: Layer): Layer[] => walkLayers(model).map(({ layer }) => layer);
