/* The federation as this node sees it: who governs, the nodes, who stands where. */
import { all, get } from "./api.js";
import { h, replace } from "./dom.js";
import { ago, bytes as size, country, number, t, time } from "./i18n.js";
import { map } from "./map.js";
import { notice } from "./states.js";
import { table } from "./table.js";

const EVERY_MS = 10000, EVERY_LARGE_MS = 60000;
const READ = 5000, DRAWN = 1000, LISTED = 200; /* nodes */

/* -- what is known of each node ------------------------------------------------------------------ */

function differing(status, key) {
  return status.checkpoints_differing.find((it) => it.node_key === key)?.view;
}

function judge(node, peer, status) {
  if (node.key === status.node_key) return ["good", t("node.self")];
  const view = differing(status, node.key);
  if (view) return [view === "behind" ? "warn" : "bad", t(`node.${view.replaceAll(" ", "_")}`)];
  if (peer?.state === "open") return peer.in_sync ? ["good", t("node.in_sync")] : ["warn", t("node.lags", { n: peer.behind })];
  if (peer) return ["warn", t("node.dialling")];
  return ["quiet", t("node.not_linked")];
}

function gather(nodes, { peers }, status) {
  const byKey = new Map();
  for (const it of peers) if (byKey.get(it.key)?.state !== "open") byKey.set(it.key, it); /* one may be dialled while it dials */
  return nodes.map((node) => {
    const peer = byKey.get(node.key), [tone, words] = judge(node, peer, status), self = node.key === status.node_key;
    const checkpoint = self ? { digest: status.digest, time: status.now, entries: status.entries } : node.checkpoint;
    return { ...node, peer, tone, words, self, checkpoint, linked: peer?.state === "open", title: `${node.name}: ${words}` };
  }).sort((a, b) => b.self - a.self || Boolean(b.linked) - Boolean(a.linked) || a.name.localeCompare(b.name));
}

/* -- parts --------------------------------------------------------------------------------------- */

function digestCell(node, status) {
  const seen = node.checkpoint;
  if (!seen) return t("node.no_checkpoint");
  const same = seen.digest === status.digest;
  return [h("span", { class: "hash" }, seen.digest.slice(0, 12)), " ", same && !node.self && h("span", { class: "badge good" }, t("node.same_digest")),
    !node.self && h("div", { class: "small muted" }, t("node.as_of", { ago: ago(seen.time) }))];
}

const trip = (us) => us ? t("node.ms", { ms: us < 10000 ? Math.round(us / 100) / 10 : Math.round(us / 1000) }) : "–";

const columns = (status) => [
  { title: t("node.node"), show: (it) => [h("a", { href: `/participants/${it.participant}` }, it.name), it.endpoints.length > 0 && h("div", { class: "small muted hash" }, it.endpoints[0])] },
  { title: t("node.region"), show: (it) => [country(it.region || it.country)] },
  { title: t("node.state"), show: (it) => h("span", { class: `badge ${it.tone}` }, it.words) },
  { title: t("node.lag"), number: true, show: (it) => it.self ? "–" : it.linked ? number(it.peer.behind) : "–" },
  { title: t("node.trip"), number: true, show: (it) => trip(it.peer?.round_trip_us) },
  { title: t("node.digest"), show: (it) => digestCell(it, status) },
];

function tile(label, value, more) {
  return h("div", { class: "card tile" }, h("dt", {}, label), h("dd", {}, value, more && h("div", { class: "small muted" }, more)));
}

function tiles(status) {
  const tone = status.sync === "in sync" ? "good" : "warn";
  return h("dl", { class: "tiles" },
    tile(t("status.sync"), h("span", { class: `badge ${tone}` }, h("span", { class: "dot" }), t(`sync.${status.sync.replaceAll(" ", "_")}`)), status.synced ? t("status.synced", { ago: ago(status.synced) }) : undefined),
    tile(t("status.entries"), number(status.entries), t("status.entries_more", { bytes: size(status.bytes), feeds: number(status.feeds) })),
    tile(t("status.peers"), number(status.peers_open), t("status.peers_more", { n: status.peers_in_sync })),
    tile(t("status.missing"), number(status.contents_missing), t("status.newest", { ago: status.newest_signed ? ago(status.newest_signed) : t("never") })),
    tile(t("status.digest"), h("span", { class: "hash" }, status.digest), t("status.digest_more")));
}

function charterCard(charter, status) {
  const it = charter.charter, governors = it.governors;
  return h("section", { class: "card stack", "aria-labelledby": "charter" }, h("h2", { id: "charter" }, t("charter.title")),
    h("dl", { class: "facts" },
      h("dt", {}, t("charter.name")), h("dd", {}, t("charter.version", { name: status.charter, version: status.charter_version })),
      h("dt", {}, t("charter.id")), h("dd", { class: "hash" }, status.federation),
      h("dt", {}, t("charter.governors")), h("dd", {}, h("ul", { class: "plainlist" }, governors.map((each) => h("li", {}, `${each.name}, ${country(each.country)}`)))),
      h("dt", {}, t("charter.rules")), h("dd", {}, t("charter.rules_text", { admit: it.admit, quorum: it.quorum, n: governors.length }))));
}

/* -- the view ------------------------------------------------------------------------------------ */

async function load(signal) {
  const [nodes, status, peers, charter] = await Promise.all([all("/v1/nodes", "nodes", { signal, most: READ }), ...["/v1/status", "/v1/peers", "/v1/charter"].map((path) => get(path, { signal }))]);
  const known = gather(nodes.items, peers, status);
  return { status, charter, known, more: nodes.more, nodes: known.slice(0, DRAWN) };
}

function cut({ known, nodes, more }) {
  const lines = [known.length > nodes.length && t(more ? "federation.drawn_more" : "federation.drawn", { shown: nodes.length, all: known.length }),
    known.length > LISTED && t("federation.listed", { shown: LISTED, all: known.length })].filter(Boolean);
  return lines.length > 0 && h("p", { class: "muted small", id: "cut" }, lines.join(" "));
}

function summary(nodes) {
  return t("map.label", { n: nodes.length, linked: nodes.filter((it) => it.linked).length, sync: nodes.filter((it) => it.linked && it.peer.in_sync).length });
}

export async function open({ place, signal }) {
  const live = h("div", { class: "stack loose" }), stale = h("div");
  let seen = "", seenLast = await load(signal);
  const show = async (loaded) => {
    const { status, nodes, charter } = loaded, words = summary(loaded.known);
    const picture = JSON.stringify([words, nodes.map((it) => [it.key, it.tone, it.linked])]);
    const figure = picture === seen ? live.querySelector("figure.map") : await map(nodes, words);
    const scrolled = live.querySelector(".scroll")?.scrollLeft ?? 0;
    seen = picture;
    replace(live, status.disputed && notice("bad", h("strong", {}, t("charter.disputed")), h("p", {}, t("charter.disputed_text"))), h("div", { class: "overview" }, figure, tiles(status)),
      h("section", { class: "stack", "aria-labelledby": "nodes" }, h("h2", { id: "nodes" }, t("node.title")), h("p", { class: "muted" }, words), cut(loaded), table(t("node.title"), columns(status), nodes.slice(0, LISTED))),
      charterCard(charter, status), h("p", { class: "small muted" }, t("federation.as_of", { time: time(status.now) })));
    live.querySelector(".scroll").scrollLeft = scrolled;
  };
  await show(seenLast);
  replace(place, h("div", { class: "stack loose" }, h("header", { class: "stack" }, h("h1", {}, seenLast.status.charter || t("federation.title")), h("p", { class: "lead" }, t("federation.lead"))), stale, live));
  const again = async () => {
    if (document.visibilityState !== "visible" || live.contains(document.activeElement)) return;
    try {
      await show(seenLast = await load(signal));
      replace(stale);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(stale, notice("warn", h("p", {}, t("federation.stale", { ago: ago(seenLast.status.now) }))));
    }
  };
  const timer = setInterval(again, seenLast.known.length > DRAWN ? EVERY_LARGE_MS : EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return { title: t("federation.title") };
}
