// What stands in the module's memory, word by word, for both compilers: the host writes it (program.ts, place.ts), the
// module reads it. A field is one line here, and a type error on the host until it is written. Enums, since bundlers inline
// them.

/** The words at the start of memory that all threads share. */
export enum Shared {
  /** Rises by one for each run; workers wait for it. */
  epoch,
  /** Threads that wait at a barrier. */
  arrived,
  phase,
  /** The next tile of a group. */
  tile,
  stop,
  threads,
  /** Where the program is, how many groups it has, and the scratch memory of each thread. */
  program,
  groups,
  scratch,
  scratchBytes,
  /** Slices of waiting without progress after which the main thread gives up: a worker has died. */
  patience,
}

/** A group's header; its records follow. */
export enum GroupWords {
  records,
  rows,
  tileRows,
  channels,
  tileChannels,
  /** Words of a header. */
  size = 8,
}

/** A record: its opcode, for most ops views of their tensors, and then the fields of the op. */
export enum RecordWords {
  opcode,
  a = 2,
  b = 6,
  out = 10,
  /** Words of a record. */
  size = 40,
}

/**
 * A view says where the rows of a tensor are: address(row) = base + floor(row / width) * pitch + (row mod width) * step;
 * width 0 is one long line, width -1 the thread's scratch, whose first row is the first row of the tile. Convolutions read
 * their windows through views as well: step and pitch hold the strides.
 */
export enum View {
  base,
  step,
  width,
  pitch,
}

/** Matrix products, after the views. */
export enum Product {
  weights = 14,
  /** i32 byte offsets of the window's segments, and the end of that list. */
  segments,
  segmentsEnd,
  /** Steps in each segment: nibbles, pairs of i16, or f32. */
  segmentLength,
  /** Output channels of a part. */
  channels,
  panelBytes,
  /** i32 [classes][channels]: the value of an empty sum, for each class of window position (what it pads). */
  initial,
  /** Byte offset of its class for each output row and column, or 0 where all positions are alike. */
  rowClass,
  columnClass,
  /** Binary: a {@link Mode}. Integer: left shift of the sum. */
  mode,
  /** Float: bytes between the weights of successive steps. Mode `decide`: address of the flips. */
  stepBytes,
  /**
   * A product of several parts: the groups of a convolution, each with its own input channels, weights and output
   * channels; or with partRows rows each, the members of a batch of matrix products. Bytes from part to part:
   */
  parts,
  partRows,
  partInput,
  partWeights,
  partOutput,
  /** Output channels of a panel of weights. */
  panel,
}

/** What a binary product does with its counts. */
export enum Mode {
  /** Subtracts them from the initial values. */
  start,
  /** Subtracts them from the output. */
  add,
  /** Compares them with limits, i16 in the place of the initial values, and writes bits. */
  decide,
}

/** Ops row by row, after the views. */
export enum Rowwise {
  /** Addresses of parameters for each channel. */
  p0 = 14,
  p1,
  p2,
  /** Scalar parameters: bounds, epsilon, or the number of thresholds. */
  s0,
  s1,
}

/** An affine step, a sum with a second operand and perhaps a threshold in one pass, after the views. */
export enum Residual {
  /** Addresses of parameters for each channel. */
  scale = 14,
  bias,
  /** Whether the first operand is of integers. */
  integers,
  /** Address of thresholds, or 0 where there are none. */
  t = 18,
  flips,
  /** View of the levels that the threshold makes. */
  levels,
}

/** Ops over sliding windows; of the views they have the output's. */
export enum Windows {
  input = 14,
  pixelBytes,
  pitch,
  height,
  width,
  kernelHeight,
  kernelWidth,
  strideY,
  strideX,
  padTop,
  padLeft,
  outWidth,
  dilationY,
  dilationX,
}

/** What a depthwise convolution has besides. */
export enum Depthwise {
  /** i32 or f32 [taps][channels], and the bytes of a tap. */
  weights = 28,
  tapBytes,
  /** Shift of the sum and value of padded taps. */
  shift,
  padValue,
}

/** A copy, which has no views; positions count elements. */
export enum Copy {
  source = 2,
  target,
  /** Kinds of elements; see {@link Element}. */
  from,
  to,
  /** Length and the two strides of the innermost axis. */
  count,
  sourceStep,
  targetStep,
  /** Outer axes, innermost first: length, source stride, target stride for each of 4. */
  axes,
  /** Where the first element is. */
  sourceStart = 21,
  targetStart,
  /** Source kind `fill`: the value, as the target's raw bits. */
  value,
}

/** Rows of nibbles that become panels of weights. */
export enum Panels {
  source = 2,
  target,
  step,
  steps,
  panel,
  rows,
  bytes,
}

/** The border of an image: rows of the image, and bytes above it, beside and inside its rows, and below. */
export enum Border {
  base = 2,
  pitch,
  rows,
  above,
  left,
  inside,
  right,
  below,
}

/**
 * What is in no memory, but agreed on: large images are made and pooled band by band where products go through memory in blocks
 * (bands.rs of backend-native), so that what they are made of must be there for longer (lower-windows.ts).
 */
export enum Band {
  /** Bytes of a band; an image of no more is made whole. */
  bytes = 1 << 20,
}
