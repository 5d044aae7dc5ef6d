/* Checks a proof that stands alone (docs/protocol.md, section 9), in the order and with the verdicts
 * of the program's own `check-proof`. */
import { equal, Fault, refuse } from "./bytes.js";
import { hash, verify as verifyPlain } from "./crypto.js";
import { Reader } from "./pack.js";
import { extendsBase, incarnationOf, openRecord, RECORD_BYTES_MAX, seqOf } from "./record.js";
import { carries, checkState } from "./tree.js";

export const PROOF_BYTES_MAX = 32 * 1024 * 1024;
const CHARTERS_MAX = 256;
const CHECKPOINTS_MAX = 4;
const STATE_BYTES_MAX = 32 * 1024;
const KEY_BYTES_MAX = 1024;
const CONTENT_BYTES_MAX = 1024 * 1024;
const CARRIED_MAX = 65536;
const PATH_MAX = 17;
export const statuses = [undefined, "active", "deprecated", "ended", "revoked"];

/* -- reading ------------------------------------------------------------------------------------- */

function readMany(reader, min, max, read) {
  const count = reader.array(min, max);
  const list = [];
  for (let i = 0; i < count; i++) list.push(read());
  return list;
}

function readVoucher(reader) {
  const records = readMany(reader, 1, 2, () => reader.bin(RECORD_BYTES_MAX));
  const paths = readMany(reader, 0, CHARTERS_MAX - 1, () => reader.any());
  return { records, paths };
}

function readContent(reader) {
  if (!reader.nil()) return { salt: reader.fixed(16), bytes: reader.bin(CONTENT_BYTES_MAX) };
  if (!reader.nil()) refuse("FORMAT", "a content without its salt");
  return undefined;
}

function readClaim(bytes) {
  const reader = new Reader(bytes);
  if (bytes.length > PROOF_BYTES_MAX) refuse("FORMAT", "larger than a proof may be");
  reader.array(11, 11);
  if (reader.uint(1) !== 1) refuse("FORMAT", "another format");
  const claim = {
    charters: readMany(reader, 1, CHARTERS_MAX, () => reader.bin(RECORD_BYTES_MAX)),
    voucher: readVoucher(reader),
    head: reader.bin(RECORD_BYTES_MAX),
    state: reader.bin(STATE_BYTES_MAX),
    participant: reader.fixed(32),
    key: reader.str(KEY_BYTES_MAX),
    content: readContent(reader),
    checkpoints: readMany(reader, 0, CHECKPOINTS_MAX, () => {
      reader.array(3, 3);
      return { record: reader.bin(RECORD_BYTES_MAX), voucher: readVoucher(reader) };
    }),
  };
  reader.end();
  return claim;
}

/* -- signatures ---------------------------------------------------------------------------------- */

const governs = (charter, key) => charter?.governors.some((governor) => equal(governor.key, key)) ?? false;

/* Every signature must verify and be by a governor of one of the charters: what does not count has
 * no place in a proof. How many are of each. */
function countGovernors(verify, record, charters) {
  const counts = charters.map(() => 0);
  for (const { signer } of record.signatures) {
    const of = charters.map((charter) => governs(charter, signer));
    if (!of.some(Boolean)) refuse("SIGNATURE", "signed by someone who does not govern");
    of.forEach((counted, i) => { counts[i] += counted ? 1 : 0; });
  }
  for (const { signer, signature } of record.signatures)
    if (!verify(signer, record.hash, signature)) refuse("SIGNATURE", "a signature does not verify");
  return counts;
}

/* Exactly one signature, by `key`. */
function checkSingle(verify, record, key) {
  const [only] = record.signatures;
  if (record.signatures.length !== 1 || !equal(only.signer, key) || !verify(key, record.hash, only.signature))
    refuse("SIGNATURE", "not signed by the key that must sign it");
}

/* -- charters ------------------------------------------------------------------------------------ */

function openCharter(claim, federation, index) {
  const record = openRecord(claim.charters[index], "charter", index === 0 ? undefined : federation);
  if (index === 0 && !equal(record.hash, federation)) refuse("FEDERATION", "another federation's charter");
  if (record.fields.version !== index + 1) refuse("FORMAT", "charters are not in order");
  return record;
}

/* Each charter is signed by a quorum of its own governors and of the charter's before. */
function checkCharter(verify, claim, federation, index, before) {
  const record = openCharter(claim, federation, index);
  const charter = record.fields;
  if (before && !equal(charter.previous, before.hash)) refuse("FORMAT", "a charter does not follow the one before");
  const [own, old] = countGovernors(verify, record, [charter, before?.fields]);
  if (own < charter.quorum || (before && old < before.fields.quorum))
    refuse("QUORUM", "too few governors signed a charter");
  return { record, own };
}

/* -- certificates -------------------------------------------------------------------------------- */

/* Every charter after the one it was issued under must carry the certificate over. */
function checkCarried(charters, voucher, certificate, issued) {
  if (voucher.paths.length !== charters.length - 1 - issued) refuse("DENIED", "a path for each later charter is due");
  voucher.paths.forEach((bytes, i) => {
    const reader = new Reader(bytes);
    reader.array(2, 2);
    const index = reader.uint(CARRIED_MAX - 1);
    const path = readMany(reader, 0, PATH_MAX, () => reader.fixed(32));
    reader.end();
    const { carried, carriedCount } = charters[issued + 1 + i].fields;
    if (!carries(carried, carriedCount, index, certificate, path))
      refuse("DENIED", "a later charter does not carry the certificate");
  });
}

/* The certificate that governors signed, under a charter of the chain. */
function checkBase(verify, charters, federation, voucher) {
  const record = openRecord(voucher.records.at(-1), "certificate", federation);
  const issued = charters.findIndex((charter) => equal(charter.hash, record.fields.charter));
  if (issued < 0 || record.fields.r !== 0) refuse("DENIED", "not issued under a charter of this federation");
  const charter = charters[issued].fields;
  const [signatures] = countGovernors(verify, record, [charter]);
  if (signatures < charter.admit) refuse("QUORUM", "too few governors admitted the participant");
  checkCarried(charters, voucher, record.hash, issued);
  return { record, signatures, admit: charter.admit, governors: charter.governors.length };
}

/* The certificate a head or checkpoint may name. */
function checkVoucher(verify, charters, federation, voucher) {
  const base = checkBase(verify, charters, federation, voucher);
  const record = openRecord(voucher.records[0], "certificate", federation);
  if (voucher.records.length === 2) {
    if (!extendsBase(record.fields, base.record.fields)) refuse("DENIED", "a recovery that changes more than it may");
    checkSingle(verify, record, base.record.fields.recoveryKey);
  }
  return { ...base, record, recovered: voucher.records.length === 2 };
}

/* -- state --------------------------------------------------------------------------------------- */

function checkHead(verify, claim, federation, certificate) {
  const record = openRecord(claim.head, "head", federation);
  const head = record.fields, admitted = certificate.fields;
  if (!equal(head.certificate, certificate.hash) || !equal(head.participant, admitted.participant) ||
      !equal(head.participant, claim.participant) || incarnationOf(head.version) !== admitted.incarnation ||
      seqOf(head.version) <= admitted.floor || head.entries > admitted.quotaEntries || head.bytes > admitted.quotaBytes)
    refuse("DENIED", "the certificate does not allow this head");
  checkSingle(verify, record, admitted.feedKey);
  return head;
}

function checkContent(content, leaf) {
  const commitment = hash("fedcat.commit.1", content.salt, content.bytes);
  if (!equal(commitment, leaf.commitment) || content.bytes.length !== leaf.size)
    refuse("ROOT", "the document is not the one that was signed");
}

function checkCheckpoint(verify, charters, federation, { record: bytes, voucher }) {
  const certificate = checkVoucher(verify, charters, federation, voucher).record;
  const record = openRecord(bytes, "checkpoint", federation);
  const checkpoint = record.fields;
  if (!equal(checkpoint.participant, certificate.fields.participant) ||
      !equal(checkpoint.charter, charters.at(-1).hash))
    refuse("DENIED", "a checkpoint of someone else or of another charter");
  checkSingle(verify, record, certificate.fields.feedKey);
  return { name: certificate.fields.name, timeMs: checkpoint.timeMs };
}

/* -- all of it ----------------------------------------------------------------------------------- */

/* One yield for each step that held, as { step, ...facts }; a step that does not hold throws a
 * Fault whose `step` names it. The last value is what the proof shows. */
function* steps(bytes, federation, verify, at) {
  at.step = "read";
  const claim = readClaim(bytes);
  yield { step: "read", bytes: bytes.length, charters: claim.charters.length };

  const charters = [];
  at.step = "charters";
  for (let i = 0; i < claim.charters.length; i++) {
    const { record, own } = checkCharter(verify, claim, federation, i, charters.at(-1));
    charters.push(record);
    const { version, name, quorum, governors } = record.fields;
    yield { step: "charters", version, name, signatures: own, quorum, governors: governors.length };
  }

  at.step = "certificate";
  const admitted = checkVoucher(verify, charters, federation, claim.voucher);
  const certificate = admitted.record.fields;
  yield { step: "certificate", name: certificate.name, country: certificate.country, signatures: admitted.signatures,
    admit: admitted.admit, governors: admitted.governors, recovered: admitted.recovered };

  at.step = "head";
  const head = checkHead(verify, claim, federation, admitted.record);
  yield { step: "head", name: certificate.name, seq: seqOf(head.version), timeMs: head.timeMs, entries: head.entries };

  at.step = "state";
  const state = checkState(claim.state, head.root, hash("fedcat.key.1", new TextEncoder().encode(claim.key)));
  if (!state.leaf && claim.content) refuse("FORMAT", "a document of an entry that is not there");
  yield { step: "state", present: Boolean(state.leaf), key: claim.key, siblings: state.siblings };

  at.step = "content";
  if (claim.content) checkContent(claim.content, state.leaf);
  if (state.leaf) yield { step: "content", shown: Boolean(claim.content), size: state.leaf.size };

  at.step = "checkpoints";
  let checkpointMs = 0;
  for (const checkpoint of claim.checkpoints) {
    const { name, timeMs } = checkCheckpoint(verify, charters, federation, checkpoint);
    checkpointMs = Math.max(checkpointMs, timeMs);
    yield { step: "checkpoints", name, timeMs };
  }
  const last = charters.at(-1).fields;
  return {
    present: Boolean(state.leaf), participant: claim.participant, name: certificate.name, country: certificate.country,
    url: certificate.url, key: claim.key, leaf: state.leaf, content: claim.content?.bytes, version: head.version,
    timeMs: head.timeMs, charterVersion: last.version, charterName: last.name,
    certificateSignatures: admitted.signatures, checkpointMs,
  };
}

/* Walks the steps one by one: { value, done } of each; throws Fault with `step`. `verify` may
 * remember its answers. */
export function* checkSteps(bytes, federation, verify = verifyPlain) {
  const at = {};
  try {
    return yield* steps(bytes, federation, verify, at);
  } catch (fault) {
    if (fault instanceof Fault) fault.step = at.step;
    throw fault;
  }
}

/* All at once: what the proof shows. Throws Fault. */
export function check(bytes, federation, verify = verifyPlain) {
  const walk = checkSteps(bytes, federation, verify);
  for (;;) {
    const { value, done } = walk.next();
    if (done) return value;
  }
}
