/* Words, numbers and dates in the reader's language. */
import { kept } from "./dom.js";

export const languages = { en: "English", fr: "Français", de: "Deutsch" };
export const base = new URL("..", import.meta.url); /* of this version's files */

let language = "en", messages = {}, fallback = {}, plural;

function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, kept.get("language"), ...(navigator.languages ?? [])].filter(Boolean);
  return wanted.map((it) => it.slice(0, 2).toLowerCase()).find((it) => it in languages) ?? "en";
}

async function load(name) {
  const answer = await fetch(new URL(`i18n/${name}.json`, base));
  if (!answer.ok) throw new Error(`no messages in ${name}`);
  return answer.json();
}

export async function start() {
  language = preferred();
  [messages, fallback] = await Promise.all([load(language), language === "en" ? {} : load("en")]);
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

export const current = () => language;
export function choose(name) {
  kept.set("language", name);
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  location.replace(url);
}

export const known = (key) => key in messages || key in fallback;

function template(key, values) {
  const counted = values?.n === undefined ? key : `${key}.${plural.select(values.n)}`;
  const found = [counted, `${key}.other`, key].find(known);
  return found === undefined ? key : messages[found] ?? fallback[found];
}

const shown = (value) => typeof value === "number" ? number(value) : String(value ?? "");

/* A message with {names} filled in; of two forms, the one that fits the number `n`. */
export function t(key, values) {
  return template(key, values).replace(/\{(\w+)\}/g, (whole, name) => values && name in values ? shown(values[name]) : whole);
}

/* The same with elements in place of some names: a list for h(). */
export function rich(key, values) {
  return template(key, values).split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined || !(name in values)) return part;
    return values[name] instanceof Node ? values[name] : shown(values[name]);
  });
}

export const number = (value) => new Intl.NumberFormat(language).format(value);
export const date = (value) => new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(value));
export const time = (value) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(value));

const spans = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
export function ago(value, now = Date.now()) {
  const seconds = (new Date(value).getTime() - now) / 1000;
  const [unit, span] = spans.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / span), unit);
}

export function bytes(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let step = 0, left = value;
  while (left >= 1000 && step < units.length - 1) { left /= 1000; step++; }
  return new Intl.NumberFormat(language, { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: left < 10 && step ? 1 : 0 }).format(left);
}

function named(type, code) {
  try {
    return new Intl.DisplayNames(language, { type, fallback: "code" }).of(code);
  } catch {
    return code; /* no code at all, but what someone wrote */
  }
}
export const country = (code) => /^[A-Za-z]{2}$/.test(code ?? "") ? named("region", code.toUpperCase()) : code;
export const tongue = (code) => named("language", code);
export const list = (items) => new Intl.ListFormat(language, { type: "conjunction" }).format(items);
