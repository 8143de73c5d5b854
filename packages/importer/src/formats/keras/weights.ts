// Weights of the layers, from either layout of Keras: by the names of layers with lists of names (H5 of Keras 2 and of
// save_weights), or by classes and their number (`.keras` and `.weights.h5`).
import { check } from '../../fail.js';
import type { Tensor } from '../../graph.js';
import type { Hdf5 } from './hdf5.js';
import type { LayerConfig } from './config.js';

/** Weights of a layer in the order in which Keras lists them. */
export type Weights = ReadonlyMap<string, readonly Tensor[]>;

const most = 64;

/** Groups of layers with attributes `weight_names`, under the root or `model_weights`. */
function byLayer(file: Hdf5, root: string, layers: readonly LayerConfig[]): Weights {
  return new Map(
    layers.map(({ name }) => {
      const path = `${root}/${name}`;
      const names = file.keys(path) ? (file.texts(path, 'weight_names') ?? []) : [];
      check(names.length <= most, `weights of layer "${name}"`, names.length, `at most ${most}`);
      const tensors = names.map((weight) => {
        const tensor = file.tensor(`${path}/${weight}`);
        check(tensor, `weight "${weight}" of layer "${name}"`, 'nothing', 'numbers');
        return tensor;
      });
      return [name, tensors];
    }),
  );
}

/** A class's name as Keras turns it into that of a group: PReLU is p_re_lu. */
const snake = (kind: string): string =>
  kind
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Groups `layers/<class>_<number>/vars`, numbered within a class in the order of the model. */
function byClass(file: Hdf5, layers: readonly LayerConfig[]): Weights {
  const seen = new Map<string, number>();
  const read = (path: string): Tensor[] => {
    const vars = file.keys(`${path}/vars`) ?? [];
    check(vars.length <= most, `weights of "${path}"`, vars.length, `at most ${most}`);
    return vars.map((_, i) => {
      const tensor = file.tensor(`${path}/vars/${i}`);
      check(tensor, `weight ${i} of "${path}"`, 'nothing', 'numbers');
      return tensor;
    });
  };
  return new Map(
    layers.map(({ name, kind }) => {
      const base = snake(kind);
      const count = seen.get(base) ?? 0;
      seen.set(base, count + 1);
      const path = `/layers/${base}${count === 0 ? '' : `_${count}`}`;
      // Keras 3 keeps the parts of a separable convolution, and quantizers, in groups beside the variables.
      return [name, read(path)];
    }),
  );
}

/** Weights of every layer. @throws BitgradError `invalid-file` */
export function readWeights(file: Hdf5, layers: readonly LayerConfig[]): Weights {
  if (file.keys('/layers')) return byClass(file, layers);
  const root = file.keys('/model_weights') ? '/model_weights' : '';
  check(file.texts(root || '/', 'layer_names'), 'weights of the HDF5 file', file.keys('/'), 'layers, or model_weights with layer_names, as Keras saves them'); // prettier-ignore
  return byLayer(file, root, layers);
}
