/** This version, as package.json has it (a test keeps them equal); it is written into every data file. */
export const VERSION = '0.1.0'
