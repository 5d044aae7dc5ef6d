"use strict";
/* Frames for plots: a figure with its title, its canvas and the same numbers as a table. */
Report.plots = [];

Report.colours = function () {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of("text"), muted: of("muted"), grid: of("grid"), line: of("line"), card: of("card"),
    land: of("land"), coast: of("coast"), good: of("good"), bad: of("bad"),
    series: [0, 1, 2, 3, 4].map((i) => of(`s${i}`)),
  };
};

/* What all plots share; `more` is merged over it one level deep. */
Report.base = function (colours, more) {
  const narrow = window.innerWidth < 560;
  const axis = {
    nameLocation: "middle", nameTextStyle: { color: colours.muted, fontSize: 12 },
    axisLine: { lineStyle: { color: colours.line } }, axisTick: { lineStyle: { color: colours.line } },
    axisLabel: { color: colours.muted, hideOverlap: true }, splitLine: { lineStyle: { color: colours.grid } },
    minorSplitLine: { show: false },
  };
  const option = {
    animation: false, color: colours.series, backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.text },
    grid: { left: narrow ? 52 : 62, right: 18, top: 36, bottom: 50 },
    legend: { top: 0, left: 0, itemWidth: 22, itemHeight: 10, itemGap: narrow ? 10 : 18, textStyle: { color: colours.text }, inactiveColor: colours.muted },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: colours.card, borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 13 }, axisPointer: { lineStyle: { color: colours.muted } },
    },
    ...more,
  };
  for (const name of ["xAxis", "yAxis"])
    if (option[name]) option[name] = { ...axis, nameGap: name === "xAxis" ? 30 : narrow ? 40 : 48, ...option[name] };
  return option;
};

Report.line = (name, data, more = {}) => ({ name, type: "line", data, showSymbol: false, lineStyle: { width: 2 }, ...more });

/* A time axis: minutes and seconds of virtual time. */
Report.timeAxis = (end) => ({
  type: "value", name: "virtual time (min:s)", min: 0, max: end,
  interval: [1e6, 5e6, 1e7, 2e7, 3e7, 6e7, 1.2e8, 3e8, 6e8, 1.2e9, 3.6e9, 7.2e9, 2.16e10].find((step) => end / step <= 8),
  axisLabel: { formatter: Report.clock, color: Report.colours().muted, hideOverlap: true, showMaxLabel: false },
});
Report.logTimeAxis = (name) => ({
  type: "log", name,
  axisLabel: { formatter: (us) => Report.say(us, "us"), color: Report.colours().muted, hideOverlap: true },
});

/* A table of at most so many rows, evenly taken; `cells` say how each column is written. */
Report.tableOf = function (caption, head, rows, most = 200) {
  const step = Math.ceil(rows.length / most), make = Report.make;
  const shown = step > 1 ? rows.filter((row, i) => i % step === 0 || i === rows.length - 1) : rows;
  const isText = head.map((_, i) => rows.length > 0 && !/^(-?[0-9]|none|never|not in|$)/.test(String(rows[0][i] ?? "")));
  const align = (i) => isText[i] ? "text" : null;
  const note = step > 1 ? `${caption} (every ${step}th of ${rows.length} rows)` : caption;
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, note),
      make("thead", {}, make("tr", {}, ...head.map((name, i) => make("th", { scope: "col", class: align(i) }, name)))),
      make("tbody", {}, ...shown.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: align(i) }, String(cell ?? ""))))))));
};

/* plot: {title, note, label, option(colours), head, rows(), full, tall, controls, map} */
Report.figure = function (plot) {
  const make = Report.make;
  const canvas = make("div", { class: plot.tall ? "canvas tall" : "canvas", role: "img", "aria-label": plot.label });
  const details = make("details", {}, make("summary", {}, plot.tableTitle ?? `Numbers: ${plot.title.toLowerCase()}`));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1)
      details.append(Report.tableOf(plot.title, plot.head, plot.rows(), plot.most));
  });
  plot.refresh = () => {
    const holder = details.querySelector(".scroll");
    if (holder) holder.replaceWith(Report.tableOf(plot.title, plot.head, plot.rows(), plot.most));
    plot.draw();
  };
  plot.draw = () => {
    if (!plot.chart) return;
    canvas.setAttribute("aria-label", plot.label);
    plot.chart.setOption(plot.option(Report.colours()), { notMerge: true });
  };
  plot.start = () => {
    plot.chart = echarts.init(canvas, null, { renderer: plot.canvas ? "canvas" : "svg" });
    plot.draw();
  };
  plot.save = (kind) => Report.save(plot, canvas, kind);
  Report.plots.push(plot);
  const keep = make("div", { class: "keep" }, ...["SVG", "PNG"].map((kind) =>
    make("button", { type: "button", class: "button", "aria-label": `Save "${plot.title}" as ${kind}`, onclick: () => plot.save(kind.toLowerCase()) }, kind)));
  return make("figure", { class: plot.full ? "plot full" : "plot" },
    make("figcaption", {}, make("h3", {}, plot.title), make("p", {}, plot.note)),
    plot.controls ?? null, canvas, keep, details);
};

/* The plot as it is on the screen, in a file: drawn once more, since a canvas has no shapes to give. */
Report.save = function (plot, canvas, kind) {
  const holder = Report.make("div"), colours = Report.colours();
  const drawn = echarts.init(holder, null, { renderer: kind === "svg" ? "svg" : "canvas", width: canvas.clientWidth, height: canvas.clientHeight });
  drawn.setOption({ ...plot.option(colours), backgroundColor: colours.card });
  const name = plot.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const href = drawn.getDataURL(kind === "svg" ? { type: "svg" } : { type: "png", pixelRatio: 3 });
  Report.make("a", { href, download: `${name}.${kind}` }).click();
  drawn.dispose();
};

Report.redraw = () => Report.plots.forEach((plot) => plot.draw());
