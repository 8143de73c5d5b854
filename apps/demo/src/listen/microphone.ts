// The microphone, as samples. It is asked for when it is opened, and let go when it is closed; nothing is kept or sent.
import workletUrl from './capture.worklet.ts?worker&url';

/** A microphone that is open. */
export interface Microphone {
  /** Of the samples, in Hz. */
  readonly sampleRate: number;
  close(): void;
}

const reasons: Readonly<Record<string, string>> = {
  NotAllowedError:
    'The microphone was not allowed. Allow it for this page in the browser’s settings, and try again.',
  NotFoundError: 'There is no microphone here. A recording can be dropped on the page instead.',
  NotReadableError: 'The microphone is in use by another program, or cannot be read.',
};

async function openStream(): Promise<MediaStream> {
  // Without HTTPS there is none.
  if (!(navigator.mediaDevices as MediaDevices | undefined))
    throw new Error('A page has a microphone only where it is served by HTTPS, or from this machine.');
  // As it is: models were trained on what was not cleaned.
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return navigator.mediaDevices.getUserMedia({ audio }).catch((cause: unknown) => {
    const { name, message } = cause as DOMException;
    throw new Error(reasons[name] ?? `The microphone cannot be opened: ${message}`, { cause });
  });
}

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
  const stream = await openStream();
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
