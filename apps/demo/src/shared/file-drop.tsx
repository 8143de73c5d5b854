// A place to drop files, with buttons that choose them: files, a folder, or a photo that is taken.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { filesOfEntries, matching, named } from './folders.js';
import { isTouch } from './touch.js';

/** What {@link FileDrop} takes. */
interface FileDropProps {
  /** What is wanted, as an object: "a .bitgrad file". */
  readonly what: string;
  readonly accept?: string;
  readonly multiple?: boolean;
  /** A folder is taken as well: the files in it that `accept` names. */
  readonly folder?: boolean;
  /** A photo may be taken, where the device is held in a hand. */
  readonly photo?: boolean;
  onFiles(files: readonly File[]): void;
}

interface ButtonProps {
  readonly label: ComponentChildren;
  readonly accept?: string | undefined;
  onFiles(files: readonly File[]): void;
}

/** A button that asks for files; further attributes go to its element. */
export function FileButton({
  label,
  small,
  onFiles,
  ...input
}: ButtonProps & {
  readonly small?: boolean;
  readonly disabled?: boolean;
  readonly multiple?: boolean;
  readonly webkitdirectory?: boolean;
  readonly capture?: 'environment';
}) {
  return (
    <label class={small ? 'button small' : 'button'}>
      {label}
      <input
        type="file"
        class="visually-hidden"
        {...input}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          currentTarget.value = ''; // the same files may be chosen again
          onFiles(files);
        }}
      />
    </label>
  );
}

/** A button that asks for a folder, where the browser has them: the files in it that `accept` means, named by their paths. */
export const FolderButton = ({ label, accept, onFiles }: ButtonProps) =>
  'webkitdirectory' in HTMLInputElement.prototype ? (
    <FileButton
      label={label}
      webkitdirectory
      onFiles={(files) =>
        onFiles(
          matching(
            files.map((file) => named(file, file.webkitRelativePath || file.name)),
            accept,
          ),
        )
      }
    />
  ) : null;

/** The element; files of a folder are named by their paths. */
export function FileDrop({ what, accept, multiple = false, folder, photo, onFiles }: FileDropProps) {
  const [over, setOver] = useState(false);
  const [empty, setEmpty] = useState(false);
  const give = (files: readonly File[]): void => {
    setEmpty(files.length === 0);
    if (files.length > 0) onFiles(files);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const entries = [...(event.dataTransfer?.items ?? [])]
      .map((item) => item.webkitGetAsEntry?.())
      .filter((entry) => entry !== null && entry !== undefined);
    if (entries.some((entry) => entry.isDirectory))
      void filesOfEntries(entries).then((files) => give(matching(files, accept)));
    else give([...(event.dataTransfer?.files ?? [])]);
  };
  const text = isTouch.value ? `Choose ${what}` : `Drop ${what} here, or choose`;
  return (
    <div
      class={over ? 'drop over' : 'drop'}
      role="group"
      aria-label={text}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span>{text}</span>
      <div class="row">
        <FileButton
          label={multiple ? 'Choose files' : 'Choose a file'}
          accept={accept}
          multiple={multiple}
          onFiles={give}
        />
        {folder && <FolderButton label="Choose a folder" accept={accept} onFiles={give} />}
        {photo && isTouch.value && (
          <FileButton label="Take a photo" accept="image/*" capture="environment" onFiles={give} />
        )}
      </div>
      {empty && (
        <p class="error" role="alert">
          There is nothing of this kind in it.
        </p>
      )}
    </div>
  );
}
