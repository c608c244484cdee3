/** The version of this package, written into programs that leave the process. */
export const version = "0.1.0";
