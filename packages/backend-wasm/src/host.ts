// What engine and training need of where they run.

/** A module of Node (or of a runtime that is like it), without an import that browsers' bundlers would follow. */
export const builtinModule = <T>(name: string): T | undefined =>
  (globalThis as { process?: { getBuiltinModule?(name: string): T } }).process?.getBuiltinModule?.(name);

/** Decodes an embedded module: base64 of raw deflate. */
export async function inflate(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  // In Node, zlib is there at once, while its web streams take 40 ms to load.
  const zlib = builtinModule<{ inflateRawSync(data: Uint8Array): Uint8Array<ArrayBuffer> }>('node:zlib');
  if (zlib) return zlib.inflateRawSync(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
