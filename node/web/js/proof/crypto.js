/* Hashes with a personal string, and signatures with the verdict libsodium gives. */
import { Point } from "../../vendor/noble-ed25519/index.js";
import { blake2b } from "../../vendor/noble-hashes/blake2.js";
import { sha512 } from "../../vendor/noble-hashes/sha2.js";
import { equal } from "./bytes.js";

const ORDER = Point.CURVE().n;

/* BLAKE2b-256 over runs of bytes, one after the other. */
export function hash(personal, ...runs) {
  const personalization = new Uint8Array(16);
  new TextEncoder().encodeInto(personal, personalization);
  const hasher = blake2b.create({ dkLen: 32, personalization });
  for (const run of runs) hasher.update(run);
  return hasher.digest();
}

function littleEndian(bytes) {
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes[i]);
  return number;
}

function point(bytes) {
  try {
    const found = Point.fromBytes(bytes);
    return found.isSmallOrder() ? undefined : found;
  } catch {
    return undefined; /* not on the curve, or not in its one form */
  }
}

/* Ed25519 (RFC 8032) without cofactors: S is reduced, key and R are no points of small order, and
 * R comes out byte for byte. */
export function verify(key, message, signature) {
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32, 64));
  const owner = point(key);
  if (s >= ORDER || !owner || !point(r)) return false;
  const hasher = sha512.create();
  for (const run of [r, key, message]) hasher.update(run);
  const k = littleEndian(hasher.digest()) % ORDER;
  const base = s === 0n ? Point.ZERO : Point.BASE.multiply(s, false);
  return equal(base.add(owner.negate().multiply(k, false)).toBytes(), r);
}
