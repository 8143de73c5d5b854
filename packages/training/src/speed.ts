// Throughput and time left, from exponential averages, so that a slow start does not stay in the figure.

const weight = 0.05;

/** Running averages of what steps and evaluations take. */
export function createSpeed() {
  let perImage = 0;
  let perStep = 0;
  let perEvaluation = 0;
  const blend = (old: number, value: number): number => (old === 0 ? value : old + weight * (value - old));
  return {
    addStep(images: number, seconds: number) {
      perImage = blend(perImage, seconds / images);
      perStep = blend(perStep, seconds);
    },
    addEvaluation(seconds: number) {
      perEvaluation = seconds;
    },
    imagesPerSecond: (): number => (perImage > 0 ? 1 / perImage : 0),
    etaSeconds: (steps: number, evaluations: number): number => steps * perStep + evaluations * perEvaluation,
  };
}
