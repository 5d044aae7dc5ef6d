"use strict";
/* Nodes and links where they stand, with time. */
(function () {
  const { make, say, share, clock } = Report;
  const box = { west: -25, east: 46, south: 33, north: 72 };
  const linksMost = 4000;

  /* Places: on the map of Europe, by degrees where some are elsewhere, on a circle without any. */
  function placed(nodes) {
    const known = nodes.some((it) => it.latitude !== null), inside = nodes.every((it) => it.longitude > box.west && it.longitude < box.east && it.latitude > box.south && it.latitude < box.north);
    const at = (it, i) => known ? [it.longitude, it.latitude]
      : [Math.cos(2 * Math.PI * i / nodes.length), Math.sin(2 * Math.PI * i / nodes.length)];
    return { kind: !known ? "circle" : inside ? "europe" : "degrees", points: new Map(nodes.map((it, i) => [it.node, at(it, i)])) };
  }

  function ground(kind, points, colours) {
    if (kind !== "europe") {
      const axis = { type: "value", scale: true, axisLabel: { color: colours.muted }, axisLine: { lineStyle: { color: colours.line } }, splitLine: { lineStyle: { color: colours.grid } }, show: kind === "degrees" };
      return { xAxis: { ...axis, name: "longitude (°)", nameLocation: "middle", nameGap: 28 }, yAxis: { ...axis, name: "latitude (°)" }, grid: { left: 44, right: 20, top: 40, bottom: 44 }, dataZoom: [{ type: "inside", xAxisIndex: 0, zoomOnMouseWheel: "ctrl" }, { type: "inside", yAxisIndex: 0, zoomOnMouseWheel: "ctrl" }] };
    }
    if (!echarts.getMap("europe")) echarts.registerMap("europe", JSON.parse(document.getElementById("europe").textContent));
    const all = [...points.values()], xs = all.map((it) => it[0]), ys = all.map((it) => it[1]);
    const fit = [[Math.max(box.west, Math.min(...xs) - 3), Math.min(box.north, Math.max(...ys) + 2)], [Math.min(box.east, Math.max(...xs) + 3), Math.max(box.south, Math.min(...ys) - 2)]];
    return { geo: {
      map: "europe", silent: true, aspectScale: 0.62, boundingCoords: fit, top: 34, bottom: 8, left: 8, right: 8,
      itemStyle: { areaColor: colours.land, borderColor: colours.coast, borderWidth: 0.8 }, emphasis: { disabled: true },
    } };
  }

  function mover(steps, onStep) { /* a slider with a button that plays it */
    const slider = make("input", { type: "range", min: "0", max: String(steps - 1), value: "0", "aria-label": "time" });
    const says = make("output", {}), button = make("button", { type: "button", class: "button" }, "Play");
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; button.textContent = "Play"; };
    const show = () => { const text = onStep(Number(slider.value)); says.textContent = text; slider.setAttribute("aria-valuetext", text); };
    slider.addEventListener("input", () => { stop(); show(); });
    button.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) >= Number(slider.max)) slider.value = "0";
      button.textContent = "Pause";
      timer = setInterval(() => {
        if (Number(slider.value) >= Number(slider.max)) return stop();
        slider.value = String(Number(slider.value) + 1);
        show();
      }, 120);
    });
    return { element: [button, make("label", { class: "grow" }, make("span", {}, "Time: ", says), slider)],
      reset: (count, at) => { stop(); slider.max = String(count - 1); slider.value = String(at); show(); } };
  }

  /* The state of every node at each time at which some state changes. */
  function history(nodes) {
    const changes = Report.table("states.csv"), series = Report.table("series.csv");
    const times = series.map((it) => it.time_us);
    if (changes.length === 0) return null;
    let next = 0, step = -1;
    const state = new Map(nodes.map((it) => [it.node, "down"]));
    return { times, at(index) {
      if (index < step) { next = 0; step = -1; state.forEach((_, node) => state.set(node, "down")); }
      for (; next < changes.length && changes[next].time_us <= times[index]; next++)
        if (state.has(changes[next].node)) state.set(changes[next].node, changes[next].state);
      step = index;
      return state;
    } };
  }

  /* Steps that grow with the time, so that the first milliseconds are seen too. */
  function ways(role) {
    const arrivals = Report.table("spread.csv").filter((it) => it.role === role).sort((a, b) => a.after_us - b.after_us);
    if (arrivals.length === 0) return null;
    const least = Math.max(1, arrivals[0].after_us * 0.8), most = Math.max(least, arrivals.at(-1).after_us), steps = 80;
    const times = Array.from({ length: steps + 1 }, (_, i) => i === steps ? most : Math.round(least * (most / least) ** (i / steps)));
    return { arrivals, times };
  }

  Report.mapPlot = function () {
    const all = Report.table("nodes.csv"), allLinks = Report.table("links.csv"), some = all.filter((it) => it.latitude !== null);
    const nodes = some.length > 0 ? some : all; /* on a circle where none has a place */
    if (nodes.length === 0) return null;
    const { kind, points } = placed(nodes), byNode = new Map(nodes.map((it) => [it.node, it]));
    const step = Math.ceil(allLinks.length / linksMost);
    const links = allLinks.filter((it, i) => i % step === 0 && points.has(it.a) && points.has(it.b));
    const deltas = new Map(Report.table("deltas.csv").map((it) => [it.delta, it]));
    const past = history(nodes), views = new Map();
    for (const role of ["median", "fastest", "slowest"]) { const way = ways(role); if (way) views.set(role, way); }
    const names = { median: "Way of the median delta", fastest: "Way of the fastest delta", slowest: "Way of the slowest delta" };
    const size = nodes.length > 20000 ? 2 : nodes.length > 3000 ? 3 : nodes.length > 400 ? 5 : 8;
    const view = { role: views.has("median") ? "median" : "states", index: 0 };
    const onGround = kind === "europe" ? { coordinateSystem: "geo" } : {};

    const symbols = { up: "circle", behind: "diamond", down: "circle", has: "circle", waits: "circle", publisher: "pin" }, hollow = ["down", "waits"];
    const scatter = (name, list, symbol, colour, more = {}) => ({ /* hollow: filled with the ground */
      name, type: "scatter", ...onGround, symbol: symbols[symbol], symbolSize: size, silent: false, progressive: 0,
      itemStyle: hollow.includes(symbol) ? { color: Report.colours().card, borderColor: colour, borderWidth: size > 4 ? 1.5 : 1 } : { color: colour, opacity: 0.95 }, data: list.map((node) => ({ value: points.get(node), node })), z: 4, ...more,
    });
    const lines = (name, pairs, colour, opacity, width, more = {}) => ({
      name, type: kind === "europe" ? "lines" : "custom", ...onGround, silent: true, z: 2, itemStyle: { color: colour }, lineStyle: { color: colour, opacity, width, curveness: 0 },
      data: pairs.map(([a, b]) => ({ coords: [points.get(a), points.get(b)] })), progressive: 0, ...more,
      ...(kind === "europe" ? {} : { renderItem: (parameters, api) => {
        const [from, to] = [pairs[parameters.dataIndex][0], pairs[parameters.dataIndex][1]].map((it) => api.coord(points.get(it)));
        return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: { stroke: colour, opacity, lineWidth: width } };
      }, data: pairs.map(() => [0, 0]), encode: { x: -1, y: -1 } }),
    });

    function states(colours) {
      const state = past.at(view.index), of = (name) => nodes.map((it) => it.node).filter((node) => state.get(node) === name);
      return [
        lines("links", links.map((it) => [it.a, it.b]), colours.muted, nodes.length > 300 ? 0.1 : 0.16, 1),
        scatter("up", of("up"), "up", colours.series[0]),
        scatter("behind", of("behind"), "behind", colours.series[1], { symbolSize: size * 1.5, z: 5 }),
        scatter("down", of("down"), "down", colours.muted),
      ];
    }
    function way(colours) {
      const { arrivals, times } = views.get(view.role), now = times[view.index];
      const here = arrivals.filter((it) => it.after_us <= now && points.has(it.node));
      const publisher = deltas.get(arrivals[0].delta)?.node, have = new Set(here.map((it) => it.node));
      const waiting = nodes.map((it) => it.node).filter((node) => !have.has(node) && node !== publisher);
      return [
        lines("links", links.map((it) => [it.a, it.b]), colours.muted, 0.1, 1),
        lines("sent over", here.filter((it) => it.from !== null && points.has(it.from)).map((it) => [it.from, it.node]), colours.series[0], 0.55, 1.5, { z: 3 }),
        scatter("has it", here.map((it) => it.node), "has", colours.series[0]),
        scatter("waits", waiting, "waits", colours.muted),
        scatter("publisher", points.has(publisher) ? [publisher] : [], "publisher", colours.series[1], { symbolSize: Math.max(22, size * 2), z: 6 }),
      ];
    }

    const plot = {
      title: kind === "circle" ? "Nodes and links" : "Map", full: true, tall: true, canvas: true,
      note: (kind === "circle" ? "Nodes in the order of their numbers, for none has a place, and the overlay's links at the end." : "Where each node stands, and the overlay's links at the end.")
        + (nodes.length < all.length ? ` ${all.length - nodes.length} nodes without a place are left out.` : "") + (links.length < allLinks.length ? ` ${links.length} of ${allLinks.length} links are drawn.` : ""),
      label: "", tableTitle: "Numbers: what the map shows", most: 1000,
      head: ["node", "country", "state at this time"], rows: () => [],
      option: (colours) => ({
        ...Report.base(colours, {}), grid: undefined, ...ground(kind, points, colours),
        legend: { ...Report.base(colours, {}).legend, icon: undefined },
        tooltip: { ...Report.base(colours, {}).tooltip, trigger: "item", formatter: (it) => {
          const node = byNode.get(it.data?.node);
          return node ? Report.tip(node.name, [{ text: [node.country, it.seriesName].filter((word) => word).join(", ") }, { text: `${node.degree} links, ${node.delivered.toLocaleString("en")} deltas delivered` }]) : "";
        } },
        series: view.role === "states" ? states(colours) : way(colours),
      }),
    };
    function tell() {
      const name = (node) => byNode.get(node)?.name ?? `node ${node}`;
      if (view.role === "states") {
        const state = past.at(view.index), count = { up: 0, behind: 0, down: 0 };
        state.forEach((word) => count[word]++);
        plot.head = ["node", "country", "state"];
        plot.rows = () => nodes.map((it) => [it.name, it.country, past.at(view.index).get(it.node)]);
        plot.label = `At ${clock(past.times[view.index])}: ${count.up} nodes up, ${count.behind} behind, ${count.down} down`;
        return `${clock(past.times[view.index])}: ${count.up} up, ${count.behind} behind, ${count.down} down`;
      }
      const { arrivals, times } = views.get(view.role), now = times[view.index], delta = deltas.get(arrivals[0].delta);
      const reached = arrivals.filter((it) => it.after_us <= now).length, total = delta?.wanted ?? arrivals.length;
      plot.head = ["node", "country", "from", "after", "hops"];
      plot.rows = () => arrivals.filter((it) => it.after_us <= now).map((it) => [name(it.node), byNode.get(it.node)?.country ?? "", it.from === null ? "catch-up" : name(it.from), say(it.after_us, "us"), it.hops ?? ""]);
      plot.label = `${names[view.role]}, ${say(now, "us")} after publication: ${reached} of ${total} nodes have it`;
      return `${say(now, "us")} after publication: ${reached} of ${total} nodes`;
    }
    const time = mover(2, (index) => { view.index = index; const text = tell(); plot.refresh?.(); return text; });
    const choice = make("select", { onchange: () => choose(choice.value) },
      ...[...views.keys()].map((role) => make("option", { value: role }, names[role])),
      past ? make("option", { value: "states" }, "Nodes over the run") : null);
    function choose(role) {
      view.role = role;
      const count = role === "states" ? past.times.length : views.get(role).times.length;
      time.reset(count, role === "states" ? 0 : Math.round(count * 0.6));
    }
    if (!past && views.size === 0) return null;
    plot.controls = make("div", { class: "controls" }, make("label", {}, "Show", choice), ...time.element);
    choose(view.role);
    return plot;
  };
})();
