/* The page of a running node in a headless browser.
 *   node web.mjs URL PROOF [SHOTS]     FEDCAT, SCRATCH: the program and where the nodes live; NODE_PID */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [base, proofFile, shots] = process.argv.slice(2);
const { FEDCAT: fedcat, SCRATCH: scratch, NODE_PID: firstPid } = process.env;
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const fc = (hub, ...words) => execFileSync(fedcat, [...words, "--home", path.join(scratch, hub)], { encoding: "utf8" });
const api = async (at) => (await fetch(base + at)).json();
let checks = 0;
const ok = (good, what) => { assert.ok(good, what); checks++; };

/* -- a reader ------------------------------------------------------------------------------------ */

async function reader({ size = "wide", colorScheme = "light", locale = "en-GB" } = {}) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme, locale, reducedMotion: "reduce", acceptDownloads: true });
  const page = await context.newPage(), faults = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(message.text()); });
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("request", (request) => { if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) faults.push(`asked for ${request.url()}`); });
  return { page, faults, open: async (at) => { await page.goto(base + at); await page.locator("main h1").waitFor({ state: "attached" }); },
    close: async (allowed = []) => { assert.deepEqual(faults.filter((it) => !allowed.some((pattern) => pattern.test(it))), []); checks++; await context.close(); } };
}

async function sound(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const serious = violations.filter((it) => ["serious", "critical"].includes(it.impact));
  assert.deepEqual(serious.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`), [], `${name}: axe-core`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  ok(wide <= 0, `${name}: ${wide} pixels wider than the screen`);
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  checks++;
}

/* -- where things are ---------------------------------------------------------------------------- */

const { participants } = await api("/v1/participants"), loire = participants.find((it) => it.name === "Hub Loire SAS");
const { entries } = await api(`/v1/participants/${loire.participant}/entries?limit=200&about=1`);
const entry = (name) => { const it = entries.find((each) => each.key.endsWith(name)); return `/entry/${it.participant}/${it.key_hash}`; };
const status = await api("/v1/status");

/* -- search -------------------------------------------------------------------------------------- */

async function searching() {
  const { page, open, close } = await reader();
  await open("/");
  await page.locator(".hit").first().waitFor();
  ok((await page.locator(".count").textContent()).includes(String(status.entries)), "not all entries are counted");
  await page.locator("body").press("/");
  ok(await page.evaluate(() => document.activeElement.id === "query"), "/ does not lead to the field");
  await page.keyboard.type("gpu ly", { delay: 40 });
  await page.waitForURL(/q=gpu\+ly/);
  await page.locator(".count", { hasText: "1 entry found" }).waitFor();
  ok((await page.locator(".hit mark").allTextContents()).some((it) => /gpu/i.test(it)), "nothing is marked");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/entry\//);
  await page.getByRole("heading", { level: 1, name: /GPU/ }).waitFor();
  await page.goBack();
  await page.locator(".count", { hasText: "1 entry found" }).waitFor();
  ok(await page.locator("#query").inputValue() === "gpu ly", "back does not bring the question back");
  await page.reload();
  await page.locator(".count", { hasText: "1 entry found" }).waitFor();

  await page.locator("#query").fill("");
  await page.locator("[data-facet=kind] label", { hasText: "Data set" }).locator("input").press("Space");
  await page.waitForURL(/kind=dataset/);
  const sets = await api("/v1/search?kind=dataset&limit=0");
  await page.locator(".count", { hasText: String(sets.total) }).waitFor();
  ok((await page.locator(".hit .badge.kind").allTextContents()).every((it) => it === "Data set"), "the facet does not narrow down");
  await page.locator("[data-facet=kind] label", { hasText: "Service" }).first().locator("input").press("Space"); /* a second value */
  await page.waitForURL(/kind=dataset&kind=service/);
  const both = await api("/v1/search?kind=dataset&kind=service&limit=0&facets=kind");
  ok(both.total > sets.total && both.facets.kind.values.length > 2, "a facet's other values are not counted");
  await page.locator(".count", { hasText: String(both.total) }).waitFor();
  await page.locator("[data-facet=kind] label", { hasText: "Service" }).first().locator("input").press("Space");
  await page.locator(".count", { hasText: String(sets.total) }).waitFor();
  await page.locator("[data-facet=participant] label", { hasText: "Hub Loire" }).click();
  await page.waitForURL(/participant=/);
  await page.locator(".chip", { hasText: "Data set" }).press("Enter");
  await page.waitForURL((url) => !url.searchParams.has("kind"));
  await page.locator(".chip", { hasText: "Hub Loire" }).waitFor();
  await page.getByRole("button", { name: /Show more/ }).press("Enter");
  await page.locator(".hit").nth(20).waitFor();
  ok(await page.evaluate(() => document.activeElement === document.querySelectorAll(".hit h2 a")[20]), "more does not lead on");
  ok((await page.locator(".hit", { hasText: "Revoked" }).count()) + Number(await page.locator("[data-facet=state] label", { hasText: "Revoked" }).count()) > 0, "a revoked entry does not say so");

  await page.locator("#query").fill('"open');
  await page.getByRole("heading", { name: "The question is not clear" }).waitFor();
  await page.locator("#query").fill("zzzzqqq");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await sound(page, "search-none");
  await page.getByRole("button", { name: "Start over" }).click();
  await page.locator(".hit").first().waitFor();
  await sound(page, "search");
  await close([/400 \(Bad Request\)/]);
}

/* -- an address that is none --------------------------------------------------------------------- */

async function nowhere() {
  const { page, open, close } = await reader();
  const answer = page.waitForResponse((it) => it.url() === `${base}/nosuch`);
  await open("/nosuch");
  ok((await answer).status() === 404, "an address that is none is not said to be none");
  await page.getByRole("heading", { level: 2, name: "There is no such page" }).waitFor();
  await page.locator("#top nav a").first().click();
  await page.locator(".hit").first().waitFor();
  await close([/404 \(Not Found\)/]);
}

/* -- an entry and its proof ---------------------------------------------------------------------- */

async function entryAndProof() {
  const { page, open, close } = await reader();
  await open(entry("/gpu-lyon"));
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  ok(readFileSync(await saved.path()).equals(readFileSync("node/samples/fr/nimbus-cloud/gpu-lyon.json")), "not the bytes that were published");
  ok(await page.getByText("Nimbus Cloud SAS").first().isVisible() && await page.getByText("by its provider's own entry").isVisible(), "neither the provider's name nor its country");
  await page.getByRole("button", { name: "Check in this browser" }).click();
  await page.locator(".notice.good", { hasText: "Genuine" }).waitFor();
  ok(await page.locator(".steps .held").count() >= 6 && await page.locator(".steps .broken").count() === 0, "a step is missing");
  const meta = await api(`/v1/participants/${entry("/gpu-lyon").split("/")[2]}/entries/${entry("/gpu-lyon").split("/")[3]}/meta`);
  ok(Date.parse(meta.signed) <= Date.parse(meta.accepted) + 1000 && await page.locator(`aside time[datetime="${meta.signed}"]`).count() > 0 && await page.locator(`aside time[datetime="${meta.accepted}"]`).count() > 0, "not the entry's own times");
  await sound(page, "entry");
  const [proof] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the proof" }).click()]);
  fc("nl", "check-proof", await proof.path(), "--federation", status.federation);

  await page.getByLabel("The federation you trust").fill("7".repeat(64));
  await page.getByText("another id").waitFor();
  await page.getByRole("button", { name: "Check in this browser" }).click();
  await page.locator(".notice.bad", { hasText: "does not hold" }).waitFor();
  ok((await page.locator(".steps .broken").textContent()).includes("another federation"), "it does not say why");
  await page.getByLabel("The federation you trust").fill(status.federation);
  await page.getByRole("button", { name: "Remember" }).click();
  await page.reload();
  await page.getByText("asked this browser to remember").waitFor();
  await page.route("**/proof", async (route) => { /* someone on the way changes one byte */
    const answer = await route.fetch(), body = await answer.body();
    body[body.length - 300] ^= 1;
    await route.fulfill({ response: answer, body });
  });
  await page.getByRole("button", { name: "Check in this browser" }).click();
  await page.locator(".notice.bad", { hasText: "does not hold" }).waitFor();
  await sound(page, "entry-changed");
  await close();
}

async function proofFiles() {
  const { page, open, close } = await reader({ locale: "de" });
  await open("/check");
  ok((await page.locator("html").getAttribute("lang")) === "de", "not German");
  await page.locator("input[type=file]").setInputFiles(proofFile);
  await page.locator(".notice.good", { hasText: "Echt" }).waitFor();
  await page.getByText("Calcul GPU souverain").first().waitFor();
  const changed = readFileSync(proofFile);
  changed[changed.length >> 1] ^= 4;
  writeFileSync(path.join(scratch, "changed.proof"), changed);
  await page.locator("input[type=file]").setInputFiles(path.join(scratch, "changed.proof"));
  await page.locator(".notice.bad").last().waitFor();
  ok(!(await page.getByText("Calcul GPU souverain").count()), "a document that was not signed is shown");
  await sound(page, "check");
  await close();
}

/* -- states -------------------------------------------------------------------------------------- */

async function states() {
  const { page, open, close } = await reader();
  await open(entry("/sauvegarde-communes"));
  await page.getByText("Taken down", { exact: true }).waitFor();
  ok((await page.locator("main").textContent()).includes("By order of a court"), "the reason is not shown");
  ok(!(await page.locator("pre.code[tabindex]").count()), "a withheld document is shown");
  await sound(page, "withheld");
  await open(entry("/stockage-objet"));
  await page.getByText("has revoked this").waitFor();
  await sound(page, "revoked");
  await open(`/entry/${"1".repeat(64)}/${"2".repeat(64)}`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await sound(page, "unknown");
  await close([/404 \(Not Found\)/, /451 /]);
}

/* -- signed documents ---------------------------------------------------------------------------- */

const encoded = (value) => Buffer.from(value).toString("base64url");
const cases = JSON.parse(readFileSync("tests/vectors/credentials.json", "utf8"));

/* A credential as a JWT of ES256, and the document of a DID that names its key. */
function signer(did) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const method = { id: `${did}#key`, type: "JsonWebKey", controller: did, publicKeyJwk: publicKey.export({ format: "jwk" }) };
  return {
    document: JSON.stringify({ "@context": ["https://www.w3.org/ns/did/v1"], id: did, verificationMethod: [method], assertionMethod: [method.id] }),
    sign(credential) {
      const head = { alg: "ES256", typ: "vc+jwt", cty: "vc", iss: did, kid: method.id }, body = { "@context": ["https://www.w3.org/ns/credentials/v2"], type: ["VerifiableCredential"], issuer: did, ...credential };
      const text = `${encoded(JSON.stringify(head))}.${encoded(JSON.stringify(body))}`;
      return `${text}.${encoded(sign("sha256", text, { key: privateKey, dsaEncoding: "ieee-p1363" }))}`;
    },
  };
}

function put(hub, text) {
  const file = path.join(scratch, "signed");
  writeFileSync(file, text);
  fc(hub, "publish", file);
}

async function placeOf(key) {
  const { entries: [it] } = await api(`/v1/entries?list=1&key=${encodeURIComponent(key)}`);
  return `/entry/${it.participant}/${it.key_hash}`;
}

async function signatures() {
  const { page, open, close } = await reader();
  const line = page.locator("#document-signature"), says = async (key, ...words) => {
    await open(await placeOf(key));
    const text = await line.innerText();
    for (const word of words) ok(word.test(text), `"${text}" does not say ${word}`);
  };
  const did = "did:web:hub-fr.example", mine = signer(did), id = (name) => `https://hub-fr.example/signed/${name}`;
  const subject = (name) => ({ id: id(name), credentialSubject: { id: `${id(name)}#it`, type: "gx:ServiceOffering", "gx:name": `Signed ${name}` } });
  put("fr", mine.sign(subject("alone")));
  await says(id("alone"), /^Cannot be checked/, /There is no DID document of did:web:hub-fr\.example in the catalogue\./);
  const translated = { de: "Im Katalog steht kein DID-Dokument von", fr: "Il n'y a pas de document DID de" };
  for (const [language, words] of Object.entries(translated)) {
    await open(`${await placeOf(id("alone"))}?lang=${language}`);
    ok((await line.innerText()).includes(`${words} ${did}`) && await line.locator("[lang=en]").count() === 0, `why a signature cannot be checked is not said in ${language}`);
  }
  await page.route("**/meta", async (route) => { /* a node that knows more reasons than the page */
    const response = await route.fetch(), meta = await response.json();
    await route.fulfill({ response, json: { ...meta, signature: { ...meta.signature, why_code: "LATER" } } });
  });
  await open(`${await placeOf(id("alone"))}?lang=de`);
  ok((await line.locator("[lang=en]").innerText()) === `no DID document of ${did} is in the replica`, "a reason that the page does not know is not said");
  await page.unroute("**/meta");
  put("fr", mine.document);
  await says(id("alone"), /^Right signed by did:web:hub-fr\.example/, /The key was published by Hub Loire SAS, whose certificate names this identity\./);
  await sound(page, "signature-verified");
  put("fr", mine.sign({ ...subject("old"), validFrom: "2020-01-01T00:00:00Z", validUntil: "2021-01-01T00:00:00Z" }));
  await says(id("old"), /^Right/, /Expired on January 1, 2021\./);
  put("fr", signer(did).sign(subject("false")));
  await says(id("false"), /^Wrong/, /not made with that key/);
  ok(await line.locator(".badge.bad").count() === 1, "a wrong signature looks harmless");
  await sound(page, "signature-wrong");
  put("fr", cases.cases.find((it) => it.name === "did:key, P-256").document);
  await says("https://alpha.example/vc/1", /^Right/, /The identity is the key itself\./);
  put("fr", cases.documents["did:web:alpha.example"]);
  put("fr", cases.cases.find((it) => it.name === "PS256, did:web, with a certificate").document);
  await says("https://alpha.example/vc/1", /^Right/, /certificate does not name this identity/, /CN=alpha\.example; its issuer was not checked/);
  await open(entry("/gpu-lyon"));
  ok(/itself is not signed/.test(await line.innerText()), "an unsigned document does not say so");
  await close();
}

/* -- names that turn text around ------------------------------------------------------------------ */

async function directions() {
  const { page, open, close } = await reader();
  const id = "https://hub-fr.example/turned", turns = /[\u202a-\u202e\u2066-\u2069]/;
  put("fr", JSON.stringify({ "@context": ["https://www.w3.org/ns/credentials/v2"], id, type: ["VerifiableCredential"], issuer: "did:web:hub-fr.example",
    credentialSubject: { id: `${id}#it`, type: "gx:ServiceOffering", "gx:name": "Turned \u202eevil\u202c", "gx:description": "On \u2066its\u2069 side" } }));
  await open(await placeOf(id));
  ok(await page.locator("h1").innerText() === "Turned evil" && !turns.test(await page.title()), "a name turns its heading around");
  ok(!turns.test(await page.locator("main").innerText()), "something on the page turns text around");
  ok((await page.locator("pre").allInnerTexts()).some((it) => it.includes("Turned \\u202eevil\\u202c")), "the document does not show what it holds");
  await open("/search?q=turned");
  ok(await page.locator(".hit h2 bdi").first().innerText() === "Turned evil", "a card's name stands in the text around it");
  await close();
}

/* -- participants, federation, help -------------------------------------------------------------- */

async function others() {
  const { page, open, close } = await reader({ locale: "fr" });
  await open("/participants");
  ok(await page.locator("tbody tr").count() === 3, "not three participants");
  await page.locator("#filter").fill("pays-bas");
  await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
  ok((await page.locator("tbody").textContent()).includes("Knooppunt"), "not found by its country");
  await sound(page, "participants");
  await page.getByRole("link", { name: "Knooppunt Maas BV" }).click();
  await page.getByRole("heading", { name: "Knooppunt Maas BV" }).waitFor();
  ok(await page.evaluate(() => document.activeElement.tagName === "H1"), "the new view's heading has no focus");
  await sound(page, "participant");
  await page.getByRole("link", { name: "Fédération" }).click();
  await page.locator("svg.map[role=img]").waitFor();
  ok(await page.locator("g.node").count() === 3 + 5 && await page.locator(".map path.link.good").count() === 2, "not three nodes and two links");
  ok(await page.locator("tbody tr").count() === 3, "nodes are not told as text");
  const { digest } = await api("/v1/status");
  ok((await page.locator("main").textContent()).includes(digest.slice(0, 12)), "no digest");
  await sound(page, "federation");
  await page.locator("footer").getByRole("link", { name: "Aide" }).click();
  await page.getByRole("heading", { name: "Aide" }).waitFor();
  await sound(page, "help");
  await page.getByLabel("Langue").selectOption("en");
  await page.getByRole("heading", { name: "Help" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Help" }).waitFor();
  await close();
}

/* -- what governors and two signatures for one version make of a feed ------------------------------ */

async function until(good, what) {
  for (let left = 200; !(await good()); left--) {
    ok(left > 0, what);
    await new Promise((done) => setTimeout(done, 100));
  }
}

function offer(hub, name) {
  const file = path.join(scratch, `${name}.json`), id = `https://hub-${hub}.example/${name}`;
  writeFileSync(file, JSON.stringify({ "@context": ["https://www.w3.org/ns/credentials/v2"], id, type: ["VerifiableCredential"], issuer: `did:web:hub-${hub}.example`,
    credentialSubject: { id: `${id}#it`, type: "gx:ServiceOffering", "gx:name": `Offer ${name}` } }));
  fc(hub, "publish", file);
  return id;
}

const held = (key) => async () => (await api(`/v1/entries?list=1&key=${encodeURIComponent(key)}`)).entries.length === 1;
const stateOf = (id) => async () => (await api(`/v1/participants/${id}`)).state;

async function frozen() {
  const { page, open, close } = await reader(), { participant: id, version, name } = participants.find((it) => it.name === "Knooppunt Maas BV");
  const late = offer("nl", "put-later"), early = (await api(`/v1/participants/${id}/entries?limit=1`)).entries[0];
  await until(held(late), "the entry did not come");
  fc("fr", "revoke", id, "--freeze", "--last-valid", version, "--reason", "A lost key", "--key", path.join(scratch, "fr.key"), "--key", path.join(scratch, "de.key"), "--out", path.join(scratch, "freeze"), "--submit");
  await until(async () => (await stateOf(id)()).includes("frozen"), "the feed was not frozen");
  await open(`/participants/${id}`);
  await page.locator("header .badge", { hasText: "Frozen" }).waitFor();
  await page.locator(".notice.bad", { hasText: `governors froze the feed of ${name}` }).waitFor();
  ok(await page.locator("ul.lines li", { hasText: "Hidden" }).locator(`a[href^="/entry/"]`).allInnerTexts().then((it) => it.join() === late), "the list does not say which are hidden");
  await sound(page, "frozen");
  await open(await placeOf(late));
  await page.getByText("froze this feed before this entry was put").first().waitFor();
  await page.locator("header .badge", { hasText: "Hidden" }).waitFor();
  ok(!(await page.locator("pre.code[tabindex]").count()) && !(await page.getByText("Offer put-later").count()), "a hidden document is shown");
  await sound(page, "hidden");
  await open(`/entry/${id}/${early.key_hash}`);
  await page.locator("pre.code[tabindex]").waitFor();
  ok(!(await page.getByText("froze this feed before").count()), "an entry from before the freeze is hidden");
  await open("/search?q=put-later");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await close();
}

async function contested() {
  const { page, open, close } = await reader(), { participant: id, name } = participants.find((it) => it.name === "Knoten Rhein GmbH");
  const key = offer("de", "before-fork");
  await until(held(key), "the entry did not come");
  assert.throws(() => fc("fr", "submit", path.join(scratch, "forked.delta")), /the feed is contested now/);
  await until(async () => (await stateOf(id)()).includes("contested"), "the feed is not contested");
  await open(`/participants/${id}`);
  await page.locator("header .badge", { hasText: "Contested" }).waitFor();
  await page.locator(".notice.bad", { hasText: "Two different statements were signed" }).waitFor();
  await sound(page, "contested");
  const place = await placeOf(key);
  await open(place);
  await page.locator("header .badge", { hasText: "Contested" }).waitFor();
  await page.locator(".notice.bad", { hasText: `Two different statements were signed with ${name}'s key` }).waitFor();
  await page.locator("pre.code[tabindex]").waitFor(); /* flagged, and shown all the same */
  await open("/search?q=before-fork");
  await page.locator(".hit .badge", { hasText: "Contested" }).waitFor();
  fc("de", "recover", name); /* its owner heals it with a new key */
  const healed = offer("de", "after-fork");
  await until(held(healed), "the healed feed did not come");
  await open(place);
  await page.locator("header .badge", { hasText: "Active" }).waitFor();
  ok(!(await page.getByText("Contested", { exact: true }).count()), "a healed feed is flagged");
  await close();
}

/* The node's own answer, as it would be with `count` more nodes; in pages, as they are asked for. */
async function crowd(page, count) {
  const { nodes } = await api("/v1/nodes"), key = (i) => i.toString(16).padStart(64, "0");
  const many = [...Array.from({ length: count }, (_, i) => ({ ...nodes[i % nodes.length], key: key(i), checkpoint: null })), ...nodes].sort((a, b) => a.key < b.key ? -1 : 1);
  let pages = 0;
  await page.route("**/v1/nodes?*", async (route) => {
    const query = new URL(route.request().url()).searchParams, from = many.findIndex((it) => it.key > (query.get("after") ?? ""));
    const some = many.slice(from, from + Number(query.get("limit")));
    pages++;
    await route.fulfill({ json: { nodes: some, next: from + some.length < many.length ? some.at(-1).key : null } });
  });
  return () => pages;
}

async function manyNodes() {
  await until(async () => (await api("/v1/peers")).peers.filter((it) => it.state === "open" && it.in_sync).length === 2, "the others are not linked again");
  for (const [count, words, wanted] of [[197, "", 1], [198, "Listed are 200 of 201 nodes, ", 1], [997, "Listed are 200 of 1,000 nodes, ", 1], [998, "The map shows 1,000 of 1,001 nodes. Listed are 200 of 1,001 nodes, ", 2], [5200, "The map shows 1,000 of more than 5,000 nodes.", 5]]) {
    const { page, open, close } = await reader(), pages = await crowd(page, count);
    await open("/federation");
    await page.locator("svg.map[role=img]").waitFor();
    ok(await page.locator("tbody tr").count() === Math.min(count + 3, 200), "not as many rows as are listed");
    ok(await page.locator("svg.map[role=img] g.node").count() === Math.min(count + 3, 1000), "not as many nodes as are drawn");
    ok(await page.locator("#cut").count() === (words ? 1 : 0), "it says so when it need not, or not when it must");
    if (words) ok((await page.locator("#cut").innerText()).startsWith(words), await page.locator("#cut").innerText());
    ok(pages() === wanted, `${pages()} pages were asked for`);
    const states = await page.locator("tbody tr").evaluateAll((rows) => rows.slice(0, 3).map((row) => row.querySelector("td .badge").innerText));
    ok(count > 5000 || states.join() === "This node,Linked, in sync,Linked, in sync", `the linked ones are not first: ${states}`);
    if (count === 998) await sound(page, "federation-many");
    await close();
  }
}

/* -- live changes, and a node that stops --------------------------------------------------------- */

function alive(pid) {
  try { return process.kill(Number(pid), 0); } catch { return false; }
}

function publish(hub, name) {
  const file = path.join(scratch, `${name}.json`);
  writeFileSync(file, JSON.stringify({ "@context": ["https://www.w3.org/ns/credentials/v2"], id: `https://live.example/${name}`, type: ["VerifiableCredential"], issuer: "did:web:live.example",
    credentialSubject: { id: `https://live.example/${name}#it`, type: "gx:ServiceOffering", "gx:name": "<img src=x onerror=alert(1)> Live", "gx:description": "<b>bold</b> & </script>" } }));
  fc(hub, "publish", file);
}

async function live(page, name) {
  await page.locator(".change a", { hasText: `https://live.example/${name}` }).waitFor({ timeout: 20000 });
  checks++;
}

async function changes() {
  const { page, open, close } = await reader();
  await open("/changes");
  await page.getByText("Live", { exact: true }).waitFor();
  publish("de", "one");
  await live(page, "one");
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  publish("de", "two");
  await page.getByText("1 waits").waitFor({ timeout: 20000 });
  ok(!(await page.getByText("https://live.example/two").count()), "paused, and it shows");
  await page.getByRole("button", { name: "Go on" }).press("Enter");
  await live(page, "two");
  await sound(page, "changes");

  process.kill(Number(firstPid), "SIGTERM");
  await page.getByText("No connection").waitFor({ timeout: 20000 });
  await page.getByRole("link", { name: "Participants" }).click();
  await page.getByRole("heading", { name: "The node does not answer" }).waitFor({ timeout: 20000 });
  await sound(page, "stopped");
  for (let left = 300; alive(firstPid); left--) { /* it holds its home and its port until its end */
    ok(left > 0, "the node does not stop");
    await new Promise((done) => setTimeout(done, 100));
  }
  const log = openSync(path.join(scratch, "fr.log"), "a"), home = path.join(scratch, "fr");
  const yaml = path.join(home, "fedcat.yaml"), port = new URL(base).port;
  writeFileSync(yaml, `${readFileSync(yaml, "utf8").replace(/^http:\n(?: .*\n?)*/m, "")}\nhttp:\n  listen: 127.0.0.1:${port}\n`);
  const node = spawn(fedcat, ["run", "--home", home], { stdio: ["ignore", log, log] });
  const ended = new Promise((done) => node.once("exit", done));
  try {
    for (let left = 100; !(await fetch(`${base}/healthz`).then((it) => it.ok, () => false)); left--) {
      ok(left > 0 && node.exitCode === null, "the node does not start again");
      await new Promise((done) => setTimeout(done, 100));
    }
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Participants" }).waitFor();
    await page.getByRole("link", { name: "Changes" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    publish("de", "three");
    await live(page, "three");
    await page.getByRole("link", { name: "https://live.example/three" }).click();
    await page.getByRole("heading", { name: "<img src=x onerror=alert(1)> Live" }).waitFor();
    ok(await page.locator("main img, main b, main script").count() === 0, "a document's text became markup");
    await close([/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_NETWORK|Failed to load resource/]);
    await looks();
    await guarded();
  } finally {
    node.kill("SIGTERM");
    await ended;
  }
}

/* -- dark, phone, languages, rules --------------------------------------------------------------- */

async function looks() {
  const views = [["home", "/"], ["search", "/search?q=daten"], ["entry", entry("/gpu-lyon")], ["participants", "/participants"], ["federation", "/federation"], ["changes", "/changes"], ["check", "/check"], ["help", "/help"]];
  for (const [size, colorScheme, locale] of [["phone", "dark", "de"], ["phone", "light", "fr"], ["wide", "dark", "en"]]) {
    const { page, open, close } = await reader({ size, colorScheme, locale });
    for (const [name, at] of views) {
      await open(at);
      await page.locator("footer .badge").waitFor();
      await sound(page, `${name}-${size}-${colorScheme}`);
    }
    ok((await page.locator("html").getAttribute("data-theme")) === colorScheme, "not the system's colours");
    await page.locator(".tools button").click();
    await page.locator(".tools button").click();
    ok((await page.locator("html").getAttribute("data-theme")) === "dark", "no dark when asked for");
    await close();
  }
}

function messages() {
  const [en, ...rest] = ["en", "fr", "de"].map((name) => JSON.parse(readFileSync(`node/web/i18n/${name}.json`, "utf8")));
  const names = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const other of rest) {
    assert.deepEqual(Object.keys(other), Object.keys(en));
    for (const key of Object.keys(en)) assert.deepEqual(names(other[key]), names(en[key]), key);
  }
  checks += Object.keys(en).length;
}

async function guarded() {
  const answer = await fetch(`${base}/`), policy = answer.headers.get("content-security-policy"), html = await answer.text();
  ok(/default-src 'none'/.test(policy) && !/unsafe/.test(policy), "no strict policy");
  ok(!/<script(?![^>]*src=)|\son\w+=|style=/.test(html), "something inline");
  const again = await fetch(`${base}/`, { headers: { "If-None-Match": answer.headers.get("etag") } });
  ok(again.status === 304, "the page is sent again");
  const asset = await fetch(base + /src="([^"]+main\.js)"/.exec(html)[1]);
  ok(/javascript/.test(asset.headers.get("content-type")) && /immutable/.test(asset.headers.get("cache-control")), "assets are not kept");
  const bytes = await fetch(`${base}/v1/participants/${loire.participant}/entries/${entries[0].key_hash}`);
  ok(/sandbox/.test(bytes.headers.get("content-security-policy")), "a document may act as a page of the node's");
  ok((await fetch(`${base}/assets/000000000000/js/main.js`)).status === 404, "an asset of another version");
  for (const at of ["/search", "/participants", "/federation", "/changes", "/check", "/help", entry("/gpu-lyon")]) ok((await (await fetch(base + at)).text()) === html, `${at} is not the page`);
  const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
  await page.goto(base);
  ok((await page.locator("noscript").innerText()).includes("JavaScript"), "without JavaScript it does not say what it needs");
  await context.close();
}

try {
  for (const run of [messages, searching, nowhere, entryAndProof, proofFiles, states, signatures, directions, others, manyNodes, contested, frozen, changes]) await run();
  console.log(`${checks} checks of the page`);
} catch (error) {
  for (const context of browser.contexts()) for (const page of context.pages()) console.error(page.url(), (await page.locator("main").innerText()).slice(0, 500));
  throw error;
} finally {
  await browser.close();
}
