// Inspect: what is in a `.bitgrad` file. A bad file gives the runtime's own error.
import { useEffect, useRef } from 'preact/hooks';
import { computed, effect, signal } from '@preact/signals';
import { BitgradError, decodeModel, type PackedModel } from '@bitgrad/runtime';
import { formatBytes, formatCount, formatNumber } from '../shared/format.js';
import { FileDrop } from '../shared/file-drop.js';
import {
  drawFile,
  goTo,
  inspectFile,
  isDark,
  messageOf,
  shippedModel,
  type ModelFile,
} from '../shared/state.js';
import { bitPicture, bitWeightsOf, layersOf, thresholdsOf, type BitWeights } from './analysis.js';

/** A file of a stranger may not ask for more than this. */
const limits = { fileBytes: 2 ** 28, memoryBytes: 2 ** 29, operations: 1e12 };

const file = signal<ModelFile | null>(null);
effect(() => {
  const wanted = inspectFile.value ?? drawFile.value;
  if (wanted) file.value = wanted;
  else
    shippedModel().then(
      (shipped) => (file.value ??= shipped),
      () => undefined,
    );
});

const decoded = computed<{ model: PackedModel } | { error: unknown } | null>(() => {
  if (!file.value) return null;
  try {
    return { model: decodeModel(file.value.bytes, limits) };
  } catch (error) {
    return { error };
  }
});

function Picture({ weights }: { weights: BitWeights }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  const picture = bitPicture(weights);
  useEffect(() => {
    const element = canvas.current!;
    const context = element.getContext('2d')!;
    const data = context.createImageData(picture.width, picture.height);
    const style = getComputedStyle(element);
    const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const rgb = (name: string): Uint8ClampedArray => {
      probe.fillStyle = style.getPropertyValue(name);
      probe.fillRect(0, 0, 1, 1);
      return probe.getImageData(0, 0, 1, 1).data;
    };
    const colours = [rgb('--tint'), rgb('--accent'), rgb('--panel')];
    picture.bits.forEach((bit, i) => data.data.set(colours[bit]!, 4 * i));
    context.putImageData(data, 0, 0);
  }, [weights, dark]);
  // Whole pixels, larger for small pictures; wide ones take the whole row, and scroll where it is too narrow.
  const wide = picture.width > 240;
  const scale = wide ? Math.max(1, Math.floor(1160 / picture.width)) : Math.floor(240 / picture.width);
  return (
    <figure class={wide ? 'bit-picture wide' : 'bit-picture'}>
      <figcaption>
        <strong>{weights.name}</strong> {picture.caption}
      </figcaption>
      <div class="scroll" tabIndex={0} role="region" aria-label={`Bits of ${weights.name}`}>
        <canvas
          ref={canvas}
          width={picture.width}
          height={picture.height}
          style={{ width: `${picture.width * scale}px` }}
          role="img"
          aria-label={`Weights of ${weights.name}, one pixel each: filled is -1, empty is +1`}
        />
      </div>
    </figure>
  );
}

function Overview({ model, file: { name, bytes } }: { model: PackedModel; file: ModelFile }) {
  const { metadata } = model;
  const layers = layersOf(model);
  const macs = layers.reduce((sum, { macs }) => sum + macs, 0);
  const binary = layers.reduce((sum, layer) => sum + (layer.binary ? layer.macs : 0), 0);
  const { plan } = model;
  const spec = (at: number): string => `${plan.buffers[at]!.shape.join(' × ')} ${plan.buffers[at]!.type}`;
  return (
    <section class="panel" aria-labelledby="overview-title">
      <h2 id="overview-title">{name}</h2>
      <dl class="facts">
        <div>
          <dt>File</dt>
          <dd>{formatBytes(bytes.length)}</dd>
        </div>
        {metadata.floatBytes !== undefined && (
          <div>
            <dt>In float32</dt>
            <dd>
              {formatBytes(metadata.floatBytes)},{' '}
              {`${(metadata.floatBytes / bytes.length).toFixed(1)}\u00a0×`}
            </dd>
          </div>
        )}
        <div>
          <dt>Input</dt>
          <dd>{spec(plan.input)}</dd>
        </div>
        <div>
          <dt>Output</dt>
          <dd>{spec(plan.output)}</dd>
        </div>
        <div>
          <dt>Products</dt>
          <dd>{formatCount(macs)}</dd>
        </div>
        <div>
          <dt>of them 1 × 1 bit</dt>
          <dd>{macs ? `${Math.round((100 * binary) / macs)} %` : '–'}</dd>
        </div>
      </dl>
      <p class="hint">
        {metadata.quantizers?.length ? `Trained with ${metadata.quantizers.join(', ')}. ` : ''}
        {metadata.classes
          ? `Classes: ${metadata.classes.slice(0, 20).join(', ')}${metadata.classes.length > 20 ? '…' : ''}. `
          : ''}
        {metadata.producer ? `Written by ${metadata.producer}.` : ''}
      </p>
      <div class="row">
        <button
          type="button"
          onClick={() => {
            drawFile.value = { name, bytes };
            goTo('draw');
          }}
        >
          Use in Draw
        </button>
      </div>
    </section>
  );
}

function Layers({ model }: { model: PackedModel }) {
  return (
    <section class="panel" aria-labelledby="layers-title">
      <h2 id="layers-title">Layers</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of layers">
        <table data-testid="layers" class="wide">
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Operation</th>
              <th scope="col">Input</th>
              <th scope="col">Output</th>
              <th scope="col" class="number">
                Weights
              </th>
              <th scope="col" class="number">
                Products
              </th>
            </tr>
          </thead>
          <tbody>
            {layersOf(model).map((row) => (
              <tr key={row.index}>
                <th scope="row">{row.name}</th>
                <td>
                  {row.op}
                  {row.binary && <small> 1 × 1 bit</small>}
                </td>
                <td>{row.input}</td>
                <td>{row.output}</td>
                <td class="number">{row.weightBytes ? formatBytes(row.weightBytes) : ''}</td>
                <td class="number">{row.macs ? formatCount(row.macs) : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Inside({ model }: { model: PackedModel }) {
  const thresholds = thresholdsOf(model);
  return (
    <>
      <section class="panel" aria-labelledby="bits-title">
        <h2 id="bits-title">Weights, bit by bit</h2>
        <p class="hint">One pixel for each weight: filled is −1, empty is +1. A row is an output channel.</p>
        <div class="bit-pictures">
          {bitWeightsOf(model).map((weights) => (
            <Picture key={weights.name} weights={weights} />
          ))}
        </div>
      </section>
      {thresholds.length > 0 && (
        <section class="panel" aria-labelledby="thresholds-title">
          <h2 id="thresholds-title">Thresholds</h2>
          <p class="hint">
            BatchNorm, scales and sign, folded: a channel's next bit is whether its count reaches this number.
          </p>
          {thresholds.map(({ name, values, flips }, i) => (
            <details key={i}>
              <summary>
                {name}: {values.length} channels,{' '}
                {formatNumber(values.reduce((a, b) => Math.min(a, b), Infinity))} to{' '}
                {formatNumber(values.reduce((a, b) => Math.max(a, b), -Infinity))}
                {flips > 0 ? `, ${flips} turned around` : ''}
              </summary>
              <p class="mono">{values.slice(0, 512).map(formatNumber).join(' ')}</p>
            </details>
          ))}
        </section>
      )}
    </>
  );
}

function Problem({ error, name }: { error: unknown; name: string }) {
  return (
    <section class="panel" role="alert">
      <h2>{name} cannot be read</h2>
      <p class="note bad" data-testid="file-error">
        {error instanceof BitgradError && <code>{error.code}</code>} {messageOf(error)}
      </p>
      <p class="hint">
        Nothing of the file was run. Every offset, size and shape is checked before it is used.
      </p>
    </section>
  );
}

/** The Inspect page. */
export function InspectTab() {
  const now = decoded.value;
  const open = async ([first]: readonly File[]): Promise<void> => {
    if (first) inspectFile.value = { name: first.name, bytes: new Uint8Array(await first.arrayBuffer()) };
  };
  return (
    <div class="stack">
      <FileDrop what="a .bitgrad file" accept=".bitgrad" onFiles={(files) => void open(files)} />
      {now === null ? (
        <p class="loading">Loading…</p>
      ) : 'error' in now ? (
        <Problem error={now.error} name={file.value!.name} />
      ) : (
        <>
          <Overview model={now.model} file={file.value!} />
          <Layers model={now.model} />
          <Inside model={now.model} />
        </>
      )}
    </div>
  );
}
