// Microphone and camera: asked for when they are opened, refused in words.

const reasonsOf = (device: string, instead: string): Readonly<Record<string, string>> => ({
  NotAllowedError: `The ${device} was not allowed. Allow it for this page in the browser’s settings, and try again.`,
  NotFoundError: `There is no ${device} here. ${instead}`,
  NotReadableError: `The ${device} is in use by another program, or cannot be read.`,
});

/**
 * Asks for a device and opens it.
 * @param device its name in messages
 * @param instead a sentence: what the visitor can do without one
 * @throws Error in words for the visitor
 */
export async function openStream(
  device: 'microphone' | 'camera',
  constraints: MediaStreamConstraints,
  instead: string,
): Promise<MediaStream> {
  // Without HTTPS there is none.
  if (!(navigator.mediaDevices as MediaDevices | undefined))
    throw new Error(`A page has a ${device} only where it is served by HTTPS, or from this machine.`);
  return navigator.mediaDevices.getUserMedia(constraints).catch((cause: unknown) => {
    const { name, message } = cause as DOMException;
    throw new Error(reasonsOf(device, instead)[name] ?? `The ${device} cannot be opened: ${message}`, {
      cause,
    });
  });
}
