// Indices of words at the start of a shared memory that the host sets, as assembly/engine/index.ts has them. Plain
// constants, so that bundlers inline them.

/** Threads that wait at a barrier. */
export const arrivedWord = 1;
/** The next tile of a group. */
export const tileWord = 3;
/** Number of threads; the words behind it say where the program and the scratch memory are. */
export const threadsWord = 5;
