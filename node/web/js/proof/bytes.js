/* Runs of bytes, and the one error of everything that reads them. */

export class Fault extends Error {
  /* code: "FORMAT", "FEDERATION", "QUORUM", "SIGNATURE", "ROOT" or "DENIED", as the program's own */
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

export function refuse(code, message) {
  throw new Fault(code, message);
}

export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export const equal = (a, b) => compare(a, b) === 0;
export const isZero = (bytes) => bytes.every((byte) => byte === 0);
export const zero = () => new Uint8Array(32);

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Undefined when `text` is not made of pairs of hexadecimal digits. */
export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
