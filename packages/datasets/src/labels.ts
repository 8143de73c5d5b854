// Labels are numbers, and mean something only with the list they index: two lists are matched by name, never by position.
import { checkValue, option } from '@bitgrad/core';
import { checkSplit } from './check.js';
import type { Dataset, Examples } from './dataset.js';
import { failure } from './errors.js';

const shown = (names: readonly string[]): string =>
  names.slice(0, 8).join(', ') + (names.length > 8 ? `, ... (${names.length})` : '');

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i]);

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, i) => names.indexOf(name) !== i);

const names = option.required(option.list(option.string, 1));

function checkDataset(dataset: unknown): asserts dataset is Dataset<Examples> {
  const { classes, train, test } = (dataset ?? {}) as Partial<Dataset>;
  checkValue('datasets', 'classes of the data set', classes, names);
  for (const split of [train, test]) checkSplit('mapLabels', split);
}

/**
 * A data set with the labels of a model: label i is `classes[i]`. Another order is mapped; a data set may have some of the
 * classes only.
 * @param dataset its classes are matched by name
 * @param classes class names of the model, in the order of its outputs
 * @returns the same object when the lists are equal
 * @throws BitgradError `invalid-option`; `incompatible` that names the classes which the model does not have
 */
export function mapLabels<S extends Examples>(dataset: Dataset<S>, classes: readonly string[]): Dataset<S> {
  checkValue('datasets', 'class names of the model', classes, names);
  checkDataset(dataset);
  if (same(dataset.classes, classes)) return dataset;
  const unknown = dataset.classes.filter((name) => !classes.includes(name));
  const twice = repeated(classes) ?? repeated(dataset.classes);
  if (unknown.length > 0 || twice !== undefined)
    throw failure('incompatible', {
      what:
        unknown.length > 0
          ? `data set "${dataset.name}" has classes that the model does not know`
          : `class "${twice}" stands twice, and classes are matched by name`,
      got: shown(unknown.length > 0 ? unknown : dataset.classes),
      expected: `some of ${shown(classes)}`,
      next: 'Give the classes the names that the model was trained with.',
    });
  const { kind = 'class' } = dataset.train;
  if (kind !== 'class')
    throw failure('incompatible', {
      what: `columns of data set "${dataset.name}"`,
      got: shown(dataset.classes),
      expected: `${shown(classes)}, in this order`,
    });
  const numbers = dataset.classes.map((name) => classes.indexOf(name));
  const map = (split: S): S => {
    const { length } = split.labels;
    const labels = classes.length > 256 ? new Uint16Array(length) : new Uint8Array(length);
    split.labels.forEach((label, i) => (labels[i] = numbers[label]!));
    return Object.freeze({ ...split, labels });
  };
  const { train, test, validation } = dataset;
  return Object.freeze({
    ...dataset,
    classes,
    train: map(train),
    test: map(test),
    ...(validation && { validation: map(validation) }),
  });
}
