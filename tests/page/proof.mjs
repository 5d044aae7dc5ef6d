/* The page's checker of proofs against the frozen vectors, and against proofs of the program.
 *   node proof.mjs VECTORS [FEDCAT FEDERATION PROOF...] */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Fault, fromHex, toHex } from "../../node/web/js/proof/bytes.js";
import { check, checkSteps } from "../../node/web/js/proof/check.js";
import { hash, verify } from "../../node/web/js/proof/crypto.js";
import { Reader } from "../../node/web/js/proof/pack.js";
import { carries, checkState } from "../../node/web/js/proof/tree.js";

const [vectors, fedcat, federationText, ...proofFiles] = process.argv.slice(2);
const vector = (name) => JSON.parse(readFileSync(path.join(vectors, `${name}.json`), "utf8"));
let checks = 0;
const same = (got, wanted, what) => { assert.equal(toHex(got), wanted, what); checks++; };
const utf8 = (text) => new TextEncoder().encode(text);

function faultOf(run) {
  try {
    run();
  } catch (fault) {
    if (fault instanceof Fault) return fault;
    throw fault;
  }
  return undefined;
}

/* -- hashes, signatures, paths ------------------------------------------------------------------- */

const hashes = vector("hashes");
for (const { personal, input, hash: wanted } of hashes.hashes) same(hash(personal, fromHex(input)), wanted, personal);
for (const { key, hash: wanted } of hashes.keys) same(hash("fedcat.key.1", utf8(key)), wanted, key);

for (const { hashes: list, root, proofs } of vector("merkle")) {
  proofs.forEach((proof, index) => {
    const steps = proof.map(fromHex), at = (count, place, leaf, way) => carries(fromHex(root), count, place, fromHex(leaf), way);
    assert.ok(at(list.length, index, list[index], steps), `path of ${index} in ${list.length}`);
    assert.ok(!at(list.length, index, "ff".repeat(32), steps), "a leaf that is not there");
    assert.ok(!at(list.length, index, list[index], [...steps, fromHex("ee".repeat(32))]), "a longer path");
    if (steps.length) assert.ok(!at(list.length, index, list[index], steps.slice(1)), "a shorter path");
    assert.ok(!at(list.length, list.length, list[index], steps), "a place beyond the list");
    checks += 5;
  });
}

/* Points of small order, and S that is not reduced: no signature has them. */
const identity = fromHex("01" + "00".repeat(31));
assert.ok(!verify(identity, new Uint8Array(32), Uint8Array.of(...identity, ...new Uint8Array(32))), "a key of small order");
const signed = vector("records").flatMap((it) => it.signatures.map((signature) => ({ ...signature, over: it.hash })));
assert.ok(signed.length > 5);
for (const { signer, signature, over } of signed) {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n, bytes = fromHex(signature);
  const number = [...bytes.subarray(32)].reverse().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
  const shifted = Uint8Array.from(bytes);
  for (let i = 0; i < 32; i++) shifted[32 + i] = Number((number >> BigInt(8 * i)) & 255n);
  assert.ok(verify(fromHex(signer), fromHex(over), bytes), "a good signature");
  assert.ok(!verify(fromHex(signer), fromHex(over), shifted), "S + L");
  checks += 2;
}

/* -- the reader ---------------------------------------------------------------------------------- */

for (const bad of ["", "cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff", "d900", "d91f" + "61".repeat(31), "c50001aa", "dc0001c0",
  "a1ff", "a2c080", "a3eda080", "a100", "c3", "80", "cb0000000000000000", "e0", "91", "c402aa", "c0c0", "919191919191919191c0"])
  assert.equal(faultOf(() => { const reader = new Reader(fromHex(bad)); reader.any(); reader.end(); })?.code, "FORMAT", bad);
for (const good of ["00", "cc80", "cd0100", "ce00010000", "cf0000000100000000", "a3e282ac", "d920" + "61".repeat(32), "c4020102", "9191919191919191c0"]) {
  const reader = new Reader(fromHex(good));
  reader.any();
  reader.end();
}
checks += 30;

/* -- the state tree ------------------------------------------------------------------------------ */

for (const { root, entries, proofs } of vector("tree").cases) {
  for (const { key_hash, present, proof } of proofs) {
    const { leaf } = checkState(fromHex(proof), fromHex(root), fromHex(key_hash));
    assert.equal(Boolean(leaf), present);
    if (present) assert.ok(entries.some((it) => it.key_hash === toHex(leaf.keyHash)));
    checks++;
  }
}

/* -- proofs -------------------------------------------------------------------------------------- */

const verdicts = new Map();
function verifyOnce(key, message, signature) {
  const name = [key, message, signature].map(toHex).join();
  if (!verdicts.has(name)) verdicts.set(name, verify(key, message, signature));
  return verdicts.get(name);
}

/* A proof of absence may come to prove as much of another key that would stand in the same bucket:
 * then it says so. Nothing else survives a change. */
function flips(name, proof, federation) {
  const original = check(proof, federation, verifyOnce);
  const says = (changed) => { let shown; faultOf(() => { shown = check(changed, federation, verifyOnce); }); return shown; };
  for (let at = 0; at < proof.length; at++) {
    const changed = Uint8Array.from(proof);
    changed[at] ^= 1 << (at % 8);
    const shown = says(changed);
    assert.ok(!shown || (!original.present && !shown.present && shown.key !== original.key), `${name}: byte ${at} may change`);
    checks++;
  }
  for (let length = 0; length < proof.length; length += 97)
    assert.equal(faultOf(() => check(proof.subarray(0, length), federation, verifyOnce))?.code, "FORMAT", `${name}: cut at ${length}`);
  assert.equal(faultOf(() => check(Uint8Array.of(...proof, 0), federation))?.code, "FORMAT");
  assert.equal(faultOf(() => check(proof, new Uint8Array(32).fill(7)))?.code, "FEDERATION");
}

const { proofs } = vector("proofs");
assert.ok(proofs.length >= 4);
for (const { name, key, present, version, charter, checkpoint_ms, federation, proof } of proofs) {
  const shown = check(fromHex(proof), fromHex(federation));
  assert.deepEqual([shown.key, shown.present, shown.version, shown.charterVersion, shown.checkpointMs],
    [key, present, BigInt(version), charter, checkpoint_ms], name);
  flips(name, fromHex(proof), fromHex(federation));
  checks++;
}

/* -- what the program makes, and what it says of changed ones ------------------------------------ */

const work = mkdtempSync(path.join(tmpdir(), "fedcat-proof-"));
try {
  for (const file of proofFiles) {
    const proof = new Uint8Array(readFileSync(file)), federation = fromHex(federationText);
    const told = [...checkSteps(proof, federation)].map((it) => it.step);
    for (const step of ["read", "charters", "certificate", "head", "state"]) assert.ok(told.includes(step), `${file}: ${step}`);
    flips(file, proof, federation);
    for (let at = 0; at < proof.length; at += Math.ceil(proof.length / 60)) {
      const changed = Uint8Array.from(proof), other = path.join(work, "changed.proof");
      changed[at] ^= 0x20;
      writeFileSync(other, changed);
      const { status } = spawnSync(fedcat, ["check-proof", other, "--federation", federationText, "--home", work]);
      const fault = faultOf(() => check(changed, federation, verifyOnce));
      assert.equal(status, fault ? 5 : 0, `${file}: program and page differ on byte ${at}`);
      checks++;
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
console.log(`${checks} checks of the proof checker`);
