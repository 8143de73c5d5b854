// Quantizers: ONNX's Sign, and those of QONNX and FINN.
import type { OnnxNode, Translation } from '../node.js';

const isOne = (n: OnnxNode, i: number): boolean => {
  const t = n.constant(i);
  return !t || (t.data.length === 1 && t.data[0] === 1);
};

/** Quantizers of ONNX, QONNX and FINN. */
export const quantizers: Readonly<Record<string, Translation>> = {
  Sign: (n) => void n.emit('sign', [n.inputs[0]!]),
  /** +scale where x >= 0, else -scale. */
  BipolarQuant(n) {
    const plain = isOne(n, 1);
    const sign = n.emit('step', [n.inputs[0]!], { low: -1, high: 1, threshold: 0 }, plain ? '' : 'sign');
    if (!plain) n.emit('mul', [sign, n.inputs[1]!]);
  },
  Quant(n) {
    const bits = n.constant(3)?.data;
    if (bits?.length !== 1) n.fail('has no bit width, or several', 'Give it one bit width.');
    n.emit('quant', n.inputs.slice(0, 3), {
      bits: bits![0],
      signed: n.int('signed', 1) === 1,
      narrow: n.int('narrow', 0) === 1,
      rounding: n.text('rounding_mode', 'ROUND').toUpperCase(),
    });
  },
  MultiThreshold(n) {
    const channelsLast = ['NHWC', 'NWC'].includes(n.text('data_layout', 'NCHW'));
    const axis = channelsLast ? n.shape(0).length - 1 : 1;
    n.emit('multiThreshold', n.inputs.slice(0, 2), {
      scale: n.float('out_scale', 1),
      offset: n.float('out_bias', 0),
      axis,
    });
  },
};
