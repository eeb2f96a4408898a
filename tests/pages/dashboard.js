"use strict";
// What the tests do in the dashboard. Each script returns plain data; what is right is said in Python.

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

function options(input) {
  return { offline: false, allow: `^${input.base}/`, ready: input.ready ?? "#content[data-ready]", colorScheme: input.scheme ?? "light", viewport: { width: input.width ?? 1280, height: 900 } };
}

module.exports = {
  /** Look at a page in one colour scheme and size, and let axe look too. */
  async looked({ open, violations, input }) {
    const page = await open(`${input.base}${input.path}`, options(input));
    await page.waitForSelector(".live[data-state=live]");
    const found = { title: await page.locator("h1").textContent(), text: await page.locator("main").innerText(), background: await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor) };
    if (input.picture) await page.screenshot({ path: input.picture, fullPage: true });
    found.violations = await violations(page);
    found.overflow = await overflow(page);
    for (const summary of await page.locator("details:not([open]) > summary").all()) await summary.click();
    found.violations.push(...(await violations(page)));
    found.overflow = Math.max(found.overflow, await overflow(page));
    found.links = await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    return found;
  },

  /** Walk over the heatmap by keyboard; what is said after each key. */
  async walked({ open, input }) {
    const page = await open(`${input.base}${input.path}`, options(input));
    await page.locator(".heatmap .cells").focus();
    const said = [];
    for (const key of input.keys) {
      await page.keyboard.press(key);
      said.push([await page.locator(".heatmap .under").textContent(), await page.locator(".check h2").textContent()]);
    }
    await page.locator(".heatmap summary").click();
    await page.waitForSelector(".heatmap tbody tr");
    const rows = await page.locator(".heatmap tbody tr").evaluateAll((found) => found.map((row) => [...row.children].map((cell) => cell.textContent)));
    await page.locator(".heatmap .cells").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/runs/*");
    await page.waitForSelector("#page[data-ready]");
    return { said, rows, url: new URL(page.url()).pathname, headline: await page.locator("h1").textContent() };
  },

  /** Filter the heatmap by a name; the address keeps it. */
  async filtered({ open, input }) {
    const page = await open(`${input.base}${input.path}`, options(input));
    await page.locator("input[type=search]").fill(input.text);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#content").dataset.ready === "2");
    return { names: await page.locator(".heatmap .names .name").allTextContents(), query: new URL(page.url()).search };
  },

  /** Wait until a page shows something without being loaded again. */
  async waited({ open, input }) {
    const page = await open(`${input.base}${input.path}`, options(input));
    await page.waitForSelector(".live[data-state=live]");
    const { writeFileSync } = require("node:fs");
    writeFileSync(input.signal, "");
    await page.waitForFunction((text) => document.querySelector("main").innerText.includes(text), input.text);
    return true;
  },

  /** Come without a cookie, sign in, and leave. */
  async signed({ open, input }) {
    const page = await open(`${input.base}${input.path}`, { ...options(input), ready: "form.login" });
    const first = page.url();
    await page.locator("#token").fill(input.token);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#content[data-ready]");
    const inside = page.url();
    const cookies = await page.context().cookies();
    const script = await page.evaluate(() => document.cookie);
    await page.locator("text=Sign out").click();
    await page.waitForSelector("form.login");
    return { first, inside, script, cookies: cookies.map(({ httpOnly, sameSite, value }) => ({ httpOnly, sameSite, value })), left: (await page.context().cookies()).length };
  },
};
