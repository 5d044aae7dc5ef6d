"use strict";
/* What the page was given, and how numbers are said. */
const Report = {};

Report.data = JSON.parse(document.getElementById("data").textContent);

/* RFC 4180, as fedcat-sim writes it: a row is a line. Rows as objects; numbers where they look so. */
Report.rows = function (text) {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length === 0) return [];
  const split = (line) => {
    const fields = [];
    let at = 0;
    for (;;) {
      let field = "";
      if (line[at] === '"') {
        for (at++; ; at++) {
          if (line[at] === '"' && line[at + 1] === '"') at++;
          else if (line[at] === '"' || at >= line.length) break;
          field += line[at];
        }
        at++;
      } else {
        const end = line.indexOf(",", at);
        field = line.slice(at, end < 0 ? line.length : end);
        at = end < 0 ? line.length : end;
      }
      fields.push(field);
      if (at >= line.length) return fields;
      at++;
    }
  };
  const texts = new Set(["name", "country", "what", "state", "role", "set", "measure", "unit"]);
  const columns = split(lines[0]);
  return lines.slice(1).map((line) => {
    const fields = split(line), row = {};
    columns.forEach((column, i) => {
      const field = fields[i] ?? "";
      row[column] = texts.has(column) ? field : field === "" ? null : Number(field);
    });
    return row;
  });
};

Report.table = function (name) {
  const part = Report.data.files[name];
  return part ? Report.rows(part.text) : [];
};
Report.step = (name) => Report.data.files[name]?.step ?? 1;

Report.runs = Report.data.runs.split("\n").filter((line) => line).map((line) => JSON.parse(line));
Report.measure = Object.fromEntries(Report.data.measures.map((it) => [it.name, it]));

Report.digits = function (value, most = 3) {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  return value.toLocaleString("en", { maximumFractionDigits: Math.max(0, Math.min(12, most - 1 - size)) });
};
/* [number, unit], so that a tile can set them apart. */
Report.parts = function (value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return ["none", ""];
  const scaled = (steps) => {
    const step = steps.find(([size]) => Math.abs(value) >= size) ?? steps[steps.length - 1];
    return [Report.digits(value / step[0]), step[1]];
  };
  if (unit === "us") return value === 0 ? ["0", "s"] : scaled([[1e6, "s"], [1e3, "ms"], [1, "µs"]]);
  if (unit === "B") return scaled([[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]]);
  return [unit === "" ? Math.round(value).toLocaleString("en") : Report.digits(value), ""];
};
Report.say = (value, unit) => Report.parts(value, unit).join(" ").trim();
Report.shares = new Set(["delivery", "delivery_min", "atomic"]);
/* A value of a measure, by its name. */
Report.figureOf = (name, value) => Report.shares.has(name) ? Report.share(value) : Report.say(value, Report.measure[name].unit);
/* The name of a measure without the unit that its values are said in. */
Report.named = (name) => name.replace(/_us$/, "").replaceAll("_", " ");
Report.share = (value) => value === null || value === undefined ? "none"
  : value === 1 ? "100 %" : `${(Math.floor(value * 1e6) / 1e4).toLocaleString("en", { maximumFractionDigits: 4 })} %`;
/* A time within the run: minutes and seconds. */
Report.clock = function (us) {
  const seconds = Math.round(us / 1e6), two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return (hours ? `${hours}:${two(Math.floor(seconds / 60) % 60)}` : `${Math.floor(seconds / 60)}`) + `:${two(seconds % 60)}`;
};

/* Elements: make("td", {class: "text"}, "words", otherElement...). Text is never markup. */
Report.make = function (tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
