/** What npm calls a target of Rust. */
export function platformOf(target: string): { name: string; os: string; cpu: string; libc?: string };
/** Writes the package of a platform. */
export function writePackage(target: string, binary: string, folder: string): void;
