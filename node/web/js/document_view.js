/* The published document, as it is and readable. */
import { escaped, h } from "./dom.js";
import { t } from "./i18n.js";

const LINES_SHOWN = 4000;
const utf8 = new TextDecoder("utf-8", { fatal: true });

const classes = [[/^"(?:[^"\\]|\\.)*"(?=\s*:)/, "j-key"], [/^"(?:[^"\\]|\\.)*"/, "j-text"], [/^-?\d[\d.eE+-]*/, "j-number"], [/^(?:true|false|null)/, "j-word"]];

/* JSON in colours: spans of text. */
function coloured(json) {
  const parts = [];
  let plain = "", left = json;
  while (left) {
    const found = classes.map(([pattern, name]) => [pattern.exec(left)?.[0], name]).find(([match]) => match);
    const run = found?.[0] ?? /^[^"\d\-tfn]+/.exec(left)?.[0] ?? left[0];
    if (found) {
      parts.push(plain, h("span", { class: found[1] }, run));
      plain = "";
    } else plain += run;
    left = left.slice(run.length);
  }
  return [...parts, plain];
}

function payloadOf(token) {
  try {
    const part = token.trim().split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(utf8.decode(Uint8Array.from(atob(part), (it) => it.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

/* { value, text, note }: what the bytes hold. */
export function read(bytes, type) {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { note: "document.binary" };
  }
  if (/jwt/.test(type)) {
    const value = payloadOf(text);
    if (value) return { value, text, note: "document.token" };
  }
  try {
    return { value: JSON.parse(text), text };
  } catch {
    return { text };
  }
}

function block(lines) {
  return h("pre", { class: "code", tabindex: "0", "aria-label": t("document.title") }, h("code", {}, lines));
}

export function documentView({ value, text, note }) {
  const told = value === undefined ? text : JSON.stringify(value, null, 2), pretty = told === undefined ? told : escaped(told);
  const parts = [note && h("p", { class: "small muted" }, t(note))];
  if (pretty !== undefined) {
    const lines = pretty.split("\n"), cut = lines.length > LINES_SHOWN;
    const shown = cut ? lines.slice(0, LINES_SHOWN).join("\n") : pretty;
    parts.push(block(value === undefined || shown.length > 200000 ? shown : coloured(shown)), cut && h("p", { class: "small muted" }, t("document.cut")));
  }
  return h("div", { class: "stack" }, parts);
}
