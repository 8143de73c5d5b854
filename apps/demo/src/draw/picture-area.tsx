// A picture for the network: a file, a photo that is taken, or the camera, live.
import { useEffect, useRef, useState } from 'preact/hooks';
import { pixelsOf } from '@bitgrad/classify';
import { FileDrop } from '../shared/file-drop.js';
import { messageOf } from '../shared/state.js';
import { isTouch } from '../shared/touch.js';
import { openCamera, type Camera } from './camera.js';
import { photo } from './session.js';

/** The picture that is shown when the camera is off. */
function Shown() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = photo.value;
  useEffect(() => {
    const element = canvas.current!;
    const source = now?.pixels;
    element.width = source?.width ?? 1;
    element.height = source?.height ?? 1;
    if (source && 'getContext' in source)
      element.getContext('2d')!.drawImage(source as OffscreenCanvas, 0, 0);
  }, [now]);
  return (
    <canvas
      ref={canvas}
      class="picture"
      role="img"
      aria-label={now ? 'The picture that the network sees' : 'No picture yet'}
    />
  );
}

/** The camera as the visitor switches it. */
function useCamera(onProblem: (problem: string | undefined) => void) {
  const video = useRef<HTMLVideoElement>(null);
  const camera = useRef<Camera | undefined>(undefined);
  const [state, setState] = useState<'off' | 'starting' | 'on'>('off');
  /** Whether the page is still there when the camera opens. */
  const wanted = useRef(false);
  const stop = (): void => {
    wanted.current = false;
    camera.current?.close();
    camera.current = undefined;
    setState('off');
  };
  const begin = async (): Promise<void> => {
    wanted.current = true;
    setState('starting');
    onProblem(undefined);
    try {
      const opened = await openCamera(video.current!, (pixels) => (photo.value = { pixels }), stop);
      if (!wanted.current) return opened.close();
      camera.current = opened;
      setState('on');
    } catch (error) {
      onProblem(messageOf(error));
      stop();
    }
  };
  useEffect(() => {
    const leave = (): void => {
      if (document.hidden) stop();
    };
    document.addEventListener('visibilitychange', leave);
    return () => {
      document.removeEventListener('visibilitychange', leave);
      stop();
    };
  }, []);
  return { video, state, begin, stop };
}

/** The picture, and where it comes from. */
export function PictureArea() {
  const [problem, setProblem] = useState<string>();
  const { video, state, begin, stop } = useCamera(setProblem);
  const take = async ([file]: readonly File[]): Promise<void> => {
    if (!file) return;
    stop();
    setProblem(undefined);
    try {
      photo.value = { pixels: (await pixelsOf(file)) as OffscreenCanvas };
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <div class="picture-area">
        <video
          ref={video}
          class="picture"
          muted
          playsInline
          hidden={state !== 'on'}
          aria-label="The camera"
        />
        {state !== 'on' && <Shown />}
      </div>
      <div class="row">
        {state === 'on' ? (
          <button type="button" class="primary" onClick={stop}>
            Hold this picture
          </button>
        ) : (
          <button type="button" class="primary" disabled={state === 'starting'} onClick={() => void begin()}>
            Use the camera
          </button>
        )}
        <span class="hint" role="status" data-testid="camera" data-state={state}>
          {state === 'on'
            ? 'It answers as you point.'
            : state === 'starting'
              ? 'Asking for the camera…'
              : 'Pictures stay in this page.'}
        </span>
      </div>
      {problem && (
        <p class="note bad" role="alert">
          {problem}
        </p>
      )}
      <FileDrop
        what={isTouch.value ? 'a picture, or take one' : 'a picture'}
        accept="image/*"
        photo
        onFiles={(files) => void take(files)}
      />
    </>
  );
}
