/** A running server. */
export interface StaticServer {
  /** Address of the folder, with a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a folder.
 * @param options `prefix`: path that it is under, with slashes at both ends, `/` by default; `headers` of every answer;
 *   `gzip`: texts and modules are sent compressed, as most hosts do
 */
export declare function serveFolder(
  folder: string,
  options?: {
    readonly prefix?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly gzip?: boolean;
  },
): Promise<StaticServer>;
