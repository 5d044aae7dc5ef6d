/* The state tree's proof of one key, and the paths of carry lists (docs/protocol.md, sections 6 to
 * 8). */
import { compare, equal, isZero, refuse, zero } from "./bytes.js";
import { hash } from "./crypto.js";
import { Reader } from "./pack.js";
import { textValid, versionValid } from "./record.js";

const PLACES = 16;
const LEVEL = 4; /* a node of 16 places is a binary tree of four levels */
const DEPTH_MAX = 64;
const LEAF_BYTES_MAX = 512;
const CONTENT_BYTES_MAX = 1024 * 1024;
const MEDIA_TYPE_BYTES_MAX = 128;

/* -- carry lists --------------------------------------------------------------------------------- */

/* RFC 9162, section 2.1.3.2: the path's length and turns follow from count and index alone. */
export function carries(root, count, index, leaf, path) {
  if (index >= count) return false;
  let at = index, last = count - 1, reached = leaf;
  for (const side of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      reached = hash("fedcat.merkle.1", side, reached);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      reached = hash("fedcat.merkle.1", reached, side);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(reached, root);
}

/* -- leaves -------------------------------------------------------------------------------------- */

export function readLeaf(bytes) {
  const reader = new Reader(bytes);
  reader.array(6, 6);
  const leaf = {
    keyHash: reader.fixed(32),
    version: reader.uint64(),
    status: reader.uint(4),
    commitment: reader.fixed(32),
    mediaType: reader.str(MEDIA_TYPE_BYTES_MAX),
    size: reader.uint(CONTENT_BYTES_MAX),
  };
  reader.end();
  if (!versionValid(leaf.version) || leaf.status < 1 || !textValid(leaf.mediaType, 1, MEDIA_TYPE_BYTES_MAX))
    refuse("FORMAT", "a leaf breaks its rules");
  return leaf;
}

/* -- the tree ------------------------------------------------------------------------------------ */

const nibble = (keyHash, index) => index % 2 === 0 ? keyHash[index >> 1] >> 4 : keyHash[index >> 1] & 15;

function pair(left, right, personal) {
  return isZero(left) && isZero(right) ? zero() : hash(personal, left, right);
}

function climb(from, place, sides, personal) {
  let reached = from;
  for (let i = 0; i < LEVEL; i++, place >>= 1)
    reached = place % 2 === 1 ? pair(sides[i], reached, personal) : pair(reached, sides[i], personal);
  return reached;
}

function fold(places, personal) {
  let level = places;
  while (level.length > 1)
    level = level.filter((_, i) => i % 2 === 0).map((left, i) => pair(left, level[2 * i + 1], personal));
  return level[0];
}

function readClaim(bytes) {
  const reader = new Reader(bytes);
  reader.array(4, 4);
  const depth = reader.uint(DEPTH_MAX);
  const count = reader.array(0, LEVEL * (DEPTH_MAX + 1));
  const siblings = [];
  for (let i = 0; i < count; i++) {
    if (reader.nil()) {
      siblings.push(zero());
      continue;
    }
    siblings.push(reader.fixed(32));
    if (isZero(siblings[i])) refuse("FORMAT", "zero is written as nil");
  }
  const present = !reader.nil();
  const position = present ? reader.uint(PLACES - 1) : 0;
  const leafCount = reader.array(present ? 1 : 0, present ? 1 : PLACES);
  const leaves = [];
  for (let i = 0; i < leafCount; i++) leaves.push(reader.bin(LEAF_BYTES_MAX));
  if (count !== LEVEL * (depth + (present ? 1 : 0))) refuse("FORMAT", "not four siblings a level");
  reader.end();
  return { depth, siblings, present, position, leaves };
}

function covers(depth, wanted, keyHash) {
  for (let i = 0; i < depth; i++) if (nibble(wanted, i) !== nibble(keyHash, i)) return false;
  return true;
}

/* The hash of the bucket where the key is, or would be. */
function bucketOf(claim, keyHash) {
  const places = Array.from({ length: PLACES }, zero);
  let before;
  claim.leaves.forEach((bytes, i) => {
    const leaf = readLeaf(bytes);
    if (equal(leaf.keyHash, keyHash) !== claim.present || !covers(claim.depth, keyHash, leaf.keyHash) ||
        (before && compare(before, leaf.keyHash) >= 0))
      refuse("ROOT", "a leaf that cannot stand there");
    places[i] = hash("fedcat.leaf.1", bytes);
    before = leaf.keyHash;
  });
  if (!claim.present) return fold(places, "fedcat.bucket.1");
  return climb(places[0], claim.position, claim.siblings.slice(LEVEL * claim.depth), "fedcat.bucket.1");
}

/* Whether the key is among what `root` commits to: its leaf, or undefined when it provably is not.
 * { leaf, depth, others: how many leaves of its bucket were shown in case of absence }. */
export function checkState(bytes, root, keyHash) {
  const claim = readClaim(bytes);
  let reached = bucketOf(claim, keyHash);
  for (let depth = claim.depth - 1; depth >= 0; depth--)
    reached = climb(reached, nibble(keyHash, depth), claim.siblings.slice(LEVEL * depth, LEVEL * (depth + 1)), "fedcat.node.1");
  if (!equal(reached, root)) refuse("ROOT", "it does not lead to the signed root");
  return { leaf: claim.present ? readLeaf(claim.leaves[0]) : undefined, siblings: claim.siblings.length };
}
