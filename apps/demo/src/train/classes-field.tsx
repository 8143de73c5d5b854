// Pictures class by class: names, and pictures that are chosen, taken, or come from the camera while it is on.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Camera } from '../draw/camera.js';
import { openCamera } from '../draw/camera.js';
import { FileButton } from '../shared/file-drop.js';
import { messageOf } from '../shared/state.js';
import { isTouch } from '../shared/touch.js';
import {
  addClass,
  addPictures,
  classes,
  fewestPictures,
  obstacleOfClasses,
  removeClass,
  removePicture,
  renameClass,
  type PictureClass,
} from './classes.js';

/** Pictures that the camera adds in one go, at five a second. */
const mostOfCamera = 40;

/** The camera, which adds what it sees to a class until it is stopped. */
function FromCamera({ id, onEnd }: { id: number; onEnd(problem?: string): void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    let camera: Camera | undefined;
    let [wanted, taken] = [true, 0];
    const take = async (canvas: OffscreenCanvas): Promise<void> => {
      if (!wanted || taken++ >= mostOfCamera) return onEnd();
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
      if (!wanted) return;
      addPictures(id, [new File([blob], 'camera.jpeg', { type: blob.type })]);
      setCount(taken);
    };
    openCamera(video.current!, (canvas) => void take(canvas as OffscreenCanvas), onEnd).then(
      (opened) => (wanted ? (camera = opened) : opened.close()),
      (error: unknown) => wanted && onEnd(messageOf(error)),
    );
    return () => {
      wanted = false;
      camera?.close();
    };
  }, [id]);
  return (
    <div class="stack">
      <video ref={video} class="picture" muted playsInline aria-label="The camera" />
      <button type="button" class="primary" onClick={() => onEnd()}>
        Stop, {count} taken
      </button>
    </div>
  );
}

function Thumbnails({ one }: { one: PictureClass }) {
  if (one.pictures.length === 0) return null;
  return (
    <ul class="thumbnails" aria-label={`Pictures of ${one.name || 'the class'}`}>
      {one.pictures.map((picture, i) => (
        <li key={picture.url}>
          <button
            type="button"
            aria-label={`Remove picture ${i + 1} of ${one.name || 'the class'}`}
            onClick={() => removePicture(one.id, picture)}
          >
            <img src={picture.url} alt="" width="40" height="40" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function ClassCard({ one, number }: { one: PictureClass; number: number }) {
  const [filming, setFilming] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { id, name, pictures } = one;
  const of = <span class="visually-hidden">for class {number}</span>;
  const add = (files: readonly File[]): void => addPictures(id, files);
  return (
    <li class="lesson">
      <label class="field">
        <span>Class {number}</span>
        <input
          type="text"
          value={name}
          maxLength={24}
          placeholder={number === 1 ? 'such as: cup' : 'such as: no cup'}
          onInput={(event) => renameClass(id, event.currentTarget.value)}
        />
      </label>
      {filming ? (
        <FromCamera
          id={id}
          onEnd={(wrong) => {
            setFilming(false);
            setProblem(wrong);
          }}
        />
      ) : (
        <div class="row">
          <button
            type="button"
            class="small"
            onClick={() => {
              setProblem(undefined);
              setFilming(true);
            }}
          >
            Camera {of}
          </button>
          <FileButton small label={<>Choose pictures {of}</>} accept="image/*" multiple onFiles={add} />
          {isTouch.value && (
            <FileButton
              small
              label={<>Take a photo {of}</>}
              accept="image/*"
              capture="environment"
              onFiles={add}
            />
          )}
          {classes.value.length > 2 && (
            <button type="button" class="small" onClick={() => removeClass(id)}>
              Remove {of}
            </button>
          )}
        </div>
      )}
      {problem && (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      <p class="hint" data-testid="pictures" data-count={pictures.length}>
        {pictures.length} picture{pictures.length === 1 ? '' : 's'}; {fewestPictures} at least, 30 are better
      </p>
      <Thumbnails one={one} />
    </li>
  );
}

/** All classes. */
export function ClassesField() {
  const why = obstacleOfClasses();
  return (
    <>
      <ul class="lessons">
        {classes.value.map((one, i) => (
          <ClassCard key={one.id} one={one} number={i + 1} />
        ))}
      </ul>
      <div class="row">
        <button type="button" onClick={addClass}>
          Add a class
        </button>
      </div>
      <p class="hint" role="status">
        {why ?? 'Ready.'} Pictures stay in this browser; the camera adds one every fifth of a second.
      </p>
    </>
  );
}
