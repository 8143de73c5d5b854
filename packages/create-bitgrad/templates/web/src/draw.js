// Drawing with a mouse, a pen or a finger, black on white.

/** Clears a canvas. */
export function clear(canvas) {
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
}

/** Lets a canvas be drawn on; `changed` is called after each stroke. */
export function drawable(canvas, changed) {
  const context = canvas.getContext('2d');
  const at = ({ offsetX, offsetY }) => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
  ];
  clear(canvas);
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    Object.assign(context, { lineWidth: 22, lineCap: 'round', lineJoin: 'round', strokeStyle: 'black' });
    context.beginPath();
    context.moveTo(...at(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...at(event));
    context.stroke();
  });
  canvas.addEventListener('pointerup', changed);
}
