// Recordings for tests.
export function wavOf(samples, rate) {
  const head = Buffer.alloc(44);
  head.write('RIFF....WAVEfmt ');
  head.writeUInt32LE(36 + samples.byteLength, 4);
  // Sixteen bytes of format: whole numbers, one channel; samples and bytes a second; two bytes, 16 bits a sample.
  [16, 0x10001, rate, 2 * rate, 0x100002].forEach((v, i) => head.writeUInt32LE(v, 16 + 4 * i));
  head.write('data', 36);
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
