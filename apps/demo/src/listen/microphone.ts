// The microphone, as samples. It is asked for when it is opened, and let go when it is closed; nothing is kept or sent.
import { openStream } from '../shared/media.js';
import workletUrl from './capture.worklet.ts?worker&url';

/** A microphone that is open. */
export interface Microphone {
  /** Of the samples, in Hz. */
  readonly sampleRate: number;
  close(): void;
}

// As it is: models were trained on what was not cleaned.
const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * Asks for the microphone and opens it.
 * @param onSamples takes them as they come, floats from -1 to 1
 * @param onEnd called when it is taken away, unplugged for instance
 * @throws Error in words for the visitor
 */
export async function openMicrophone(
  onSamples: (samples: Float32Array) => void,
  onEnd: () => void,
): Promise<Microphone> {
  const stream = await openStream('microphone', { audio }, 'A recording can be chosen instead.');
  const context = new AudioContext();
  const close = (): void => {
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== 'closed') void context.close();
  };
  try {
    await context.audioWorklet.addModule(workletUrl);
    const node = new AudioWorkletNode(context, 'capture', {
      numberOfInputs: 1,
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => onSamples(data);
    // Nodes that lead nowhere are not run everywhere; this one gives silence.
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);
    for (const track of stream.getTracks()) track.addEventListener('ended', onEnd);
    await context.resume();
    return { sampleRate: context.sampleRate, close };
  } catch (error) {
    close();
    throw error;
  }
}
