// Files that the page makes, for the visitor to keep.

/** Gives a file to the visitor. */
export function download(name: string, contents: Uint8Array | string): void {
  const url = URL.createObjectURL(new Blob([contents as BlobPart], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
