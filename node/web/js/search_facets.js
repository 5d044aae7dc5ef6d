/* Facets: each a list of values to tick, the most frequent first. */
import { h, icon } from "./dom.js";
import { country, known, number, t, tongue } from "./i18n.js";

const SHOWN = 6;
const open = new Set(); /* lists that were unfolded */

const inWords = (prefix) => (value) => {
  const key = `${prefix}.${value.replaceAll(" ", "_")}`;
  return known(key) ? t(key) : undefined;
};
/* "did:web:acme.example" and "https://acme.example/participant" are both acme.example's. */
export function hostOf(iri) {
  return /^(?:https?:\/\/|did:web:)([^/:#?]+)/.exec(iri)?.[1] ?? iri;
}

const sayers = {
  country: country, kind: inWords("kind"), state: inWords("state"),
  language: (value) => /^[a-z]{2,3}(-|$)/i.test(value) ? tongue(value) : undefined,
  provider: (value, name) => name && name !== value ? name : hostOf(value),
  theme: (value) => inWords("theme")(value.split("/").at(-1).toUpperCase()) ?? (/^https?:/.test(value) ? value.split(/[/#]/).filter(Boolean).at(-1) : undefined),
};

export const valueName = (facet, value, name) => sayers[facet]?.(value, name) || name || value;

function item(facet, { value, name, count }, on, toggle) {
  const id = `f-${facet}-${value}`;
  return h("li", {}, h("label", {},
    h("input", { type: "checkbox", checked: on, "data-id": id, on: { change: (event) => toggle(facet, value, event.target.checked) } }),
    h("bdi", { class: "name" }, valueName(facet, value, name)),
    count !== undefined && h("span", { class: "number muted" }, number(count))));
}

function group(facet, { values, others }, chosen, toggle) {
  const ticked = chosen.get(facet) ?? [];
  const missing = ticked.filter((value) => !values.some((it) => it.value === value)).map((value) => ({ value }));
  const all = [...missing, ...values], unfolded = open.has(facet);
  const visible = unfolded ? all : all.filter((it, i) => i < SHOWN || ticked.includes(it.value));
  if (all.length === 0) return undefined;
  const list = h("ul", {}, visible.map((it) => item(facet, it, ticked.includes(it.value), toggle)));
  const fieldset = h("fieldset", { "data-facet": facet }, h("legend", {}, t(`facet.${facet}`)), list);
  if (all.length > visible.length) fieldset.append(h("button", { type: "button", class: "button quiet small", on: { click: (event) => {
    open.add(facet);
    list.append(...all.filter((it) => !visible.includes(it)).map((it) => item(facet, it, ticked.includes(it.value), toggle)));
    list.children[visible.length]?.querySelector("input").focus();
    event.currentTarget.remove();
  } } }, t("facet.more", { n: all.length - visible.length })));
  else if (others > 0) fieldset.append(h("p", { class: "small muted" }, t("facet.others", { n: others })));
  return fieldset;
}

/* A single value that all have narrows nothing down. */
function parts(facet, { values }, total, chosen) {
  return chosen.has(facet) || values.length > 1 || (values.length === 1 && values[0].count < total);
}

/* What is ticked, to take away one by one. */
export function chips(chosen, facets, toggle) {
  return [...chosen].flatMap(([facet, values]) => values.map((value) => {
    const name = valueName(facet, value, facets[facet]?.values.find((it) => it.value === value)?.name);
    return h("li", {}, h("button", { type: "button", class: "chip", "aria-label": t("facet.drop", { facet: t(`facet.${facet}`), value: name }), on: { click: () => toggle(facet, value, false) } }, name, icon("cross")));
  }));
}

/* The element with the focus comes back after counts have changed. */
export function facetList({ facets, total }, chosen, toggle) {
  const focus = document.activeElement?.dataset?.id;
  const elements = Object.entries(facets).map(([name, counts]) => parts(name, counts, total, chosen) && group(name, counts, chosen, toggle)).filter(Boolean);
  if (focus) queueMicrotask(() => document.querySelector(`[data-id="${CSS.escape(focus)}"]`)?.focus());
  return elements;
}
