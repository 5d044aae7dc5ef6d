/* States, empty places and faults, in words. */
import { h, icon } from "./dom.js";
import { known, rich, t } from "./i18n.js";

const tones = {
  active: "good", ok: "good", deprecated: "warn", ended: "warn", revoked: "bad", contested: "bad", frozen: "warn",
  hidden: "warn", expired: "warn", silent: "warn", unsettled: "warn", missing: "warn", refused: "bad", "not yet valid": "warn",
};

/* "frozen, contested" as badges; what all is well with says nothing unless `all`. */
export function stateBadges(words, { all = false } = {}) {
  const list = (Array.isArray(words) ? words : String(words ?? "").split(", ")).filter(Boolean);
  return list.filter((word) => all || !["active", "ok", "present"].includes(word)).map((word) => {
    const key = `state.${word.replaceAll(" ", "_")}`;
    return h("span", { class: `badge ${tones[word] ?? ""}` }, known(key) ? t(key) : word);
  });
}

export function kindBadge(kind) {
  if (!kind) return undefined;
  const key = `kind.${kind.replaceAll(" ", "_")}`;
  return h("span", { class: "badge kind" }, known(key) ? t(key) : kind);
}

const marks = { good: "check", warn: "warn", bad: "cross", info: "info" };
export const notice = (tone, ...body) => h("div", { class: `notice ${tone}` }, icon(marks[tone] ?? "info"), h("div", { class: "body" }, body));

/* What governors did to a participant: a freeze keeps what was there, a removal does not. */
export const revokedNotice = ({ state, name }) => notice("bad", h("p", {}, t(state.includes("frozen") ? "flag.frozen" : "flag.member_revoked", { name })));

export const busy = (key = "busy") => h("p", { class: "busy" }, t(key));

export const empty = (shape, title, ...body) => h("div", { class: "empty" }, icon(shape), h("h2", {}, title), body);

/* What went wrong and what can be done, for people; what the node said stands below. */
export function fault(problem, again) {
  const status = problem.status ?? -1;
  const exact = [`fault.${problem.code}`, `fault.${status}`].find((key) => known(`${key}.title`));
  const key = exact ?? (status >= 500 ? "fault.500" : status > 0 ? "fault.400" : "fault.page");
  const said = problem.detail || (status < 0 ? String(problem.message ?? problem) : "");
  return h("div", { class: "empty", role: "alert" }, icon(status === 0 ? "unplug" : status === 451 ? "shield" : "warn"),
    h("h2", {}, t(`${key}.title`)), h("p", {}, t(`${key}.text`)),
    said && h("p", { class: "small" }, rich("fault.said", { said: h("span", { lang: "en" }, said) })),
    again && h("button", { class: "button", type: "button", on: { click: again } }, t("again")));
}
