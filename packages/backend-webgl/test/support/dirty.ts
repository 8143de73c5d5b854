// Lets the engine suite write noise to every texture of a context that kernels draw to: the slots of its models.
import { dirtyMemory, type Engine } from '@bitgrad/runtime';

/** Makes the models of `create(gl)` accept noise; `gl` is watched from now on. */
export function dirtyable(
  gl: WebGL2RenderingContext,
  create: (gl: WebGL2RenderingContext) => Engine,
): () => Engine {
  const sizes = new Map<WebGLTexture, readonly [number, number]>();
  const slots = new Set<WebGLTexture>();
  let bound: WebGLTexture | null = null;
  const watch = <Name extends 'bindTexture' | 'texStorage2D' | 'framebufferTexture2D' | 'deleteTexture'>(
    name: Name,
    see: (...args: Parameters<WebGL2RenderingContext[Name]>) => void,
  ): void => {
    const original = gl[name] as (...args: unknown[]) => void;
    gl[name] = ((...args: Parameters<WebGL2RenderingContext[Name]>) => {
      see(...args);
      original.apply(gl, args);
    }) as WebGL2RenderingContext[Name];
  };
  watch('bindTexture', (_, texture) => (bound = texture));
  watch('texStorage2D', (_target, _levels, _format, width, height) => sizes.set(bound!, [width, height]));
  watch('framebufferTexture2D', (_target, _attachment, _kind, texture) => slots.add(texture!));
  watch('deleteTexture', (texture) => slots.delete(texture!));
  const engine = create(gl);
  return () => ({
    ...engine,
    compile: async (model, options) => ({
      ...(await engine.compile(model, options)),
      [dirtyMemory]: (fill: (memory: Uint8Array) => void) => {
        for (const texture of slots) {
          const [width, height] = sizes.get(texture)!;
          const texels = new Uint32Array(4 * width * height);
          fill(new Uint8Array(texels.buffer));
          gl.bindTexture(gl.TEXTURE_2D, texture);
          gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA_INTEGER, gl.UNSIGNED_INT, texels);
        }
      },
    }),
  });
}
