// Holds exports to the published shapes and to independent parsers.
//   node check.mjs shapes SHAPES FILE...      each file conforms, in a SHACL engine
//   node check.mjs same FILE FILE [FILE...]   all say the same, blank nodes aside
//   node check.mjs entries FILE FILE          the same, without catalogues, records and who they are by
//   node check.mjs count TYPE FILE            how many nodes have a type, by its full IRI
// Turtle is read with N3.js, JSON-LD with jsonld.js.
import fs from 'node:fs';
import rdf from '@zazuko/env';
import jsonld from 'jsonld';
import { Parser, Writer } from 'n3';
import canonize from 'rdf-canonize';
import SHACLValidator from 'rdf-validate-shacl';

const TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const DCAT = 'http://www.w3.org/ns/dcat#';
const FOAF = 'http://xmlns.com/foaf/0.1/';

const refuse = async (url) => {
  throw new Error(`a context would be fetched: ${url}`);
};
async function quads(file) {
  const text = fs.readFileSync(file, 'utf8');
  if (/\.jsonld$/.test(file)) {
    const nquads = await jsonld.toRDF(JSON.parse(text),
      { format: 'application/n-quads', documentLoader: refuse, safe: true });
    return new Parser({ format: 'N-Quads' }).parse(nquads);
  }
  return new Parser({ format: /\.nt$/.test(file) ? 'N-Triples' : 'Turtle' }).parse(text);
}
async function canonical(list) {
  const writer = new Writer({ format: 'N-Quads' });
  const text = await new Promise((done, failed) => {
    writer.addQuads(list);
    writer.end((error, result) => (error ? failed(error) : done(result)));
  });
  return canonize.canonize(text, { algorithm: 'RDFC-1.0', inputFormat: 'application/n-quads',
    format: 'application/n-quads', maxWorkFactor: Infinity });
}

async function shapes(shapesFile, files) {
  const shapeSet = rdf.dataset(await quads(shapesFile));
  const validator = new SHACLValidator(shapeSet, { factory: rdf });
  let failed = 0;
  for (const file of files) {
    const data = rdf.dataset(await quads(file));
    const report = await validator.validate(data);
    const found = report.results.filter((r) => /#Violation$/.test(r.severity?.value ?? ''));
    for (const r of found.slice(0, 20)) {
      console.error(`${file}: ${r.focusNode?.value} ${r.path?.value ?? ''} ${r.value?.value ?? ''} ` +
        `${r.sourceConstraintComponent?.value.split('#')[1]}`);
    }
    failed += found.length;
    console.log(`${file}: ${data.size} statements, ${found.length} violations, ` +
      `${report.results.length - found.length} warnings`);
  }
  return failed === 0;
}

// What the entries say, without the frame a catalogue puts around them.
function without(list) {
  const frame = new Set();
  for (const q of list) {
    if (q.predicate.value === TYPE &&
        [`${DCAT}Catalog`, `${DCAT}CatalogRecord`].includes(q.object.value)) {
      frame.add(q.subject.value);
    }
    if (q.predicate.value === `${FOAF}isPrimaryTopicOf`) frame.add(q.object.value);
  }
  const owners = new Set(list.filter((q) => frame.has(q.subject.value) && /#wasAttributedTo$|\/publisher$/
    .test(q.predicate.value)).map((q) => q.object.value));
  return list.filter((q) => !frame.has(q.subject.value) && !owners.has(q.subject.value) &&
    q.predicate.value !== `${FOAF}isPrimaryTopicOf`);
}

async function same(files, cut) {
  const texts = [];
  for (const file of files) {
    const list = await quads(file);
    texts.push(await canonical(cut ? without(list) : list));
  }
  for (let i = 1; i < texts.length; i++) {
    if (texts[i] === texts[0]) continue;
    const a = new Set(texts[0].split('\n')), b = new Set(texts[i].split('\n'));
    console.error([...a].filter((l) => !b.has(l)).slice(0, 5).map((l) => `- ${l}`).join('\n'));
    console.error([...b].filter((l) => !a.has(l)).slice(0, 5).map((l) => `+ ${l}`).join('\n'));
    console.error(`${files[0]} and ${files[i]} differ`);
    return false;
  }
  console.log(`${texts[0].split('\n').length - 1} statements`);
  return texts[0].length > 0;
}

const [verb, ...args] = process.argv.slice(2);
let good = false;
if (verb === 'shapes') good = await shapes(args[0], args.slice(1));
if (verb === 'same') good = await same(args, false);
if (verb === 'entries') good = await same(args, true);
if (verb === 'count') {
  const list = await quads(args[1]);
  console.log(list.filter((q) => q.predicate.value === TYPE && q.object.value === args[0]).length);
  good = true;
}
process.exit(good ? 0 : 1);
