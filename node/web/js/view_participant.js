/* One participant: its certificate, its entries, what it signed. */
import { entryLink, get } from "./api.js";
import { arrows, h, replace } from "./dom.js";
import { changeOps } from "./change_text.js";
import { ago, bytes as size, country, date, number, t, time } from "./i18n.js";
import { fault, notice, revokedNotice, stateBadges } from "./states.js";

function certificate(it) {
  const rows = [
    ["country", country(it.country)], ["url", /^https?:/.test(it.url) ? h("a", { href: it.url, rel: "noreferrer noopener", target: "_blank" }, it.url) : it.url],
    ["valid", `${date(it.not_before)} – ${date(it.not_after)}`], ["entries", `${number(it.entries)} · ${size(it.bytes)}`],
    ["signed", it.signed ? [h("time", { datetime: it.signed }, time(it.signed)), ` (${ago(it.signed)})`] : t("never")],
    ["version", it.version ?? t("never")], ["id", h("span", { class: "hash" }, it.participant)], ["feed_key", h("span", { class: "hash" }, it.feed_key)],
    ["root", h("span", { class: "hash" }, it.root)],
  ];
  return h("dl", { class: "facts tight" }, rows.map(([name, value]) => [h("dt", {}, t(`participant.${name}`)), h("dd", {}, value)]));
}

function entries(path, signal) {
  const list = h("ul", { class: "lines" }), foot = h("div");
  const add = async (after) => {
    try {
      const page = await get(`${path}/entries`, { signal, query: [["limit", "50"], ["about", "1"], ...(after ? [["after", after]] : [])] });
      const before = list.children.length;
      list.append(...page.entries.map((it) => h("li", {}, h("a", { href: entryLink(it.participant, it.key_hash) }, it.about?.name || it.key), " ", stateBadges([it.status, it.hidden ? "hidden" : it.content]))));
      if (after) list.children[before]?.querySelector("a").focus();
      if (list.children.length === 0) replace(foot, h("p", { class: "muted" }, t("participant.no_entries")));
      else replace(foot, page.next && h("button", { class: "button", type: "button", on: { click: () => add(page.next) } }, t("participant.more")));
    } catch (problem) {
      if (problem.name !== "AbortError") replace(foot, fault(problem, () => add(after)));
    }
  };
  arrows(list, "a");
  return { element: h("div", { class: "stack" }, list, foot), ready: add() };
}

const head = (it, participant) => h("li", {}, h("div", { class: "row" }, h("strong", { class: "number" }, it.version), h("time", { datetime: it.signed, class: "muted small" }, time(it.signed))),
  it.ops ? changeOps(it.ops, participant) : h("p", { class: "small muted" }, t("change.not_held")));

export async function open({ place, signal, parts: [id] }) {
  const path = `/v1/participants/${id}`;
  const [it, history] = await Promise.all([get(path, { signal }), get(`${path}/history`, { signal })]);
  const listed = entries(path, signal);
  await listed.ready;
  replace(place, h("div", { class: "stack loose" },
    h("header", { class: "stack" }, h("div", { class: "row" }, stateBadges(it.state, { all: true })), h("h1", {}, it.name), h("p", { class: "lead" }, t("participant.lead", { name: it.name, country: country(it.country) }))),
    it.contested && notice("bad", h("strong", {}, t("flag.contested")), h("p", {}, t("flag.contested_text", { name: it.name }))),
    it.revoked && revokedNotice(it),
    it.missing > 0 && notice("info", h("p", {}, t("participant.missing", { n: it.missing }))),
    h("div", { class: "split" },
      h("div", { class: "stack loose" },
        h("section", { class: "card stack", "aria-labelledby": "entries" }, h("h2", { id: "entries" }, t("participant.entries")), listed.element),
        h("section", { class: "card stack", "aria-labelledby": "history" }, h("h2", { id: "history" }, t("participant.history")), h("p", { class: "small muted" }, t("participant.history_text")),
          history.heads.length ? h("ol", { class: "lines" }, history.heads.map((each) => head(each, id))) : h("p", { class: "muted" }, t("participant.no_history")))),
      h("aside", {}, h("section", { class: "card stack", "aria-labelledby": "certificate" }, h("h2", { id: "certificate" }, t("participant.certificate")), certificate(it))))));
  return { title: it.name };
}
