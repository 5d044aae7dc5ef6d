/* The frame: header, footer, addresses, keys. */
import { get, Problem } from "./api.js";
import { h, icon, kept, plain, replace, say } from "./dom.js";
import { base, choose, current, languages, number, start, t } from "./i18n.js";
import { busy, fault } from "./states.js";
import * as search from "./view_search.js";

const routes = [
  [/^\/(?:search)?$/, "search", async () => search],
  [/^\/entry\/([0-9a-f]{64})\/([0-9a-f]{64})$/, "", () => import("./view_entry.js")],
  [/^\/participants$/, "participants", () => import("./view_participants.js")],
  [/^\/participants\/([0-9a-f]{64})$/, "participants", () => import("./view_participant.js")],
  [/^\/federation$/, "federation", () => import("./view_federation.js")],
  [/^\/changes$/, "changes", () => import("./view_changes.js")],
  [/^\/check$/, "check", () => import("./view_check.js")],
  [/^\/help$/, "help", () => import("./view_help.js")],
];
const sections = [["/", "search"], ["/participants", "participants"], ["/federation", "federation"], ["/changes", "changes"], ["/check", "check"]];
const main = document.getElementById("main");
let shown; /* { path, controller, view } */

/* -- going somewhere ----------------------------------------------------------------------------- */

function settle(view, section, focus) {
  document.title = view.title ? `${plain(view.title)} · fedcat` : "fedcat";
  for (const link of document.querySelectorAll("#top nav a")) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!focus) return;
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  (heading ?? main).focus({ preventScroll: true });
  say(view.title ?? "");
}

async function show(focus) {
  const path = location.pathname, found = routes.find(([pattern]) => pattern.test(path));
  if (shown?.path === path && shown.view?.update) {
    shown.view.update();
    return;
  }
  shown?.controller.abort();
  const controller = new AbortController();
  const mine = { path, controller, view: undefined };
  shown = mine;
  const place = h("div", { class: "wide view" });
  const waiting = setTimeout(() => { if (shown === mine) replace(main, h("div", { class: "wide" }, busy())); }, 250);
  try {
    if (!found) throw { status: 404, code: "ADDRESS", detail: "" };
    const module = await found[2]().catch(() => { throw new Problem(0, "PART", ""); });
    const view = await module.open({ place, signal: controller.signal, parts: path.match(found[0]).slice(1), go });
    if (shown !== mine) return;
    mine.view = view;
    replace(main, place);
    settle(view, found[1], focus);
  } catch (problem) {
    if (shown !== mine || problem.name === "AbortError") return;
    mine.path = undefined;
    replace(main, h("div", { class: "wide view" }, h("h1", { class: "unseen" }, t("fault.heading")), fault(problem, () => problem.code === "PART" ? location.reload() : show(true))));
    settle({ title: t("fault.heading") }, found?.[1], focus);
    if (problem.status === 0) footer();
  } finally {
    clearTimeout(waiting);
  }
}

/* To an address of the page; `instead`: without a step to go back to. */
function go(address, { instead = false } = {}) {
  const url = new URL(address, location.href), moved = url.pathname !== location.pathname;
  if (url.href !== location.href) history[instead ? "replaceState" : "pushState"]({}, "", url);
  if (moved) scrollTo(0, 0);
  show(moved);
}

function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || link.target || link.hasAttribute("download") || !routes.some(([pattern]) => pattern.test(url.pathname))) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  go(url.href);
}

function keys(event) {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  const field = document.getElementById("query");
  if (field) field.focus();
  else go("/");
  if (!field) requestAnimationFrame(() => document.getElementById("query")?.focus());
}

/* -- header and footer --------------------------------------------------------------------------- */

const themes = ["auto", "light", "dark"];
function themeButton() {
  let theme = kept.get("theme") ?? "auto";
  const words = h("span", { class: "unseen" });
  const button = h("button", { class: "button quiet", type: "button" }, icon("theme"), words);
  const tell = () => {
    words.textContent = t("look.now", { look: t(`look.${theme}`) });
    button.title = words.textContent;
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    kept.set("theme", theme === "auto" ? null : theme);
    dispatchEvent(new Event("fedcat-theme"));
    tell();
    say(words.textContent);
  });
  tell();
  return button;
}

function header() {
  replace(document.getElementById("top"),
    h("a", { class: "skip", href: "#main" }, t("skip")),
    h("div", { class: "wide bar" },
      h("a", { class: "brand", href: "/" }, h("img", { src: new URL("icon.svg", base), width: 26, height: 26, alt: "" }), "fedcat"),
      h("nav", { "aria-label": t("nav.label") }, h("ul", {}, sections.map(([href, name]) =>
        h("li", {}, h("a", { href, "data-section": name }, t(`nav.${name}`)))))),
      h("div", { class: "tools" },
        h("select", { "aria-label": t("language"), on: { change: (event) => choose(event.target.value) } },
          Object.entries(languages).map(([code, name]) => h("option", { value: code, lang: code, selected: code === current() }, name))),
        themeButton())));
}

const syncTones = { "in sync": "good", "catching up": "warn", "no peers": "warn", "not running": "bad" };
async function footer() {
  const foot = document.getElementById("foot");
  const links = [h("a", { href: "/help" }, t("nav.help")), h("a", { href: "/v1/openapi.json" }, t("foot.api"))];
  let state;
  try {
    const status = await get("/v1/status");
    const word = status.sync.replaceAll(" ", "_");
    state = h("span", { class: "row" },
      h("span", { class: `badge ${syncTones[status.sync] ?? ""}` }, h("span", { class: "dot" }), t(`sync.${word}`)),
      h("span", {}, t("foot.holds", { charter: status.charter, entries: number(status.entries) })));
  } catch {
    state = h("span", { class: "badge bad" }, h("span", { class: "dot" }), t("sync.away"));
  }
  replace(foot, h("div", { class: "wide" }, state, links));
}

/* -- start --------------------------------------------------------------------------------------- */

try {
  await start();
  header();
  document.addEventListener("click", follow);
  document.addEventListener("keydown", keys);
  addEventListener("popstate", () => show(true));
  show(false).then(() => { /* so that going elsewhere needs no more than the answers */
    for (const [, , load] of routes) load().catch(() => {});
  });
  footer();
  setInterval(() => { if (document.visibilityState === "visible") footer(); }, 20000);
} catch (error) {
  main.append(h("div", { class: "plain", role: "alert" }, h("h1", {}, "fedcat"), h("p", {},
    "The page could not be loaded whole. Load it anew; if that does not help, the node may be stopped. "), h("p", {}, String(error.message ?? error))));
}
