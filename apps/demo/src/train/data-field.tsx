// What a run learns from.
import { FileDrop } from '../shared/file-drop.js';
import type { TrainSettings } from '../worker/protocol.js';
import { ClassesField } from './classes-field.js';
import { busy, chooseData, files, settings, takeFiles } from './session.js';

/** Digits, or files of the visitor's own. */
export function DataField() {
  const now = settings.value;
  return (
    <fieldset class="stack plain" disabled={busy.value}>
      <legend class="visually-hidden">What it learns from</legend>
      <label class="field">
        <span>Data</span>
        <select
          name="data"
          value={now.data}
          onChange={(event) => chooseData(event.currentTarget.value as TrainSettings['data'])}
        >
          <option value="digits">digits, drawn here</option>
          <option value="files">my own pictures or files</option>
          <option value="classes">my own pictures, class by class</option>
        </select>
      </label>
      {now.data === 'classes' && <ClassesField />}
      {now.data === 'files' && (
        <>
          <FileDrop
            what="a folder with one subfolder of pictures for each class, or MNIST or CIFAR files"
            multiple
            folder
            onFiles={takeFiles}
          />
          <p class="hint">
            {files.value.length > 0
              ? `${files.value.length} files: ${files.value
                  .slice(0, 4)
                  .map(({ name }) => name)
                  .join(', ')}${files.value.length > 4 ? '…' : ''}. `
              : 'No files yet. '}
            They stay in this browser.
          </p>
        </>
      )}
    </fieldset>
  );
}
