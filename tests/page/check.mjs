/* Looks at report pages in a headless browser, from file:, as people open them.
 *   node check.mjs RUN.html SWEEP.html [SHOTS]      SHOTS: a directory for pictures */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [runFile, sweepFile, shots] = process.argv.slice(2);
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
  checks += 4;
}

try {
  for (const [name, file, look] of [["run", runFile, runPage], ["sweep", sweepFile, sweepPage]]) {
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
