// What an ECMAScript engine makes of the numbers of tests/unit/test_jcs.c: prints the SHA-256 that
// stands there. node tests/vectors/ecmascript-numbers.js
const { createHash } = require("node:crypto");

const blocks = 25000;
const all = createHash("sha256");
const add = (value) => Number.isFinite(value) && all.update(`${String(value)}\n`);

for (let power = -1074; power < 1024; power++) {
  const view = new DataView(new ArrayBuffer(8));
  if (power < -1022) {
    view.setBigUint64(0, 1n << BigInt(power + 1074));
  } else {
    view.setBigUint64(0, BigInt(power + 1023) << 52n);
  }
  add(view.getFloat64(0));
}
let block = Buffer.alloc(32);
for (let i = 0; i < blocks; i++) {
  block = createHash("sha256").update(block).digest();
  for (let k = 0; k < 32; k += 8) {
    add(block.readDoubleBE(k));
  }
}
console.log(all.digest("hex"));
