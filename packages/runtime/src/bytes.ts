// Bytes as users have them.

/** A plain Uint8Array over the same bytes (a Node Buffer's slice() would not copy); undefined for what is no bytes. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  // By name: a buffer of another realm (an iframe, a test's sandbox) is one as well.
  const kind = Object.prototype.toString.call(value);
  return kind === '[object ArrayBuffer]' || kind === '[object SharedArrayBuffer]'
    ? new Uint8Array(value as ArrayBufferLike)
    : undefined;
}
