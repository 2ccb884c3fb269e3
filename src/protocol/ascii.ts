/** Character codes of the octets that SMTP gives a meaning to. Knows nothing else. */

/** Horizontal tab */
export const HTAB = 0x09;
/** Line feed */
export const LF = 0x0a;
/** Carriage return */
export const CR = 0x0d;
/** Space */
export const SP = 0x20;
/** `-` */
export const HYPHEN = 0x2d;
/** `.` */
export const DOT = 0x2e;
/** `0` */
export const ZERO = 0x30;
/** `1` */
export const ONE = 0x31;
/** `5` */
export const FIVE = 0x35;
/** `9` */
export const NINE = 0x39;
/** `=` */
export const EQUALS = 0x3d;
