"use strict";
// What the tests do with the explanation on the page of a report.

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

module.exports = {
  /** Look at every part, in one colour scheme and size, and let axe look too. */
  async looked({ open, violations, input }) {
    const page = await open(input.url, { colorScheme: input.scheme ?? "light", viewport: { width: input.width ?? 1280, height: 900 } });
    for (const summary of await page.locator(".explanation details:not([open]) > summary").all()) await summary.click();
    const found = { violations: await violations(page), overflow: await overflow(page) };
    found.panels = await page.locator(".explanation > section > h2").allTextContents();
    found.text = (await page.locator(".explanation").count()) ? await page.locator(".explanation").innerText() : "";
    found.drawings = await page.locator(".explanation svg").evaluateAll((all) => all.map((svg) => [svg.getAttribute("aria-label"), svg.querySelectorAll("rect").length]));
    found.widths = await page.locator(".explanation .amount").evaluateAll((all) => all.map((bar) => getComputedStyle(bar).getPropertyValue("--share")));
    found.tables = await page.locator(".explanation table").evaluateAll((all) => all.map((table) => [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent))));
    found.elements = await page.evaluate(() => document.querySelectorAll(".explanation :is(img, script, iframe, object, embed, form, b, i, a, style, link)").length);
    found.touched = await page.evaluate(() => [globalThis.touched ?? null, Object.prototype.touched ?? null]);
    if (input.picture) await page.screenshot({ path: input.picture, fullPage: true });
    return found;
  },

  /** Which panels paper has. */
  async printed({ open, input }) {
    const page = await open(input.url);
    await page.emulateMedia({ media: "print" });
    return page.locator(".explanation > section > h2:visible").allTextContents();
  },
};
