// The network. For one of your own put its file into public/ and write
//   import { loadModel } from '@bitgrad/classify';
//   export const loadNetwork = () => loadModel('/model.bitgrad');
import mnistTfc from '@bitgrad/zoo/mnist-tfc';

/** Loads the network on the best engine that this browser has. */
export const loadNetwork = () => mnistTfc.load();

/** The answer in words, from the classes with the best first. */
export const words = ([best, second]) =>
  `${best.label} (${Math.round(100 * best.probability)} %), or ${second.label}`;
