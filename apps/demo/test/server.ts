// The built demo under a sub-path, with or without the headers of cross-origin isolation.
import { serveFolder, type StaticServer } from '@bitgrad/tooling/static-server';

export type { StaticServer };

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Serves `folder` at `/some/where/`; everything else is 404. */
export const serve = (folder: string, { isolated = true } = {}): Promise<StaticServer> =>
  serveFolder(folder, { prefix: '/some/where/', headers: isolated ? isolation : {} });
