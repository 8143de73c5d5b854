// The microphone's samples, in pieces, from an audio worklet.

const worklet = `registerProcessor('samples', class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});`;

/**
 * Opens the microphone.
 * @param rate samples a second
 * @param take called with each piece, a Float32Array
 * @returns a function that closes it
 */
export async function openMicrophone(rate, take) {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: rate });
  const address = URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(address);
  URL.revokeObjectURL(address);
  const node = new AudioWorkletNode(context, 'samples');
  node.port.onmessage = ({ data }) => take(data);
  context.createMediaStreamSource(media).connect(node);
  return () => {
    media.getTracks().forEach((track) => track.stop());
    return context.close();
  };
}
