// What both GPU engines say of a program, and the order in which they take runs.
import type { OpReport, PackedModel } from '@bitgrad/runtime';
import type { Program, ShaderKernel } from './program.js';

/**
 * What ran each op of a plan.
 * @param nameOf the name of a kernel, by its place in the program too
 */
export function opReports(
  { plan }: PackedModel,
  { kernels, renamed }: Program,
  nameOf: (kernel: ShaderKernel, place: number) => string,
): OpReport[] {
  const names = new Map<number, string>(renamed.map((index) => [index, 'renamed']));
  kernels.forEach((kernel, place) => {
    names.set(kernel.op, nameOf(kernel, place));
    for (const index of kernel.fused) names.set(index, `fused:${kernel.op}`);
  });
  return plan.ops.map(({ op, name }, index) => ({
    index,
    op,
    ...(name !== undefined && { name }),
    kernel: names.get(index)!,
  }));
}

/** Starts each run when the one before has ended, whether well or not. */
export function inTurn(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const running = last.then(run);
    last = running.catch(() => undefined);
    return running;
  };
}
