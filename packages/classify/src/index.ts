export { loadModel, type Classification, type Classifier, type ClassifyOptions } from './load-model.js';
export { createClassifierElement, type ClassifierElement, type ClassifierElementOptions } from './element.js';
export { defaultEngines } from './engines.js';
export { pixelsOf, type Picture, type Drawable } from './pixels.js';
