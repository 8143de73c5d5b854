// What the numbers of a model's output mean. Training, compiler, runtime and command ask the same question, so the answers
// have one list.

/**
 * - `logits`: scores of classes, whose softmax over the last axis is their probabilities;
 * - `probabilities`: that softmax, by the model itself;
 * - `sigmoid`: probabilities that are independent of each other; of one class against the other where there is one;
 * - `regression`: values without classes.
 *
 * An output of rank 2 or 3 (tokens, pixels) has an answer at each position: the row along its last axis.
 */
export const outputKinds = ['logits', 'probabilities', 'sigmoid', 'regression'] as const;

/** One of {@link outputKinds}. */
export type OutputKind = (typeof outputKinds)[number];
