// Which model a tab uses, and what can be done about it.
import { lookInside, type ModelFile } from './state.js';

/** A file of a model, by name. */
interface Props {
  /** The model that runs now; none while it loads. */
  readonly file: ModelFile | undefined;
  readonly testId: string;
  /** Where the visitor's own model runs: what leads back to the page's. */
  readonly back?: { readonly label: string; readonly use: () => void } | undefined;
}

/** The model's name, the way back to the page's own, and the way to look inside. */
export function ModelName({ file, testId, back }: Props) {
  return (
    <p class="model-name">
      Model: <strong data-testid={testId}>{file?.name ?? '…'}</strong>
      {back && (
        <button type="button" class="small" onClick={back.use}>
          {back.label}
        </button>
      )}
      {file && (
        <button type="button" class="small" onClick={() => lookInside(file)}>
          Look inside
        </button>
      )}
    </p>
  );
}
