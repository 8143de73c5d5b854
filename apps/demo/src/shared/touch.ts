// Whether the visitor points with a finger: then nothing is said of keys, nor of dropping files.
import { signal } from '@preact/signals';

const finger = matchMedia('(hover: none), (pointer: coarse)');

/** True on a phone or a tablet; it changes when a mouse is plugged in. */
export const isTouch = signal(finger.matches);
finger.addEventListener('change', () => (isTouch.value = finger.matches));
