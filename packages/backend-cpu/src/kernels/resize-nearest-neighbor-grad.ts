// The gradient of nearest-neighbour resizing. tfjs 4.22 reads and writes the first image of the batch for all of them.
import type { CpuKernel } from './kernel.js';

interface Attributes {
  alignCorners: boolean;
  halfPixelCenters?: boolean;
}

/** For each output position the input position it was copied from. */
function sources(inSize: number, outSize: number, { alignCorners, halfPixelCenters }: Attributes): number[] {
  const corners = alignCorners && outSize > 1;
  const ratio = (corners ? inSize - 1 : inSize) / (corners ? outSize - 1 : outSize);
  return Array.from({ length: outSize }, (_, i) => {
    const position = ratio * (halfPixelCenters ? i + 0.5 : i);
    return Math.max(0, Math.min(inSize - 1, alignCorners ? Math.round(position) : Math.floor(position)));
  });
}

/** ResizeNearestNeighborGrad: inputs `dy`, `images` [n, h, w, c]. */
export const resizeNearestNeighborGrad: CpuKernel = ({ inputs, attrs, backend }) => {
  const [batch, height, width, channels] = inputs['images']!.shape as [number, number, number, number];
  const [, outHeight, outWidth] = inputs['dy']!.shape as [number, number, number, number];
  const rows = sources(height, outHeight, attrs as unknown as Attributes);
  const columns = sources(width, outWidth, attrs as unknown as Attributes);
  const dy = backend.data.get(inputs['dy']!.dataId).values;
  const dx = new Float32Array(batch * height * width * channels);
  let at = 0;
  for (let n = 0; n < batch; n++)
    for (const row of rows)
      for (const column of columns)
        for (let c = 0; c < channels; c++)
          dx[((n * height + row) * width + column) * channels + c]! += dy[at++]!;
  return backend.makeTensorInfo([batch, height, width, channels], 'float32', dx);
};
