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

/** An Arduino library: to be put, or zipped, into the folder `libraries`. */
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

/** A component of ESP-IDF: to be put into the folder \`components\`. */
const espIdf = ({ name, source, header }: Parts): Files => ({
  'CMakeLists.txt': `idf_component_register(SRCS "${name}.c" INCLUDE_DIRS "include")\n`,
  'idf_component.yml':
    'version: "1.0.0"\ndescription: A packed binary neural network\ndependencies:\n  idf: ">=4.4"\n',
  [`${name}.c`]: source,
  [`include/${name}.h`]: header,
});

/** By name. */
export const layouts = { plain, arduino, 'esp-idf': espIdf } satisfies Record<
  string,
  (parts: Parts) => Files
>;

/** The name of a layout. */
export type Layout = keyof typeof layouts;
