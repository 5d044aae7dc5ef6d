// Asks every operation of the description and holds each answer against it.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [base, scratch, sources] = process.argv.slice(2);
const description = await (await fetch(`${base}/v1/openapi.json`)).json();
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(description, "api");
const faults = [];
const escape = (part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

const json = async (path) => (await fetch(base + path)).json();
const participants = (await json("/v1/participants")).participants;
const participant = participants[0].participant;
const list = (key) => json(`/v1/entries?list=1&key=${encodeURIComponent(key)}`);
const keyOf = async (key) => (await list(key)).entries[0].key_hash;
const one = await keyOf("https://offers.example/one");
const two = await keyOf("https://offers.example/two");
const charter = (await json("/v1/charter")).hash;
const certificate = (await json("/v1/changes")).changes.find((c) => c.type === "certificate");
const none = "0".repeat(64);
const file = (name) => readFileSync(`${scratch}/${name}`);
const auth = { Authorization: `Bearer ${process.env.TOKEN}` };
const accept = (type) => ({ headers: { Accept: type } });
const at = (p = participant, key = one) => ({ participant: p, key });
const put = (body, headers = auth) =>
  ({ path: at(), body, headers: { ...headers, "Content-Type": "application/ld+json" } });
const record = Buffer.from(await (await fetch(`${base}/v1/records/${charter}`)).arrayBuffer());
const query = (key, more) => ({ query: { key, ...more } });

const sent = (path, body, headers = auth) =>
  ({ path, body, headers: { ...headers, "Content-Type": "application/json" } });
const message = (more) =>
  JSON.stringify({ "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
    "@type": "CatalogRequestMessage", ...more });
const asset = (id) => ({ asset: id });
const iri = (name) => `https://offers.example/${name}`;
const sha256 = (name) => createHash("sha256").update(file(`docs/${name}.json`)).digest("hex");
const made = (name, more) => JSON.stringify({ id: `https://api.example/${name}`, type: "x", ...more });
const event = (name) => JSON.stringify({ specversion: "1.0", type: "eu.gaia-x.credential",
  source: "x", id: "1", data_base64: Buffer.from(made(name)).toString("base64") });
const events = await json("/credentials-events?size=1");
const url = participants[0].url;
const person = JSON.stringify({ id: url, type: ["VerifiableCredential"], issuer: url,
  credentialSubject: { id: `${url}#me`, type: "gx:LegalPerson", "gx:legalName": "X" } });
const signed = file("signed.jwt");
const tooMuch = (bytes) => Buffer.alloc(bytes + 1, "x");
const eventsAsked = [[{ query: { size: 2, page: 1, type: "eu.gaia-x.credential" } }, 200],
  [{ query: { lastReceivedID: events[0].id } }, 200], [{ query: { lastReceivedID: "x" } }, 400],
  [{ query: { size: 0 } }, 400], [{ query: { size: 101 } }, 400]];
const eventAsked = [[{ path: { id: events[0].id } }, 200], [{ path: { id: "x" } }, 404]];
const publishAsked = (name) => [[sent({}, event(name)), 201], [sent({}, event(name)), 409],
  [sent({}, "{"), 400], [sent({}, event(name), {}), 401], [sent({}, tooMuch(2 << 20)), 413]];
const pages = [[{ query: { limit: 2 } }, 200], [{ query: { page: "f".repeat(128) } }, 200],
  [{ query: { page: "x" } }, 400], [{ query: { limit: 1001 } }, 400]];
const onward = [[{}, 303], [{ ...accept("application/ld+json"), query: { limit: 2 } }, 303],
  [{ query: { page: "x" } }, 400]];

// operationId: what to ask, and the status that must come back.
const asked = {
  health: [[{}, 200]],
  ready: [[{}, 200]],
  metrics: [[{}, 200]],
  index: [[{}, 200]],
  openapi: [[{}, 200]],
  status: [[{}, 200]],
  peers: [[{}, 200]],
  nodes: [[{}, 200], [{ query: { limit: 1, after: none } }, 200], [{ query: { after: "x" } }, 400]],
  search: [[{ query: { q: "offer", facets: "all" } }, 200], [{ query: { q: '"offer' } }, 400],
    [{ query: { state: "active", sort: "name", limit: 1 } }, 200], [{ query: { facets: "x" } }, 400],
    [{ query: { cursor: "x" } }, 400], [{ query: { cursor: "x", offset: 1 } }, 400],
    [{ query: { q: "offer", stat: "active" } }, 400]],
  searchStructured: [[sent({}, JSON.stringify({ q: "offer", facets: ["all"], limit: 1 }), {}), 200],
    [sent({}, JSON.stringify({ clauses: [{ any: [{ field: "name", match: "prefix", value: "o" },
      { field: "country", value: "FR" }] }, { any: [{ field: "valid-until", to: "2020-12-31" }], not: true }],
      chosen: { kind: ["service", "dataset"] }, facets: ["kind"], sort: "newest" }), {}), 200],
    [sent({}, JSON.stringify({ colour: "red" }), {}), 400], [sent({}, "{", {}), 400],
    [sent({}, JSON.stringify({ cursor: "x" }), {}), 400], [sent({}, tooMuch(64 << 10), {}), 413]],
  charter: [[{}, 200]],
  submitRecord: [[{ body: record }, 200], [{ body: "x" }, 400], [{ body: Buffer.alloc(65536 * 34 + 1025) }, 413]],
  record: [
    [{ path: { hash: charter } }, 200],
    [{ path: { hash: certificate.record }, ...accept("application/json") }, 200],
    [{ path: { hash: none } }, 404],
    [{ path: { hash: "x" } }, 400],
  ],
  apply: [[{ body: file("late.app") }, 202], [{ body: "x" }, 400],
    [{ body: Buffer.alloc(16385) }, 413]],
  participants: [[{ query: { limit: 1 } }, 200], [{ query: { limit: "x" } }, 400]],
  participant: [[{ path: at() }, 200], [{ path: at(none) }, 404]],
  history: [[{ path: at(), query: { limit: 1 } }, 200], [{ path: at(), query: { below: "x" } }, 400]],
  proveKey: [[{ path: at(), ...query("https://offers.example/one") }, 200], [{ path: at() }, 400]],
  entries: [[{ path: at(), query: { limit: 1, about: 1 } }, 200], [{ path: at(none) }, 404]],
  publish: [
    [put('{"id":"https://api.example/1","type":"x"}'), 200],
    [put('{"id"'), 400],
    [put("{}", {}), 401],
    [{ ...put("{}"), path: at(none) }, 403],
    [put(Buffer.alloc(1024 * 1024 + 1)), 413],
  ],
  entry: [[{ path: at() }, 200], [{ path: at(participant, none) }, 404],
    [{ path: at(participant, two) }, 451]],
  entryMeta: [[{ path: at() }, 200], [{ path: at(participant, two) }, 200],
    [{ path: at(participant, await keyOf("https://alpha.example/vc/1")) }, 200], [{ path: at(participant, none) }, 404]],
  entryProof: [[{ path: at() }, 200], [{ path: at(participant, none) }, 404]],
  setStatus: [[put('{"status":"deprecated"}'), 200], [put('{"status":"x"}'), 400],
    [put("{}", {}), 401]],
  delete: [[{ path: at(participant, none), headers: auth }, 404], [{ path: at() }, 401],
    [{ path: at(), headers: auth }, 200]],
  entryByKey: [[query("https://offers.example/three"), 200], [query("https://none.example"), 404],
    [query("https://offers.example/two"), 451], [{}, 400]],
  submitDelta: [[{ body: file("delta") }, 200], [{ body: "x" }, 400],
    [{ body: Buffer.alloc(8 * 1024 * 1024 - 4095) }, 413]],
  changes: [
    [{ query: { limit: 2 } }, 200],
    [{ query: { after: "now", wait: 1 } }, 200],
    [{ query: { after: "x" } }, 400],
    [{ query: { after: "00000000000000ff.1" } }, 410],
    [{ headers: { Accept: "text/event-stream" }, stream: true }, 200],
  ],
  dcatTurtle: pages,
  dcatJsonLd: pages,
  dcat: onward,
  dcatCatalog: onward,
  dspVersions: [[{}, 200]],
  dspCatalog: [
    [sent({}, message(), {}), 200],
    [sent({}, message({ filter: { limit: 1, offset: 1 } }), {}), 200],
    [sent({}, message({ filter: { sortField: "x" } }), {}), 400],
    [{ ...sent({}, message(), {}), query: { continuationToken: "x" } }, 400],
    [sent({}, tooMuch(256 << 10), {}), 413],
    [{ body: message(), headers: { "Content-Type": "text/plain" } }, 415],
  ],
  dspDataset: [[{ path: { id: iri("dataset") } }, 200], [{ path: { id: iri("one") } }, 404],
    [{ path: { id: iri("two") } }, 451]],
  events: eventsAsked,
  eventsV2: eventsAsked,
  event: eventAsked,
  eventV2: eventAsked,
  publishEvent: publishAsked("event-1"),
  publishEventV2: publishAsked("event-2"),
  xfscAssets: [
    [{ query: { withContent: true, limit: 2, statuses: "active,deprecated" } }, 200],
    [{ query: { withMeta: false, uploadTimerange: "2020-01-01T00:00:00Z/2099-01-01T00:00:00Z" } }, 200],
    [{ query: { hashes: sha256("three"), ids: iri("three"), issuers: "did:web:offers.example" } }, 200],
    [{ query: { limit: 0 } }, 400], [{ query: { statuses: "x" } }, 400]],
  xfscAdd: [[sent({}, made("asset")), 201], [sent({}, made("asset")), 409], [sent({}, "{"), 400],
    [sent({}, made("asset"), {}), 401], [sent({}, tooMuch(1 << 20)), 413]],
  xfscAsset: [[{ path: asset(iri("three")) }, 200], [{ path: asset("urn:x") }, 404],
    [{ path: asset(iri("two")) }, 451], [{ path: asset(iri("three")), query: { version: 7 } }, 404]],
  xfscUpdate: [[sent(asset("https://api.example/asset"), made("asset", { name: "changed" })), 200],
    [sent(asset("urn:x"), made("asset")), 400],
    [sent(asset("https://api.example/nowhere"), made("nowhere")), 404],
    [sent(asset("https://api.example/asset"), made("asset"), {}), 401],
    [sent(asset("urn:x"), tooMuch(1 << 20)), 413]],
  xfscRevoke: [[{ path: asset(sha256("four")), headers: auth }, 200],
    [{ path: asset(sha256("four")), headers: auth }, 400], [{ path: asset("x"), headers: auth }, 400],
    [{ path: asset(none), headers: auth }, 404], [{ path: asset(none) }, 401]],
  xfscDelete: [[{ path: asset(sha256("four")), headers: auth }, 200],
    [{ path: asset(sha256("four")), headers: auth }, 404], [{ path: asset("x"), headers: auth }, 400],
    [{ path: asset(none) }, 401]],
  xfscDeleteById: [[{ path: { id: iri("five") }, headers: auth }, 204],
    [{ path: { id: iri("five") }, headers: auth }, 204], [{ path: { id: iri("five") } }, 401]],
  xfscParticipants: [[{ query: { limit: 1 } }, 200], [{ query: { limit: 0 } }, 400]],
  xfscJoin: [[sent({}, person), 201], [sent({}, made("nobody")), 400], [sent({}, person, {}), 401],
    [sent({}, tooMuch(1 << 20)), 413]],
  xfscParticipant: [[{ path: { id: url } }, 200], [{ path: { id: "urn:x" } }, 404]],
  xfscVerify: [[{ body: signed }, 200], [{ body: file("docs/one.json") }, 422], [{ body: "{" }, 400],
    [{ body: signed, query: { verifyVCSignature: false, verifyVPSignature: false } }, 200],
    [{ body: signed, query: { verifySemantics: true } }, 400], [{ body: tooMuch(1 << 20) }, 413]],
  xfscQueryInfo: [[{}, 200]],
  xfscQuery: [[{ body: "x" }, 415], [{ body: tooMuch(64 << 10) }, 413]],
  xfscSearch: [[sent({}, "{}", {}), 422], [sent({}, tooMuch(64 << 10), {}), 413]],
};

async function ask(method, path, what) {
  const url = new URL(path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(what.path[name])), base);
  for (const [name, value] of Object.entries(what.query ?? {})) url.searchParams.set(name, value);
  const stop = new AbortController();
  const answer = await fetch(url, {
    method, headers: what.headers, body: what.body, signal: stop.signal, redirect: "manual" });
  if (!what.stream) return [answer, Buffer.from(await answer.arrayBuffer())];
  const { value } = await answer.body.getReader().read();
  stop.abort();
  return [answer, Buffer.from(value)];
}

function check(path, method, answer, bytes) {
  const place = `${method} ${path} ${answer.status}`;
  const known = description.paths[path][method].responses[answer.status];
  if (!known) return faults.push(`${place}: not in the description`);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0];
  for (const name of Object.keys(known.headers ?? {}))
    if (name === "Location" && !answer.headers.get(name)) faults.push(`${place}: no ${name}`);
  if (bytes.length === 0 && !known.content) return;
  const types = Object.keys(known.content ?? {});
  const fits = types.includes(type) ? type : types.includes("*/*") ? "*/*" : null;
  if (!fits) return faults.push(`${place}: ${type} is not in the description`);
  if (!type.endsWith("json") || fits === "*/*") return;
  const pointer = ["paths", path, method, "responses", String(answer.status), "content", fits,
    "schema"].map(escape).join("/");
  const validate = ajv.compile({ $ref: `api#/${pointer}` });
  if (!validate(JSON.parse(bytes)))
    faults.push(`${place}: ${ajv.errorsText(validate.errors)} in ${bytes.toString().slice(0, 300)}`);
}

let count = 0;
// The delta was signed on what is held now; what is deleted is deleted last.
const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => [path, method, operation.operationId]));
const turn = (id) => (id === "submitDelta" ? 0 : /^delete$|Delete$/.test(id) ? 2 : 1);
operations.sort((a, b) => turn(a[2]) - turn(b[2]));
for (const [path, method, id] of operations) {
  if (!asked[id]) faults.push(`${method} ${path}: nothing is asked of it`);
  for (const [what, status] of asked[id] ?? []) {
    try {
      const [answer, bytes] = await ask(method.toUpperCase(), path, what);
      count++;
      if (answer.status !== status)
        faults.push(`${method} ${path}: ${answer.status} instead of ${status}: ${bytes}`.slice(0, 400));
      check(path, method, answer, bytes);
    } catch (error) {
      faults.push(`${method} ${path}, wanted ${status}: ${error.cause ?? error}`);
    }
  }
}
for (const id of Object.keys(asked))
  if (!operations.some((o) => o[2] === id)) faults.push(`${id}: not in the description`);
// What the program has routes for and the description does not name; the page's are no operations.
const plain = (path) => path.replaceAll(/\{\w+\*?\}/g, "{}");
const described = new Set(operations.map(([path, method]) => `${method} ${plain(path)}`));
let routes = 0;
for (const name of readdirSync(sources).filter((it) => it.endsWith(".c") && it !== "web.c")) {
  const rows = readFileSync(`${sources}/${name}`, "utf8").matchAll(/\{FC_HTTP_(\w+), "(\/[^"]*)"/g);
  for (const [, method, path] of rows) {
    routes++;
    if (!described.has(`${method.toLowerCase()} ${plain(path)}`))
      faults.push(`${name}: ${method} ${path} is not in the description`);
  }
}
if (routes !== operations.length)
  faults.push(`${routes} routes in the source, ${operations.length} operations`);
for (const fault of faults) console.error(fault);
console.log(`${operations.length} operations, ${count} answers, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
