// A place to drop files, or to choose them by the usual button.
import { useState } from 'preact/hooks';

/** What {@link FileDrop} takes. */
export interface FileDropProps {
  readonly label: string;
  readonly accept?: string;
  readonly multiple?: boolean;
  onFiles(files: readonly File[]): void;
}

/** The element; dropped folders are given as the files in them, each with its path as `webkitRelativePath` or name. */
export function FileDrop({ label, accept, multiple = false, onFiles }: FileDropProps) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const items = [...(event.dataTransfer?.items ?? [])];
    const entries = items
      .map((item) => item.webkitGetAsEntry?.())
      .filter((entry) => entry !== null && entry !== undefined);
    if (entries.some((entry) => entry.isDirectory)) void readEntries(entries).then(onFiles);
    else onFiles([...(event.dataTransfer?.files ?? [])]);
  };
  return (
    <div
      class={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label class="field">
        <span>{label}</span>
        <input
          type="file"
          accept={accept}
          multiple={multiple}
          onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])}
        />
      </label>
    </div>
  );
}

/** A file whose name is its path below what was dropped. */
const named = (file: File, path: string): File =>
  new File([file], path.replace(/^\//, ''), { type: file.type });

async function readEntries(entries: readonly FileSystemEntry[]): Promise<File[]> {
  const files: File[] = [];
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      files.push(named(file, entry.fullPath));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (batch.length === 0) return;
      for (const child of batch) await visit(child);
    }
  };
  for (const entry of entries) await visit(entry);
  return files;
}
