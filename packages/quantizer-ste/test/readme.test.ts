// The README shows every quantizer as it is: run `pnpm plots` when this fails.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { images, plots, table } from '../scripts/render.js';
import { stePlugin } from '../src/index.js';

const root = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const flat = (text: string) => text.replace(/-{3,}/g, '---').replace(/ +/g, ' ').trim();

describe('README', () => {
  it('lists every quantizer, surrogate and forward', () => {
    for (const name of Object.keys(stePlugin.quantizers)) expect(table).toContain(`| \`${name}\` |`);
    for (const name of [...Object.keys(stePlugin.surrogates), ...Object.keys(stePlugin.forwards)])
      expect(readme).toContain(`\`${name}\``);
  });

  it('has the table and the plots that the script makes', () => {
    expect(flat(readme)).toContain(flat(table));
    expect(readme).toContain(images);
    expect(readdirSync(new URL('plots/', root)).sort()).toEqual(Object.keys(plots).sort());
    for (const [name, svg] of Object.entries(plots))
      expect(readFileSync(new URL(`plots/${name}`, root), 'utf8') === svg, `plots/${name} is current`).toBe(
        true,
      );
  });

  it('plots the jump of sign as a vertical line', () =>
    expect(plots['ste.svg']).toMatch(/<path d="M44 [\d.]+L170 [\d.]+L170 [\d.]+L296 [\d.]+"/));
});
