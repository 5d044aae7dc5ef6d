/* What arrives at this node, as it arrives. */
import { get, participantNames } from "./api.js";
import { h, icon, replace, say } from "./dom.js";
import { changeOps } from "./change_text.js";
import { known, t, time } from "./i18n.js";
import { empty } from "./states.js";

const KEPT = 300, BEFORE = 40, RETRY_MS = 4000;

const recordWords = (type) => known(`record.${type}`) ? t(`record.${type}`) : type;

/* What a record of governance is about, as far as it says. */
async function about(hash, names) {
  try {
    const record = await get(`/v1/records/${hash}`);
    return [record.name ?? names.get(record.participant)?.name, record.region, record.reason].filter(Boolean).join(", ");
  } catch {
    return ""; /* superseded meanwhile */
  }
}

class Changes {
  constructor({ place, signal }) {
    Object.assign(this, { place, signal, paused: false, held: [], cursor: undefined, seen: new Set() });
    this.list = h("ol", { class: "changes", "aria-label": t("changes.title") });
    this.state = h("p", { class: "row small muted", role: "status" });
    this.nothing = h("div");
    this.pause = h("button", { class: "button", type: "button", "aria-pressed": "false", on: { click: () => this.setPaused(!this.paused) } });
    signal.addEventListener("abort", () => this.stop());
  }

  tell(word, tone) {
    replace(this.state, h("span", { class: `badge ${tone}` }, h("span", { class: "dot" }), t(`changes.${word}`)),
      this.paused && this.held.length > 0 && h("span", {}, t("changes.waiting", { n: this.held.length })));
  }

  setPaused(paused) {
    this.paused = paused;
    this.pause.setAttribute("aria-pressed", String(paused));
    replace(this.pause, icon(paused ? "play" : "pause"), t(paused ? "changes.go_on" : "changes.pause"));
    if (!paused) {
      for (const change of this.held.splice(0)) this.add(change);
    }
    this.tell(paused ? "paused" : "live", paused ? "warn" : "good");
  }

  async line(change) {
    const names = await participantNames().catch(() => new Map());
    const who = names.get(change.participant), at = change.feed?.signed;
    const title = change.type === "head" ? h("a", { href: `/participants/${change.participant}` }, who?.name ?? change.participant.slice(0, 12)) : h("strong", {}, recordWords(change.type));
    const body = change.type === "head"
      ? change.feed?.ops ? changeOps(change.feed.ops, change.participant) : h("p", { class: "small muted" }, t("change.not_held"))
      : h("p", { class: "small muted" }, await about(change.record, names) || change.record.slice(0, 16));
    return h("li", { class: `card change ${change.type === "head" ? "feed" : ""}` }, h("div", { class: "row" }, title, at && h("time", { class: "small muted end", datetime: at }, time(at))), body);
  }

  /* Lines come in the order of the log, whatever their names take. */
  add(change, live = true) {
    if (this.seen.has(change.cursor)) return;
    this.seen.add(change.cursor);
    const made = this.line(change);
    this.queue = (this.queue ?? Promise.resolve()).then(async () => {
      this.list.prepend(await made);
      while (this.list.children.length > KEPT) this.list.lastChild.remove();
      this.nothing.hidden = true;
      if (live) this.announce();
    });
  }

  announce() {
    clearTimeout(this.announcing);
    this.announced = (this.announced ?? 0) + 1;
    this.announcing = setTimeout(() => {
      say(t("changes.new", { n: this.announced }));
      this.announced = 0;
    }, 1500);
  }

  take(event) {
    const change = JSON.parse(event.data);
    this.cursor = change.cursor;
    if (!this.paused) {
      this.add(change);
      return;
    }
    this.held.push(change);
    if (this.held.length > KEPT) this.held.shift();
    this.tell("paused", "warn");
  }

  follow() {
    const stream = this.stream = new EventSource(`/v1/changes?after=${encodeURIComponent(this.cursor)}`);
    stream.addEventListener("open", () => this.tell(this.paused ? "paused" : "live", this.paused ? "warn" : "good"));
    stream.addEventListener("change", (event) => this.take(event));
    stream.addEventListener("reset", (event) => { this.cursor = JSON.parse(event.data).cursor; });
    stream.addEventListener("error", () => {
      this.tell("cut", "bad");
      if (stream.readyState !== EventSource.CLOSED) return; /* else it tries again by itself */
      this.timer = setTimeout(() => this.begin().catch(() => this.retry()), RETRY_MS);
    });
  }

  retry() {
    this.tell("cut", "bad");
    this.timer = setTimeout(() => this.begin().catch(() => this.retry()), RETRY_MS);
  }

  /* A cursor counts what arrived, "epoch.index": the last ones before now are shown first. */
  async begin() {
    const { cursor } = await get("/v1/changes", { query: [["after", "now"], ["limit", "1"]], signal: this.signal });
    if (!this.cursor) {
      const [epoch, index] = cursor.split(".");
      const from = `${epoch}.${Math.max(0, Number(index) - BEFORE)}`;
      const before = await get("/v1/changes", { query: [["after", from], ["limit", String(BEFORE)]], signal: this.signal });
      for (const change of before.changes) this.add(change, false);
      this.cursor = before.cursor;
    } else if (this.cursor.split(".")[0] !== cursor.split(".")[0]) this.cursor = cursor; /* another log */
    this.follow();
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.announcing);
    this.stream?.close();
  }
}

export async function open(context) {
  const changes = new Changes(context);
  changes.setPaused(false);
  changes.tell("connecting", "");
  await changes.begin();
  await changes.queue;
  replace(changes.nothing, empty("dot", t("changes.none"), h("p", {}, t("changes.none_text"))));
  changes.nothing.hidden = changes.list.children.length > 0;
  replace(context.place, h("div", { class: "stack" }, h("h1", {}, t("changes.title")), h("p", { class: "lead" }, t("changes.lead")),
    h("div", { class: "row" }, changes.pause, changes.state), changes.list, changes.nothing));
  return { title: t("changes.title") };
}
