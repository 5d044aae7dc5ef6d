// A client of the XFSC Federated Catalogue: every answer is held against its OpenAPI document.
//   node xfsc.mjs ROOT TOKEN OTHER_ROOT OTHER_TOKEN VECTORS
// Two nodes of one federation; TOKEN is good for the first one's operator, OTHER_TOKEN for the other's.
import crypto from "node:crypto";
import fs from "node:fs";
import { xfscCheck } from "./schemas.mjs";

const [root, token, otherRoot, otherToken, vectors] = process.argv.slice(2);
const assert = (good, text) => {
    if (!good) throw new Error(text);
};
const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");
const plain = (path) => path.split("?")[0];

async function call(method, path, { as, status = 200, under = plain(path), body, type, from = root } = {}) {
    const headers = {};
    if (as) headers.authorization = `Bearer ${as}`;
    if (body !== undefined) headers["content-type"] = type ?? "application/json";
    const answer = await fetch(`${from}/xfsc${path}`, { method, headers, body });
    const text = await answer.text();
    const media = (answer.headers.get("content-type") ?? "").split(";")[0];
    assert(answer.status === status, `${method} ${path}: ${answer.status} instead of ${status}: ${text}`);
    const value = text === "" ? undefined : JSON.parse(text);
    xfscCheck(under, method.toLowerCase(), String(status), media, value);
    return { value, headers: answer.headers };
}
const offer = (name, more = {}) => JSON.stringify({
    "@context": ["https://www.w3.org/ns/credentials/v2"], id: `https://x.example/${name}`,
    type: ["VerifiableCredential"], issuer: "did:web:x.example", validFrom: "2026-01-01T00:00:00Z",
    credentialSubject: { id: `https://x.example/${name}#s`, type: "gx:ServiceOffering", "gx:name": name, ...more } });
const encode = encodeURIComponent;
const list = async (query, more) => (await call("GET", `/assets?${query}`, { under: "/assets", ...more })).value;

// nothing yet
assert((await list("")).totalCount === 0, "assets in an empty feed");

// add
const one = offer("one"), two = offer("two");
const added = await call("POST", "/assets", { as: token, body: one, status: 201 });
assert(added.value.assetHash === sha256(one) && added.value.id === "https://x.example/one", "another asset");
assert(added.value.status === "active" && added.value.issuer === "did:web:x.example", "status or issuer");
assert(added.headers.get("location") === `/xfsc/assets/${encodeURIComponent("https://x.example/one")}`, "another location");
await call("POST", "/assets", { as: token, body: one, status: 409 });
await call("POST", "/assets", { body: two, status: 401 });
await call("POST", "/assets", { as: "fedcat_" + "0".repeat(64), body: two, status: 401 });
await call("POST", "/assets", { as: token, body: "{", status: 400 });
await call("POST", "/assets", { as: token, body: '{"a":1}', status: 400 });
await call("POST", "/assets", { as: token, body: two, type: "application/ld+json", status: 201 });

// read
const got = (await call("GET", `/assets/${encode("https://x.example/one")}`, { under: "/assets/{id}" })).value;
assert(got.assetHash === sha256(one), "another asset by id");
await call("GET", "/assets/urn:nowhere", { under: "/assets/{id}", status: 404 });
let all = await list("withContent=true");
assert(all.totalCount === 2 && all.items.length === 2, `${all.totalCount} assets`);
assert(all.items.every((i) => sha256(i.content) === i.meta.assetHash), "a content and its hash differ");
assert((await list("limit=1&offset=1")).items.length === 1, "paging");
assert((await list("limit=1&offset=1")).totalCount === 2, "a page counts itself");
assert((await list(`hashes=${sha256(two)}`)).items[0].meta.id === "https://x.example/two", "by hash");
assert((await list(`hashes=${sha256("x")}`)).totalCount === 0, "a hash of nothing");
assert((await list(`ids=${encode("https://x.example/one,https://x.example/two,urn:x")}`)).totalCount === 2, "by ids");
assert((await list("issuers=did:web:x.example")).totalCount === 2, "by issuer");
assert((await list("issuers=did:web:y.example")).totalCount === 0, "by another issuer");
assert((await list("statuses=revoked,eol")).totalCount === 0, "by status");
assert((await list("statuses=active")).totalCount === 2, "by status");
assert((await list(`uploadTimerange=${encode("2020-01-01T00:00:00Z/2099-01-01T00:00:00Z")}`)).totalCount === 2, "by time");
assert((await list(`statusTimerange=${encode("2020-01-01T00:00:00Z/2021-01-01T00:00:00Z")}`)).totalCount === 0, "by time");
const metaless = await list("withMeta=false");
assert(metaless.items.every((i) => !i.meta), "meta that was not wanted");
for (const bad of ["limit=0", "limit=1001", "limit=x", "offset=-1", "statuses=fine", "hashes=xyz", "withMeta=yes",
    "uploadTimerange=2026", "uploadTimerange=2099-01-01T00:00:00Z/2020-01-01T00:00:00Z",
    `ids=${Array(101).fill("a").join()}`])
    await call("GET", `/assets?${bad}`, { under: "/assets", status: 400 });

// update, as the caller's own
const changed = offer("one", { "gx:description": "changed" });
await call("PUT", `/assets/${encode("https://x.example/one")}`, { as: token, body: changed, under: "/assets/{id}" });
await call("PUT", `/assets/${encode("https://x.example/other")}`, { as: token, body: changed, under: "/assets/{id}", status: 400 });
assert((await list(`hashes=${sha256(one)}`)).totalCount === 0, "the old content is still found");
assert((await list(`hashes=${sha256(changed)}`)).totalCount === 1, "the new content is not found");

await call("PUT", `/assets/${encode("https://x.example/never")}`, { as: token, body: offer("never"), under: "/assets/{id}", status: 404 });
const commented = await call("PUT", `/assets/${encode("https://x.example/one")}?changeComment=x`, { as: token, body: changed, under: "/assets/{id}" });
assert(commented.value.warnings[0].includes("changeComment"), "a comment that is gone without a word");
await call("GET", `/assets/${encode("https://x.example/one")}?version=1`, { under: "/assets/{id}", status: 404 });

// Location leads back to the asset, whatever stands in its id
for (const odd of ["odd?a=b#d", "odd", "odd%3Fa=b%23d", "odd/../odd;x+y&z=%25", "\u00e4\u{1f600}"]) {
    const { value, headers } = await call("POST", "/assets", { as: token, body: offer(odd), status: 201 });
    const found = await fetch(new URL(headers.get("location"), root));
    assert(found.status === 200 && (await found.json()).id === value.id && value.id === `https://x.example/${odd}`,
        `the location of ${value.id} leads elsewhere`);
    const put = await fetch(new URL(headers.get("location"), root), { method: "PUT",
        headers: { authorization: `Bearer ${token}` }, body: offer(odd, { "gx:description": "moved" }) });
    assert(put.status === 200 && (await put.json()).id === value.id, `a change of ${value.id} goes elsewhere`);
}

// an id that two feeds hold
const theirs = offer("one", { "gx:description": "theirs" });
await call("POST", "/assets", { as: otherToken, body: theirs, status: 201, from: otherRoot });
for (let i = 0; (await list(`ids=${encode("https://x.example/one")}`)).totalCount < 2; i++) {
    assert(i < 100, "the other node's entry did not come");
    await new Promise((done) => setTimeout(done, 100));
}
const both = await list(`ids=${encode("https://x.example/one")}`, { as: token });
assert(both.items[0].meta.assetHash === sha256(changed), "the caller's own is not the first");
const there = await list(`ids=${encode("https://x.example/one")}`, { as: otherToken, from: otherRoot });
assert(there.totalCount === 2 && there.items[0].meta.assetHash === sha256(theirs), "the caller's own is not the first there");
const single = (await call("GET", `/assets/${encode("https://x.example/one")}`, { as: token, under: "/assets/{id}" })).value;
assert(single.assetHash === sha256(changed) && single.alternatives[0].assetHash === sha256(theirs) && single.warnings.length === 1, "not both");

// revoke and delete: one's own, by hash
const hash = "/assets/{asset_hash}";
await call("POST", `/assets/${sha256(theirs)}/revoke`, { as: token, body: "", under: `${hash}/revoke`, status: 403 });
await call("DELETE", `/assets/${sha256(theirs)}`, { as: token, under: hash, status: 403 });
await call("DELETE", `/assets/${sha256("x")}`, { as: token, under: hash, status: 404 });
await call("DELETE", "/assets/xyz", { as: token, under: hash, status: 400 });
await call("DELETE", `/assets/${sha256(two)}`, { under: hash, status: 401 });
const revoked = (await call("POST", `/assets/${sha256(two)}/revoke`, { as: token, body: "", under: `${hash}/revoke` })).value;
assert(revoked.status === "revoked", "not revoked");
await call("POST", `/assets/${sha256(two)}/revoke`, { as: token, body: "", under: `${hash}/revoke`, status: 400 });
assert((await list("statuses=revoked")).items[0].meta.assetHash === sha256(two), "the revoked one");
await call("DELETE", `/assets/${sha256(two)}`, { as: token, under: hash });
await call("DELETE", `/assets/${sha256(two)}`, { as: token, under: hash, status: 404 });
const byId = `/assets/by-id/${encode("https://x.example/one")}`;
await call("DELETE", byId, { as: token, under: "/assets/by-id/{id}", status: 204 });
await call("DELETE", byId, { as: token, under: "/assets/by-id/{id}", status: 204 });
assert((await list(`ids=${encode("https://x.example/one")}`)).totalCount === 1, "the other participant's went as well");
await call("PUT", `/assets/${encode("https://x.example/one")}`, { as: token, body: changed, under: "/assets/{id}", status: 403 });
await call("POST", "/assets", { as: token, body: changed, status: 201 });
await call("DELETE", byId, { as: token, under: "/assets/by-id/{id}", status: 204 });

// participants
const members = (await call("GET", "/participants")).value;
assert(members.totalCount === 2 && members.items.length === 2, "participants");
const self = members.items[0];
assert((await call("GET", `/participants/${encode(self.id)}`, { under: "/participants/{participantId}" })).value.publicKey === self.publicKey, "participant");
await call("GET", "/participants/urn:nobody", { under: "/participants/{participantId}", status: 404 });
await call("GET", "/participants?limit=0", { under: "/participants", status: 400 });
const person = JSON.stringify({ "@context": [], id: self.id, type: ["VerifiableCredential", "gx:LegalPerson"], issuer: self.id,
    credentialSubject: { id: `${self.id}#me`, type: "gx:LegalPerson", "gx:legalName": "X" } });
await call("POST", "/participants", { as: token, body: person, status: 201 });
await call("POST", "/participants", { as: token, body: offer("three"), status: 400 });

// verification
const cases = JSON.parse(fs.readFileSync(vectors));
const signed = cases.cases.find((c) => c.name === "PS256, did:web, with a certificate").document;
const refused = (await call("POST", "/verification", { body: signed, type: "application/vc+jwt", status: 422 })).value;
assert(refused.message.includes("not verifiable here"), refused.message);
await call("POST", "/assets", { as: token, body: cases.documents["did:web:alpha.example"], status: 201 });
const verified = (await call("POST", "/verification", { body: signed, type: "application/vc+jwt" })).value;
assert(verified.issuer === "did:web:alpha.example", "another issuer");
await call("POST", "/verification", { body: one, status: 422 });
await call("POST", "/verification", { body: "{", status: 400 });

// its flags: what is waived is waived, and what cannot be done is refused
const verify = async (flags, body, more) => (await call("POST", `/verification?${flags}`, { body, ...more })).value;
const waived = await verify("verifySemantics=false&verifyVCSignature=false&verifyVPSignature=false", one);
assert(waived.issuer === "did:web:x.example" && waived.validatorDids.length === 0, "validators of what was not checked");
assert(waived.warnings[0].startsWith("Signatures were not checked"), waived.warnings.join());
assert((await verify("verifySemantics=false", one, { status: 422 })).message.includes("unsigned"), "not checked");
assert((await verify("verifyVCSignature=true&verifyVPSignature=false", one, { status: 422 })).message.includes("unsigned"), "not checked");
await verify("verifyVCSignature=false&verifyVPSignature=true", one);
const broken = signed.slice(0, -8) + (signed.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA");
assert((await verify("", broken, { status: 422 })).message.includes("wrong"), "a broken signature");
await verify("verifyVCSignature=false", broken);
const presented = JSON.stringify({ "@context": ["https://www.w3.org/ns/credentials/v2"], type: ["VerifiablePresentation"],
    id: "urn:x:presentation", verifiableCredential: [JSON.parse(one)] });
await verify("verifyVCSignature=false", presented, { status: 400 });
await verify("verifyVPSignature=false", presented, { status: 400 });
assert((await verify("verifyVCSignature=false&verifyVPSignature=false", presented)).issuer === "did:web:x.example", "of a presentation");
await verify("", presented, { status: 422 });
for (const bad of ["verifySemantics=true", "requireBaseClass=true", "framework=gaia-x-2511", "verifyVCSignature=yes"])
    await verify(bad, signed, { status: 400 });
const dateless = JSON.parse(one);
delete dateless.validFrom;
await verify("verifyVCSignature=false", JSON.stringify(dateless), { status: 422 });

// queries, honestly
const info = (await call("GET", "/query/info")).value;
assert(info.enabled === false && !info.queryLanguage, "a language that is none");
await call("POST", "/query", { body: "SELECT ?s WHERE { ?s ?p ?o }", type: "application/sparql-query", status: 415 });
await call("POST", "/query/search", { body: '{"statement":"x"}', status: 422 });
console.log("xfsc: as its document says");
