/* Reads canonical MessagePack (docs/protocol.md, section 1) and refuses whatever a writer that
 * follows it would not write. Every fault throws FORMAT. */
import { refuse } from "./bytes.js";

const NESTING_MAX = 8;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/* Forms with a number after the tag; `least` is the first number no shorter form can hold. */
const forms = new Map([
  [0xc4, { width: 1, kind: "bin", least: 0n }],
  [0xc5, { width: 2, kind: "bin", least: 0x100n }],
  [0xc6, { width: 4, kind: "bin", least: 0x10000n }],
  [0xcc, { width: 1, kind: "uint", least: 0x80n }],
  [0xcd, { width: 2, kind: "uint", least: 0x100n }],
  [0xce, { width: 4, kind: "uint", least: 0x10000n }],
  [0xcf, { width: 8, kind: "uint", least: 0x100000000n }],
  [0xd9, { width: 1, kind: "str", least: 0x20n }],
  [0xda, { width: 2, kind: "str", least: 0x100n }],
  [0xdb, { width: 4, kind: "str", least: 0x10000n }],
  [0xdc, { width: 2, kind: "array", least: 0x10n }],
  [0xdd, { width: 4, kind: "array", least: 0x10000n }],
]);

export function decodeText(bytes) {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    refuse("FORMAT", "text is not UTF-8");
  }
  if (text.includes("\0")) refuse("FORMAT", "text holds a zero");
  return text;
}

export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get left() {
    return this.bytes.length - this.at;
  }

  #byte() {
    if (this.left < 1) refuse("FORMAT", "it ends early");
    return this.bytes[this.at++];
  }

  /* What a value begins with: its kind, and its value, length or count. */
  #lead() {
    const tag = this.#byte();
    if (tag < 0x80) return { kind: "uint", number: BigInt(tag) };
    if (tag >= 0x90 && tag <= 0x9f) return { kind: "array", number: BigInt(tag & 0x0f) };
    if (tag >= 0xa0 && tag <= 0xbf) return { kind: "str", number: BigInt(tag & 0x1f) };
    if (tag === 0xc0) return { kind: "nil", number: 0n };
    const form = forms.get(tag);
    if (!form || this.left < form.width) refuse("FORMAT", "no value of ours begins so");
    let number = 0n;
    for (let i = 0; i < form.width; i++) number = (number << 8n) | BigInt(this.bytes[this.at++]);
    if (number < form.least) refuse("FORMAT", "not the shortest form");
    return { kind: form.kind, number };
  }

  #number(kind, max) {
    const lead = this.#lead();
    if (lead.kind !== kind) refuse("FORMAT", `${lead.kind} in place of ${kind}`);
    if (lead.number > BigInt(max)) refuse("FORMAT", "beyond its bound");
    return lead.number;
  }

  #take(length) {
    if (length > this.left) refuse("FORMAT", "it ends early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  array(min, max) {
    const count = Number(this.#number("array", max));
    if (count < min || count > this.left) refuse("FORMAT", "not so many values");
    return count;
  }

  /* At most 2^53 - 1: a Number holds it. */
  uint(max = Number.MAX_SAFE_INTEGER) {
    return Number(this.#number("uint", max));
  }

  /* Any 64 bits. */
  uint64() {
    return this.#number("uint", 0xffffffffffffffffn);
  }

  bin(max) {
    return this.#take(Number(this.#number("bin", max)));
  }

  fixed(length) {
    const bytes = this.bin(length);
    if (bytes.length !== length) refuse("FORMAT", `not ${length} bytes`);
    return bytes;
  }

  str(max) {
    return decodeText(this.#take(Number(this.#number("str", max))));
  }

  nil() {
    if (this.left < 1 || this.bytes[this.at] !== 0xc0) return false;
    this.at++;
    return true;
  }

  /* Steps over one value, whatever it is; returns its bytes. */
  any() {
    const start = this.at;
    const left = [1n]; /* values still to come at each depth */
    while (left.length > 0) {
      if (left.at(-1) === 0n) {
        left.pop();
        continue;
      }
      left[left.length - 1] -= 1n;
      const { kind, number } = this.#lead();
      if (kind === "bin") this.#take(Number(number));
      else if (kind === "str") decodeText(this.#take(Number(number)));
      else if (kind === "array") {
        if (number > BigInt(this.left) || left.length > NESTING_MAX)
          refuse("FORMAT", "too many values, or too deep");
        left.push(number);
      }
    }
    return this.bytes.subarray(start, this.at);
  }

  end() {
    if (this.left !== 0) refuse("FORMAT", "bytes after its end");
  }
}
