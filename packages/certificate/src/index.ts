export { sampleCells, type Cell, type CellGrid, type CellJump, type ScalarPair } from './certify/cells.js';
export {
  certify,
  type Certificate,
  type CertifyOptions,
  type Position,
  type PositionedViolation,
} from './certify/certify.js';
export { certificateSvg } from './certify/chart.js';
export type { Condition, Violation } from './certify/violation.js';
export type { CertifiablePair, HalvesPair, PlainPair, PositionOptions } from './certify/pair.js';
export type { Anchor, Decomposition } from './certify/recover.js';
export { sampledFunction, type SampledFunction } from './certify/sampled-function.js';
export type { ProximalMap, Transform } from './parts.js';
export { jumpsOf, proximalOf, proximalPoint, type ProximalOptions } from './prox.js';
export { composeForward, composeSurrogate, type Composition } from './synthesis/compose.js';
export { match, matchedForward, type MatchOptions } from './synthesis/match.js';
export { synthesize, type SynthesizedQuantizer, type Synthesis } from './synthesis/synthesize.js';
export { fanUnit, noUnit, unitOf, unitStatistic, type UnitKind, type UnitOptions } from './unit.js';
