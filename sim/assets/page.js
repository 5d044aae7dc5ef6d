"use strict";
/* The page around the plots. */
(function () {
  const { make, say, share, parts, digits, clock } = Report;
  const main = document.getElementById("main"), first = Report.runs[0];
  const section = (title, ...children) => {
    const id = title.toLowerCase().replace(/[^a-z]+/g, "-");
    return make("section", { "aria-labelledby": id }, make("h2", { id }, title), ...children);
  };

  /* -- colours ------------------------------------------------------------------------------ */

  function theme(name) {
    if (name === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = name;
    document.querySelectorAll("[data-theme][aria-pressed]").forEach((it) => it.setAttribute("aria-pressed", String(it.dataset.theme === name)));
    Report.redraw();
  }
  document.querySelectorAll(".themes button").forEach((it) => it.addEventListener("click", () => theme(it.dataset.theme)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", Report.redraw);

  /* -- parts of the page -------------------------------------------------------------------- */

  function tile(what, [value, unit], more) {
    return make("li", { class: "tile" }, make("span", { class: "what" }, what),
      make("span", { class: "value" }, value, unit ? make("small", {}, ` ${unit}`) : null),
      more ? make("span", { class: "more" }, more) : null);
  }
  function tiles() {
    const m = first.measures, has = (name) => m[name] !== null && m[name] !== undefined;
    const list = [
      has("delivery") && tile("Delivered", [share(m.delivery), ""], `of ${m.deltas.toLocaleString("en")} deltas to ${m.nodes.toLocaleString("en")} nodes`),
      has("latency_p50_us") && tile("To each node", parts(m.latency_p50_us, "us"), `median; 99 % within ${say(m.latency_p99_us, "us")}`),
      has("last_p50_us") && tile("To the last node", parts(m.last_p50_us, "us"), `median; 99 % within ${say(m.last_p99_us, "us")}`),
      has("last_ratio_p99") && tile("Last / direct latency", [`${digits(m.last_ratio_p99)} ×`, ""], "99th percentile; direct to the farthest node"),
      has("rmr") && tile("Redundancy", [digits(m.rmr), ""], "payloads beyond one for each node"),
      has("bytes_ratio") && tile("Bytes / least possible", [`${digits(m.bytes_ratio, 4)} ×`, ""], `${say(m.bytes, "B")} on all links`),
      has("ldh_mean") && tile("Last delivery hop", [digits(m.ldh_mean), ""], `mean; at most ${m.ldh_max}`),
      m.faults > 0 && tile("Converged after a fault", has("converge_max_us") ? parts(m.converge_max_us, "us") : ["not in this run", ""], `slowest of ${m.faults}${has("heal_ratio") ? `; ${digits(m.heal_ratio)} × the bytes missing` : ""}`),
      has("degree_mean") && tile("Links of a node", [digits(m.degree_mean), ""], `mean; at most ${m.degree_max}${has("path_mean") ? `; path ${digits(m.path_mean)}` : ""}`),
      m.events > 0 && tile("Speed", [Number(m.events_per_s.toPrecision(3)).toLocaleString("en"), "events/s"], `${say(m.run_us, "us")} simulated in ${say(m.wall_us, "us")}; ${say(m.rss_bytes, "B")} of memory`),
    ];
    return make("ul", { class: "tiles" }, ...list.filter((it) => it));
  }

  /* With their units; runs of older programs have none. */
  function asked(it, number) {
    return it.unit === "share" ? share(number) : it.unit === "s" ? say(number * 1e6, "us") : it.unit === "B" ? say(number, "B") : digits(number, 4);
  }
  function expectations() {
    if (!first.expect?.length) return null;
    const bounds = { min: "at least ", max: "at most " }, limit = (it) => (bounds[it.bound] ?? "") + asked(it, it.limit ?? NaN);
    const value = (it) => it.value !== null ? asked(it, it.value)
      : ["converge", "heal_bytes"].includes(it.name) ? (first.measures.faults > 0 ? "not in this run" : "no fault ended")
        : first.measures.deltas === 0 ? "nothing was published" : "none";
    return section("Expectations", make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Expectations" }, make("table", {},
      make("thead", {}, make("tr", {}, ...["measure", "limit", "value", "result"].map((it) => make("th", { scope: "col" }, it)))),
      make("tbody", {}, ...first.expect.map((it) => make("tr", {}, make("th", { scope: "row" }, it.name), make("td", {}, limit(it)), make("td", {}, value(it)), make("td", { class: it.met ? "met" : "missed" }, it.met ? "met" : "missed")))))));
  }

  function copied(text, label = "Command") {
    const button = make("button", { type: "button", class: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    return make("div", { class: "command" }, make("pre", { tabindex: "0", role: "region", "aria-label": label }, text), button);
  }
  /* What `fedcat-sim run` prints of a broken promise, too. */
  function replay(run) {
    const words = /^fedcat-sim run (.*)$/s.exec(run.command ?? ""), until = parseFloat(run.failure);
    return words && Number.isFinite(until) ? `fedcat-sim replay ${words[1]} --until ${until.toFixed(6)}` : null;
  }
  function broken(run, where) {
    const command = replay(run);
    return make("div", { class: "failure", role: "alert" }, make("strong", {}, where), run.failure, command ? copied(command, "Command that shows it") : null);
  }
  function scenario(yaml) {
    return yaml ? make("details", {}, make("summary", {}, "Scenario"), make("pre", { tabindex: "0", role: "region", "aria-label": "Scenario" }, yaml)) : null;
  }
  function repeat() {
    const yaml = Report.data.files["scenario.yaml"]?.text;
    return section("How to repeat it",
      first.command ? copied(first.command) : null,
      make("p", { class: "count" }, "Seed ", make("b", {}, String(first.seed)), "; the same program and input give the trace ", make("code", {}, (first.trace || "none").slice(0, 16)), "."),
      scenario(yaml));
  }

  function faults() {
    const rows = Report.table("faults.csv");
    if (rows.length === 0) return null;
    return section("Faults", Report.tableOf("Faults of the run, and what healing took",
      ["fault", "nodes", "began (min:s)", "ended (min:s)", "converged after", "bytes missing", "bytes of healing"],
      rows.map((it) => [it.what, it.nodes, clock(it.time_us), it.end_us === null ? "never" : clock(it.end_us), it.converge_us === null ? (it.end_us === null ? "" : "not in this run") : say(it.converge_us, "us"), say(it.missing_bytes, "B"), say(it.heal_bytes, "B")])));
  }

  /* -- nodes -------------------------------------------------------------------------------- */

  function nodeTable() {
    const nodes = Report.table("nodes.csv"), page = 50;
    if (nodes.length === 0) return null;
    const sum = (it, way) => ["payload", "control", "membership", "sync", "other"].reduce((all, name) => all + (it[`${way}_${name}`] ?? 0), 0);
    for (const it of nodes) { it.received = sum(it, "in"); it.sent = sum(it, "out"); it.state = (it.up ? "up" : "down") + (it.honest ? "" : ", dishonest"); }
    const columns = [["name", "node"], ["country", "country"], ["state", "at the end"], ["degree", "links"], ["delivered", "deltas"], ["duplicates", "duplicates"], ["received", "received"], ["sent", "sent"]];
    const view = { sort: "sent", down: true, find: "", most: page };
    const body = make("tbody"), heads = new Map(), count = make("p", { class: "count", "aria-live": "polite" });
    const more = make("button", { type: "button", class: "button", onclick: () => { view.most += page; show(); } }, "More rows");
    function show() {
      const wanted = nodes.filter((it) => `${it.name} ${it.country} ${it.state}`.toLowerCase().includes(view.find));
      const order = (a, b) => typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
      wanted.sort((a, b) => order(a[view.sort], b[view.sort]) * (view.down ? -1 : 1));
      body.replaceChildren(...wanted.slice(0, view.most).map((it) => make("tr", {}, make("th", { scope: "row" }, it.name), make("td", { class: "text" }, it.country), make("td", { class: "text" }, it.state),
        ...[it.degree, it.delivered.toLocaleString("en"), it.duplicates.toLocaleString("en"), say(it.received, "B"), say(it.sent, "B")].map((cell) => make("td", {}, String(cell))))));
      heads.forEach((head, key) => head.setAttribute("aria-sort", key === view.sort ? (view.down ? "descending" : "ascending") : "none"));
      const step = Report.step("nodes.csv");
      count.textContent = `${Math.min(view.most, wanted.length)} of ${wanted.length} nodes` + (step > 1 ? `, of which every ${step}th is in this page` : "");
      more.hidden = view.most >= wanted.length;
    }
    const head = make("tr", {}, ...columns.map(([key, text], i) => {
      const cell = make("th", { scope: "col", class: i < 3 ? "text" : null }, make("button", { type: "button", onclick: () => { view.down = view.sort === key ? !view.down : i >= 3; view.sort = key; show(); } }, text));
      heads.set(key, cell);
      return cell;
    }));
    const find = make("input", { type: "search", placeholder: "a name or country", oninput: () => { view.find = find.value.toLowerCase(); view.most = page; show(); } });
    show();
    return section("Nodes", make("div", { class: "controls" }, make("label", {}, "Find", find)), count,
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Nodes" }, make("table", {}, make("thead", {}, head), body)), more);
  }

  function measures() {
    const value = (it) => { const v = first.measures[it.name]; return v === null || v === undefined ? "none" : Report.shares.has(it.name) ? share(v) : it.unit ? `${say(v, it.unit)}` : it.unit === "1" ? digits(v, 6) : digits(v, 12); };
    const exact = (it) => first.measures[it.name] === null || first.measures[it.name] === undefined ? "" : String(first.measures[it.name]);
    return section("All measures", make("details", {}, make("summary", {}, `${Report.data.measures.length} measures, as in summary.json`),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All measures" }, make("table", {},
        make("thead", {}, make("tr", {}, ...["measure", "what it says", "value", "exactly"].map((it, i) => make("th", { scope: "col", class: i < 2 ? "text" : null }, it)))),
        make("tbody", {}, ...Report.data.measures.map((it) => make("tr", {}, make("th", { scope: "row" }, it.name), make("td", { class: "text long" }, it.text), make("td", {}, value(it)), make("td", {}, exact(it)))))))));
  }

  /* -- the two kinds of page ---------------------------------------------------------------- */

  function facts(list) {
    return make("ul", { class: "facts" }, ...list.filter((it) => it[1] !== "" && it[1] !== undefined).map(([name, value]) => make("li", {}, `${name} `, make("b", {}, String(value)))));
  }
  function runPage() {
    const m = first.measures;
    document.title = `${first.name}, seed ${first.seed}: fedcat-sim report`;
    main.append(make("h1", {}, first.name), make("p", { class: "about" }, first.about || ""),
      facts([["Nodes", m.nodes.toLocaleString("en")], ["Deltas", m.deltas.toLocaleString("en")], ["Virtual time", `${clock(m.run_us)} min:s`], ["Seed", first.seed], ...Object.entries(first.set ?? {})]));
    if (first.failure) main.append(broken(first, "A promise of the protocol broke at "));
    const map = Report.mapPlot();
    main.append(section("In short", tiles()), ...[expectations(), repeat()].filter((it) => it),
      section("What happened", make("div", { class: "plots" }, ...[map, ...Report.runPlots()].filter((it) => it).map(Report.figure))),
      ...[faults(), nodeTable(), measures()].filter((it) => it));
  }
  function sweepPage() {
    const all = Report.groups(), failed = Report.runs.filter((it) => it.failure), names = [...new Set(Report.runs.map((it) => it.name))];
    document.title = `${names.join(", ")}: fedcat-sim sweep`;
    main.append(make("h1", {}, names.join(", ")), make("p", { class: "about" }, names.length === 1 ? first.about || "" : ""),
      facts([["Runs", Report.runs.length], ["Settings", all.length], ["Runs that broke a promise", failed.length]]));
    const settings = (it) => Object.entries(it.set ?? {}).map((set) => set.join(" ")).join(", ");
    if (failed.length > 0) {
      main.append(broken(failed[0], `Seed ${failed[0].seed}${settings(failed[0]) ? `, ${settings(failed[0])}` : ""}: a promise broke at `));
      if (failed.length > 1) main.append(section("Broken runs", Report.tableOf("Every run that broke a promise; its command shows it", ["seed", "settings", "what broke at", "command"],
        failed.map((it) => [it.seed, settings(it), it.failure, replay(it) ?? it.command ?? ""]), 500)));
    }
    const plot = Report.sweepPlot();
    plot.element = Report.figure(plot);
    const names2 = ["delivery", "latency_p50_us", "last_p99_us", "rmr", "bytes_ratio", "events_per_s"];
    main.append(section("Over the settings", make("div", { class: "plots" }, plot.element)),
      section("Settings", Report.tableOf("Means, with half the width of their 95 % confidence interval", ["setting", "runs", ...names2.map(Report.named)],
        all.map((group) => [Object.entries(group.sets).filter(([key]) => key !== "scenario" || names.length > 1).map(([key, it]) => `${key} ${it}`).join(", ") || group.name, Math.max(...Object.values(group.measures).map((it) => it.runs)),
          ...names2.map((name) => { const it = group.measures[name], said = (number) => Report.figureOf(name, number); return !it ? "" : `${said(it.mean)}${it.ci95_low === null ? "" : ` ± ${said(it.mean - it.ci95_low)}`}`; })]), 500)),
      section("Runs", Report.tableOf("Every run; its command repeats it", ["seed", "settings", "delivery", "to the last node, 99 %", "redundancy", "command"],
        Report.runs.map((it) => [it.seed, settings(it), share(it.measures.delivery), say(it.measures.last_p99_us, "us"), it.measures.rmr === null ? "" : digits(it.measures.rmr), it.command]), 500)),
      Report.data.scenario ? section("How to repeat it", make("p", { class: "count" }, "What all runs have in common; the settings change it, and the command of each run repeats that one."), scenario(Report.data.scenario)) : "");
  }

  (Report.data.kind === "run" ? runPage : sweepPage)();
  document.getElementById("made").textContent = `Made by fedcat-sim ${Report.data.version}` + (first.version && first.version !== Report.data.version ? ` of a run by ${first.version}` : "") + ".";

  /* Plots are drawn when they come near the screen, and follow its size. */
  const seen = new IntersectionObserver((entries) => entries.filter((it) => it.isIntersecting).forEach((it) => {
    seen.unobserve(it.target);
    const plot = Report.plots.find((one) => one.holder === it.target);
    plot.start();
    new ResizeObserver(() => plot.chart.resize()).observe(it.target);
  }), { rootMargin: "600px" });
  const holders = document.querySelectorAll(".canvas");
  Report.plots.forEach((plot, i) => { plot.holder = holders[i]; seen.observe(holders[i]); });
  addEventListener("beforeprint", () => Report.plots.forEach((plot) => { if (!plot.chart) plot.start(); }));
})();
