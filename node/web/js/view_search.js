/* Search: as you type, with facets, page after page. */
import { arrows, h, icon, replace, say } from "./dom.js";
import { number, rich, t } from "./i18n.js";
import { participantNames } from "./api.js";
import { ask, fromAddress, isEmpty, sorts, toAddress } from "./search_ask.js";
import { chips, facetList } from "./search_facets.js";
import { card } from "./search_card.js";
import { empty, fault } from "./states.js";

const TYPING_MS = 160; /* of silence before a letter is searched with */
const SETTLED_MS = 2500; /* after which the next letter is a step to come back from */
const remembered = new Map(); /* what was found, for the way back */

function remember(address, page) {
  remembered.delete(address);
  remembered.set(address, page);
  if (remembered.size > 8) remembered.delete(remembered.keys().next().value);
}

class Search {
  constructor({ place, signal, go }) {
    Object.assign(this, { place, signal, go, asked: fromAddress(location.search), page: undefined, typedAt: 0 });
    this.field = h("input", { id: "query", type: "search", name: "q", class: "field", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      placeholder: t("search.placeholder"), "aria-describedby": "query-help", enterkeyhint: "search", value: this.asked.text });
    this.count = h("p", { class: "count", role: "status" });
    this.results = h("ol", { class: "results", "aria-label": t("search.results") });
    this.facets = h("div", { class: "facets" });
    this.more = h("div", { class: "more" });
    this.chips = h("ul", { class: "chips", "aria-label": t("search.chosen") });
    this.names = new Map();
    this.sort = h("select", { class: "field", id: "sort", on: { change: () => this.change({ sort: this.sort.value }) } });
    this.build();
  }

  build() {
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => {
      const first = this.results.querySelector("h2 a");
      if (event.key === "ArrowDown" && first) {
        event.preventDefault();
        first.focus();
      }
    });
    arrows(this.results, "h2 a", this.field);
    this.title = h("h1", {}, t("search.title"));
    this.lead = h("p", { class: "lead" }, t("search.lead"));
    const form = h("form", { role: "search", class: "searching", on: { submit: (event) => { event.preventDefault(); this.typed(true); } } },
      h("label", { for: "query", class: "unseen" }, t("search.label")),
      h("div", { class: "box" }, icon("search"), this.field, h("kbd", { "aria-hidden": "true" }, "/")),
      h("p", { id: "query-help", class: "small muted" }, rich("search.hint", { help: h("a", { href: "/help" }, t("search.help")) })));
    replace(this.place, h("div", { class: "hero" }, this.title, this.lead, form),
      h("div", { class: "columns" },
        h("details", { class: "narrow", open: matchMedia("(min-width: 60rem)").matches }, h("summary", {}, t("search.narrow")), this.facets),
        h("section", { "aria-label": t("search.results") },
          h("div", { class: "row above" }, this.count, h("label", { class: "row sorting", for: "sort" }, h("span", { class: "small muted" }, t("search.sort")), this.sort)),
          this.chips, this.results, this.more)));
  }

  get address() { return toAddress(this.asked); }

  /* -- changes of what is asked ------------------------------------------------------------------ */

  typed(now = false) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.field.value.trim() === this.asked.text.trim() && !now) return;
      const instead = Date.now() - this.typedAt < SETTLED_MS;
      this.typedAt = Date.now();
      this.change({ text: this.field.value }, instead);
    }, now ? 0 : TYPING_MS);
  }

  change(part, instead = false) {
    this.asked = { ...this.asked, ...part };
    history[instead ? "replaceState" : "pushState"]({}, "", this.address);
    this.load();
  }

  toggle(facet, value, on) {
    const chosen = new Map(this.asked.chosen), others = (chosen.get(facet) ?? []).filter((it) => it !== value);
    const values = on ? [...others, value] : others;
    if (values.length) chosen.set(facet, values);
    else chosen.delete(facet);
    this.change({ chosen });
  }

  /* The address changed without this view: back, forward, a link. */
  update() {
    this.asked = fromAddress(location.search);
    if (document.activeElement !== this.field || this.field.value.trim() !== this.asked.text.trim()) this.field.value = this.asked.text;
    this.load(true);
  }

  /* -- finding ----------------------------------------------------------------------------------- */

  async load(back = false) {
    this.running?.abort();
    const running = this.running = new AbortController();
    this.signal.addEventListener("abort", () => running.abort(), { once: true });
    const held = back && remembered.get(this.address);
    if (held) {
      this.show(held);
      return;
    }
    this.results.setAttribute("aria-busy", "true");
    const asked = this.asked, address = this.address;
    try {
      const [page, names] = await Promise.all([ask(asked, { signal: running.signal }), participantNames().catch(() => this.names)]);
      this.names = names;
      remember(address, page);
      this.show(page);
    } catch (problem) {
      if (problem.name !== "AbortError") this.fail(problem);
    } finally {
      if (this.running === running) this.results.removeAttribute("aria-busy");
    }
  }

  async next(button) {
    const { address, page } = this, before = this.results.children.length;
    button.disabled = true;
    try {
      const more = await ask(this.asked, { cursor: page.next, signal: this.running.signal });
      if (address !== this.address) return;
      const whole = { ...page, hits: [...page.hits, ...more.hits], next: more.next };
      remember(address, whole);
      this.page = whole;
      this.results.append(...more.hits.map((hit) => card(hit, this.names)));
      this.tail();
      this.results.children[before]?.querySelector("h2 a")?.focus({ preventScroll: true });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (problem.code === "CURSOR") this.load(); /* the index was rebuilt meanwhile: from the first */
      else replace(this.more, fault(problem, () => this.next(button)));
    }
  }

  /* -- showing ----------------------------------------------------------------------------------- */

  show(page) {
    this.page = page;
    const nothing = isEmpty(this.asked);
    this.place.classList.toggle("asked", !nothing);
    this.lead.hidden = !nothing;
    replace(this.results, page.hits.map((hit) => card(hit, this.names)));
    const told = t(nothing ? "search.all" : page.at_most ? "search.at_most" : "search.found", { n: page.total });
    replace(this.count, h("strong", {}, told));
    document.title = `${nothing ? t("search.title") : this.asked.text.trim() || told} · fedcat`;
    replace(this.facets, facetList(page, this.asked.chosen, (...change) => this.toggle(...change)),
      this.asked.chosen.size > 0 && h("button", { class: "button", type: "button", on: { click: () => this.change({ chosen: new Map() }) } }, t("search.clear")));
    replace(this.chips, chips(this.asked.chosen, page.facets, (...change) => this.toggle(...change)));
    const sort = this.asked.sort || (nothing ? "newest" : "best");
    replace(this.sort, sorts.filter((name) => name !== "best" || !nothing).map((name) => h("option", { value: name, selected: name === sort }, t(`sort.${name}`))));
    this.tail();
  }

  tail() {
    const { page } = this, left = page.total - page.hits.length;
    if (page.total === 0) {
      replace(this.more, isEmpty(this.asked) ? empty("search", t("search.nothing_held"), h("p", {}, t("search.nothing_held_text")))
        : empty("search", t("search.none"), h("p", {}, t("search.none_text")),
          h("button", { class: "button", type: "button", on: { click: () => { this.field.value = ""; this.change({ text: "", chosen: new Map() }); this.field.focus(); } } }, t("search.start_over"))));
      return;
    }
    const button = page.next && h("button", { class: "button", type: "button", on: { click: (event) => this.next(event.currentTarget) } },
      t("search.more", { n: Math.max(left, 1) }));
    replace(this.more, button ?? (page.hits.length > 20 && h("p", { class: "muted small" }, t("search.end", { shown: number(page.hits.length) }))));
  }

  fail(problem) {
    replace(this.count);
    replace(this.results);
    const asked = problem.status === 400;
    replace(this.more, asked ? empty("info", t("search.unclear"), h("p", { class: "said" }, problem.detail), h("a", { href: "/help", class: "button" }, t("search.help")))
      : fault(problem, () => this.load()));
    if (asked) say(problem.detail);
  }
}

export async function open(context) {
  const search = new Search(context);
  await search.load(true);
  return { title: isEmpty(search.asked) ? t("search.title") : search.asked.text.trim() || t("search.title"), update: () => search.update() };
}
