// Where the two files lie, and what stands beside them, for each build system. A new one is a function and its line below.
import { elementCount, type PackedModel } from '@bitgrad/runtime';
import { publicType } from './values.js';

/** What a layout is made of. */
interface Parts {
  readonly name: string;
  readonly source: string;
  readonly header: string;
  readonly model: PackedModel;
}

type Files = Record<string, string>;

const plain = ({ name, source, header }: Parts): Files => ({ [`${name}.c`]: source, [`${name}.h`]: header });

/** An Arduino library, to be put, or zipped, into the folder `libraries`; for PlatformIO with any framework, into `lib`. */
function arduino({ name, source, header, model: { plan } }: Parts): Files {
  const N = name.toUpperCase();
  const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  return {
    'library.properties': [
      `name=${name}`,
      'version=1.0.0',
      'author=bitgrad',
      'maintainer=bitgrad',
      'sentence=A packed binary neural network.',
      `paragraph=${elementCount(from.shape)} numbers in, ${elementCount(to.shape)} out, without a heap.`,
      'category=Data Processing',
      'url=https://www.npmjs.com/package/@bitgrad/export-c',
      'architectures=*',
      `includes=${name}.h`,
      '',
    ].join('\n'),
    // PlatformIO takes it before library.properties, which is for one framework.
    'library.json': `${JSON.stringify({ name, version: '1.0.0', description: 'A packed binary neural network', headers: `${name}.h`, frameworks: '*', platforms: '*' }, null, 2)}\n`, // prettier-ignore
    [`src/${name}.c`]: source,
    [`src/${name}.h`]: header,
    [`examples/${name}_run/${name}_run.ino`]: `#include <${name}.h>

static ${publicType(from)} input[${N}_INPUT_SIZE];
static ${publicType(to)} output[${N}_OUTPUT_SIZE];

void setup() { Serial.begin(115200); }

void loop() {
  // Fill input from a sensor here.
  const unsigned long start = micros();
  ${name}_run(input, output);
  const unsigned long time = micros() - start;
  int best = 0;
  for (int i = 1; i < ${N}_OUTPUT_SIZE; i++) if (output[i] > output[best]) best = i;
  Serial.print(best);
  Serial.print(" in us: ");
  Serial.println(time);
  delay(1000);
}
`,
  };
}

/** A component of ESP-IDF: to be put into the folder `components`. */
const espIdf = ({ name, source, header }: Parts): Files => ({
  'CMakeLists.txt': `idf_component_register(SRCS "${name}.c" INCLUDE_DIRS "include")\n`,
  'idf_component.yml':
    'version: "1.0.0"\ndescription: A packed binary neural network\ndependencies:\n  idf: ">=4.4"\n',
  [`${name}.c`]: source,
  [`include/${name}.h`]: header,
});

/** A module of Zephyr, with an application that times a run and is built by `west build` in its folder. */
function zephyr({ name, source, header, model: { plan } }: Parts): Files {
  const N = name.toUpperCase();
  const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  const sample = `samples/${name}_run`;
  return {
    'zephyr/module.yml': 'build:\n  cmake: zephyr\n',
    'zephyr/CMakeLists.txt': `zephyr_library_named(${name})
zephyr_library_sources(../src/${name}.c)
zephyr_include_directories(../include)
`,
    [`src/${name}.c`]: source,
    [`include/${name}.h`]: header,
    [`${sample}/prj.conf`]: 'CONFIG_PRINTK=y\n',
    [`${sample}/CMakeLists.txt`]: `cmake_minimum_required(VERSION 3.20)
# The module that this folder is part of. An application of your own names it likewise, or in the manifest of west.
list(APPEND EXTRA_ZEPHYR_MODULES \${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(${name}_run LANGUAGES C)
target_sources(app PRIVATE src/main.c)
`,
    [`${sample}/src/main.c`]: `#include <stdint.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <${name}.h>

static ${publicType(from)} input[${N}_INPUT_SIZE];
static ${publicType(to)} output[${N}_OUTPUT_SIZE];

int main(void)
{
  uint32_t start;
  int i, best = 0;
  /* Fill input from a sensor here. */
  start = k_cycle_get_32();
  ${name}_run(input, output);
  printk("us: %u\\n", (unsigned)k_cyc_to_us_floor32(k_cycle_get_32() - start));
  for (i = 1; i < ${N}_OUTPUT_SIZE; i++) if (output[i] > output[best]) best = i;
  printk("best: %d\\n", best);
  return 0;
}
`,
  };
}

/** By name. */
export const layouts = { plain, arduino, 'esp-idf': espIdf, zephyr } satisfies Record<
  string,
  (parts: Parts) => Files
>;

/** The name of a layout. */
export type Layout = keyof typeof layouts;
