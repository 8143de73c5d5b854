// Writes the plots and the sections of the README that show them: `pnpm plots`.
import { writePlots, writeSection } from '@bitgrad/tooling/plots';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { images, plots, table } from './render.js';

const readme = new URL('../README.md', import.meta.url);
writePlots(new URL('../plots/', import.meta.url), plots);
writeSection(readme, 'members', table);
writeSection(readme, 'plots', images);
execFileSync('npx', ['prettier', '--write', fileURLToPath(readme)], { stdio: 'inherit' });
