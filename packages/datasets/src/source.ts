// Where the files of a data set can be had: plain data, beside the data set that they are read as.

/** A checksum as its publisher gives it, in lower-case hex. */
export interface PublishedSum {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

/** A file that is downloaded. */
export interface RemoteFile {
  /** Its name in the folder and, behind the address of a mirror, there. */
  readonly name: string;
  /** Where it is published: http or https, tried in order. */
  readonly urls: readonly string[];
  /** Without one, the data set's own reader judges the files, and a download that broke off begins anew. */
  readonly sum?: PublishedSum;
  /** Its size, where it is known. */
  readonly bytes?: number;
  /**
   * Of a .tar.gz, what comes out of it, without its outermost folder: sizes in bytes by name; or all of it, into a folder
   * of that name.
   */
  readonly unpack?: Readonly<Record<string, number>> | string;
}

/** All that a data set consists of. */
export interface DataSource {
  /** The page of its authors. */
  readonly page: string;
  /** Under which terms it is published, or that its page says none. */
  readonly licence: string;
  readonly files: readonly RemoteFile[];
}
