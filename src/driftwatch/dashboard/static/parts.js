"use strict";
// Small parts that all pages are made of: times, verdicts, tables, links.
driftwatch.parts = (() => {
  const { h, s, shorten, count } = driftwatch;
  const { address, now } = driftwatch.requests;
  const LATE = 3; // times the usual gap

  const VERDICTS = {
    drift: ["drift", "drift"],
    no_drift: ["no drift", "fine"],
    no_verdict: ["no verdict", "none"],
    error: ["failed", "none"],
  };

  const two = (value) => String(value).padStart(2, "0");

  /** A time on this reader's clock, without seconds. */
  function when(iso) {
    const at = new Date(iso);
    return Number.isNaN(at.getTime())
      ? String(iso)
      : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  /** A length of time in its largest unit. */
  function span(seconds) {
    const [size, unit] = [[86_400, "d"], [3_600, "h"], [60, "min"]].find(([least]) => seconds >= 1.5 * least) ?? [1, "s"];
    return `${Math.round(seconds / size)} ${unit}`;
  }

  const seconds = (iso) => (now() - Date.parse(iso)) / 1000;
  const ago = (iso) => (seconds(iso) < 5 ? "just now" : `${span(Math.max(seconds(iso), 0))} ago`);
  const time = (iso) => h("time", { datetime: iso, title: iso }, when(iso));

  /** Which rows a check was about. */
  const place = (run) =>
    run.scope ? `rows ${count(run.start)} to ${count(run.stop)} of ${shorten(run.scope, 40)}` : `${when(run.start)} to ${when(run.stop)}`;

  const word = (verdict) => (VERDICTS[verdict] ?? [String(verdict), "none"])[0];
  const badge = (text, kind = "") => h("span", { class: `badge ${kind}` }, text);
  const verdict = (value) => badge(word(value), (VERDICTS[value] ?? ["", "none"])[1]);

  /** Whether checks have stopped to come, in words; null where they have not, or nobody can tell. */
  function late(stream) {
    if (!stream.last || !stream.usual_gap_s) return null;
    const silent = seconds(stream.last.created);
    return silent > LATE * stream.usual_gap_s + 60 ? `late: usually every ${span(stream.usual_gap_s)}` : null;
  }

  /** The verdicts of the newest checks, oldest first; the height says it too, not the colour alone. */
  function strip(runs) {
    const [width, height, gap] = [7, 22, 2];
    const drifted = runs.filter((run) => run.verdict === "drift").length;
    const svg = s("svg", { class: "recent", width: runs.length * width, height, viewBox: `0 0 ${runs.length * width} ${height}`, role: "img", "aria-label": `${drifted} of the last ${runs.length} checks found drift` });
    runs.forEach((run, i) => {
      const tall = { drift: height, no_drift: 10 }[run.verdict] ?? 4;
      svg.append(s("rect", { class: `verdict-${run.verdict}`, x: i * width, y: height - tall, width: width - gap, height: tall, rx: 1 }));
    });
    return svg;
  }

  const modelLink = (name) => h("a", { class: "name", href: address("/model", { stream: name }) }, name === "" ? "(no name)" : shorten(name));
  const reportLink = (id, ...text) => h("a", { href: address(`/runs/${id}`) }, text);

  /** A table; a column is `[title, cell of a row, class]`. */
  function table(caption, columns, rows) {
    return h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      h(
        "table",
        {},
        h("caption", { class: "hidden" }, caption),
        h("thead", {}, h("tr", {}, columns.map(([title, , kind]) => h("th", { scope: "col", class: kind ?? null }, title)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([, cell, kind]) => h("td", { class: kind ?? null }, cell(row)))))),
      ),
    );
  }

  /** A part of a page with a heading. */
  const panel = (title, ...children) => h("section", { class: "panel" }, h("h2", {}, title), children);
  const nothing = (text) => h("p", { class: "muted" }, text);

  /** A labelled choice; `options` are pairs of value and text. */
  function choice(label, options, chosen, changed) {
    const select = h(
      "select",
      { onchange: () => changed(select.value) },
      options.map(([value, text]) => h("option", { value, selected: String(value) === String(chosen) }, text)),
    );
    return h("label", { class: "field" }, h("span", {}, label), select);
  }

  return { when, span, ago, time, place, word, badge, verdict, late, strip, modelLink, reportLink, table, panel, nothing, choice };
})();
