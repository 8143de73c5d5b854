/** A WAV file of 16 bits and one channel. @param rate samples a second */
export declare function wavOf(samples: Int16Array, rate: number): Buffer;
