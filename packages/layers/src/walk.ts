// Walks the layers of a model with the shapes of each use, through nested models and wrappers.
import type * as tfl from '@tensorflow/tfjs-layers';
import { expectLayer } from './expect-model.js';
import type { Shape } from './keras.js';

type Layer = tfl.layers.Layer;

/** One use of a layer in a model. */
export interface LayerUse {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** How often it runs for one example: more than 1 inside TimeDistributed or a model that is used again. */
  readonly times: number;
}

/** A layer without layers of its own, and where a model uses it. */
export interface WalkedLayer {
  readonly layer: Layer;
  readonly uses: readonly LayerUse[];
  /** Names of the nested models and wrappers around it and its own, of its first use: `block/conv`. */
  readonly path: string;
}

interface Node {
  inputShapes: Shape[];
  outputShapes: Shape[];
}
/** The parts of tfjs-layers' models and wrappers that tell what is inside. */
interface Nest {
  layers?: Layer[];
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

const usesIn = (layer: Layer, container: Nest | null, times: number): LayerUse[] =>
  nodesOf(layer, container).map(({ inputShapes, outputShapes }) => ({
    inputShape: inputShapes[0]!,
    outputShape: outputShapes[0]!,
    times,
  }));

/** A wrapper's uses as those of the layer inside: TimeDistributed runs it for each index of axis 1. */
const unwrap = (layer: Layer, uses: readonly LayerUse[]): LayerUse[] =>
  layer.getClassName() === 'TimeDistributed'
    ? uses.map(({ inputShape, outputShape, times }) => ({
        inputShape: [inputShape[0]!, ...inputShape.slice(2)],
        outputShape: [outputShape[0]!, ...outputShape.slice(2)],
        times: times * (inputShape[1] ?? 1),
      }))
    : [...uses];

/**
 * Every layer of a model, in order, each once, with all its uses.
 * @throws BitgradError `invalid-option` for what is no model
 */
export function walkLayers(model: Layer): WalkedLayer[] {
  expectLayer('layers', 'a function of @bitgrad/layers', model);
  const found = new Map<Layer, { uses: LayerUse[]; path: string }>();
  const visit = (layer: Layer, uses: LayerUse[], within: string): void => {
    const inside = layer === model && isModel ? '' : `${within}${layer.name}/`;
    const nest = layer as Nest;
    const wrapped = [nest.layer, nest.forwardLayer, nest.backwardLayer].filter(
      (x): x is Layer => x !== undefined,
    );
    if (nest.layers) {
      // A model that was never applied to anything is the outermost one: used once.
      const times = Math.max(
        1,
        uses.reduce((sum, use) => sum + use.times, 0),
      );
      nest.layers.forEach((inner) => visit(inner, usesIn(inner, nest, times), inside));
    } else if (wrapped.length > 0) wrapped.forEach((inner) => visit(inner, unwrap(layer, uses), inside));
    else {
      const { uses: others = [], path = `${within}${layer.name}` } = found.get(layer) ?? {};
      found.set(layer, { uses: [...others, ...uses], path });
    }
  };
  const isModel = (model as Nest).layers !== undefined;
  visit(model, isModel ? [] : usesIn(model, null, 1), '');
  return [...found].map(([layer, { uses, path }]) => ({ layer, uses, path }));
}

/** Every layer of a model, in order, each once; nested models and wrappers (TimeDistributed, Bidirectional) opened. */
export const layersOf = (model: Layer): Layer[] => walkLayers(model).map(({ layer }) => layer);
