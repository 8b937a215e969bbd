/** Numbers beyond have squares that no double can hold: no variance can be taken of them. */
export const largestTested = 1e150;
