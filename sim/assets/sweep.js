"use strict";
/* Runs taken together: any measure over what was varied, with confidence bands over seeds. */
(function () {
  const { make } = Report, untold = "as in the scenario";
  /* These alone can be below zero; a band of confidence of others ends there. */
  const signed = new Set(["rmr"]);

  function groups() {
    const found = new Map();
    for (const row of Report.rows(Report.data.joined)) {
      const key = `${row.name} ${row.set}`;
      if (!found.has(key)) {
        const sets = Object.fromEntries(row.set.split(";").filter((it) => it).map((it) => [it.slice(0, it.indexOf("=")), it.slice(it.indexOf("=") + 1)]));
        found.set(key, { name: row.name, sets: { scenario: row.name, ...sets }, measures: {} });
      }
      found.get(key).measures[row.measure] = row;
    }
    const all = [...found.values()], keys = new Set(all.flatMap((it) => Object.keys(it.sets)));
    for (const group of all) for (const key of keys) group.sets[key] ??= untold; /* runs of different commands */
    return all;
  }

  /* The number in front of a value with a unit ("20 ms", "5 %"); sizes and times in one scale. */
  const scales = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400, B: 1, KB: 1e3, MB: 1e6, KiB: 1024, MiB: 1048576, "%": 1, "": 1 };
  function number(text) {
    const match = /^(-?[0-9.]+) *([A-Za-z%]*)$/.exec(text ?? "");
    return match && match[2] in scales ? Number(match[1]) * scales[match[2]] : NaN;
  }

  Report.sweepPlot = function () {
    const all = groups(), keys = [...new Set(all.flatMap((it) => Object.keys(it.sets)))];
    const varied = keys.filter((key) => new Set(all.map((it) => it.sets[key])).size > 1);
    const measures = Report.data.measures.filter((it) => all.some((group) => group.measures[it.name]));
    const view = { measure: ["last_p99_us", "latency_p50_us", "delivery", "events_per_s"].find((name) => measures.some((it) => it.name === name)) ?? measures[0]?.name, over: varied.find((key) => all.every((it) => !Number.isNaN(number(it.sets[key])))) ?? varied[0] ?? "scenario", zero: true };
    const info = () => Report.measure[view.measure];
    /* Of times the unit that suits the greatest. */
    const scale = () => {
      const most = Math.max(...all.map((it) => it.measures[view.measure]?.max ?? 0));
      if (Report.shares.has(view.measure)) return [0.01, "%"];
      return info().unit !== "us" ? [1, info().unit === "B" ? "bytes" : ""] : most >= 1e6 ? [1e6, "s"] : most >= 1e3 ? [1e3, "ms"] : [1, "µs"];
    };
    const value = (it) => it / scale()[0], unit = () => scale()[1], said = (it) => Report.figureOf(view.measure, it);
    const low = (row) => signed.has(view.measure) ? row.ci95_low : Math.max(0, row.ci95_low), most = Report.shares.has(view.measure) ? 1 : Infinity;
    const high = (row) => Math.min(most, row.ci95_high);

    function curves() {
      const rest = varied.filter((key) => key !== view.over), found = new Map();
      for (const group of all) {
        const row = group.measures[view.measure];
        const name = rest.map((key) => `${key} ${group.sets[key]}`).join(", ") || "mean";
        if (!row) continue;
        if (!found.has(name)) found.set(name, []);
        found.get(name).push({ x: group.sets[view.over], row });
      }
      const xs = [...new Set(all.map((it) => it.sets[view.over]))];
      const numeric = xs.every((it) => !Number.isNaN(number(it)));
      if (numeric) xs.sort((a, b) => number(a) - number(b));
      for (const list of found.values()) list.sort((a, b) => xs.indexOf(a.x) - xs.indexOf(b.x));
      return { xs, numeric, found };
    }

    const plot = {
      title: "", note: "", label: "", full: true, tall: true, tableTitle: "Numbers of this plot",
      head: ["setting", "runs", "mean", "95 % from", "to", "least", "greatest"],
      rows: () => [...curves().found].flatMap(([name, list]) => list.map(({ x, row }) => [
        `${view.over} ${x}${name === "mean" ? "" : `, ${name}`}`, row.runs, ...[row.mean, row.ci95_low, row.ci95_high, row.min, row.max].map((it) => it === null ? "" : said(it)),
      ])),
      option(colours) {
        const { xs, numeric, found } = curves();
        const at = (x) => numeric ? number(x) : xs.indexOf(x), wide = numeric && number(xs[0]) > 0 && number(xs.at(-1)) / number(xs[0]) >= 20;
        const series = [...found].flatMap(([name, list], i) => {
          const colour = colours.series[i % 5], band = list.filter((it) => it.row.ci95_low !== null);
          return [
            Report.line(name, list.map((it) => [at(it.x), value(it.row.mean), it.row]), { showSymbol: true, symbol: ["circle", "rect", "triangle", "diamond", "roundRect"][i % 5], symbolSize: 8, itemStyle: { color: colour }, lineStyle: { width: 2, color: colour, type: Report.styles[i % 5] } }),
            { name, type: "custom", silent: true, z: 1, itemStyle: { color: colour }, data: band.length > 0 ? [[at(band[0].x), value(band[0].row.mean)]] : [],
              renderItem: (parameters, api) => ({ type: "polygon", style: { fill: colour, opacity: 0.16 }, shape: { points: [
                ...band.map((it) => api.coord([at(it.x), value(high(it.row))])), ...[...band].reverse().map((it) => api.coord([at(it.x), value(low(it.row))]))] } }) },
          ];
        });
        const lows = [...found.values()].flat().map((it) => value(it.row.ci95_low === null ? it.row.mean : low(it.row))), highs = [...found.values()].flat().map((it) => value(it.row.ci95_high === null ? it.row.mean : high(it.row)));
        series.push({ name: [...found.keys()][0], type: "scatter", symbolSize: 0, silent: true, data: [...found.values()].flat().flatMap((it) => (it.row.ci95_low === null ? [] : [low(it.row), high(it.row)]).map((v) => [at(it.x), value(v)])) }); /* so that the axis holds the bands */
        return Report.base(colours, {
          xAxis: numeric ? { type: wide ? "log" : "value", name: view.over, scale: true, min: wide ? number(xs[0]) * 0.9 : undefined, max: wide ? number(xs.at(-1)) * 1.1 : undefined, axisLabel: { color: colours.muted, formatter: (v) => Report.digits(v, 4) } }
            : { type: "category", name: view.over, data: xs },
          yAxis: { type: "value", name: unit() ? `${Report.named(view.measure)} (${unit()})` : Report.named(view.measure), min: view.zero ? (Math.min(...lows) < 0 ? undefined : 0) : Math.min(...lows), max: view.zero ? undefined : Math.max(...highs), scale: !view.zero, axisLabel: { color: colours.muted, formatter: (v) => unit() === "bytes" ? Report.say(v, "B") : Report.digits(v, 4) }, nameGap: 58 },
          grid: { ...Report.base(colours, {}).grid, left: 80 },
          legend: { ...Report.base(colours, {}).legend, show: found.size > 1, type: "scroll" },
          tooltip: { ...Report.base(colours, {}).tooltip, trigger: "item", formatter: (it) => {
            const row = it.value[2];
            return Report.tip(`${view.over} ${it.value[0]}`, [{ text: `mean ${said(row.mean)} of ${row.runs} runs` }, { text: row.ci95_low === null ? "one run: no interval" : `95 %: ${said(low(row))} to ${said(high(row))}` }]);
          } },
          series,
        });
      },
    };
    const heading = () => {
      plot.title = `${info().text.charAt(0).toUpperCase()}${info().text.slice(1)}`;
      plot.note = `Over ${view.over}; means of the runs with bands of 95 % confidence (Student's t)${signed.has(view.measure) ? "" : ", drawn as far as values can be"}.`;
      plot.label = `${plot.title}, over ${view.over}: ${[...curves().found].map(([name, list]) => `${name}: ${list.map((it) => `${it.x}: ${said(it.row.mean)}`).join("; ")}`).join(". ")}`;
    };
    const update = () => {
      heading();
      plot.element?.querySelector("h3").replaceChildren(plot.title);
      plot.element?.querySelector("figcaption p").replaceChildren(plot.note);
      plot.refresh?.();
    };
    const pick = (label, list, value, set) => make("label", {}, label, make("select", { onchange: (event) => { set(event.target.value); update(); } },
      ...list.map(([key, text]) => make("option", { value: key, selected: key === value }, text))));
    plot.controls = make("div", { class: "controls" },
      pick("Measure", measures.map((it) => [it.name, `${Report.named(it.name)}: ${it.text}`]), view.measure, (it) => { view.measure = it; }),
      pick("Over", (varied.length ? varied : ["scenario"]).map((it) => [it, it]), view.over, (it) => { view.over = it; }),
      pick("Scale", [["zero", "from zero"], ["fit", "fit to the values"]], "zero", (it) => { view.zero = it === "zero"; }));
    heading();
    return plot;
  };
  Report.groups = groups;
})();
