// Files of folders, dropped or chosen.

/** A file whose name is its path: workers and storage keep the name, and not everywhere the path of a chosen folder. */
export const named = (file: File, path: string): File =>
  new File([file], path.replace(/^\//, ''), { type: file.type });

/** All files below what was dropped, at any depth, each named by its path. */
export async function filesOfEntries(entries: readonly FileSystemEntry[]): Promise<File[]> {
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

/** Whether a file is a picture, by its name. */
export const isPicture = (name: string): boolean => /\.(png|jpe?g|webp|bmp|gif)$/i.test(name);

/** The files that an `accept` of names and types means; all without one. A folder has others in it, as systems make them. */
export function matching(files: readonly File[], accept?: string): readonly File[] {
  if (accept === undefined) return files;
  const kinds = accept.split(',');
  return files.filter(({ name, type }) =>
    kinds.some((kind) =>
      kind.startsWith('.') ? name.toLowerCase().endsWith(kind) : type.startsWith(kind.replace('*', '')),
    ),
  );
}
