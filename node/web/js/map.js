/* Europe with the federation's nodes and this node's links. */
import { h, s } from "./dom.js";
import { base, t } from "./i18n.js";
import { places } from "./places.js";

const WIDTH = 720, HEIGHT = 680;
const RADIAN = Math.PI / 180;
const centre = { longitude: 10 * RADIAN, latitude: 52 * RADIAN };

/* Lambert's azimuthal equal-area projection around 52 N 10 E, as Europe's statistics use it. */
function project([longitude, latitude]) {
  const l = longitude * RADIAN - centre.longitude, p = latitude * RADIAN;
  const cosine = Math.sin(centre.latitude) * Math.sin(p) + Math.cos(centre.latitude) * Math.cos(p) * Math.cos(l);
  const k = Math.sqrt(2 / (1 + cosine));
  return [k * Math.cos(p) * Math.sin(l), -k * (Math.cos(centre.latitude) * Math.sin(p) - Math.sin(centre.latitude) * Math.cos(p) * Math.cos(l))];
}
const scale = 1060;
const onMap = (place) => {
  const [x, y] = project(place);
  return [WIDTH / 2 - 30 + x * scale, HEIGHT / 2 + y * scale];
};

const round = (value) => Math.round(value * 10) / 10;
const ring = (points) => `M${points.map((it) => onMap(it).map(round).join(" ")).join("L")}Z`;
function outline({ type, coordinates }) {
  return (type === "Polygon" ? [coordinates] : coordinates).flat().map(ring).join("");
}

let land;
async function ground() {
  land ??= fetch(new URL("europe.json", base)).then((answer) => answer.json()).then((europe) => europe.features.map((it) => outline(it.geometry)));
  return land;
}

/* Where a node stands: its region, if that is a country (or a part of one), else its operator's. */
function placeOf(node) {
  const region = /^([A-Za-z]{2})(?:$|[-_ ])/.exec(node.region ?? "")?.[1]?.toUpperCase();
  return places[region] ?? places[node.country];
}

/* Several at one place stand around it, like seeds in a sunflower. */
export function placed(nodes) {
  const counts = new Map();
  return nodes.map((node) => {
    const place = placeOf(node);
    if (!place) return { node };
    const key = place.join(), n = counts.get(key) ?? 0, [x, y] = onMap(place);
    counts.set(key, n + 1);
    const angle = n * 2.39996, distance = 11 * Math.sqrt(n);
    return { node, x: x + Math.cos(angle) * distance, y: y + Math.sin(angle) * distance };
  });
}

function mark({ node, x, y }) {
  const element = s("g", { class: `node ${node.tone}`, transform: `translate(${round(x)} ${round(y)})` }, s("title", {}, node.title));
  if (node.self) element.append(s("circle", { r: 11, class: "halo" }));
  element.append(node.tone === "warn" ? s("path", { d: "M0-8 8 6H-8z" }) : node.tone === "bad" ? s("path", { d: "M-6-6H6V6H-6z" }) : s("circle", { r: node.self ? 7 : 6 }));
  return element;
}

function curve(from, to) {
  const bend = 0.14, mx = (from.x + to.x) / 2 + (to.y - from.y) * bend, my = (from.y + to.y) / 2 - (to.x - from.x) * bend;
  return `M${round(from.x)} ${round(from.y)}Q${round(mx)} ${round(my)} ${round(to.x)} ${round(to.y)}`;
}

/* nodes: [{ title, tone, self, linked, region, country }] */
export async function map(nodes, label) {
  const all = placed(nodes), on = all.filter((it) => it.x !== undefined), self = on.find((it) => it.node.self);
  const links = self ? on.filter((it) => it.node.linked).map((it) => s("path", { class: `link ${it.node.tone}`, d: curve(self, it) })) : [];
  const picture = s("svg", { class: "map", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    s("defs", {}, s("radialGradient", { id: "fade", gradientUnits: "userSpaceOnUse", cx: WIDTH * 0.47, cy: HEIGHT / 2, r: WIDTH * 0.53 },
      s("stop", { offset: ".74", "stop-color": "#fff" }), s("stop", { offset: "1", "stop-color": "#000" })),
    s("mask", { id: "shore" }, s("rect", { width: WIDTH, height: HEIGHT, fill: "url(#fade)" }))),
    s("g", { class: "land", mask: "url(#shore)" }, (await ground()).map((d) => s("path", { d }))), s("g", {}, links), s("g", {}, on.filter((it) => !it.node.self).map(mark), self && mark(self)));
  const away = all.length - on.length;
  return h("figure", { class: "map card" }, picture, h("figcaption", { class: "row small muted" },
    ["self", "good", "warn", "bad", "quiet"].map((tone) => h("span", { class: "row key" }, s("svg", { class: "map sign", viewBox: "-12 -12 24 24", "aria-hidden": "true" }, mark({ node: { tone: tone === "self" ? "good" : tone, self: tone === "self", title: "" }, x: 0, y: 0 })), t(`map.${tone}`))),
    away > 0 && h("span", {}, t("map.away", { n: away }))));
}
