/* Looks at report pages in a headless browser, from file:, as people open them.
 *   node check.mjs RUN.html SWEEP.html BROKEN.html PLAIN.html [SHOTS]   SHOTS: a directory for pictures */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [runFile, sweepFile, brokenFile, plainFile, shots] = process.argv.slice(2);
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
let checks = 0;

async function open(file, size, colorScheme) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme, bypassCSP: true, reducedMotion: "reduce" });
  const page = await context.newPage(), faults = [], url = pathToFileURL(path.resolve(file)).href;
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(message.text()); });
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("request", (request) => { if (request.url() !== url && !/^(data|blob):/.test(request.url())) faults.push(`asked for ${request.url()}`); });
  await page.goto(url);
  return { page, faults, context };
}

/* Every plot is drawn once it has been near the screen. */
async function scrollThrough(page) {
  for (const canvas of await page.locator(".canvas").all()) {
    await canvas.scrollIntoViewIfNeeded();
    await canvas.locator("svg, canvas").first().waitFor();
  }
  await page.evaluate(() => scrollTo(0, 0));
}

/* What axe-core finds; of plots only the element that stands for them, as it is an image. */
async function sound(page, name, rules) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((only) => globalThis.axe.run({ exclude: [[".canvas > *"]] },
    { resultTypes: ["violations"], ...(only ? { runOnly: { type: "rule", values: only } } : {}) }), rules);
  const serious = violations.filter((it) => ["serious", "critical"].includes(it.impact));
  assert.deepEqual(serious.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`), [], `${name}: axe-core`);
  checks++;
}

async function fits(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: ${wide} pixels wider than the screen`);
  checks++;
}

async function shoot(page, name) {
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

async function runPage(page) {
  const titles = await page.locator("figure h3").allTextContents();
  for (const title of ["Map", "Convergence", "Propagation of a delta", "Latency", "Redundancy over time", "Bytes sent, by class of message", "Degree of the overlay"])
    assert.ok(titles.includes(title), `no plot "${title}" among ${titles}`);
  assert.equal(await page.locator("main b b, td b, th b, pre b").count(), 0, "a name became markup");
  assert.match(await page.locator("tbody").last().evaluate(() => document.body.textContent), /<\/script><b>, "3"/);
  assert.match(await page.title(), /sample, seed 1/);

  const slider = page.locator("input[type=range]"), told = page.locator("output");
  await page.getByLabel("Show").selectOption("states");
  await slider.focus();
  const before = await told.textContent();
  await page.keyboard.press("End");
  assert.notEqual(await told.textContent(), before, "the slider moves nothing");
  assert.match(await told.textContent(), /^4:00: 150 up, 0 behind, 0 down$/);
  await slider.evaluate((it) => { it.value = "182"; it.dispatchEvent(new Event("input")); });
  assert.match(await told.textContent(), /^3:03: 135 up, 0 behind, 15 down$/);
  await page.getByText("Numbers: what the map shows").click();
  assert.equal(await page.locator("figure").first().locator("tbody tr").count(), 150);

  await page.getByRole("button", { name: "links", exact: true }).press("Enter");
  const links = await page.locator("section[aria-labelledby=nodes] tbody tr td:nth-child(4)").allTextContents();
  assert.deepEqual(links.map(Number), links.map(Number).sort((a, b) => b - a), "not sorted");
  await page.getByLabel("Find").fill("mt");
  assert.ok((await page.locator("section[aria-labelledby=nodes] tbody tr").count()) < 10);
  await page.getByLabel("Find").fill("");
  checks += 14;
}

async function sweepPage(page) {
  const heading = page.locator("figure h3");
  assert.match(await heading.textContent(), /99th percentile/);
  await page.getByLabel("Measure").selectOption("rmr");
  assert.match(await heading.textContent(), /Relative message redundancy/);
  await page.getByText("Numbers of this plot").click();
  const rows = await page.locator("figure tbody tr").allTextContents();
  assert.equal(rows.length, 4);
  assert.match(rows[0], /^federation\.nodes 205/); /* of 20 nodes, five runs */
  const head = await page.locator("section[aria-labelledby=settings] thead th").allTextContents();
  assert.deepEqual(head.slice(2, 5), ["delivery", "latency p50", "last p99"]);
  const cells = await page.locator("section[aria-labelledby=settings] tbody tr").first().locator("td").allTextContents();
  assert.match(cells[2], /^100 % ± 0 %$/);
  await page.getByLabel("Measure").selectOption("last_p99_us");
  await saved(page, "Latency to a delta's last node: 99th percentile");
  const least = await lowest(page);
  assert.ok(least >= 0, `the axis of a time goes down to ${least}`);
  checks += 8;
}

/* Of the labels of the vertical axis, as the drawing has them. */
async function lowest(page) {
  const labels = await page.locator(".canvas svg text").allTextContents();
  return Math.min(...labels.filter((it) => /^-?[0-9.,]+$/.test(it)).map((it) => Number(it.replaceAll(",", ""))));
}

/* Both files of a plot hold it. */
async function saved(page, title) {
  for (const [kind, begins] of [["SVG", /^<svg[^]*<path/], ["PNG", /^\x89PNG/]]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Save "${title}" as ${kind}` }).click()]);
    assert.match(file.suggestedFilename(), new RegExp(`^[a-z0-9-]+\\.${kind.toLowerCase()}$`));
    const bytes = readFileSync(await file.path());
    assert.match(bytes.toString("latin1"), begins, `${title} as ${kind}`);
    assert.ok(bytes.length > 4000, `${title} as ${kind} has ${bytes.length} bytes`);
    checks += 3;
  }
}

async function brokenPage(page) {
  const text = await page.locator("main").textContent();
  assert.ok(!text.includes("undefined"), "a value that was not given is undefined");
  assert.ok((await page.getByRole("combobox", { name: /^Over/ }).locator("option").allTextContents()).includes("links.loss"));
  await page.getByRole("combobox", { name: /^Over/ }).selectOption("links.loss");
  await page.getByText("Numbers of this plot").click();
  assert.match(await page.locator("figure tbody").textContent(), /links\.loss as in the scenario/);
  const alert = page.getByRole("alert");
  assert.match(await alert.textContent(), /Seed 2, federation\.nodes 20: a promise broke at 2\.500000 s: n3 <b>differs<\/b>/);
  assert.match(await alert.locator("pre").textContent(), /^fedcat-sim replay sample --nodes 20 --seed 2 --until 2\.500000$/);
  const rows = await page.locator("section[aria-labelledby=broken-runs] tbody tr").allTextContents();
  assert.equal(rows.length, 2);
  assert.match(rows[1], /^5federation\.nodes 20, links\.loss 5 %5\.500000 s: .*--until 5\.500000$/);
  await page.getByText("Scenario", { exact: true }).click();
  assert.equal(await page.getByRole("region", { name: "Scenario" }).textContent(), "seed: 1 # </script>\n");
  checks += 8;
}

async function plainPage(page) {
  assert.ok((await page.locator("figure h3").allTextContents()).includes("Nodes and links"));
  assert.match(await page.locator("figure figcaption").first().textContent(), /none has a place/);
  const rows = await page.locator("section[aria-labelledby=expectations] tbody tr").allTextContents();
  assert.match(rows[0], /^deliveryat least 100 %100 %met$/);
  assert.match(rows[1], /^redundancyat most 0[0-9.]+missed$/);
  assert.match(rows[2], /^memoryat most 1 GB[0-9.]+ MBmet$/);
  /* The legend of the map has the colours that are drawn. */
  const chart = await page.evaluate(() => {
    const plot = Report.plots[0], model = plot.chart.getModel(), drawn = plot.chart.getOption().series;
    return drawn.map((it, i) => [it.name, model.getSeriesByIndex(i).getVisual?.("style")?.fill ?? model.getSeriesByIndex(i).getData().getVisual("style").fill, it.lineStyle?.color]).filter((it) => it[2]);
  });
  assert.ok(chart.length > 0);
  for (const [name, legend, line] of chart) assert.equal(legend, line, `${name} in the legend`);
  await saved(page, "Nodes and links");
  checks += 7;
}

try {
  for (const [name, file, look] of [["run", runFile, runPage], ["sweep", sweepFile, sweepPage], ["broken", brokenFile, brokenPage], ["plain", plainFile, plainPage]]) {
    for (const [size, scheme] of [["wide", "light"], ["phone", "dark"]]) {
      const { page, faults, context } = await open(file, size, scheme);
      await scrollThrough(page);
      await shoot(page, `${name}-${size}-${scheme}`);
      await fits(page, `${name}, ${size}`);
      if (size === "wide") {
        await sound(page, `${name}, ${scheme}`);
        await look(page);
        await page.getByRole("button", { name: "Dark" }).click();
        await sound(page, `${name}, dark`, ["color-contrast"]);
        await shoot(page, `${name}-${size}-dark`);
      }
      assert.deepEqual(faults, [], `${name}, ${size}, ${scheme}`);
      checks++;
      await context.close();
    }
  }
  console.log(`${checks} checks of the report page`);
} finally {
  await browser.close();
}
