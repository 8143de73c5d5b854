// Which settings of sound there are: data alone, in a file of its own, since every page that reads packed files has it. Between
// which values they lie is said in `settings.ts`.

/** How loud and quiet recordings compare: as they are, or each to the loudest of its own. */
export type SoundNormalization = 'fixed' | 'peak';

/** Settings in full, JSON-safe: what {@link soundSettings} gives. */
export interface SoundSettings {
  /** Samples a second that everything is resampled to, in Hz. */
  readonly sampleRate: number;
  /** Samples of a frame, the length of its Fourier transform; a power of two. */
  readonly frame: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  /** Frames of an example: with {@link bands} the shape [frames, bands, 1] that the network takes. */
  readonly frames: number;
  /** Bands of the mel scale. */
  readonly bands: number;
  /** Where the bands begin and end, in Hz. */
  readonly lowest: number;
  readonly highest: number;
  readonly normalize: SoundNormalization;
}

/** What each setting is: an integer from 1, a number, or one of its words. The reader of packed files is made from it. */
export const soundFields: {
  readonly [Name in keyof SoundSettings]: SoundSettings[Name] extends number
    ? 'integer' | 'number'
    : readonly SoundSettings[Name][];
} = {
  sampleRate: 'integer',
  frame: 'integer',
  hop: 'integer',
  frames: 'integer',
  bands: 'integer',
  lowest: 'number',
  highest: 'number',
  normalize: ['fixed', 'peak'],
};
