/* Who takes part. */
import { all } from "./api.js";
import { arrows, h, replace } from "./dom.js";
import { ago, country, number, t, time } from "./i18n.js";
import { empty, stateBadges } from "./states.js";
import { table } from "./table.js";

const SHOWN = 200;

const columns = () => [
  { title: t("participant.name"), show: (it) => h("a", { href: `/participants/${it.participant}` }, it.name) },
  { title: t("participant.country"), show: (it) => country(it.country) },
  { title: t("participant.state"), show: (it) => h("span", { class: "row" }, stateBadges(it.state, { all: true })) },
  { title: t("participant.entries"), number: true, show: (it) => number(it.entries) },
  { title: t("participant.signed"), show: (it) => it.signed ? h("time", { datetime: it.signed, title: time(it.signed), class: "nowrap" }, ago(it.signed)) : t("never") },
];

export async function open({ place, signal, go }) {
  const { items, more } = await all("/v1/participants", "participants", { signal });
  items.sort((a, b) => a.name.localeCompare(b.name));
  const list = h("div", { class: "stack" });
  const field = h("input", { class: "field", type: "search", id: "filter", autocomplete: "off", value: new URLSearchParams(location.search).get("q") ?? "" });
  const count = h("p", { class: "muted", role: "status" });
  const show = () => {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const found = items.filter((it) => words.every((word) => `${it.name} ${country(it.country)} ${it.country} ${it.state}`.toLocaleLowerCase().includes(word)));
    count.textContent = t("participants.count", { n: found.length }) + (more ? ` ${t("participants.more")}` : "");
    replace(list, found.length ? table(t("participants.title"), columns(), found.slice(0, SHOWN)) : empty("search", t("participants.none"), h("p", {}, t("participants.none_text"))),
      found.length > SHOWN && h("p", { class: "muted small" }, t("participants.cut", { n: SHOWN })));
  };
  field.addEventListener("input", () => {
    show();
    go(field.value ? `/participants?q=${encodeURIComponent(field.value)}` : "/participants", { instead: true });
  });
  arrows(list, "th a", field);
  field.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("th a")?.focus(); } });
  show();
  replace(place, h("div", { class: "stack" }, h("h1", {}, t("participants.title")), h("p", { class: "lead" }, t("participants.lead")),
    h("div", { class: "filter" }, h("label", { for: "filter" }, t("participants.filter")), field), count, list));
  return { title: t("participants.title"), update: () => {
    const asked = new URLSearchParams(location.search).get("q") ?? "";
    if (asked !== field.value) { field.value = asked; show(); }
  } };
}
