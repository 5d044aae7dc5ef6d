/* Elements from values: text is only ever text. */

/* Without what turns the direction of the text behind it (U+202A to U+202E, U+2066 to U+2069): a name
 * that a stranger chose is shown among others' words. Documents show them as escapes. */
const turns = /[\u202a-\u202e\u2066-\u2069]/g;
export const plain = (text) => text.replace(turns, "");
export const escaped = (text) => text.replace(turns, (it) => `\\u${it.charCodeAt(0).toString(16)}`);
const shown = (it) => typeof it === "string" ? plain(it) : it;

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((it) => it !== undefined && it !== null && it !== false).map(shown));
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const shapes = {
  search: ["M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14z", "m20 20-4-4"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  cross: ["m6 6 12 12", "M18 6 6 18"],
  warn: ["M12 4 2.8 19.5h18.4z", "M12 10v4", "M12 17v.01"],
  info: ["M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z", "M12 11v5", "M12 8v.01"],
  shield: ["M12 3 4.5 6v6c0 4.4 3.1 7.6 7.5 9 4.4-1.4 7.5-4.6 7.5-9V6z", "m8.8 12 2.3 2.3 4.2-4.4"],
  down: ["M12 4v11", "m7 10.5 5 5 5-5", "M5 20h14"],
  copy: ["M9 9h10v11H9z", "M15 9V4H5v11h4"],
  pause: ["M8 5v14", "M16 5v14"],
  play: ["M7 5v14l12-7z"],
  theme: ["M12 3a9 9 0 1 0 0 18z", "M12 3a9 9 0 0 1 0 18"],
  dot: ["M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z"],
  away: ["M4 12h16", "m14 6 6 6-6 6"],
  back: ["M20 12H4", "m10 6-6 6 6 6"],
  unplug: ["M4 20 8 16", "m7 11 6 6 2-2a4 4 0 0 0-6-6z", "m14 7 3-3", "m17 10 3-3"],
};
export const icon = (name) => s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
  shapes[name].map((d) => s("path", { d })));

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((it) => it !== undefined && it !== null && it !== false).map(shown));
}

/* Says something to a screen reader. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50);
}

/* Arrow keys, Home and End go from one to the next of what `selector` finds in `list`. */
export function arrows(list, selector, before) {
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...list.querySelectorAll(selector)], at = all.indexOf(event.target.closest(selector));
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    (to < 0 ? before : all[Math.min(to, all.length - 1)])?.focus();
  });
}

export function save(bytes, name, type) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/* Storage may be forbidden. */
export const kept = {
  get(name) {
    try { return localStorage.getItem(`fedcat.${name}`); } catch { return null; }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(`fedcat.${name}`);
      else localStorage.setItem(`fedcat.${name}`, value);
    } catch { /* it lasts as long as the page */ }
  },
};
