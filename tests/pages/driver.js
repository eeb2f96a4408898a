"use strict";
// One Chromium for all tests of a process. A line of JSON on standard input names a script of a module beside this file
// and what it is given; a line on standard output is what it returned, and everything that went wrong meanwhile.
const path = require("node:path");
const readline = require("node:readline");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const PATIENCE = Number(process.env.DRIFTWATCH_PAGES_PATIENCE ?? 30_000); // milliseconds, for each step

/** A page in a context of its own. Requests for anything but the page, and all that reaches the console, are problems. */
async function opened(browser, problems, url, { ready = "#page[data-ready]", allow = null, offline = true, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  await context.setOffline(offline);
  const page = await context.newPage();
  // when the first frame with the page in it was drawn, by the page's own clock
  await page.addInitScript(() => {
    const look = () => requestAnimationFrame(() => {
      if (!document.querySelector("#page[data-ready]")) look();
      else setTimeout(() => { globalThis.drawnAt = performance.now(); });
    });
    look();
  });
  const asked = new RegExp(allow ?? "^$");
  page.on("request", (request) => {
    const address = request.url().split("#")[0];
    if (address !== url.split("#")[0] && !address.startsWith("blob:") && !asked.test(address)) problems.push(`request: ${address.slice(0, 300)}`);
  });
  page.on("console", (message) => problems.push(`console ${message.type()}: ${message.text().slice(0, 500)}`));
  page.on("pageerror", (error) => problems.push(`error: ${String(error.stack ?? error).slice(0, 800)}`));
  page.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(url, { waitUntil: "load", timeout: PATIENCE });
  if (ready) await page.waitForSelector(ready, { state: "attached" });
  return page;
}

/** What axe finds wrong, as lines. */
async function violations(page) {
  await page.evaluate(axe.source); // through the debugger: the page's own policy would not let it in
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${(node.failureSummary ?? "").replaceAll("\n", " ")}`));
}

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.DRIFTWATCH_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    timeout: 60_000,
  });
  process.stdout.write(`${JSON.stringify({ version: browser.version() })}\n`);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { module, script, input } = JSON.parse(line);
    const problems = [];
    const answer = { problems };
    try {
      const scripts = require(path.join(__dirname, `${module}.js`));
      const open = (url, options) => opened(browser, problems, url, options);
      answer.value = (await scripts[script]({ open, violations, input })) ?? null;
    } catch (error) {
      answer.failed = String(error.stack ?? error);
    }
    for (const context of browser.contexts()) await context.close();
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
