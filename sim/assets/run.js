"use strict";
/* The plots of one run. */
(function () {
  const { say, share, clock } = Report;
  const tip = (title, lines) => `${echarts.format.encodeHTML(title)}<br>` + lines.map((it) => `${it.marker ?? ""}${echarts.format.encodeHTML(it.text)}`).join("<br>");
  const styles = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 4]];

  function propagation() {
    const roles = [["median", "median delta"], ["fastest", "fastest"], ["slowest", "slowest"]];
    const spread = Report.table("spread.csv"), wanted = new Map(Report.table("deltas.csv").map((it) => [it.delta, it.wanted]));
    const curves = roles.map(([role, name]) => {
      const arrivals = spread.filter((it) => it.role === role).sort((a, b) => a.after_us - b.after_us);
      const total = wanted.get(arrivals[0]?.delta) ?? arrivals.length;
      const weight = arrivals.length > 0 ? Math.max(1, Report.step("spread.csv")) : 1;
      return { name, points: arrivals.map((it, i) => [Math.max(it.after_us, 1), Math.min(1, (i + 1) * weight / total)]) };
    }).filter((curve) => curve.points.length > 0);
    return curves.length === 0 ? null : {
      title: "Propagation of a delta", note: "Share of the nodes that want it which have it, by time since publication.",
      label: `Propagation curves: ${curves.map((it) => `${it.name} reaches its last node after ${say(it.points.at(-1)[0], "us")}`).join("; ")}`,
      head: ["delta", "time since publication", "share of nodes"],
      rows: () => curves.flatMap((it) => it.points.map((p) => [it.name, say(p[0], "us"), share(p[1])])),
      option: (colours) => Report.base(colours, {
        xAxis: Report.logTimeAxis("time since publication, logarithmic"),
        yAxis: { type: "value", name: "share of nodes", min: 0, max: 1, axisLabel: { formatter: (v) => `${Math.round(v * 100)} %`, color: colours.muted } },
        tooltip: { ...Report.base(colours, {}).tooltip, formatter: (at) => tip(say(at[0].value[0], "us"), at.map((it) => ({ marker: it.marker, text: `${it.seriesName}: ${share(it.value[1])}` }))) },
        series: curves.map((it, i) => Report.line(it.name, it.points, { step: "end", lineStyle: { width: 2, type: styles[i] } })),
      }),
    };
  }

  function distribution() {
    const rows = Report.table("latency.csv"), last = rows.at(-1);
    if (!last || !last.nodes) return null;
    const run = Report.runs[0].measures;
    return {
      title: "Latency", note: "Share of arrivals, and of deltas that are everywhere, within a time.",
      label: `Distribution of latency: to each node median ${say(run.latency_p50_us, "us")}, 99th percentile ${say(run.latency_p99_us, "us")}; to the last node median ${say(run.last_p50_us, "us")}, 99th percentile ${say(run.last_p99_us, "us")}`,
      head: ["within", "share of arrivals", "share of deltas at their last node"],
      rows: () => rows.map((it) => [say(it.latency_us, "us"), share(it.nodes / last.nodes), share(it.deltas / last.deltas)]),
      option: (colours) => Report.base(colours, {
        xAxis: Report.logTimeAxis("time since publication, logarithmic"),
        yAxis: { type: "value", name: "share", min: 0, max: 1, axisLabel: { formatter: (v) => `${Math.round(v * 100)} %`, color: colours.muted } },
        tooltip: { ...Report.base(colours, {}).tooltip, formatter: (at) => tip(`within ${say(at[0].value[0], "us")}`, at.map((it) => ({ marker: it.marker, text: `${it.seriesName}: ${share(it.value[1])}` }))) },
        series: [
          Report.line("to each node", rows.map((it) => [Math.max(1, it.latency_us), it.nodes / last.nodes]), { step: "end" }),
          Report.line("to the last node", rows.map((it) => [Math.max(1, it.latency_us), it.deltas / last.deltas]), { step: "end", lineStyle: { width: 2, type: "dashed" } }),
        ],
      }),
    };
  }

  function lastNode() {
    const deltas = Report.table("deltas.csv").filter((it) => it.last_us !== null);
    const end = Report.runs[0].measures.run_us;
    return deltas.length === 0 ? null : {
      title: "Time to the last node, by publication", note: "Each point is a delta; on a logarithmic scale.", canvas: deltas.length > 2000,
      label: `Time to the last node of ${deltas.length} deltas over the run`,
      head: ["delta", "published (min:s)", "to half of the nodes", "to the last node", "hops at most"],
      rows: () => deltas.map((it) => [it.delta, clock(it.published_us), say(it.p50_us, "us"), say(it.last_us, "us"), it.hops_max]),
      option: (colours) => Report.base(colours, {
        xAxis: Report.timeAxis(end),
        yAxis: { ...Report.logTimeAxis("to the last node"), splitNumber: 4 },
        tooltip: { ...Report.base(colours, {}).tooltip, trigger: "item", formatter: (it) => tip(`delta ${it.value[2]}`, [{ text: `published at ${clock(it.value[0])}` }, { text: `${it.seriesName} after ${say(it.value[1], "us")}` }]) },
        series: [
          { name: "last node", type: "scatter", symbolSize: 5, large: deltas.length > 5000, itemStyle: { opacity: 0.75 }, data: deltas.map((it) => [it.published_us, Math.max(1, it.last_us), it.delta]) },
          { name: "half of the nodes", type: "scatter", symbol: "triangle", symbolSize: 5, large: deltas.length > 5000, itemStyle: { opacity: 0.75 }, data: deltas.map((it) => [it.published_us, Math.max(1, it.p50_us), it.delta]) },
        ],
      }),
    };
  }

  const series = Report.table("series.csv"), faults = Report.table("faults.csv");
  const end = series.at(-1)?.time_us ?? 0;
  const width = (i) => (series[i].time_us - (i > 0 ? series[i - 1].time_us : 0)) / 1e6 || 1;

  function redundancy() {
    if (!series.some((it) => it.payloads > 0)) return null;
    const points = series.map((it) => [it.time_us, it.payloads > it.duplicates ? it.duplicates / (it.payloads - it.duplicates) : null]);
    return {
      title: "Redundancy over time", note: "Payloads that arrived where they were held already, for each that was new.",
      label: `Redundancy over time; relative message redundancy of the run ${Report.digits(Report.runs[0].measures.rmr ?? 0)}`,
      head: ["virtual time (min:s)", "payloads", "duplicates", "redundancy"],
      rows: () => series.map((it, i) => [clock(it.time_us), it.payloads, it.duplicates, points[i][1] === null ? "" : Report.digits(points[i][1])]),
      option: (colours) => Report.base(colours, {
        xAxis: Report.timeAxis(end), yAxis: { type: "value", name: "duplicates per new payload", min: 0 }, legend: { show: false },
        grid: { ...Report.base(colours, {}).grid, top: 14 },
        tooltip: { ...Report.base(colours, {}).tooltip, formatter: (at) => tip(`at ${clock(at[0].value[0])}`, [{ text: at[0].value[1] === undefined || at[0].value[1] === null ? "no payload" : Report.digits(at[0].value[1]) }]) },
        series: [Report.line("redundancy", points, { lineStyle: { width: 1.5 } })],
      }),
    };
  }

  function traffic() {
    const classes = ["payload", "control", "membership", "sync", "other"].filter((name) => series.some((it) => it[`bytes_${name}`] > 0));
    const names = { payload: "payload", control: "control", membership: "membership", sync: "catch-up", other: "other" };
    return classes.length === 0 ? null : {
      title: "Bytes sent, by class of message", note: "In a second of virtual time on all links together, stacked.",
      label: `Bytes a second by class of message over time: ${classes.map((name) => names[name]).join(", ")}`,
      head: ["virtual time (min:s)", ...classes.map((name) => `${names[name]} a second`)],
      rows: () => series.map((it, i) => [clock(it.time_us), ...classes.map((name) => say(it[`bytes_${name}`] / width(i), "B"))]),
      option: (colours) => Report.base(colours, {
        xAxis: Report.timeAxis(end),
        yAxis: { type: "value", name: "a second", axisLabel: { formatter: (v) => say(v, "B"), color: colours.muted }, nameGap: 54 },
        grid: { ...Report.base(colours, {}).grid, left: 74 },
        tooltip: { ...Report.base(colours, {}).tooltip, formatter: (at) => tip(`at ${clock(at[0].value[0])}`, at.map((it) => ({ marker: it.marker, text: `${it.seriesName}: ${say(it.value[1], "B")}/s` }))) },
        series: classes.map((name) => Report.line(names[name], series.map((it, i) => [it.time_us, it[`bytes_${name}`] / width(i)]), { stack: "bytes", lineStyle: { width: 1 }, areaStyle: { opacity: 0.55 } })),
      }),
    };
  }

  function convergence() {
    const areas = faults.map((it, i) => [
      { name: it.what, xAxis: it.time_us, itemStyle: { opacity: 0.16 } }, { xAxis: it.end_us ?? end },
    ]);
    return series.length === 0 ? null : {
      title: "Convergence", full: true,
      note: "Nodes up, and nodes that have lacked a delta for more than a second; times of faults are shaded.",
      label: `Nodes behind over time, at most ${Math.max(...series.map((it) => it.nodes_behind))}; ${faults.length} faults`,
      head: ["virtual time (min:s)", "nodes up", "nodes behind", "deltas they lack", "converged"],
      rows: () => series.map((it) => [clock(it.time_us), it.nodes_up, it.nodes_behind, it.missing, share(it.converged)]),
      option: (colours) => Report.base(colours, {
        xAxis: Report.timeAxis(end), yAxis: { type: "value", name: "nodes", min: 0, minInterval: 1 },
        grid: { ...Report.base(colours, {}).grid, top: 60 },
        tooltip: { ...Report.base(colours, {}).tooltip, formatter: (at) => tip(`at ${clock(at[0].value[0])}`, at.map((it) => ({ marker: it.marker, text: `${it.seriesName}: ${it.value[1]}` }))) },
        series: [
          Report.line("nodes behind", series.map((it) => [it.time_us, it.nodes_behind]), {
            step: "start", areaStyle: { opacity: 0.15 }, itemStyle: { color: colours.series[1] },
            markArea: { silent: true, itemStyle: { color: colours.muted }, label: { color: colours.text, position: "top", fontSize: 12, distance: 6 }, data: areas },
          }),
          Report.line("nodes up", series.map((it) => [it.time_us, it.nodes_up]), { step: "start", itemStyle: { color: colours.series[0] }, lineStyle: { width: 2, type: "dashed" } }),
        ],
      }),
    };
  }

  function degrees() {
    const nodes = Report.table("nodes.csv"), counts = new Map();
    if (!nodes.some((it) => it.degree > 0)) return null;
    for (const it of nodes) counts.set(it.degree, (counts.get(it.degree) ?? 0) + 1);
    const most = Math.max(...counts.keys());
    const bars = Array.from({ length: most + 1 }, (_, i) => [i, counts.get(i) ?? 0]);
    return {
      title: "Degree of the overlay", note: "Nodes by the number of their links, at the end of the run.",
      label: `Degree distribution: mean ${Report.digits(Report.runs[0].measures.degree_mean ?? 0)}, greatest ${most}`,
      head: ["links", "nodes"], rows: () => bars.filter((it) => it[1] > 0),
      option: (colours) => Report.base(colours, {
        xAxis: { type: "category", name: "links of a node", data: bars.map((it) => String(it[0])), axisTick: { show: false } },
        yAxis: { type: "value", name: "nodes", minInterval: 1 }, legend: { show: false }, grid: { ...Report.base(colours, {}).grid, top: 14 },
        tooltip: { ...Report.base(colours, {}).tooltip, trigger: "item", formatter: (it) => tip(`${it.name} links`, [{ text: `${it.value} nodes` }]) },
        series: [{ name: "nodes", type: "bar", data: bars.map((it) => it[1]), barCategoryGap: "25%", barMaxWidth: 40 }],
      }),
    };
  }

  Report.runPlots = () => [convergence(), propagation(), distribution(), lastNode(), redundancy(), traffic(), degrees()].filter((it) => it);
  Report.tip = tip;
  Report.styles = styles;
})();
