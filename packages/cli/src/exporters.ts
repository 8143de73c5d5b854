// What a packed model can be exported to. A new format is one line in the table.
import type { Layout } from '@bitgrad/export-c';
import type { PackedModel } from '@bitgrad/runtime';

/** What the command gives to a format; each takes what it knows. */
export interface ExportSettings {
  readonly name?: string;
  readonly layout?: Layout;
}

/** A format. */
export interface ExporterRow {
  readonly name: string;
  readonly package: string;
  /** Settings that it takes. */
  readonly settings: readonly (keyof ExportSettings)[];
  /** Contents by path within the folder that is asked for. */
  files(model: PackedModel, settings: ExportSettings): Promise<Readonly<Record<string, string | Uint8Array>>>;
}

const onnx = (format: 'onnx' | 'qonnx'): ExporterRow => ({
  name: format,
  package: '@bitgrad/importer',
  settings: ['name'],
  files: async (model, { name = 'model' }) => ({
    [`${name}.onnx`]: (await import('@bitgrad/importer')).exportOnnx(model, { format }),
  }),
});

/** Every format. */
export const exporterTable: readonly ExporterRow[] = [
  {
    name: 'c',
    package: '@bitgrad/export-c',
    settings: ['name', 'layout'],
    files: async (model, settings) => (await import('@bitgrad/export-c')).exportC(model, settings).files,
  },
  onnx('onnx'),
  onnx('qonnx'),
];
