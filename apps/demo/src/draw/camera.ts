// The camera, as pictures. It is asked for when it is opened, and let go when it is closed; nothing is kept or sent.
import type { CanvasLike } from '@bitgrad/runtime';
import { openStream } from '../shared/media.js';

/** A camera that is open. */
export interface Camera {
  close(): void;
}

/** Longer side of the pictures in pixels: more than any model here takes, and little to copy. */
const longestSide = 480;
/** A few answers a second are as many as can be read. */
const everyMs = 200;

/**
 * Asks for the camera, the one that looks away from the visitor where there are two, and shows it.
 * @param onPicture takes a picture a few times a second, a canvas of its own each
 * @param onEnd called when it is taken away, unplugged for instance
 * @throws Error in words for the visitor
 */
export async function openCamera(
  video: HTMLVideoElement,
  onPicture: (picture: CanvasLike) => void,
  onEnd: () => void,
): Promise<Camera> {
  const wanted = { video: { facingMode: 'environment', width: { ideal: 640 } } };
  const stream = await openStream('camera', wanted, 'A picture can be chosen instead.');
  const picture = (): void => {
    const { videoWidth, videoHeight } = video;
    if (videoWidth === 0) return; // not there yet
    const scale = Math.min(1, longestSide / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.round(videoWidth * scale), Math.round(videoHeight * scale));
    canvas.getContext('2d')!.drawImage(video, 0, 0, canvas.width, canvas.height);
    onPicture(canvas);
  };
  const timer = setInterval(picture, everyMs);
  const close = (): void => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  try {
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    close();
    throw error;
  }
  for (const track of stream.getTracks()) track.addEventListener('ended', onEnd);
  return { close };
}
