// Writes tests/vectors/credentials.json: credentials signed by other implementations than the one
// under test (noble-curves for Ed25519 and P-256, forge for RSA), right ones and wrong ones.
//   node credentials.mjs >../vectors/credentials.json
import { ed25519 } from '@noble/curves/ed25519';
import { p256 } from '@noble/curves/p256';
import forge from 'node-forge';

const seed = (n) => new Uint8Array(32).fill(n);
const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const big = (n) => Buffer.from(n.toByteArray()[0] === 0 ? n.toByteArray().slice(1) : n.toByteArray());

function rsaKey(bits, n) {
  const prng = forge.random.createInstance();
  prng.seedFileSync = (needed) => String.fromCharCode(n).repeat(needed);
  return forge.pki.rsa.generateKeyPair({ bits, e: 65537, prng, algorithm: 'PRIMEINC' });
}
const rsa = rsaKey(2048, 7), small = rsaKey(1024, 8);
const ed = ed25519.getPublicKey(seed(1)), edOther = ed25519.getPublicKey(seed(9));
const ec = p256.getPublicKey(seed(2), false), ecShort = p256.getPublicKey(seed(2), true);

const edJwk = { kty: 'OKP', crv: 'Ed25519', x: b64u(ed) };
const ecJwk = { kty: 'EC', crv: 'P-256', x: b64u(ec.slice(1, 33)), y: b64u(ec.slice(33)) };
const rsaJwk = { kty: 'RSA', n: b64u(big(rsa.publicKey.n)), e: 'AQAB' };
const smallJwk = { kty: 'RSA', n: b64u(big(small.publicKey.n)), e: 'AQAB' };

function certificate(pair, name) {
  const made = forge.pki.createCertificate();
  made.publicKey = pair.publicKey;
  made.serialNumber = '01';
  made.validity.notBefore = new Date('2025-01-01T00:00:00Z');
  made.validity.notAfter = new Date('2035-01-01T00:00:00Z');
  const subject = [{ name: 'commonName', value: name }, { name: 'countryName', value: 'FR' }];
  made.setSubject(subject);
  made.setIssuer(subject);
  made.sign(pair.privateKey, forge.md.sha256.create());
  return forge.util.encode64(forge.asn1.toDer(forge.pki.certificateToAsn1(made)).getBytes());
}

// Signers: the bytes that are signed in, the signature out.
const sign = {
  EdDSA: (input) => ed25519.sign(Buffer.from(input), seed(1)),
  ES256: (input) => p256.sign(Buffer.from(input), seed(2), { prehash: true }).toCompactRawBytes(),
  PS256: (input, pair = rsa, salt = 32) => {
    const md = forge.md.sha256.create().update(input, 'utf8');
    const pss = forge.pss.create({
      md: forge.md.sha256.create(), mgf: forge.mgf.mgf1.create(forge.md.sha256.create()),
      salt: 's'.repeat(salt),
    });
    return Buffer.from(pair.privateKey.sign(md, pss), 'binary');
  },
  RS256: (input) =>
    Buffer.from(rsa.privateKey.sign(forge.md.sha256.create().update(input, 'utf8')), 'binary'),
};
function jwt(header, payload, signer = sign[header.alg]) {
  const input = `${b64u(text(header))}.${b64u(text(payload))}`;
  return `${input}.${b64u(signer(input))}`;
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function base58(bytes) {
  let n = BigInt(`0x${Buffer.from(bytes).toString('hex')}`), out = '';
  for (; n > 0n; n /= 58n) out = alphabet[Number(n % 58n)] + out;
  return out;
}
const multikey = (prefix, key) => `z${base58([...prefix, ...key])}`;
const edMulti = multikey([0xed, 1], ed), ecMulti = multikey([0x80, 0x24], ecShort);

const web = 'did:web:alpha.example';
const method = (name, rest) => ({
  id: `${web}#${name}`, type: 'JsonWebKey', controller: web, ...rest });
const document = {
  '@context': ['https://www.w3.org/ns/did/v1'],
  id: web,
  verificationMethod: [
    method('ed', { publicKeyJwk: { ...edJwk, alg: 'EdDSA', use: 'sig' } }),
    method('ec', { publicKeyJwk: { ...ecJwk, kid: 'the-ec-key', key_ops: ['verify'] } }),
    method('rsa', { publicKeyJwk: { ...rsaJwk, x5c: [certificate(rsa, 'alpha.example')] } }),
    method('rsa-other-cert', { publicKeyJwk: { ...rsaJwk, x5c: [certificate(small, 'x')] } }),
    method('small', { publicKeyJwk: smallJwk }),
    method('login', { publicKeyJwk: edJwk }),
    method('for-es', { publicKeyJwk: { ...edJwk, alg: 'ES256' } }),
    method('enc', { publicKeyJwk: { ...edJwk, use: 'enc' } }),
    method('secret', { publicKeyJwk: { ...edJwk, d: b64u(seed(1)) } }),
    method('curve', { publicKeyJwk: { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' } }),
    { id: '#relative', type: 'Multikey', controller: web, publicKeyMultibase: edMulti },
  ],
  authentication: [`${web}#login`],
  assertionMethod: [
    `${web}#ed`, '#ec', `${web}#rsa`, `${web}#rsa-other-cert`, `${web}#small`, `${web}#for-es`,
    `${web}#enc`, `${web}#secret`, `${web}#curve`, '#relative',
    method('inside', { publicKeyJwk: edJwk }),
  ],
};
const one = { id: 'did:web:one.example', verificationMethod: [
  { id: '#k', controller: 'did:web:one.example', publicKeyJwk: edJwk }], assertionMethod: ['#k'] };
const documents = {
  [web]: document, 'did:web:one.example': one,
  'did:web:not-its-own.example': document, 'did:web:broken.example': '{"id":',
};

const vc = {
  '@context': ['https://www.w3.org/ns/credentials/v2'], id: 'https://alpha.example/vc/1',
  type: ['VerifiableCredential'], issuer: web, validFrom: '2026-01-01T00:00:00Z',
  validUntil: '2027-01-01T02:00:00+02:00',
  credentialSubject: { id: 'https://alpha.example/s', type: 'gx:ServiceOffering' },
};
const vp = (list, rest = {}) => ({
  '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiablePresentation'],
  ...rest, verifiableCredential: list });
const head = (alg, kid, rest = {}) => ({ alg, typ: 'vc+jwt', cty: 'vc', iss: web, kid, ...rest });
const from = (issuer, rest = {}) => ({ ...vc, issuer, ...rest });
const good = jwt(head('EdDSA', `${web}#ed`), vc);
const envelope = (token, mark = ',') => ({
  '@context': 'https://www.w3.org/ns/credentials/v2', type: 'EnvelopedVerifiableCredential',
  id: `data:application/vc+jwt${mark}${token}` });

const didKeyEd = `did:key:${edMulti}`, didKeyEc = `did:key:${ecMulti}`;
const didJwk = `did:jwk:${b64u(text(rsaJwk))}`;
const bare = (alg, kid) => ({ alg, typ: 'vc+jwt', kid });
const other = (input) => ed25519.sign(Buffer.from(input), seed(9));
const parts = good.split('.');
const flip = (s, at) => s.slice(0, at) + (s[at] === 'A' ? 'B' : 'A') + s.slice(at + 1);
const tail = (s) => { // the same bytes to a lenient decoder: the unused bits of the last letter
  const set = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return s.slice(0, -1) + set[set.indexOf(s.at(-1)) ^ 1];
};

const cases = [];
const add = (name, state, doc, why = '', more = {}) =>
  cases.push({ name, state, document: text(doc), why, ...more });

add('EdDSA, did:web', 'verified', good, '', { issuer: web, algorithm: 'EdDSA', key_id: `${web}#ed` });
add('ES256, did:web, a relative reference', 'verified', jwt(head('ES256', `${web}#ec`), vc), '',
  { algorithm: 'ES256' });
add('PS256, did:web, with a certificate', 'verified', jwt(head('PS256', `${web}#rsa`), vc), '',
  { certificate: 'C=FR,CN=alpha.example' });
add('a certificate of another key says nothing', 'verified',
  jwt(head('PS256', `${web}#rsa-other-cert`), vc), '', { certificate: '' });
add('Multikey', 'verified', jwt(head('EdDSA', `${web}#relative`), vc));
add('key inside assertionMethod', 'verified', jwt(head('EdDSA', `${web}#inside`), vc));
add('kid is a fragment', 'verified', jwt(head('EdDSA', '#ed'), vc));
add('kid is a bare name', 'verified', jwt(head('EdDSA', 'ed'), vc));
add('kid of the JWK', 'verified', jwt(head('ES256', 'the-ec-key'), vc));
add('no kid, one key', 'verified', jwt({ alg: 'EdDSA' }, from('did:web:one.example')));
add('no kid, several keys', 'not verifiable here', jwt({ alg: 'EdDSA' }, vc), 'has no key');
add('white space around it', 'verified', `\n ${good}\n`);
add('in jwtCredential', 'verified', { jwtCredential: good });
add('enveloped', 'verified', envelope(good), '', { tokens: 1 });
add('enveloped with a semicolon', 'verified', envelope(good, ';'));
add('VC 1.1 claims', 'verified', jwt({ alg: 'EdDSA', typ: 'JWT', kid: `${web}#ed` }, {
  iss: web, nbf: 1767225600, exp: 1798761600, vc: { ...vc, validFrom: undefined } }), '',
  { valid_from_ms: 1767225600000, valid_until_ms: 1798761600000 });
add('typ vc+ld+json+jwt', 'verified', jwt(head('EdDSA', `${web}#ed`, { typ: 'vc+ld+json+jwt' }), vc));
add('issuer as an object', 'verified', jwt(head('EdDSA', `${web}#ed`), from({ id: web, name: 'A' })));
add('did:key, Ed25519', 'verified',
  jwt(bare('EdDSA', `${didKeyEd}#${edMulti}`), from(didKeyEd)), '', { offline: true });
add('did:key, P-256', 'verified',
  jwt(bare('ES256', `${didKeyEc}#${ecMulti}`), from(didKeyEc)), '', { offline: true });
add('did:key, kid is the DID', 'verified', jwt(bare('EdDSA', didKeyEd), from(didKeyEd)), '',
  { offline: true });
add('did:key, another fragment', 'not verifiable here',
  jwt(bare('EdDSA', `${didKeyEd}#${ecMulti}`), from(didKeyEd)), 'has no key');
add('did:jwk, RSA', 'verified', jwt(bare('PS256', `${didJwk}#0`), from(didJwk)), '',
  { offline: true });
add('did:jwk, another fragment', 'not verifiable here',
  jwt(bare('PS256', `${didJwk}#1`), from(didJwk)), 'has no key');
add('did:jwk with the secret half', 'wrong', jwt(bare('EdDSA', '#0'),
  from(`did:jwk:${b64u(text({ ...edJwk, d: b64u(seed(1)) }))}`)), 'secret half');
add('did:jwk that is no JSON', 'not verifiable here',
  jwt(bare('EdDSA', '#0'), from(`did:jwk:${b64u('{"kty"')}`)), 'not known here');
add('did:key of another curve', 'not verifiable here',
  jwt(bare('EdDSA', null), from(`did:key:${multikey([0xe7, 1], ecShort)}`)), 'not known here');
add('did:key that is too long', 'not verifiable here',
  jwt(bare('EdDSA', null), from(`did:key:z${'1'.repeat(5000)}`)), 'not known here');

add('presentation with two', 'verified',
  jwt(head('EdDSA', `${web}#ed`, { typ: 'vp+jwt' }), vp([envelope(good), good], { holder: web })),
  '', { tokens: 3 });
add('presentation signed with a login key', 'verified',
  jwt(head('EdDSA', `${web}#login`, { typ: 'vp+jwt' }), vp([good])));
add('presentation, plain, of enveloped ones', 'verified', vp([envelope(good)]));
add('presentation with a changed one', 'wrong', jwt(head('EdDSA', `${web}#ed`),
  vp([good, envelope(`${parts[0]}.${parts[1]}.${flip(parts[2], 3)}`)])), 'not that key');
add('presentation with an unsigned one', 'not verifiable here',
  jwt(head('EdDSA', `${web}#ed`), vp([vc])), 'no signature of its own');
add('presentation with one of an unknown issuer', 'not verifiable here', vp([good,
  envelope(jwt({ alg: 'EdDSA', kid: 'did:web:gone.example#1' }, from('did:web:gone.example')))]),
  'no DID document of did:web:gone.example', { issuer: 'did:web:gone.example' });
add('a credential signed with a login key', 'wrong',
  jwt(head('EdDSA', `${web}#login`), vc), 'does not let this key');
add('holder that is not the signer', 'wrong',
  jwt(head('EdDSA', `${web}#ed`, { iss: undefined }), vp([good], { holder: 'did:web:x.example' })),
  'not its issuer');

add('unsigned', 'unsigned', vc);
add('no credential at all', 'unsigned', { id: 'https://alpha.example/x' });
add('no JSON', 'unsigned', 'hello');
add('JSON-LD proof', 'not verifiable here', { ...vc, proof: {
  type: 'JsonWebSignature2020', verificationMethod: `${web}#rsa`, jws: 'a..b' } },
  'JsonWebSignature2020');
add('nothing in the replica', 'not verifiable here', good, 'no DID document', { offline: true });
add('document under another DID', 'not verifiable here', jwt(bare('EdDSA', 'ed'),
  from('did:web:not-its-own.example')), 'no DID document of it');
add('document that is no JSON', 'not verifiable here', jwt(bare('EdDSA', 'ed'),
  from('did:web:broken.example')), 'no DID document of it');
add('issuer is no DID', 'not verifiable here', jwt({ alg: 'EdDSA' },
  from('https://alpha.example')), 'no DID');
add('a key that is not there', 'not verifiable here',
  jwt(head('EdDSA', `${web}#gone`), vc), 'has no key');
add('expired', 'verified', jwt(head('EdDSA', `${web}#ed`),
  from(web, { validUntil: '2026-02-01T00:00:00Z' })), '', { period: 2 });
add('not yet', 'verified', jwt(head('EdDSA', `${web}#ed`),
  from(web, { validFrom: '2026-12-01T00:00:00Z' })), '', { period: 1 });
add('expired by exp', 'verified', jwt(head('EdDSA', `${web}#ed`),
  from(web, { exp: 1769904000.5 })), '', { period: 2 });

add('payload changed', 'wrong', `${parts[0]}.${b64u(text({ ...vc, id: 'urn:x' }))}.${parts[2]}`,
  'not that key');
add('header changed', 'wrong',
  `${b64u(text(head('EdDSA', `${web}#ed`, { typ: 'JWT' })))}.${parts[1]}.${parts[2]}`,
  'not that key');
add('signature changed', 'wrong', `${parts[0]}.${parts[1]}.${flip(parts[2], 10)}`, 'not that key');
add('signature cut', 'wrong', `${parts[0]}.${parts[1]}.${parts[2].slice(0, 80)}`, 'not that key');
add('signature longer', 'wrong', `${good}AA`, 'not that key');
add('another text for the same signature', 'wrong', `${parts[0]}.${parts[1]}.${tail(parts[2])}`,
  'not that key');
add('signed by another key', 'wrong', jwt(head('EdDSA', `${web}#ed`), vc, other), 'not that key');
add('signed by another key, which the header brings', 'wrong', jwt(head('EdDSA', `${web}#ed`, {
  jwk: { kty: 'OKP', crv: 'Ed25519', x: b64u(edOther) } }), vc, other), 'not that key');
add('signed by another DID', 'wrong', jwt({ alg: 'EdDSA', kid: `${didKeyEd}#${edMulti}` }, vc),
  'not its issuer');
add('two issuers', 'wrong', jwt(head('EdDSA', `${web}#ed`, { iss: 'did:web:x.example' }), vc),
  'more than one issuer');
add('no issuer', 'wrong', jwt({ alg: 'EdDSA', kid: `${didKeyEd}#${edMulti}` },
  { ...vc, issuer: undefined }), 'names no issuer');
add('alg none', 'wrong', `${b64u(text(head('none', `${web}#ed`)))}.${parts[1]}.`,
  'without a signature');
add('alg None with a signature', 'wrong', jwt(head('nOnE', `${web}#ed`), vc, sign.EdDSA),
  'without a signature');
add('no alg', 'wrong', jwt({ kid: `${web}#ed` }, vc, sign.EdDSA), 'without a signature');
add('signature left out', 'wrong', `${parts[0]}.${parts[1]}.`, 'without a signature');
add('HMAC with the public key', 'not verifiable here', jwt(head('HS256', `${web}#rsa`), vc,
  (input) => {
    const mac = forge.hmac.create();
    mac.start('sha256', forge.pki.publicKeyToPem(rsa.publicKey));
    mac.update(input);
    return Buffer.from(mac.digest().getBytes(), 'binary');
  }), 'HS256');
add('RS256', 'not verifiable here', jwt(head('RS256', `${web}#rsa`), vc), 'RS256');
add('RS256 that says PS256', 'wrong', jwt(head('PS256', `${web}#rsa`), vc, sign.RS256),
  'not that key');
add('PS256 with a short salt', 'wrong',
  jwt(head('PS256', `${web}#rsa`), vc, (input) => sign.PS256(input, rsa, 16)), 'not that key');
add('EdDSA for an EC key', 'wrong', jwt(head('EdDSA', `${web}#ec`), vc), 'does not go with');
add('ES256 for an RSA key', 'wrong', jwt(head('ES256', `${web}#rsa`), vc), 'does not go with');
add('an algorithm that the key is not for', 'wrong', jwt(head('EdDSA', `${web}#for-es`), vc),
  'for ES256 only');
add('a key that is for encryption', 'wrong', jwt(head('EdDSA', `${web}#enc`), vc),
  'does not let this key');
add('a key whose secret is published', 'wrong', jwt(head('EdDSA', `${web}#secret`), vc),
  'secret half');
add('a small RSA key', 'not verifiable here', jwt(head('PS256', `${web}#small`), vc,
  (input) => sign.PS256(input, small)), 'size is not taken');
add('an unknown curve', 'not verifiable here', jwt(head('ES256', `${web}#curve`), vc),
  'not known here');
add('ES256 as DER', 'wrong', jwt(head('ES256', `${web}#ec`), vc,
  (input) => p256.sign(Buffer.from(input), seed(2), { prehash: true }).toDERRawBytes()),
  'not that key');
add('ES256 with r and s zero', 'wrong', jwt(head('ES256', `${web}#ec`), vc,
  () => new Uint8Array(64)), 'not that key');
add('b64 false', 'not verifiable here', jwt(head('EdDSA', `${web}#ed`,
  { b64: false, crit: ['b64'] }), vc), 'extensions');
add('b64 false without crit', 'not verifiable here',
  jwt(head('EdDSA', `${web}#ed`, { b64: false }), vc), 'extensions');
add('crit of its own', 'not verifiable here',
  jwt(head('EdDSA', `${web}#ed`, { crit: ['exp'] }), vc), 'extensions');
add('alg twice', 'wrong', jwt(
  `{"alg":"none","alg":"EdDSA","kid":"${web}#ed"}`, vc, sign.EdDSA), 'cannot be read');
add('header that is no object', 'wrong', jwt('["EdDSA"]', vc, sign.EdDSA), 'cannot be read');
add('wrapped too often', 'not verifiable here', [...Array(7)].reduce(
  (inner) => jwt(head('EdDSA', `${web}#ed`, { typ: 'vp+jwt' }), vp([inner])), good), 'wrapped');

const jws = [ // RFC 8037 A.4, RFC 7515 A.3: the compact form and the key
  { name: 'RFC 8037 A.4', key: { kty: 'OKP', crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, compact:
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcv' +
    'Mg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg' },
  { name: 'RFC 7515 A.3', key: { kty: 'EC', crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }, compact:
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm' +
    'NvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSAp' +
    'mWQxfKTUJqPP3-Kg6NU1Q' },
];
process.stdout.write(`${JSON.stringify({ now_ms: 1790000000000, documents:
  Object.fromEntries(Object.entries(documents).map(([did, doc]) => [did, text(doc)])),
  cases, jws }, null, 1)}\n`);
