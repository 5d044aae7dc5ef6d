/* One hit. */
import { entryLink } from "./api.js";
import { h } from "./dom.js";
import { ago, country, t, time } from "./i18n.js";
import { hostOf } from "./search_facets.js";
import { kindBadge, stateBadges } from "./states.js";

/* Marks count bytes of the text's UTF-8. */
export function marked(text, marks = []) {
  const bytes = new TextEncoder().encode(text ?? ""), words = new TextDecoder(), parts = [];
  let at = 0;
  for (const { at: from, length } of marks) {
    if (from < at || from + length > bytes.length) continue;
    parts.push(words.decode(bytes.subarray(at, from)), h("mark", {}, words.decode(bytes.subarray(from, from + length))));
    at = from + length;
  }
  return [...parts, words.decode(bytes.subarray(at))];
}

export function card(hit, names) {
  const name = hit.name?.text ? marked(hit.name.text, hit.name.marks) : [hit.key];
  const states = [hit.status, hit.contested && "contested", hit.content].filter(Boolean);
  const via = names.get(hit.participant)?.name, provider = hit.provider && hostOf(hit.provider);
  const origin = [provider, hit.country && country(hit.country), via && via !== provider && t("hit.via", { name: via })].filter(Boolean);
  return h("li", { class: "card hit" },
    h("div", { class: "row" }, kindBadge(hit.kind), stateBadges(states)),
    h("h2", {}, h("a", { href: entryLink(hit.participant, hit.key_hash) }, h("bdi", {}, name))),
    hit.snippet?.text && h("p", { class: "snippet" }, marked(hit.snippet.text, hit.snippet.marks), /[\p{P}]$/u.test(hit.snippet.text) ? "" : "…"),
    h("p", { class: "origin" }, h("span", {}, origin.join(" · ")),
      hit.as_of && h("time", { datetime: hit.as_of, title: time(hit.as_of) }, t("as_of", { ago: ago(hit.as_of) }))));
}
