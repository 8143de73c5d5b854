// In the audio thread: joins what comes in blocks of 128 samples, and passes it on to the page.

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Samples of a message: 43 ms at 48 kHz. */
const pieceLength = 2048;

registerProcessor(
  'capture',
  class extends AudioWorkletProcessor {
    piece = new Float32Array(pieceLength);
    filled = 0;

    /** Of one channel, which the node mixes; its output stays silent. */
    process([input]: Float32Array[][]): boolean {
      const block = input?.[0];
      if (!block) return true;
      const first = block.subarray(0, pieceLength - this.filled);
      this.piece.set(first, this.filled);
      this.filled += first.length;
      if (this.filled < pieceLength) return true;
      this.port.postMessage(this.piece, [this.piece.buffer]);
      this.piece = new Float32Array(pieceLength);
      this.piece.set(block.subarray(first.length));
      this.filled = block.length - first.length;
      return true;
    }
  },
);
