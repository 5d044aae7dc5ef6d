/* What a change says, in words. */
import { entryLink } from "./api.js";
import { h } from "./dom.js";
import { list, t } from "./i18n.js";
import { toHex } from "./proof/bytes.js";
import { hash } from "./proof/crypto.js";
import { stateBadges } from "./states.js";

const SHOWN = 6;

const keyHash = (key) => toHex(hash("fedcat.key.1", new TextEncoder().encode(key)));

/* "3 put, 1 deleted". */
export function changeSummary(ops) {
  if (ops.length === 0) return t("change.heartbeat");
  const kinds = ["put", "status", "delete"].map((kind) => [kind, ops.filter((it) => it.op === kind).length]).filter(([, n]) => n > 0);
  return list(kinds.map(([kind, n]) => t(`change.${kind}`, { n })));
}

function line(op, participant) {
  return h("li", {}, h("span", { class: `op ${op.op}`, "aria-hidden": "true" }, { put: "+", status: "~", delete: "−" }[op.op]), h("span", { class: "unseen" }, t(`op.${op.op}`)),
    op.op === "delete" ? h("s", { class: "hash muted" }, op.key) : h("a", { class: "hash", href: entryLink(participant, keyHash(op.key)) }, op.key),
    op.op === "status" && stateBadges(op.status, { all: true }));
}

export function changeOps(ops, participant) {
  const first = ops.slice(0, SHOWN), rest = ops.slice(SHOWN);
  return h("div", { class: "small stack" }, h("p", {}, changeSummary(ops)),
    first.length > 0 && h("ul", { class: "ops" }, first.map((op) => line(op, participant))),
    rest.length > 0 && h("details", { on: { toggle: (event) => {
      const place = event.currentTarget.querySelector("ul");
      if (!place.firstChild) place.append(...rest.map((op) => line(op, participant)));
    } } }, h("summary", {}, t("change.rest", { n: rest.length })), h("ul", { class: "ops" })));
}
