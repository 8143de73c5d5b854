// Pictures class by class, for those who have no folders: chosen, taken, or from the camera, live.
import { signal } from '@preact/signals';
import { named } from '../shared/folders.js';

/** A class and its pictures. */
export interface PictureClass {
  readonly id: number;
  readonly name: string;
  readonly pictures: readonly Picture[];
}
/** A picture, and the address under which the page shows it. */
interface Picture {
  readonly file: File;
  readonly url: string;
}

/** Pictures that a class needs: one of them is for testing. */
export const fewestPictures = 5;

let nextId = 1;
const newClass = (): PictureClass => ({ id: nextId++, name: '', pictures: [] });

/** Two at first. */
export const classes = signal<readonly PictureClass[]>([newClass(), newClass()]);

const change = (id: number, to: (one: PictureClass) => PictureClass): void => {
  classes.value = classes.value.map((one) => (one.id === id ? to(one) : one));
};
/** Adds a class. */
export const addClass = (): void => void (classes.value = [...classes.value, newClass()]);
/** Names a class; it will be the name of a folder. */
export const renameClass = (id: number, name: string): void =>
  change(id, (one) => ({ ...one, name: name.replace(/[\\/]/g, ' ') }));
/** Adds pictures to a class. */
export const addPictures = (id: number, files: readonly File[]): void =>
  change(id, (one) => ({
    ...one,
    pictures: [...one.pictures, ...files.map((file) => ({ file, url: URL.createObjectURL(file) }))],
  }));

const forget = (pictures: readonly Picture[]): void => {
  for (const { url } of pictures) URL.revokeObjectURL(url);
};
/** Removes a picture. */
export const removePicture = (id: number, picture: Picture): void => {
  forget([picture]);
  change(id, (one) => ({ ...one, pictures: one.pictures.filter((each) => each !== picture) }));
};
/** Removes a class with its pictures. */
export const removeClass = (id: number): void => {
  forget(classes.value.find((one) => one.id === id)?.pictures ?? []);
  classes.value = classes.value.filter((one) => one.id !== id);
};

/** Why there is nothing to train on yet; undefined when there is. */
export function obstacleOfClasses(): string | undefined {
  const all = classes.value;
  if (all.length < 2) return 'Two classes are needed at least: add one.';
  const names = all.map(({ name }) => name.trim());
  if (names.includes('')) return 'Give every class a name, or remove it.';
  if (new Set(names).size < names.length) return 'Two classes have the same name.';
  const short = all.find(({ pictures }) => pictures.length < fewestPictures);
  if (short)
    return `“${short.name.trim()}” needs ${fewestPictures} pictures at least; it has ${short.pictures.length}.`;
  return undefined;
}

/** The pictures as those of a folder with a subfolder for each class. */
export const filesOfClasses = (): File[] =>
  classes.value.flatMap(({ name, pictures }) =>
    pictures.map(({ file }, i) => named(file, `${name.trim()}/${i}.${file.type.split('/')[1] ?? 'png'}`)),
  );
