export { BitgradError, errorCodes, showValue, type ErrorCode, type ErrorDetails } from './errors.js';
export { expectLength, packRows, packedBytes, popcount, unpackRows, wordBits, wordsPerRow } from './layout.js';
export { binarySign, checkNoNaN, levelOfBit, signBit } from './sign.js';
