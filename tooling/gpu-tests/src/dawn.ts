// Before Dawn is started in tests: the software renderer that Chromium ships, where there is no GPU driver; and turns of the event
// loop that leave it a processor.
import { existsSync } from 'node:fs';

const renderer = '/usr/lib/chromium/vk_swiftshader_icd.json';

const { setImmediate: soon, setTimeout: later } = globalThis;
const own = Object.getOwnPropertyDescriptors(soon);

/** Dawn's callbacks are the only ones that are native and have no name. */
const isDawns = (callback: unknown): boolean =>
  typeof callback === 'function' &&
  callback.name === '' &&
  Function.prototype.toString.call(callback).includes('[native code]');

/**
 * Sets what Dawn's Vulkan loader reads, and `globalThis.setImmediate`. While a promise of Dawn is open it asks for the next turn
 * in each (dawn/src/dawn/node/binding/AsyncRunner.cpp), and so takes one processor whole for as long as the renderer compiles a
 * shader on the other: here it gets a turn a millisecond.
 */
export function prepareDawn(): void {
  if (existsSync(renderer)) {
    process.env['VK_ICD_FILENAMES'] ??= renderer;
    process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
  }
  const calm = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown =>
    isDawns(callback) ? later(callback, 1) : soon(callback, ...args);
  globalThis.setImmediate = Object.defineProperties(calm, own) as unknown as typeof setImmediate;
}
