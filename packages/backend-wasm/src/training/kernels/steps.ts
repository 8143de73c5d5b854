// Loss, PReLU gradient and optimizer steps: small kernels that replace ten to twenty tfjs ops each.
import type { AdamStepOptions, MomentumStepOptions } from '@bitgrad/core';
import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import { segments } from './segments.js';

type Three = [TensorInfo, TensorInfo, TensorInfo];

/** The tensors of each variable of a step; see `kernelNames` of @bitgrad/core. */
function variablesOf<N extends string>(
  inputs: Readonly<Record<string, TensorInfo>>,
  names: readonly [N, ...N[]],
): Readonly<Record<N, TensorInfo>>[] {
  const variables: Readonly<Record<N, TensorInfo>>[] = [];
  for (let i = 0; inputs[`${names[0]}${i || ''}`]; i++) {
    const tensors = names.map((name) => [name, inputs[`${name}${i || ''}`]!] as const);
    variables.push(Object.fromEntries(tensors) as Record<N, TensorInfo>);
  }
  return variables;
}

/** How the numbers of a variable are split; small variables are not. */
const numbersOf = ({ shape }: TensorInfo) =>
  ({ over: 'i', count: util.sizeFromShape(shape), grain: 4096 }) as const;

const numbersIn = (steps: readonly { readonly split: { readonly count: number } }[]): number =>
  steps.reduce((sum, { split }) => sum + split.count, 0);

/** BitgradSoftmaxCrossEntropy, BitgradPReluGrad, BitgradAdamStep and BitgradMomentumStep. */
export const steps: KernelFamily = ({ heap, ask, run }) => ({
  BitgradSoftmaxCrossEntropy({ inputs }) {
    const { logits, labels } = inputs;
    const [n, k] = logits!.shape as [number, number];
    const [loss, dlogits] = [heap.output([n]), heap.output([n, k])];
    const operands = { ...heap.at({ logits, labels, loss, dlogits }), k };
    run('BitgradSoftmaxCrossEntropy', n * k, (job) =>
      job.split('softmaxCrossEntropy', { over: 'r', count: n, grain: 1 }, operands),
    );
    return [loss, dlogits];
  },
  BitgradPReluGrad({ inputs }) {
    const { x, alpha, dy } = inputs;
    const c = util.sizeFromShape(alpha!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dalpha] = [heap.output(x!.shape), heap.output(alpha!.shape)];
    const all = segments(rows, ask('preluSegment', { rows }));
    const operands = heap.at({ x, alpha, dy, dx });
    run('BitgradPReluGrad', rows * c, (job) => {
      const [sums] = job.scratch(all.count * c * 8);
      job.split('preluGrad', all, { ...operands, sums, rows, c });
      job.call('addSegments', { sums, out: heap.address(dalpha), parts: all.count, stride: c, count: c });
    });
    return [dx, dalpha];
  },
  BitgradAdamStep({ inputs, attrs }) {
    const { learningRate, beta1, beta2, epsilon, correction1, correction2 } =
      attrs as unknown as AdamStepOptions;
    const constants = {
      rate: learningRate / correction1,
      ...{ beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, scale2: 1 / correction2, epsilon },
    };
    const steps = variablesOf(inputs, ['value', 'gradient', 'm', 'v']).map(({ value, gradient, m, v }) => {
      const [value2, m2, v2] = [value, m, v].map(({ shape }) => heap.output(shape)) as Three;
      const common = { ...heap.at({ value, g: gradient, m, v, value2, m2, v2 }), ...constants };
      return { outputs: [value2, m2, v2], split: numbersOf(value), common };
    });
    run('BitgradAdamStep', numbersIn(steps), (job) => job.splitAll('adam', steps));
    return steps.flatMap(({ outputs }) => outputs);
  },
  BitgradMomentumStep({ inputs, attrs }) {
    const { learningRate, momentum, nesterov } = attrs as unknown as MomentumStepOptions;
    const constants = { rate: learningRate, factor: momentum, nesterov: Number(nesterov) };
    const steps = variablesOf(inputs, ['value', 'gradient', 'velocity']).map((variable) => {
      const { value, gradient, velocity } = variable;
      const [value2, velocity2] = [heap.output(value.shape), heap.output(value.shape)];
      const common = { ...heap.at({ value, g: gradient, velocity, value2, velocity2 }), ...constants };
      return { outputs: [value2, velocity2], split: numbersOf(value), common };
    });
    run('BitgradMomentumStep', numbersIn(steps), (job) => job.splitAll('momentum', steps));
    return steps.flatMap(({ outputs }) => outputs);
  },
});
