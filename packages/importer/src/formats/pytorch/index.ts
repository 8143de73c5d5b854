// State dicts of PyTorch in safetensors, for networks that are known by name. A new one is its file and its name here.
import { nearestName } from '@bitgrad/bits';
import { createGraphBuilder } from '../../builder.js';
import { defineImporter, type ReadContext, type SourceFile } from '../../define.js';
import { check, failure } from '../../fail.js';
import type { SourceGraph } from '../../graph.js';
import { adabinResnet20 } from './architectures/adabin-resnet20.js';
import { birealnet18 } from './architectures/birealnet18.js';
import { reactnetA } from './architectures/reactnet-a.js';
import { resnet20Irnet } from './architectures/resnet20-irnet.js';
import { buildNetwork, type Architecture } from './network.js';
import { readSafetensors } from './safetensors.js';

const architectures: Readonly<Record<string, Architecture>> = {
  'adabin-resnet20': adabinResnet20,
  birealnet18,
  'reactnet-a': reactnetA,
  'resnet20-irnet': resnet20Irnet,
};

const isSafetensors = ({ name }: SourceFile): boolean => /\.safetensors$/i.test(name);
const isPickle = ({ name }: SourceFile): boolean => /\.(th|pt|pth|pkl|ckpt)$/i.test(name);

function architectureOf(name: string | undefined): Architecture {
  if (name !== undefined && Object.hasOwn(architectures, name)) return architectures[name]!;
  const known = Object.entries(architectures).map(([key, { description }]) => `${key} (${description})`);
  const meant = name === undefined ? undefined : nearestName(name, Object.keys(architectures));
  throw failure('unknown-name', {
    what: 'architecture of the state dict',
    got: name ?? 'nothing',
    expected: `one of ${known.join(', ')}`,
    next: meant ? `Did you mean "${meant}"?` : 'Name it as `architecture`, or --architecture of the command.',
  });
}

/** A pickle runs code when it is opened. */
const refuse = (name: string): never => {
  const safe = name.replace(/\.[^.]*$/, '.safetensors');
  throw failure('unsupported-op', {
    what: `"${name}" is a pickle of Python, which runs code when it is opened`,
    next: [
      'Convert it where PyTorch is, and import the result:',
      'import torch; from safetensors.torch import save_file',
      `state = torch.load(${JSON.stringify(name)}, map_location="cpu", weights_only=True)`,
      `save_file({k: v.contiguous() for k, v in state.get("state_dict", state).items()}, ${JSON.stringify(safe)})`,
    ].join('\n'),
  });
};

function read(files: readonly SourceFile[], context: ReadContext): SourceGraph {
  const found = files.filter(isSafetensors);
  const pickle = files.find(isPickle);
  if (found.length === 0 && pickle) refuse(pickle.name);
  check(found.length === 1, 'safetensors files', found.map(({ name }) => name), 'one', 'invalid-option'); // prettier-ignore
  const architecture = architectureOf(context.architecture);
  const state = readSafetensors(found[0]!.bytes, context.limits);
  const b = createGraphBuilder(context.limits, context.ops);
  b.input('x', [1, ...(context.inputShape ?? architecture.input)]);
  const output = buildNetwork(b, state, architecture, 'x');
  const { normalization } = architecture;
  return b.finish(output, { name: context.name, channels: 'last', ...(normalization && { normalization }) });
}

/** State dicts of PyTorch. */
export const pytorch = defineImporter({
  description: `state dicts of PyTorch (.safetensors) with an architecture: ${Object.keys(architectures).join(', ')}`,
  accepts: (files) => files.some((file) => isSafetensors(file) || isPickle(file)),
  read,
});
