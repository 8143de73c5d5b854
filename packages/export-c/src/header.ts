// The .h file.
import { elementCount, type PackedModel } from '@bitgrad/runtime';
import { commentText, specText, stringLiteral } from './text.js';
import { publicType } from './values.js';

/** How bytes became numbers in training, for the comment. */
const scaling: Readonly<Record<string, string>> = {
  u8: 'bytes 0 to 255, as they come from the sensor',
  f32: 'floats, normalized as in training',
};

const outputs: Readonly<Record<string, string>> = {
  logits: 'a score for each class: the largest is the answer',
  probabilities: 'a probability for each class',
  sigmoid: 'an independent probability each',
  regression: 'values',
};

/** Writes the .h file. @param sound declarations of what hears, or '' */
export function headerText(
  { plan, metadata }: PackedModel,
  name: string,
  arenaBytes: number,
  sound: string,
): string {
  const [from, to] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  const N = name.toUpperCase();
  const { classes, output } = metadata;
  const labels =
    classes && classes.length > 0
      ? `\n/* Names of the classes. */\n#define ${N}_LABELS { ${classes.map(stringLiteral).join(', ')} }\n`
      : '';
  return `/* ${commentText(metadata.name ?? 'model')} in C99. Not for two threads at once: it has one block of memory. */
#ifndef ${N}_H
#define ${N}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ${specText(from)}, row-major: ${scaling[from.type]}. */
#define ${N}_INPUT_SIZE ${elementCount(from.shape)}
/* ${specText(to)}: ${output ? outputs[output] : 'values'}. */
#define ${N}_OUTPUT_SIZE ${elementCount(to.shape)}
/* Bytes of static memory for values. */
#define ${N}_ARENA_BYTES ${arenaBytes}
${labels}
/* Runs the network. Returns 0, or -1 where a pointer is null. The input is read until it returns. */
int ${name}_run(const ${publicType(from)} *input, ${publicType(to)} *output);
${sound}
#ifdef __cplusplus
}
#endif

#endif
`;
}
