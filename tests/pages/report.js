"use strict";
// What the tests do on the page of a report. Each script returns plain data; what is right is said in Python.

const names = (page) => page.locator(".list .row .what bdi").allTextContents();
const chosen = (page) => page.locator("#detail h2").textContent();
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("role") ?? document.activeElement.tagName.toLowerCase());
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

module.exports = {
  /** Look at the page in one colour scheme and size, and let axe look too. */
  async looked({ open, violations, input }) {
    const page = await open(input.url, { colorScheme: input.scheme, viewport: { width: input.width, height: 900 } });
    const found = { headline: await page.locator("h1").textContent(), background: await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor) };
    found.violations = await violations(page);
    found.overflow = await overflow(page);
    for (const name of input.features ?? []) {
      await page.evaluate((text) => { location.hash = `#${new URLSearchParams({ feature: text })}`; }, name);
      await page.waitForFunction((text) => document.querySelector("#detail h2").textContent === text, name);
      for (const summary of await page.locator("#detail details:not([open]) > summary").all()) await summary.click();
      found.violations.push(...(await violations(page)));
      found.overflow = Math.max(found.overflow, await overflow(page));
    }
    await page.evaluate(() => scrollTo(0, 0));
    if (input.picture) await page.screenshot({ path: input.picture, fullPage: true });
    return found;
  },

  /** Every figure of a feature, by its caption, with what a screen reader is told of the drawing. */
  async figures({ open, input }) {
    const page = await open(`${input.url}#${new URLSearchParams({ feature: input.feature })}`);
    const drawn = await page.locator("#detail figure").evaluateAll((figures) => figures.map((figure) => [figure.querySelector("h3").textContent, [...figure.querySelectorAll("svg")].map((svg) => svg.getAttribute("aria-label"))]));
    return { drawn: Object.fromEntries(drawn), text: await page.locator("#detail").innerText(), marks: await page.locator("#detail svg text.strong").allTextContents() };
  },

  async filtered({ open, input }) {
    const page = await open(input.url);
    const found = { all: await names(page) };
    await page.getByLabel("Filter by name").fill(input.text);
    found.filtered = await names(page);
    found.said = await page.locator(".found").textContent();
    await page.getByLabel("Filter by name").fill("");
    await page.locator("input[value=none]").check({ force: true });
    found.untested = await names(page);
    await page.locator("input[value=drift]").check({ force: true });
    found.drifted = await names(page);
    await page.locator("input[value=all]").check({ force: true });
    for (const sort of ["name", "effect", "p", "missing"]) {
      await page.getByLabel("Sort by").selectOption(sort);
      found[sort] = await names(page);
    }
    await page.getByLabel("Filter by name").fill("no such name at all");
    found.nothing = await page.locator(".found").textContent();
    return found;
  },

  async keyboard({ open, input }) {
    const page = await open(input.url);
    const found = { start: await chosen(page) };
    await page.keyboard.press("/");
    found.slash = await focused(page);
    await page.keyboard.type(input.text);
    found.typed = await page.getByLabel("Filter by name").inputValue();
    await page.keyboard.press("ArrowDown");
    found.into = [await focused(page), await chosen(page)];
    await page.keyboard.press("Escape");
    found.escaped = [await focused(page), await page.getByLabel("Filter by name").inputValue()];
    await page.keyboard.press("Home");
    found.home = await chosen(page);
    await page.keyboard.press("ArrowDown");
    found.down = await chosen(page);
    await page.keyboard.press("ArrowUp");
    found.up = await chosen(page);
    await page.keyboard.press("End");
    found.end = await chosen(page);
    found.active = await page.evaluate(() => {
      const row = document.getElementById(document.querySelector(".list").getAttribute("aria-activedescendant"));
      return [row.getAttribute("aria-selected"), row.querySelector("bdi").textContent, row.getAttribute("aria-posinset"), row.getAttribute("aria-setsize")];
    });
    found.outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    await page.keyboard.press("Enter");
    found.read = await focused(page);
    await page.keyboard.press("Escape");
    found.back = await focused(page);
    return found;
  },

  async linked({ open, input }) {
    const page = await open(`${input.url}#${new URLSearchParams({ feature: input.feature })}`);
    const found = { first: await chosen(page) };
    await page.locator(".list").focus();
    await page.keyboard.press("Home");
    found.address = await page.evaluate(() => location.hash);
    return found;
  },

  async printed({ open, input }) {
    const page = await open(input.url);
    await page.emulateMedia({ media: "print" });
    const shown = page.locator(".printed");
    await shown.locator("h2").first().waitFor();
    const found = { list: await page.locator(".browser").isVisible(), headings: await shown.locator("h2").allTextContents(), charts: await shown.locator("figure svg").count() };
    found.pdf = (await page.pdf(input.picture ? { path: input.picture } : {})).length;
    return found;
  },

  async plain({ open, input }) {
    const page = await open(input.url, { javaScriptEnabled: false, ready: null });
    return { headline: await page.locator("h1").textContent(), rows: await page.locator("noscript tbody tr").count(), text: await page.locator("noscript").innerText(), loading: await page.locator("#loading").isVisible() };
  },

  /** Go through hostile names; say what could have come to life. */
  async hostile({ open, violations, input }) {
    const page = await open(input.url);
    const found = { seen: [], violations: await violations(page) };
    const size = Number(await page.locator(".list .row").first().getAttribute("aria-setsize"));
    await page.locator(".list").focus();
    await page.keyboard.press("Home");
    for (let i = 0; i < size; i += 1) {
      found.seen.push(await chosen(page));
      await page.keyboard.press("ArrowDown");
    }
    found.elements = await page.evaluate(() => document.querySelectorAll("#page :is(img, script, iframe, object, embed, form, b, i:not(.key i), a, style, link)").length);
    found.touched = await page.evaluate(() => [globalThis.touched ?? null, Object.prototype.touched ?? null]);
    found.overflow = await overflow(page);
    return found;
  },

  async downloaded({ open, input }) {
    const page = await open(input.url);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /download/i }).click()]);
    await download.saveAs(input.path);
    return download.suggestedFilename();
  },

  /** Open a page of many features; walk to its end. */
  async large({ open, input }) {
    const page = await open(input.url);
    const found = { nodes: await page.evaluate(() => document.querySelectorAll("*").length) };
    await page.locator(".list").focus();
    await page.keyboard.press("End");
    found.last = await page.locator(".list .row[aria-selected=true]").getAttribute("aria-posinset");
    await page.getByLabel("Filter by name").fill(input.text);
    found.filtered = await page.locator(".found").textContent();
    found.after = await page.evaluate(() => document.querySelectorAll("*").length);
    return found;
  },

  /** Seconds until the page was there and drawn, by its own clock; nodes; megabytes of the heap. */
  async timed({ open, input }) {
    const page = await open(input.url);
    await page.waitForFunction(() => globalThis.drawnAt);
    return page.evaluate(() => ({ seconds: globalThis.drawnAt / 1000, nodes: document.querySelectorAll("*").length, heap: performance.memory.usedJSHeapSize / 1e6 }));
  },

  /** A page that holds the output of a notebook's cell. */
  async notebook({ open, input }) {
    const page = await open(input.url, { ready: "iframe" });
    const frame = page.frameLocator("iframe");
    await frame.locator("#page[data-ready]").waitFor({ state: "attached" });
    await frame.locator(".list").focus();
    await page.keyboard.press("ArrowDown");
    if (input.picture) await page.screenshot({ path: input.picture });
    return {
      headline: await frame.locator("h1").textContent(),
      chosen: await frame.locator("#detail h2").textContent(),
      outside: await page.evaluate(() => getComputedStyle(document.querySelector("#host")).fontFamily),
      fallback: await page.locator("details > summary").first().textContent(),
    };
  },
};
