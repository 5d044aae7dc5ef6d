/* One entry: what it says, who says so, and whether that is so. */
import { entryPath, get, getBytes, Problem } from "./api.js";
import { h, icon, replace, save, say } from "./dom.js";
import { documentView, read } from "./document_view.js";
import { ago, bytes as size, country, date, known, rich, t, time, tongue } from "./i18n.js";
import { runCheck, trustField } from "./proof_panel.js";
import { valueName } from "./search_facets.js";
import { fault, kindBadge, notice, revokedNotice, stateBadges } from "./states.js";

const isLink = (text) => /^https?:\/\//.test(text);
const link = (text) => isLink(text) ? h("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, text) : text;
const day = (text) => Number.isNaN(Date.parse(text)) ? text : date(text);

/* Where a country comes from that the document does not say. */
const located = (about) => [country(about.country), about.country_from && h("div", { class: "small muted" }, t(`country.by_${about.country_from}`))];

const fields = [
  ["provider", (about) => about.provider_name ? [about.provider_name, about.provider && h("div", { class: "hash muted" }, link(about.provider))] : about.provider && link(about.provider)],
  ["country", (about) => about.country && located(about)],
  ["issuer", (about) => about.issuer && h("span", { class: "hash" }, link(about.issuer))],
  ["valid_from", (about) => about.valid_from && day(about.valid_from)],
  ["valid_until", (about) => about.valid_until && day(about.valid_until)],
  ["license", (about) => about.license && link(about.license)],
  ["terms", (about) => about.terms && link(about.terms)],
  ["endpoint", (about) => about.endpoint && link(about.endpoint)],
  ["language", (about) => about.language && tongue(about.language)],
  ["themes", (about) => about.themes?.length && h("span", { class: "row" }, about.themes.map((it) => h("span", { class: "badge" }, valueName("theme", it))))],
  ["keywords", (about) => about.keywords?.length && h("span", { class: "row" }, about.keywords.map((it) => h("a", { class: "badge", href: `/search?q=${encodeURIComponent(`keyword:"${it.replaceAll('"', "")}"`)}` }, it)))],
];

function facts(about) {
  const rows = fields.map(([name, show]) => [name, show(about)]).filter(([, value]) => value);
  return rows.length > 0 && h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, t(`field.${name}`)), h("dd", {}, value)]));
}

/* -- flags --------------------------------------------------------------------------------------- */

function flags(meta, participant) {
  const list = [];
  if (meta.status !== "active") list.push(notice(meta.status === "revoked" ? "bad" : "warn", h("p", {}, t(`flag.${meta.status}`, { name: participant.name }))));
  if (participant.contested) list.push(notice("bad", h("strong", {}, t("flag.contested")), h("p", {}, t("flag.contested_text", { name: participant.name }))));
  if (participant.revoked) list.push(revokedNotice(participant));
  if (participant.state.includes("expired")) list.push(notice("warn", h("p", {}, t("flag.expired", { name: participant.name }))));
  if (participant.state.includes("silent")) list.push(notice("warn", h("p", {}, t("flag.silent", { name: participant.name, ago: ago(participant.signed) }))));
  if (meta.hidden) list.push(notice("warn", h("p", {}, t("flag.hidden"))));
  return list;
}

/* -- the document's own signature ---------------------------------------------------------------- */

const signatureTones = { verified: "good", wrong: "bad", "not verifiable here": "warn" };

/* Whose word it is that the key belongs to who is said to have signed. */
function keySource(signature) {
  if (signature.key_published_by) return t(signature.key_vouched ? "signature.key_vouched" : "signature.key_unvouched", { name: signature.key_published_by });
  return signature.key_vouched && t("signature.key_own");
}

function signaturePeriod(signature) {
  if (signature.period === "expired") return signature.valid_until ? t("signature.expired", { date: date(signature.valid_until) }) : t("signature.expired_once");
  return signature.period === "not yet valid" && t("signature.not_yet", { date: date(signature.valid_from) });
}

/* Why it is not simply right; a code that this page does not know in the node's own words. */
function signatureWhy(signature) {
  const key = `signature.why.${signature.why_code}`;
  if (known(key)) return h("div", { class: "small" }, t(key, signature.why_about));
  return signature.why && h("div", { class: "small", lang: "en" }, signature.why);
}

function signatureText(meta, about) {
  const signature = meta.signature, how = about?.signed_as;
  if (!signature) return how && how !== "none" ? t("signature.carried", { how }) : t("signature.unread");
  if (signature.state === "unsigned") return t("signature.none");
  const key = `signature.${signature.state.replaceAll(" ", "_")}`, word = known(key) ? t(key) : signature.state;
  const line = (text, tone = "") => text && h("div", { class: `small ${tone}` }, text);
  return [h("span", { class: `badge ${signatureTones[signature.state] ?? ""}` }, word), " ",
    signature.state === "verified" && signature.issuer && h("span", {}, rich("signature.by", { issuer: h("span", { class: "hash" }, signature.issuer) })),
    signatureWhy(signature), line(keySource(signature), signature.key_vouched ? "muted" : ""), line(signaturePeriod(signature)),
    signature.certificate && line(t("signature.certificate", { name: signature.certificate }), "muted")];
}

/* -- provenance ---------------------------------------------------------------------------------- */

function provenance(meta, participant, about) {
  const rows = [
    ["participant", h("a", { href: `/participants/${meta.participant}` }, participant.name)],
    ["member_in", country(participant.country)],
    meta.signed && ["signed", [h("time", { datetime: meta.signed }, meta.signed_exact ? time(meta.signed) : t("provenance.before", { time: time(meta.signed) })), h("div", { class: "small muted" }, t("signed_ago", { ago: ago(meta.signed) }))]],
    meta.accepted && ["accepted", h("time", { datetime: meta.accepted }, time(meta.accepted))],
    ["as_of", [h("time", { datetime: participant.signed }, time(participant.signed)), h("div", { class: "small muted" }, t("as_of", { ago: ago(participant.signed) }))]],
    ["version", h("span", { class: "number" }, meta.version)],
    ["credential", h("div", { id: "document-signature" }, signatureText(meta, about))],
    ["key", h("span", { class: "hash" }, meta.key)],
    ["commitment", h("span", { class: "hash" }, meta.commitment)],
  ].filter(Boolean);
  return h("section", { class: "card stack", "aria-labelledby": "provenance" }, h("h2", { id: "provenance" }, t("provenance.title")),
    h("dl", { class: "facts tight" }, rows.map(([name, value]) => [h("dt", {}, t(`provenance.${name}`)), h("dd", {}, value)])));
}

function fileName(meta) {
  return (meta.key.split(/[/#:]/).filter(Boolean).at(-1) ?? "entry").replace(/[^\w.-]+/g, "_").slice(0, 60) || "entry";
}

/* -- the proof ----------------------------------------------------------------------------------- */

function proofSection(meta, path, status, signal) {
  const place = h("div"), name = `${fileName(meta)}.proof`, trust = trustField(status?.federation);
  const command = h("code"), tell = () => { command.textContent = `fedcat check-proof ${name} --federation ${trust.input.value.trim() || "ID"}`; };
  trust.input.addEventListener("input", tell);
  tell();
  const fetchProof = async (then) => {
    try {
      await then((await getBytes(`${path}/proof`, { signal })).bytes);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(place, fault(problem));
    }
  };
  const check = h("button", { class: "button main", type: "button", on: { click: async () => {
    check.disabled = true;
    await fetchProof((proof) => runCheck(place, proof, trust.input.value, { participant: meta.participant, key: meta.key }));
    check.disabled = false;
  } } }, icon("shield"), t("proof.check"));
  const download = h("button", { class: "button", type: "button", on: { click: () => fetchProof((proof) => save(proof, name, "application/vnd.fedcat.proof")) } }, icon("down"), t("proof.download"));
  const copy = h("button", { class: "button", type: "button", on: { click: async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      say(t("copied"));
      copy.lastChild.textContent = t("copied");
    } catch {
      getSelection().selectAllChildren(command); /* no clipboard without TLS: it is marked instead */
    }
  } } }, icon("copy"), t("copy"));
  return h("section", { class: "card stack", "aria-labelledby": "proof" },
    h("h2", { id: "proof" }, t("proof.title")), h("p", { class: "muted" }, t("proof.about")),
    trust.element, h("div", { class: "row" }, check, download), place,
    h("details", {}, h("summary", {}, t("proof.offline")), h("div", { class: "stack" }, h("p", { class: "small muted" }, t("proof.offline_text")), h("div", { class: "command" }, h("pre", { class: "code" }, command), copy))));
}

/* -- the original -------------------------------------------------------------------------------- */

function original(meta, content) {
  const body = content.fault
    ? content.fault.status === 451 ? notice("warn", h("strong", {}, t("withheld.title")), h("p", {}, t("withheld.text")), h("p", { class: "small", lang: "en" }, content.fault.detail))
      : notice("warn", h("p", {}, t(content.fault.code === "CONTENT_MISSING" ? "document.missing" : "document.unread")), h("p", { class: "small", lang: "en" }, content.fault.detail))
    : documentView(read(content.bytes, content.type));
  return h("section", { class: "card stack", "aria-labelledby": "original" },
    h("div", { class: "row" }, h("h2", { id: "original" }, t("document.title")), h("span", { class: "small muted" }, `${meta.media_type} · ${size(meta.size)}`),
      !content.fault && h("button", { class: "button end", type: "button", on: { click: () => save(content.bytes, `${fileName(meta)}${/json/.test(meta.media_type) ? ".json" : ""}`, "application/octet-stream") } }, icon("down"), t("document.download"))),
    !content.fault && h("p", { class: "small muted" }, t("document.about")), body);
}

/* What search knows beside the document: its provider's name and country may stand elsewhere. */
async function aboutOf(meta, signal) {
  const about = meta.about ?? {};
  if (!meta.about || (about.country && (about.provider_name || !about.provider))) return about;
  const query = [["q", `key:"${meta.key}"`], ["participant", meta.participant], ["limit", "1"]];
  const [hit] = (await get("/v1/search", { query, signal }).catch(() => ({ hits: [] }))).hits;
  if (!hit) return about;
  const named = hit.provider_from === "provider" ? { provider_name: hit.provider } : {};
  return { ...about, ...named, ...(about.country || !hit.country ? {} : { country: hit.country, country_from: hit.country_from }) };
}

async function contentOf(path, meta, signal) {
  if (meta.hidden) return { fault: new Problem(404, "HIDDEN", t("flag.hidden")) };
  try {
    return await getBytes(path, { signal });
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    return { fault: problem };
  }
}

export async function open({ place, signal, parts: [participantId, keyHash] }) {
  const path = entryPath(participantId, keyHash);
  const [meta, participant, status] = await Promise.all([get(`${path}/meta`, { signal }), get(`/v1/participants/${participantId}`, { signal }), get("/v1/status", { signal }).catch(() => undefined)]);
  const [content, about] = await Promise.all([contentOf(path, meta, signal), aboutOf(meta, signal)]), title = about.name || meta.key;
  replace(place, h("article", { class: "entry" },
    h("header", { class: "stack" },
      h("div", { class: "row" }, kindBadge(about.kind), stateBadges([meta.status, participant.contested && "contested", meta.hidden ? "hidden" : meta.content].filter(Boolean), { all: true })),
      h("h1", { lang: about.language || undefined }, h("bdi", {}, title)),
      h("p", { class: "lead" }, t("entry.by"), " ", h("a", { href: `/participants/${participantId}` }, h("bdi", {}, participant.name)), ", ", country(participant.country))),
    h("div", { class: "stack" }, flags(meta, participant)),
    h("div", { class: "split" },
      h("div", { class: "stack loose" },
        about.description && h("section", { class: "prose", lang: about.language || undefined, "aria-label": t("field.description") }, about.description.split(/\n{2,}/).map((it) => h("p", {}, it))),
        facts(about) && h("section", { class: "card stack", "aria-labelledby": "said-facts" }, h("h2", { id: "said-facts" }, t("entry.says")), facts(about)),
        proofSection(meta, path, status, signal),
        original(meta, content)),
      h("aside", {}, provenance(meta, participant, about)))));
  return { title };
}
