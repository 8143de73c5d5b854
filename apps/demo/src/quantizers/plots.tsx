// The linked plots of a pair: F and B with the intervals that break the certificate, P, T and r where it is sound, and
// the spectrum of B.
import type { Quantizer } from '@bitgrad/core';
import type { Position } from '@bitgrad/certificate';
import { Plot } from '../shared/plot.js';
import { messageOf } from '../shared/state.js';
import { position, quantizer, spectra } from './session.js';

const numbers = (list: Float64Array): number[] => Array.from(list);
const finite = (list: Float64Array): (number | null)[] =>
  Array.from(list, (y) => (Number.isFinite(y) ? y : null));

function Pair({ made, at }: { made: Quantizer; at: Position }) {
  const marks = at.violations.map(({ interval }) => interval);
  const x = numbers(at.F.x);
  const { forward } = made;
  const hard = forward.soft
    ? [
        {
          label: 'deployed',
          values: x.map((u) => (forward.hardFormula ?? forward.formula).call(forward, u, at.scalars)),
          color: 'soft' as const,
          dashed: true,
        },
      ]
    : [];
  const found = marks.length === 0 ? 'no interval is marked' : `${marks.length} intervals are marked`;
  return (
    <>
      <Plot
        title="F, the forward"
        summary={`Forward of ${made.name}; ${found}`}
        link="quantizer"
        x={x}
        series={[{ label: 'F', values: finite(at.F.y), color: 'blue' }, ...hard]}
        marks={marks}
        xLabel="latent value"
      />
      <Plot
        title="B, the backward"
        summary={`Backward of ${made.name}; ${found}`}
        link="quantizer"
        x={numbers(at.B.x)}
        series={[{ label: 'B', values: finite(at.B.y), color: 'orange' }]}
        marks={marks}
        xLabel="latent value"
      />
    </>
  );
}

function Parts({ at }: { at: Position }) {
  const parts = at.decomposition;
  if (!parts)
    return (
      <div class="absent">
        <h3>No P, no T, no r</h3>
        <p>
          A pair that is not sound has no proximal map, no transform and no regularizer behind it: training
          does not minimize anything that could be drawn here.
        </p>
      </div>
    );
  const { proximalMap: P, transform: T, regularizer: r } = parts;
  return (
    <>
      <Plot
        title="P, the proximal map"
        summary="The proximal map that the pair stands for"
        link="quantizer"
        x={numbers(P.x)}
        series={[{ label: 'P', values: finite(P.y), color: 'green' }]}
        xLabel="latent value"
      />
      <Plot
        title="T, the transform: F = T(P), B = T′(P)"
        summary="The transform that the pair stands for"
        x={numbers(T.x)}
        series={[{ label: 'T', values: finite(T.y), color: 'purple' }]}
        xLabel="value of P"
      />
      <Plot
        title="r, the regularizer behind P"
        summary="The regularizer whose proximal map P is"
        x={numbers(r.x)}
        series={[{ label: 'r', values: finite(r.y), color: 'blue' }]}
        xLabel="value of P"
      />
    </>
  );
}

function Spectrum() {
  const now = spectra.value;
  if ('error' in now) return <p class="hint">No spectrum: {messageOf(now.error)}</p>;
  const { harmonics, distance } = now.value;
  return (
    <Plot
      title="Spectrum of the integral of B, beside sign"
      summary={`Distance to the spectrum of sign: ${distance.toFixed(3)}`}
      x={harmonics.map(({ k }) => k)}
      series={[
        { label: 'B', values: harmonics.map(({ amplitude }) => amplitude), color: 'orange', points: true },
        { label: 'sign', values: harmonics.map(({ sign }) => sign), color: 'soft', dashed: true },
      ]}
      xLabel="harmonic"
    />
  );
}

/** All plots of the present choice. */
export function Plots() {
  const [made, at] = [quantizer.value, position.value];
  if ('error' in made || 'error' in at) return null;
  return (
    <div class="plots">
      <Pair made={made.value} at={at.value} />
      <Parts at={at.value} />
      <Spectrum />
    </div>
  );
}
