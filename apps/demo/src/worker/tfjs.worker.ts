// The worker that has tfjs. Its name is its role.
import type { FloatRequest, TeachCommand, TeachMessage, TrainCommand, TrainMessage } from './protocol.js';
import { answerFloat } from './float-twin.js';
import { createRun } from './run.js';
import { teach } from './teach.js';

if (self.name === 'float')
  self.onmessage = async ({ data }: MessageEvent<FloatRequest>) => self.postMessage(await answerFloat(data));
else if (self.name === 'teach')
  self.onmessage = ({ data }: MessageEvent<TeachCommand>) =>
    void teach(data, (message: TeachMessage) => self.postMessage(message));
else {
  const run = createRun((message: TrainMessage) => self.postMessage(message));
  self.onmessage = ({ data }: MessageEvent<TrainCommand>) => run.command(data);
}
