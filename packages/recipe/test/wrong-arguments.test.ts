// What is passed by mistake is answered by a BitgradError.
import '@tensorflow/tfjs-backend-cpu';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { createModel } from '@bitgrad/models';
import { expect, it } from 'vitest';
import * as exports from '../src/index.js';
import * as node from '../src/node.js';

it('every exported function works or raises a BitgradError', { timeout: 120_000 }, async () => {
  const model = createModel('mlp', { inputShape: [2, 2, 1], classes: 2, kernelQuantizer: null, hidden: [2] });
  const failures = await wrongCalls(exports, {
    skip: Object.fromEntries(
      [
        'adapterOf',
        'unavailable',
        'dataKind',
        'pictureEntries',
        'flagOf',
        'described',
        'optionsOf',
        'optionsTable',
        'same',
        'identityOf',
        'infoContents',
        'infoOf',
        'modelOf',
      ].map(
        // prettier-ignore
        (name) => [name, 'for the command: its arguments are typed, and checked by whom they come from'],
      ),
    ),
    cases: {
      openRun: { args: () => [{ data: 'nope' }, {}], options: 0, without: ['undefined', 'object'] },
      openData: { args: () => [{ data: 'nope', seed: 1 }] },
      parseAugment: { args: () => ['flip'] },
      chooseQuantizers: { args: () => [{ quantizer: 'none' }] },
      resolveRecipe: { args: () => [{ epochs: 1 }], options: 0 },
      startBackend: { args: () => [[], 'auto'] },
      modelContents: { args: () => [model] },
      infoOfModel: { args: () => [model, { classes: ['a', 'b'] }], options: 1 },
      packModel: { args: () => [model, undefined, { classes: ['a', 'b'] }, { limit: 1 }] },
    },
  });
  expect(failures).toEqual([]);
});

it('so does that of the Node entry', async () => {
  const cases = { loadPlugin: { args: () => ['nowhere', '/'] }, pluginOf: { args: () => [{}, 'here'] } };
  expect(await wrongCalls(node, { cases })).toEqual([]);
});
