/* Checks a proof in this browser and tells each step with its outcome. */
import { h, icon, kept, replace, say } from "./dom.js";
import { bytes as size, country, number, rich, t, time } from "./i18n.js";
import { Fault, fromHex } from "./proof/bytes.js";
import { checkSteps, statuses } from "./proof/check.js";
import { notice } from "./states.js";

const order = ["read", "charters", "certificate", "head", "state", "content", "checkpoints"];
const breath = () => new Promise((done) => setTimeout(done, matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 90));

function words(fact) {
  switch (fact.step) {
  case "read": return t("proof.read", { bytes: size(fact.bytes), n: fact.charters });
  case "charters": return t(fact.version === 1 ? "proof.charter_first" : "proof.charter_next", { name: fact.name, version: fact.version, signatures: fact.signatures, quorum: fact.quorum, governors: fact.governors });
  case "certificate": return t(fact.recovered ? "proof.certificate_recovered" : "proof.certificate", { name: fact.name, country: country(fact.country), n: fact.signatures, admit: fact.admit, governors: fact.governors });
  case "head": return t("proof.head", { name: fact.name, time: time(fact.timeMs), entries: number(fact.entries), seq: fact.seq });
  case "state": return t(fact.present ? "proof.present" : "proof.absent", { key: fact.key, siblings: fact.siblings });
  case "content": return t(fact.shown ? "proof.content" : "proof.content_hidden", { bytes: size(fact.size) });
  default: return t("proof.checkpoint", { name: fact.name, time: time(fact.timeMs) });
  }
}

const line = (good, title, text) => h("li", { class: good ? "held" : "broken" },
  h("span", { class: "mark" }, icon(good ? "check" : "cross"), h("span", { class: "unseen" }, t(good ? "proof.held" : "proof.broken"))),
  h("div", {}, h("strong", {}, title), h("p", {}, text)));

function verdict(shown) {
  const state = shown.leaf && t(`state.${statuses[shown.leaf.status]}`);
  return notice("good", h("strong", {}, t(shown.present ? "proof.genuine" : "proof.genuine_absent")),
    h("p", {}, t(shown.present ? "proof.genuine_text" : "proof.genuine_absent_text", { name: shown.name, key: shown.key, time: time(shown.timeMs), state, charter: shown.charterName })),
    h("p", { class: "small" }, shown.checkpointMs ? t("proof.seen", { time: time(shown.checkpointMs) }) : t("proof.not_seen")));
}

/* Fills `place`; resolves with what the proof shows, or undefined. `expected` may name the participant
 * and key the reader asked about: a proof of something else is a good answer to another question. */
export async function runCheck(place, proof, federationText, expected) {
  const list = h("ol", { class: "steps" }), outcome = h("div", { role: "status" });
  replace(place, list, outcome);
  const federation = fromHex(federationText.trim());
  if (!federation || federation.length !== 32) {
    replace(outcome, notice("bad", h("strong", {}, t("proof.no_id")), h("p", {}, t("proof.no_id_text"))));
    return undefined;
  }
  const walk = checkSteps(proof, federation);
  try {
    for (;;) {
      const { value, done } = walk.next();
      if (done) return conclude(outcome, value, expected);
      list.append(line(true, t(`proof.step.${value.step}`), words(value)));
      await breath();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const at = order.includes(error.step) ? error.step : "read";
    list.append(line(false, t(`proof.step.${at}`), t(`proof.fault.${error.code}`)));
    replace(outcome, notice("bad", h("strong", {}, t("proof.wrong")), h("p", {}, t("proof.wrong_text")), h("p", { class: "small" }, rich("proof.reason", { reason: error.message, code: error.code }))));
    say(t("proof.wrong"));
    return undefined;
  }
}

function conclude(outcome, shown, expected) {
  const other = expected && (shown.key !== expected.key || [...shown.participant].some((byte, i) => byte !== fromHex(expected.participant)[i]));
  if (other) {
    replace(outcome, notice("bad", h("strong", {}, t("proof.other")), h("p", {}, t("proof.other_text", { key: shown.key }))));
    return undefined;
  }
  replace(outcome, verdict(shown));
  say(t(shown.present ? "proof.genuine" : "proof.genuine_absent"));
  return shown;
}

/* -- the id that is trusted ---------------------------------------------------------------------- */

export const trustedId = () => kept.get("federation") ?? "";

/* A field for the federation's id: what the reader noted before, else what this node says, and it is
 * told which of the two it is. */
export function trustField(nodeSays) {
  const noted = trustedId();
  const input = h("input", { class: "field hash", id: "trust", spellcheck: "false", autocomplete: "off", value: noted || nodeSays || "", "aria-describedby": "trust-about" });
  const about = h("p", { class: "small muted", id: "trust-about" });
  const differs = h("div");
  const tell = () => {
    const value = input.value.trim().toLowerCase(), saved = trustedId();
    about.textContent = t(saved && value === saved ? "trust.noted" : value === nodeSays ? "trust.node" : "trust.typed");
    replace(differs, nodeSays && value && value !== nodeSays && notice("warn", h("p", {}, t("trust.differs"))));
  };
  const keep = h("button", { class: "button", type: "button", on: { click: () => {
    const value = input.value.trim().toLowerCase();
    kept.set("federation", /^[0-9a-f]{64}$/.test(value) ? value : null);
    tell();
    say(about.textContent);
  } } }, t("trust.keep"));
  input.addEventListener("input", tell);
  tell();
  return { input, element: h("div", { class: "stack trust" }, h("label", { for: "trust" }, h("strong", {}, t("trust.label"))), h("div", { class: "command" }, input, keep), about, differs) };
}
