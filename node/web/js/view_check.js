/* Any proof file, checked here. */
import { get } from "./api.js";
import { h, icon, replace, save } from "./dom.js";
import { read, documentView } from "./document_view.js";
import { t } from "./i18n.js";
import { PROOF_BYTES_MAX } from "./proof/check.js";
import { runCheck, trustField } from "./proof_panel.js";
import { notice } from "./states.js";

export async function open({ place, signal }) {
  const status = await get("/v1/status", { signal }).catch(() => undefined);
  const trust = trustField(status?.federation), outcome = h("div"), content = h("div");
  let proof;
  const run = async () => {
    replace(content);
    if (!proof) return;
    const shown = await runCheck(outcome, proof, trust.input.value);
    if (!shown?.content) return;
    replace(content, h("section", { class: "card stack", "aria-labelledby": "shown" }, h("div", { class: "row" }, h("h2", { id: "shown" }, t("check.content")),
      h("button", { class: "button end", type: "button", on: { click: () => save(shown.content, "document", "application/octet-stream") } }, icon("down"), t("document.download"))), documentView(read(shown.content, shown.leaf.mediaType))));
  };
  const take = async (file) => {
    if (!file) return;
    replace(content);
    if (file.size > PROOF_BYTES_MAX) {
      proof = undefined;
      replace(outcome, notice("bad", h("p", {}, t("check.large"))));
      return;
    }
    proof = new Uint8Array(await file.arrayBuffer());
    name.textContent = file.name;
    again.hidden = false;
    await run();
  };
  const input = h("input", { type: "file", id: "proof-file", class: "unseen", on: { change: (event) => take(event.target.files[0]) } });
  const name = h("span", { class: "muted" }), again = h("button", { class: "button", type: "button", hidden: true, on: { click: run } }, t("check.again"));
  const drop = h("div", { class: "drop" }, icon("shield"), h("p", {}, t("check.drop")), input, h("label", { class: "button main", for: "proof-file" }, t("check.choose")), name, again);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); take(event.dataTransfer.files[0]); });
  replace(place, h("div", { class: "stack loose narrow-page" }, h("header", { class: "stack" }, h("h1", {}, t("check.title")), h("p", { class: "lead" }, t("check.lead"))),
    h("section", { class: "card stack" }, trust.element, drop, outcome), content, notice("info", h("p", {}, t("proof.about")))));
  return { title: t("check.title") };
}
