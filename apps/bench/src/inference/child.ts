// The process of a remote contender: prepares one network and measures when it is asked to.
import type { Prepared } from './contender.js';
import { preparePacked, type ChildAnswer, type ChildRequest } from './packed.js';

const say = (answer: ChildAnswer): void => void process.send!(answer);
let prepared: Prepared | undefined;

async function answer(request: ChildRequest): Promise<void> {
  if (request.type === 'prepare') {
    prepared = await preparePacked(request.files, request.choice);
    say({ type: 'ready', details: prepared.details });
  } else if (request.type === 'measure')
    say({ type: 'samples', samples: await prepared!.measure(request.ms) });
  else await prepared?.dispose();
}

process.on('message', (request: ChildRequest) => {
  answer(request).catch((error: Error) => say({ type: 'error', message: error.message }));
});
// The parent is gone: nobody asks any more.
process.on('disconnect', () => process.exit());
