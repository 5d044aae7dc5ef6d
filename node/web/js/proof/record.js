/* Records and the bodies a proof holds (docs/protocol.md, sections 3 and 4). */
import { compare, equal, isZero, refuse } from "./bytes.js";
import { hash } from "./crypto.js";
import { Reader } from "./pack.js";

export const RECORD_BYTES_MAX = 64 * 1024;
const FORMAT = 1;
const TEXT_BYTES_MAX = 512;
const U32_MAX = 0xffffffff;
const ARRAY_MAX = 0xffffffff;

const kinds = {
  charter: { number: 1, personal: "fedcat.charter.1", signatures: 128 },
  certificate: { number: 3, personal: "fedcat.cert.1", signatures: 128 },
  checkpoint: { number: 8, personal: "fedcat.check.1", signatures: 1 },
  head: { number: 9, personal: "fedcat.head.1", signatures: 1 },
};

/* -- versions: incarnation in the upper 16 bits, seq in the lower 48 ----------------------------- */

export const incarnationOf = (version) => Number(version >> 48n);
export const seqOf = (version) => Number(version & 0xffffffffffffn);
export const versionValid = (version) => incarnationOf(version) > 0 && seqOf(version) > 0;

/* -- fields -------------------------------------------------------------------------------------- */

const byteLength = (text) => new TextEncoder().encode(text).length;

/* No C0, no DEL, no C1. */
export function textValid(text, least, most) {
  const length = byteLength(text);
  return length >= least && length <= most && !/[\u0000-\u001f\u007f-\u009f]/.test(text);
}

const must = (good) => good || refuse("FORMAT", "a field breaks its rule");

const anyHash = (reader) => reader.fixed(32);
function setHash(reader) {
  const value = reader.fixed(32);
  must(!isZero(value));
  return value;
}
const number = (least, most = Number.MAX_SAFE_INTEGER) => (reader) => {
  const value = reader.uint(most);
  must(value >= least);
  return value;
};
const text = (least) => (reader) => {
  const value = reader.str(TEXT_BYTES_MAX);
  must(textValid(value, least, TEXT_BYTES_MAX));
  return value;
};
function country(reader) {
  const value = reader.str(2);
  must(/^[A-Z]{2}$/.test(value));
  return value;
}

function endpointValid(endpoint) {
  const parts = /^tcp:\/\/(.*):([1-9][0-9]{0,4})$/s.exec(endpoint);
  if (!parts || Number(parts[2]) > 65535) return false;
  return /^[0-9A-Za-z.-]{1,253}$/.test(parts[1]) || /^\[[0-9A-Fa-f:.]{2,45}\]$/.test(parts[1]);
}

function endpoints(reader) {
  const count = reader.array(0, 8);
  const list = [];
  for (let i = 0; i < count; i++) list.push(reader.str(TEXT_BYTES_MAX));
  must(list.every(endpointValid));
  return list;
}

function governors(reader) {
  const count = reader.array(1, 64);
  const list = [];
  for (let i = 0; i < count; i++) {
    reader.array(3, 3);
    list.push({ name: text(1)(reader), country: country(reader), key: setHash(reader) });
    if (i > 0) must(compare(list[i - 1].key, list[i].key) < 0);
  }
  return list;
}

/* -- bodies -------------------------------------------------------------------------------------- */

const charterFields = [
  ["federation", anyHash],
  ["version", number(1)],
  ["name", text(1)],
  ["governors", governors],
  ["quorum", number(1, 64)],
  ["admit", number(1, 64)],
  ["format", number(FORMAT, FORMAT)],
  ["heartbeatMs", number(0)],
  ["quotaEntries", number(0)],
  ["quotaBytes", number(0)],
  ["quotaOps", number(0, U32_MAX)],
  ["quotaNodes", number(0, U32_MAX)],
  ["previous", anyHash],
  ["carriedCount", number(0, 65536)],
  ["carried", anyHash],
];

/* Version 1 stands alone; its hash is the federation's id, so version 2 names it twice. */
function charterRule(charter) {
  const first = charter.version === 1, second = charter.version === 2;
  const count = charter.governors.length;
  must(isZero(charter.federation) === first && isZero(charter.previous) === first);
  must(first || equal(charter.federation, charter.previous) === second);
  must((charter.carriedCount === 0) === isZero(charter.carried));
  must(!first || charter.carriedCount === 0);
  must(2 * charter.quorum > count && charter.quorum <= count && charter.admit <= count);
}

const certificateFields = [
  ["federation", setHash],
  ["participant", setHash],
  ["g", number(0)],
  ["r", number(0)],
  ["charter", anyHash],
  ["name", text(1)],
  ["country", country],
  ["url", text(1)],
  ["feedKey", setHash],
  ["recoveryKey", setHash],
  ["incarnation", number(1, 0xffff)],
  ["floor", number(0, 0xfffffffffffe)],
  ["quotaEntries", number(0)],
  ["quotaBytes", number(0)],
  ["quotaOps", number(0, U32_MAX)],
  ["quotaNodes", number(0, U32_MAX)],
  ["heartbeatMs", number(0)],
  ["nodeKey", anyHash],
  ["endpoints", endpoints],
  ["notBeforeMs", number(0)],
  ["notAfterMs", number(0)],
];

function certificateRule(certificate) {
  const { g, r, feedKey, recoveryKey } = certificate;
  must(certificate.notBeforeMs <= certificate.notAfterMs);
  must(!equal(feedKey, recoveryKey));
  must(certificate.endpoints.length === 0 || !isZero(certificate.nodeKey));
  must(g > 0 && !isZero(certificate.charter));
  must(g > 1 || r > 0 || equal(hash("fedcat.party.1", feedKey, recoveryKey), certificate.participant));
}

const headFields = [
  ["federation", setHash],
  ["certificate", setHash],
  ["participant", setHash],
  ["version", (reader) => reader.uint64()],
  ["timeMs", number(0)],
  ["previous", anyHash],
  ["ops", setHash],
  ["root", anyHash],
  ["entries", number(0)],
  ["bytes", number(0)],
];

function headRule(head) {
  must(versionValid(head.version));
  must(seqOf(head.version) !== 1 || isZero(head.previous));
  must((head.entries === 0) === isZero(head.root));
  must(head.entries > 0 || head.bytes === 0);
}

const checkpointFields = [
  ["federation", setHash],
  ["participant", setHash],
  ["nodeKey", setHash],
  ["charter", setHash],
  ["digest", anyHash],
  ["feeds", number(0)],
  ["entries", number(0)],
  ["timeMs", number(0)],
];

const bodies = {
  charter: [charterFields, charterRule],
  certificate: [certificateFields, certificateRule],
  head: [headFields, headRule],
  checkpoint: [checkpointFields, () => {}],
};

function readBody(kind, body) {
  const [fields, rule] = bodies[kind];
  const reader = new Reader(body);
  const object = {};
  reader.array(fields.length + 1, fields.length + 1);
  number(FORMAT, FORMAT)(reader);
  for (const [name, read] of fields) object[name] = read(reader);
  reader.end();
  rule(object);
  return object;
}

/* A recovery certificate may differ from the one it rests on in r, feed key, incarnation (by as
 * much as r) and floor. */
export function extendsBase(recovery, base) {
  if (recovery.r === 0 || base.r !== 0 || recovery.incarnation !== base.incarnation + recovery.r)
    return false;
  return certificateFields.every(([name]) => {
    if (["r", "feedKey", "incarnation", "floor"].includes(name)) return true;
    const [a, b] = [recovery[name], base[name]];
    if (a instanceof Uint8Array) return equal(a, b);
    if (Array.isArray(a)) return a.length === b.length && a.every((it, i) => it === b[i]);
    return a === b;
  });
}

/* -- the envelope -------------------------------------------------------------------------------- */

function readSignatures(reader, most) {
  const count = reader.array(0, most);
  const list = [];
  for (let i = 0; i < count; i++) {
    reader.array(2, 2);
    list.push({ signer: reader.fixed(32), signature: reader.fixed(64) });
    if (i > 0) must(compare(list[i - 1].signer, list[i].signer) < 0);
  }
  return list;
}

/* The body is one canonical value that begins [1, federation, ...]. */
function readFederation(body) {
  const whole = new Reader(body);
  whole.any();
  whole.end();
  const reader = new Reader(body);
  reader.array(2, ARRAY_MAX);
  number(FORMAT, FORMAT)(reader);
  return reader.fixed(32);
}

/* A record that must be of `kind` and, if it is given, of this federation:
 * { hash, signatures: [{ signer, signature }], fields }. */
export function openRecord(bytes, kind, federation) {
  const { number: type, personal, signatures: most } = kinds[kind];
  const reader = new Reader(bytes);
  must(bytes.length <= RECORD_BYTES_MAX);
  reader.array(3, 3);
  must(reader.uint() === type);
  const body = reader.bin(RECORD_BYTES_MAX);
  const signatures = readSignatures(reader, most);
  reader.end();
  const named = readFederation(body);
  if (federation && !equal(named, federation)) refuse("FEDERATION", "a record of another federation");
  return { hash: hash(personal, body), signatures, fields: readBody(kind, body) };
}
