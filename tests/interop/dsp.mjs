// A client of the Dataspace Protocol: every answer is held against the published schemas.
//   node dsp.mjs ROOT EXPECTED [LIMIT]
// Prints what it found in one line of JSON.
import { dspCheck } from "./schemas.mjs";

const [root, expected, limit = "50"] = process.argv.slice(2);
const context = ["https://w3id.org/dspace/2025/1/context.jsonld"];
const assert = (good, text) => {
    if (!good) throw new Error(text);
};

async function get(url) {
    const answer = await fetch(url);
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
async function post(url, body, type = "application/json") {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(url, { method: "POST", body: text, headers: { "content-type": type } });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
const request = (filter) =>
    dspCheck("request", { "@context": context, "@type": "CatalogRequestMessage", filter });
const link = (answer, rel) =>
    (answer.headers.get("link") ?? "").split(/,\s*(?=<)/).map((l) => l.match(/^<([^>]*)>; rel="(.*)"$/))
        .find((m) => m?.[2] === rel)?.[1];
const ids = (answer) => (answer.body.dataset ?? []).map((d) => d["@id"]);

const versions = dspCheck("versions", (await get(`${root}/.well-known/dspace-version`)).body);
const base = root + versions.protocolVersions.find((v) => v.version === "2025-1").path;
const catalog = `${base}/catalog/request`;

async function page(url, filter) {
    const answer = await post(url, request(filter));
    assert(answer.status === 200, `${answer.status}: ${JSON.stringify(answer.body)}`);
    dspCheck("catalog", answer.body);
    return answer;
}
const spec = (more) => [{ "@type": "QuerySpec", ...more }];

// forward by links, to the end
const started = performance.now();
const seen = [], starts = [], times = [];
let answer = await page(catalog, spec({ limit: Number(limit) })), last = answer;
const leftOut = {};
for (;;) {
    starts.push(ids(answer)[0]);
    seen.push(...ids(answer));
    for (const [key, count] of Object.entries(answer.body["urn:fedcat:leftOut"]))
        leftOut[key] = (leftOut[key] ?? 0) + count;
    last = answer;
    const next = link(answer, "next");
    if (!next) break;
    const at = performance.now();
    answer = await page(next, []);
    times.push(performance.now() - at);
}
const linkedMs = performance.now() - started;
assert(new Set(seen).size === seen.length, "an id came twice");
assert(seen.length === Number(expected), `${seen.length} datasets instead of ${expected}`);
assert(seen.length > 0 || !("dataset" in last.body), "an empty list of datasets");

// back again
let backwards = 0;
for (let at = last, index = starts.length - 1; link(at, "previous") && backwards < 5; backwards++) {
    at = await page(link(at, "previous"), []);
    index--;
    assert(ids(at)[0] === starts[index], "the page before is another one than on the way there");
}

// by offset and limit, as EDC's fetcher does
const offsetStarted = performance.now();
const counted = [];
const most = Math.min(seen.length + 1, 20 * Number(limit));
for (let offset = 0; offset < most; offset += Number(limit)) {
    const some = ids(await page(catalog, spec({ offset, limit: Number(limit) })));
    counted.push(...some);
    if (some.length < Number(limit)) break;
}
assert(counted.every((id, i) => id === seen[i]), "offsets count otherwise than links");
const offsetMs = performance.now() - offsetStarted;

// single datasets
for (const id of [seen[0], seen.at(-1)].filter(Boolean)) {
    const one = await get(`${base}/catalog/datasets/${encodeURIComponent(id)}`);
    assert(one.status === 200, `dataset ${id}: ${one.status}`);
    dspCheck("dataset", one.body);
    assert(one.body["@id"] === id, "another dataset");
    const by = await page(catalog, spec({ filterExpression: [
        { "@type": "Criterion", operandLeft: "https://w3id.org/edc/v0.0.1/ns/id", operator: "=", operandRight: id }] }));
    assert(ids(by).join() === id, `filter by id: ${ids(by)}`);
}

// a name, found by the node's index and, as a pattern, by looking at every entry
async function matching(operator, title) {
    const at = performance.now();
    const found = [];
    let answer = await page(catalog, spec({ limit: 500, filterExpression: [
        { operandLeft: "name", operator, operandRight: title }] }));
    for (let next = ""; next !== undefined; ) {
        found.push(...ids(answer));
        next = link(answer, "next");
        if (next) answer = await page(next, []);
    }
    return { ids: found.join(), ms: performance.now() - at };
}
const title = last.body.dataset?.at(-1)?.["dct:title"];
let byName, byPattern;
if (title && !/[%_]/.test(title)) {
    byName = await matching("=", title);
    byPattern = await matching("like", title);
    assert(byName.ids.includes(seen.at(-1)) && byName.ids === byPattern.ids,
        `a name is found otherwise than its pattern: ${byName.ids} ${byPattern.ids}`);
}

// refusals
const error = (answer, status) => {
    assert(answer.status === status, `${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
    dspCheck("error", answer.body);
    assert(answer.body.reason.length === 1, "no reason");
};
error(await get(`${base}/catalog/datasets/urn%3Anowhere`), 404);
const criterion = (operandLeft, operator, operandRight) =>
    spec({ filterExpression: [{ operandLeft, operator, operandRight }] });
for (const filter of [
    criterion("https://w3id.org/edc/v0.0.1/ns/colour", "=", "red"),
    criterion("name", "resembles", "x"), criterion("name", "in", "x"), criterion("name", "=", null),
    criterion("name", "=", { a: 1 }), spec({ limit: 0 }), spec({ limit: "5" }), spec({ offset: -1 }),
    spec({ sortField: "name" }), spec({ sortOrder: "UP" }), spec({ colour: 1 }), [{}, {}], ["x"],
    [{ "@type": "SparqlQuery" }], spec({ filterExpression: Array(17).fill({ operandLeft: "id", operator: "=", operandRight: "x" }) }),
]) error(await post(catalog, request(filter)), 400);
error(await post(catalog, request([])["filter"]), 400);
error(await post(catalog, "{"), 400);
error(await post(catalog, { "@context": context, "@type": "CatalogRequestMessage", filter: "x" }), 400);
error(await post(catalog, { "@type": "CatalogRequestMessage" }), 400);
error(await post(catalog, request([]), "text/plain"), 415);
error(await post(`${catalog}?continuationToken=abc`, request([])), 400);
error(await post(`${catalog}?continuationToken=${"A".repeat(7000)}`, request([])), 400);

times.sort((a, b) => a - b);
console.log(JSON.stringify({
    datasets: seen.length, pages: starts.length, leftOut, linkedMs: Math.round(linkedMs),
    pageMs: times.length ? Number(times[times.length >> 1].toFixed(1)) : 0,
    slowestMs: times.length ? Number(times.at(-1).toFixed(1)) : 0,
    offsetPages: Math.ceil(counted.length / Number(limit)), offsetMs: Math.round(offsetMs), backwards,
    nameMs: byName && Number(byName.ms.toFixed(1)), patternMs: byPattern && Number(byPattern.ms.toFixed(1)),
}));
