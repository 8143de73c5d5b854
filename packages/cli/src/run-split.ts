// Running a packed model over a split, a part at a time, and counting what is right.
import type { Examples, LabelKind } from '@bitgrad/datasets';
import { normalizeBytes, topClasses, type Executable, type InputNormalization, type OutputArray, type PackedModel } from '@bitgrad/runtime'; // prettier-ignore
import { createScores } from '@bitgrad/training';
import { runOn } from './engines.js';
import { errorsOf } from './scores.js';

/** Images that are run at a time, so that a large data set needs no second copy of itself. */
const chunk = 256;

/** What a packed model takes. */
export const inputSpec = ({ plan }: PackedModel) => plan.buffers[plan.input]!;
/** What {@link topClasses} asks for. */
export const answersOf = ({ plan, metadata }: PackedModel) => ({
  metadata,
  output: plan.buffers[plan.output]!,
});

/** Counts right answers: of classes as `topClasses` gives them, which one sigmoid may decide. */
export function scoresOf(model: PackedModel, kind: LabelKind, classes: readonly string[]) {
  const answers = answersOf(model);
  if (kind !== 'class') {
    const scores = createScores(kind, classes.length);
    const result = () => {
      const [exact, errors] = [scores.exact(), scores.errors()];
      return {
        testAccuracy: scores.accuracy(),
        ...(exact !== null && { exact }),
        ...(errors && { errors: errorsOf(classes, errors) }),
        classAccuracy: {},
      };
    };
    return { add: scores.add, result };
  }
  const [right, seen] = [classes.map(() => 0), classes.map(() => 0)];
  return {
    add(output: OutputArray, labels: ArrayLike<number>) {
      const width = output.length / labels.length;
      for (let r = 0; r < labels.length; r++) {
        const label = labels[r]!;
        seen[label]! += 1;
        const row = output.subarray(r * width, (r + 1) * width);
        if (topClasses(row, answers, 1)[0]!.index === label) right[label]! += 1;
      }
    },
    result: () => ({
      testAccuracy: right.reduce((a, b) => a + b, 0) / seen.reduce((a, b) => a + b, 0),
      classAccuracy: Object.fromEntries(
        classes.map((name, i) => [name, seen[i] ? right[i]! / seen[i]! : null]),
      ),
    }),
  };
}

/**
 * Runs a split.
 * @param add counts the outputs of a part; see {@link scoresOf}
 * @param normalization for models that take floats; default that of the model's file
 * @returns the seconds that the engine took
 */
export async function runSplit(
  executable: Executable,
  model: PackedModel,
  split: Examples,
  add: (output: OutputArray, labels: ArrayLike<number>) => void,
  normalization: InputNormalization | undefined = model.metadata.normalization,
): Promise<number> {
  const { type, shape } = inputSpec(model);
  const size = shape.reduce((a, b) => a * b, 1);
  const width = split.labels.length / split.size;
  let seconds = 0;
  for (let from = 0; from < split.size; from += chunk) {
    const inputs = split.images.subarray(from * size, (from + chunk) * size);
    const input =
      type === 'u8' || inputs instanceof Float32Array
        ? inputs
        : normalizeBytes(inputs, shape.at(-1)!, normalization);
    const start = performance.now();
    const output = await runOn(executable, input);
    seconds += (performance.now() - start) / 1000;
    add(output, split.labels.subarray(from * width, (from + chunk) * width));
  }
  return seconds;
}
