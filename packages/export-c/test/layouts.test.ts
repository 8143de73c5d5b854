// The layouts as their build systems take them: a sketch, a component and a module are built with what stands in for the
// Arduino library, ESP-IDF and Zephyr, which are not here, by the files that each of them reads, and run.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeModel } from '@bitgrad/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportC, type Layout } from '../src/index.js';
import { reference } from './support/run.js';

const model = decodeModel(readFileSync(new URL('fixtures/mnist.bitgrad', import.meta.url)));
const runs = (command: string): boolean => {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

let folder: string;
/** The class of an input of zeros, which is what the examples run on. */
let best: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitgrad-layouts-'));
  const scores = await reference({ model, input: new Uint8Array(784) });
  best = scores.indexOf(Math.max(...scores));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes files below a folder of their own. */
function write(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
const exported = (layout: Layout): string =>
  write(`${layout}/digits`, exportC(model, { name: 'digits', layout }).files);
const execute = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }); // prettier-ignore

/** Configures and builds a CMake project, and runs its program `app`. */
function builtByCMake(root: string, ...args: string[]): string {
  const made = `${root}-made`;
  execute('cmake', '-S', root, '-B', made, ...args);
  execute('cmake', '--build', made);
  return execute(join(made, 'app'));
}

/** What a sketch uses of Arduino's library; `delay` ends it. */
const standIn = `#include <cstdint>
#include <cstdio>
#include <cstdlib>
static unsigned long micros() { static unsigned long now; return now += 1000; }
static void delay(int) { std::exit(0); }
struct Port {
  void begin(long) {}
  void print(int value) { std::printf("%d", value); }
  void print(unsigned long value) { std::printf("%lu", value); }
  void print(const char *text) { std::printf("%s", text); }
  void println(unsigned long value) { std::printf("%lu\\n", value); }
  void println(const char *text) { std::printf("%s\\n", text); }
};
static Port Serial;
`;

describe.skipIf(!runs('gcc') || !runs('g++'))('arduino (needs gcc and g++)', () => {
  it('is a library whose sketch compiles as C++ and says the class', () => {
    const root = exported('arduino');
    const stand = write('arduino/stand-in', {
      'Arduino.h': standIn,
      'main.cpp': '#include "sketch.ino"\nint main() { setup(); for (;;) loop(); }\n',
      'sketch.ino': `#include <Arduino.h>\n${readFileSync(join(root, 'examples/digits_run/digits_run.ino'), 'utf8')}`,
    });
    execute('gcc', '-c', join(root, 'src/digits.c'), '-o', join(stand, 'digits.o'));
    execute('g++', '-Wall', '-Wextra', '-Werror', `-I${root}/src`, `-I${stand}`, join(stand, 'main.cpp'), join(stand, 'digits.o'), '-o', join(stand, 'sketch')); // prettier-ignore
    expect(execute(join(stand, 'sketch'))).toBe(`${best} in us: 1000\n`);
  });

  // The sketch of `npm create bitgrad`, beside the files that its script would write.
  const template = readFileSync(new URL('../../create-bitgrad/templates/arduino/sketch/sketch.ino', import.meta.url), 'utf8'); // prettier-ignore
  const templateSketch = (name: string): string =>
    write(name, {
      ...exportC(model, { name: 'model' }).files,
      'Arduino.h': standIn,
      'main.cpp': '#include <Arduino.h>\n#include "sketch.ino"\nint main() { setup(); for (;;) loop(); }\n',
      'sketch.ino': template,
    });

  it('has a template whose sketch compiles as C++ and says the class of its bar', async () => {
    const root = templateSketch('template');
    execute('gcc', '-Wall', '-Wextra', '-Werror', '-c', join(root, 'model.c'), '-o', join(root, 'model.o'));
    execute('g++', '-Wall', '-Wextra', '-Werror', `-I${root}`, join(root, 'main.cpp'), join(root, 'model.o'), '-o', join(root, 'program')); // prettier-ignore
    const bar = Uint8Array.from({ length: 784 }, (_, i) => i % 28 > 12 && i % 28 < 16 && i > 111 && i < 672 ? 255 : 0); // prettier-ignore
    const scores = await reference({ model, input: bar });
    expect(execute(join(root, 'program'))).toBe(`${scores.indexOf(Math.max(...scores))} in 1000 us\n`);
  });

  it.skipIf(!runs('arm-none-eabi-g++'))(
    runs('arm-none-eabi-g++') ? 'compiles that sketch for a Cortex-M0+, as boards of Arduino have' : 'compiles that sketch for a Cortex-M0+ (skipped: no arm-none-eabi-g++)', // prettier-ignore
    () => {
      const root = templateSketch('template-arm');
      // What the core of a board declares.
      writeFileSync(
        join(root, 'Arduino.h'),
        `#include <stdint.h>
extern "C" { unsigned long micros(void); void delay(unsigned long); }
struct Port { void begin(unsigned long); void print(int); void print(unsigned long); void print(const char *); void println(const char *); };
extern Port Serial;
`,
      );
      const flags = [
        '-mcpu=cortex-m0plus',
        '-mthumb',
        '-Os',
        '-Wall',
        '-Wextra',
        '-Werror',
        `-I${root}`,
        '-c',
      ];
      execute('arm-none-eabi-gcc', ...flags, join(root, 'model.c'), '-o', join(root, 'model.o'));
      execute('arm-none-eabi-g++', ...flags, '-std=gnu++17', '-fno-exceptions', '-x', 'c++', '-include', join(root, 'Arduino.h'), join(root, 'sketch.ino'), '-o', join(root, 'sketch.o')); // prettier-ignore
      const needed = execute('arm-none-eabi-nm', '--undefined-only', join(root, 'sketch.o'));
      const defined = execute('arm-none-eabi-nm', '--defined-only', join(root, 'model.o'));
      expect(needed).toMatch(/ U model_run$/m);
      expect(defined).toMatch(/ T model_run$/m);
    },
  );

  it('names its header for Arduino and for PlatformIO', () => {
    const root = exported('arduino');
    const properties = readFileSync(join(root, 'library.properties'), 'utf8');
    const lines = Object.fromEntries(properties.trim().split('\n').map((line) => line.split('='))); // prettier-ignore
    expect(lines).toMatchObject({
      name: 'digits',
      version: '1.0.0',
      includes: 'digits.h',
      architectures: '*',
    });
    expect(JSON.parse(readFileSync(join(root, 'library.json'), 'utf8'))).toMatchObject({ name: 'digits', version: '1.0.0', headers: 'digits.h', frameworks: '*' }); // prettier-ignore
  });
});

describe.skipIf(!runs('gcc') || !runs('cmake'))('by CMake (needs gcc and cmake)', () => {
  it('esp-idf is a component that an application finds by its header', () => {
    const root = exported('esp-idf');
    const project = write('esp-idf/project', {
      'CMakeLists.txt': `cmake_minimum_required(VERSION 3.16)
project(app C)
function(idf_component_register)
  cmake_parse_arguments(GIVEN "" "" "SRCS;INCLUDE_DIRS" \${ARGN})
  add_library(component STATIC \${GIVEN_SRCS})
  target_include_directories(component PUBLIC \${GIVEN_INCLUDE_DIRS})
endfunction()
add_subdirectory(${root} component)
add_executable(app main.c)
target_link_libraries(app component)
`,
      'main.c': `#include <stdio.h>
#include "digits.h"
int main(void) {
  static const uint8_t x[DIGITS_INPUT_SIZE];
  static float y[DIGITS_OUTPUT_SIZE];
  int i, best = 0;
  digits_run(x, y);
  for (i = 1; i < DIGITS_OUTPUT_SIZE; i++) if (y[i] > y[best]) best = i;
  printf("%d", best);
  return 0;
}
`,
    });
    expect(builtByCMake(project)).toBe(String(best));
  });

  it('zephyr is a module whose application is built in its folder', () => {
    const root = exported('zephyr');
    const base = write('zephyr/stand-in', {
      'ZephyrConfig.cmake': `project(stand-in C)
add_executable(app)
include_directories(\${CMAKE_CURRENT_LIST_DIR}/include)
function(zephyr_library_named name)
  set(made \${name} PARENT_SCOPE)
  add_library(\${name} STATIC)
  target_link_libraries(app \${name})
endfunction()
function(zephyr_library_sources)
  target_sources(\${made} PRIVATE \${ARGN})
endfunction()
function(zephyr_include_directories directory)
  get_filename_component(path \${directory} ABSOLUTE)
  target_include_directories(app PRIVATE \${path})
  target_include_directories(\${made} PRIVATE \${path})
endfunction()
foreach(module \${EXTRA_ZEPHYR_MODULES})
  file(STRINGS \${module}/zephyr/module.yml cmake REGEX "^  cmake: ")
  string(REPLACE "  cmake: " "" cmake \${cmake})
  add_subdirectory(\${module}/\${cmake} module)
endforeach()
`,
      'include/zephyr/kernel.h': `static inline uint32_t k_cycle_get_32(void) { static uint32_t now; return now += 7; }
static inline uint32_t k_cyc_to_us_floor32(uint32_t cycles) { return cycles; }
`,
      'include/zephyr/sys/printk.h': '#include <stdio.h>\n#define printk printf\n',
    });
    const flags = '-DCMAKE_C_FLAGS=-Wall -Wextra -Werror';
    const said = builtByCMake(join(root, 'samples/digits_run'), `-DZephyr_DIR=${base}`, flags);
    expect(said).toBe(`us: 7\nbest: ${best}\n`);
  });
});
