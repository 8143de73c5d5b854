export { accumulatorBound, exactFloat32, exactInt32 } from './bounds.js';
export { brand, type Brand } from './brand.js';
export { crc32, crc32c } from './crc32.js';
export {
  BitgradError,
  errorCodes,
  errorIn,
  reasonOf,
  showValue,
  type ErrorCode,
  type ErrorDetails,
} from './errors.js';
export {
  binaryOps,
  children,
  E,
  checkExpression,
  inputsOf,
  unaryOps,
  type BinaryOp,
  type Expression,
  type Operand,
  type UnaryOp,
} from './expression/expression.js';
export { exp32 } from './expression/exp32.js';
export { evaluateExpression, float32, roundHalfEven, type Arithmetic } from './expression/math.js';
export { linearize, opcodes, type ElementwiseProgram } from './expression/program.js';
export {
  expectLength,
  packRows,
  packedBytes,
  popcount,
  unpackRows,
  wordBits,
  wordsPerRow,
} from './layout.js';
export { nearestName } from './names.js';
export {
  checkOptions,
  checkValue,
  failureOf,
  option,
  unknownOption,
  type OptionRule,
  type OptionRules,
} from './options.js';
export { outputKinds, type OutputKind } from './output-kind.js';
export { orientPixels } from './pixels/orient.js';
export {
  checkPixels,
  defaultPictureBytes,
  pictureBytes,
  type PictureCall,
  type PictureShape,
  type Pixels,
} from './pixels/pixels.js';
export {
  defaultPicture,
  pictureRules,
  pictureSettings,
  type PictureFit,
  type PictureOptions,
  type PictureSettings,
} from './pixels/settings.js';
export { byteNormalizer, normalizationRules, type ByteNormalization } from './pixels/normalize.js';
export { placeFirstFit, type Placement } from './place.js';
export { renderExpression, type ExpressionDialect, type RenderedExpression } from './expression/render.js';
export { createRng, restoreRng, type Rng, type RngState } from './rng.js';
export { binarySign, checkNoNaN, levelOfBit, signBit } from './sign.js';
export { axisWindow, windowExtent, windowPositions, type AxisPadding, type AxisWindow } from './window.js';
export {
  firstThatRuns,
  reasonsOf,
  type Choice,
  type Probe,
  type RunsHere,
  type Skipped,
} from './runs-here.js';
export { toInt16 } from './sound/int16.js';
export { createResampler, resample, type Resampler } from './sound/resample.js';
export { spectrumTables, type SpectrumTables } from './sound/spectrum.js';
export {
  byteScales,
  soundBytes,
  soundFrames,
  soundReader,
  soundStream,
  type ByteScale,
} from './sound/features.js';
export {
  defaultSound,
  soundLength,
  soundRules,
  soundSettings,
  storedSound,
  type SoundOptions,
} from './sound/settings.js';
export { soundFields, type SoundNormalization, type SoundSettings } from './sound/fields.js';
export { within } from './within.js';
