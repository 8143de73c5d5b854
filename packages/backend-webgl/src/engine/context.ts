// The bare WebGL2 context that the models of an engine share: programs by shader text, textures of words, loss, and
// release with the last model.
import { failureOf } from '@bitgrad/runtime';
import { sampler, vertexSource } from './glsl.js';

/** A BitgradError of this package. */
export const failure: ReturnType<typeof failureOf> = failureOf('backend-webgl');

/** A context in use. */
export interface Gl {
  readonly gl: WebGL2RenderingContext;
  /** Name of the renderer, for reports. */
  readonly renderer: string;
  /** The linked program of a fragment shader with so many operands; made once for each text. */
  program(source: string, operands: number): WebGLProgram;
  /** Links every program asked for since, and reports errors of their shaders. */
  finishPrograms(): void;
  /** A texture of 2^logWidth texels a row for so many words, with contents if given. */
  texture(words: number, logWidth: number, data?: Uint32Array): WebGLTexture;
  retain(): void;
  /** One user less; the last one gives back a context that the engine made. */
  release(): void;
}

/** A new WebGL2 context on a canvas of its own, or null. */
export function createContext(): WebGL2RenderingContext | null {
  const canvas =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(1, 1)
      : typeof document === 'object'
        ? document.createElement('canvas')
        : undefined;
  const options = { antialias: false, depth: false, powerPreference: 'high-performance' };
  return (canvas?.getContext('webgl2', options) ?? null) as WebGL2RenderingContext | null;
}

/** The renderer's name, unmasked where the browser tells it. */
export const rendererOf = (gl: WebGL2RenderingContext): string => {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
};

/** Whether a renderer computes on the CPU, known by its name. */
export const isSoftware = (renderer: string): boolean =>
  /swiftshader|llvmpipe|softpipe|basic render|warp/i.test(renderer);

/** Shares a context between models. `owned`: given back to the browser with its last user. */
export function shareContext(gl: WebGL2RenderingContext, owned: boolean): Gl {
  const programs = new Map<
    string,
    { program: WebGLProgram; shader: WebGLShader; operands: number; ready: boolean }
  >();
  const shaderOf = (type: number, source: string): WebGLShader => {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    return shader;
  };
  const vertex = shaderOf(gl.VERTEX_SHADER, vertexSource);
  let users = 0;
  return {
    gl,
    renderer: rendererOf(gl),
    program(source, operands) {
      const known = programs.get(source);
      if (known) return known.program;
      const program = gl.createProgram()!;
      const shader = shaderOf(gl.FRAGMENT_SHADER, source);
      gl.attachShader(program, vertex);
      gl.attachShader(program, shader);
      gl.linkProgram(program);
      programs.set(source, { program, shader, operands, ready: false });
      return program;
    },
    finishPrograms() {
      for (const [source, entry] of programs) {
        if (entry.ready || gl.isContextLost()) continue;
        if (!gl.getProgramParameter(entry.program, gl.LINK_STATUS)) {
          programs.delete(source);
          throw failure('kernel-missing', {
            what: 'a shader does not compile on this driver',
            got: gl.getShaderInfoLog(entry.shader) || gl.getProgramInfoLog(entry.program),
            next: 'Use the wasm engine.',
          });
        }
        gl.useProgram(entry.program);
        for (let j = 0; j < entry.operands; j++)
          gl.uniform1i(gl.getUniformLocation(entry.program, sampler(j)), j);
        gl.deleteShader(entry.shader);
        entry.ready = true;
      }
    },
    texture(words, logWidth, data) {
      const width = Math.min(1 << logWidth, Math.max(1, Math.ceil(words / 4)));
      const height = Math.max(1, Math.ceil(words / 4 / (1 << logWidth)));
      const texture = gl.createTexture()!;
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32UI, width, height);
      if (data) {
        const texels = new Uint32Array(4 * width * height);
        texels.set(data);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA_INTEGER, gl.UNSIGNED_INT, texels);
      }
      return texture;
    },
    retain: () => void users++,
    release() {
      if (--users > 0) return;
      for (const { program } of programs.values()) gl.deleteProgram(program);
      programs.clear();
      // A context that waits for the collector counts against the browser's limit of about 16.
      if (owned) gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}
