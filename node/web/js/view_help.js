/* How to search, and what the words of this page mean. */
import { h, replace } from "./dom.js";
import { t } from "./i18n.js";

const examples = ["storage", "gpu lyon", "\"machine learning\"", "climat*", "kubernets~", "-participant storage", "kind:service country:FR,DE", "keyword:energy OR keyword:energie", "theme:TECH", "state:revoked,contested", "valid-until:>=2027-01-01", "participant:nimbus", "sort:newest"];
const words = ["participant", "signed", "contested", "frozen", "revoked", "withheld", "missing", "digest", "lag", "proof"];
const keys = [["/", "slash"], ["↓ ↑", "arrows"], ["Enter", "enter"], ["Tab", "tab"]];

export async function open({ place }) {
  replace(place, h("div", { class: "stack loose narrow-page" }, h("header", { class: "stack" }, h("h1", {}, t("help.title")), h("p", { class: "lead" }, t("help.lead"))),
    h("section", { class: "stack" }, h("h2", {}, t("help.query")), h("dl", { class: "facts examples" }, examples.map((example, i) => [
      h("dt", {}, h("a", { href: `/search?q=${encodeURIComponent(example)}` }, h("code", {}, example))), h("dd", {}, t(`help.example.${i}`))]))),
    h("section", { class: "stack" }, h("h2", {}, t("help.words")), h("dl", { class: "facts" }, words.map((word) => [h("dt", {}, t(`help.word.${word}`)), h("dd", {}, t(`help.meaning.${word}`))]))),
    h("section", { class: "stack" }, h("h2", {}, t("help.keys")), h("dl", { class: "facts" }, keys.map(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(`help.key.${name}`))])))));
  return { title: t("help.title") };
}
