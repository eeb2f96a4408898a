"use strict";
// One feature in full: the verdict with its two legs, the drawings, every statistic.
driftwatch.feature = (() => {
  const { h, charts, printable, shorten, count, number, decimals, probability, percent } = driftwatch;
  const MISSING = ["more missing", "fewer missing"];
  const OWN = new Set(["statistic", "pvalue", "pvalue_adjusted", "threshold", "expected", "null_q99", "excess", "reason"]);
  const DETAILS = { pvalue_method: "p-value:", n_permutations: "permutations:", cohens_h: "Cohen's h", dof: "degrees of freedom" };
  const LEVELS = 20; // drawn before a reader asks for more

  const key = () => h("span", { class: "key", "aria-hidden": "true" }, h("span", {}, h("i", { class: "reference" }), "reference"), h("span", {}, h("i", { class: "current" }), "current"));

  function figure(title, drawing, { note = null, legend = false, wide = false } = {}) {
    if (!drawing) return null;
    return h("figure", { class: wide ? "wide" : null }, h("figcaption", {}, h("h3", {}, title), legend ? key() : null), drawing, note ? h("p", {}, note) : null);
  }

  /** Rows of cells as a table; a cell is a text, a number's text with `num`, or a node. */
  function table(head, rows, caption) {
    const numeric = head.map((title) => title.num);
    const cell = (value, i) => (i === 0 ? h("th", { scope: "row" }, value) : h("td", { class: numeric[i] ? "num" : null }, value));
    return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, head.map((title) => h("th", { scope: "col", class: title.num ? "num" : null }, title.text)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
  }
  const text = (words) => ({ text: words });
  const num = (words) => ({ text: words, num: true });

  /** Say which of three groups a feature belongs to. */
  const group = (feature) => (feature.drift_detected ? "drift" : feature.status === "ok" ? "fine" : "none");
  const GROUPS = { drift: "drifted", fine: "without drift", none: "not tested" };

  function legs(feature, row, report) {
    const word = (leg) => (leg === null ? "–" : leg ? "yes" : "no");
    const smallest = Object.values(feature.tests).map((test) => test.pvalue_adjusted).filter((p) => p !== null && p !== undefined);
    const p = smallest.length ? `corrected p ${probability(Math.min(...smallest))}` : "no p-value";
    const level = report.alpha === null ? "switched off" : `${p}, level ${number(report.alpha)}`;
    const cut = Object.entries(feature.tests).find(([, test]) => test.threshold !== undefined);
    const size = cut ? `${row.label || cut[0]} against its threshold ${number(cut[1].threshold)}` : `effect ${number(feature.effect)}, needed ${number(report.min_effect)}`;
    return h("dl", { class: "legs" },
      h("div", {}, h("dt", {}, "Significant"), h("dd", {}, word(feature.significant), h("small", {}, level))),
      h("div", {}, h("dt", {}, "Material"), h("dd", {}, word(feature.material), h("small", {}, size))),
      h("div", {}, h("dt", {}, "Values"), h("dd", {}, `${count(feature.n_reference)} → ${count(feature.n_current)}`, h("small", {}, "reference → current"))),
    );
  }

  function reasons(feature, words) {
    const found = [
      ...(feature.reason ? [printable(feature.reason)] : []),
      ...feature.signals.map((name) => {
        const share = feature.signal_values?.[name];
        return `${words.signals[name] ?? printable(name)}${share === undefined ? "" : ` (${percent(share)} of the current values)`}`;
      }),
      ...feature.flags.map((name) => words.flags[name] ?? printable(name)),
    ];
    return found.length ? h("ul", { class: "why" }, found.map((line) => h("li", {}, line))) : null;
  }

  const missing = (feature, side) => feature[`missing_${side}`] / (feature[`missing_${side}`] + feature[`n_${side}`] || 1);

  function figures(feature, report, history) {
    const interval = feature.intervals?.ks ?? feature.intervals?.total_variation ?? null;
    const moved = !MISSING.includes(feature.direction);
    const open = feature.histogram ? "Outer columns hold all that lies beyond." : "Columns are the deciles of the reference, not to scale.";
    const planes = feature.projection ? charts.projection(feature.projection) : null;
    const share = missing(feature, "reference") + missing(feature, "current");
    const drawn = [
      planes && figure("Rows on a plane", h("div", { class: "trio" }, planes.map(([title, drawing]) => h("div", {}, h("p", {}, title), drawing))), { wide: true, note: "Across: the direction between the two means. Upwards: the direction of largest spread at right angles to it. Blue is reference, orange is current." }),
      figure("Distribution", charts.distribution(feature), { legend: true, note: open }),
      figure("Cumulative distribution", charts.ecdf(feature), { legend: true, note: "Known at the bounds of the cells, straight in between." }),
      figure("Levels", charts.levels(feature, LEVELS), { legend: true, note: feature.bins?.labels.length > LEVELS ? `The ${LEVELS} most frequent of ${count(feature.bins.labels.length)}; the others are in the table below.` : null }),
      figure(feature.bins?.labels.length ? "PSI by level" : "PSI by bin", charts.psi(feature), { note: "Upwards: more in the current data. Downwards: less." }),
      feature.effect === null ? null : figure("Effect", charts.effect(feature.effect, { interval: moved ? interval : null, least: report.min_effect }), { note: interval && moved && report.confidence ? `Interval of ${percent(report.confidence)}.` : null }),
      share > 0 ? figure("Missing values", charts.pairs([["missing", missing(feature, "reference"), missing(feature, "current")]], "Share of missing values: reference and current"), { legend: true }) : null,
      overTime(feature, report, history),
    ];
    return h("div", { class: "figures" }, drawn);
  }

  function overTime(feature, report, history) {
    const values = history?.effects[feature.name];
    if (!values) return null;
    const labels = history.windows.map((window) => String(window.start));
    return figure("Effect over time", charts.overTime(values, { labels, least: report.min_effect, hits: history.hits[feature.name] ?? [] }), { note: "Diamonds: drifted in that window." });
  }

  function statistics(feature, words) {
    const tests = Object.entries(feature.tests);
    if (!tests.length) return null;
    const rows = tests.map(([name, test]) => {
      const details = Object.entries(test).filter(([detail, value]) => !OWN.has(detail) && value !== null);
      const note = [...details.map(([detail, value]) => `${DETAILS[detail] ?? printable(detail).replaceAll("_", " ")} ${typeof value === "number" ? number(value) : printable(value)}`), ...(test.reason ? [printable(test.reason)] : [])];
      const title = words.statistics[name] ?? shorten(name, 60);
      return [note.length ? [title, h("span", { class: "note" }, note.join(", "))] : title, number(test.statistic), "pvalue" in test ? probability(test.pvalue) : "", "pvalue" in test ? probability(test.pvalue_adjusted) : "", number(test.threshold), number(test.expected), number(test.null_q99), number(test.excess)];
    });
    const head = [text("Statistic"), num("Value"), num("p"), num("p corrected"), num("Threshold"), num("Expected without drift"), num("99 % without drift"), num("Beyond noise")];
    const used = head.map((_, i) => i < 2 || rows.some((row) => row[i] !== "" && row[i] !== "–"));
    return h("div", { class: "part" }, h("h3", {}, "Statistics"), table(head.filter((_, i) => used[i]), rows.map((row) => row.filter((_, i) => used[i])), "Statistics of the feature"));
  }

  function summary(feature) {
    if (!feature.reference || !feature.current) return null;
    const names = ["minimum", "median", "mean", "maximum", "std"].filter((name) => name in feature.reference || name in feature.current);
    if (!names.length) return null;
    const row = (side) => [side === "reference" ? "Reference" : "Current", ...names.map((name) => number(feature[side][name]))];
    const head = [text("Side"), ...names.map((name) => num(name === "std" ? "Std. deviation" : name[0].toUpperCase() + name.slice(1)))];
    return h("div", { class: "part" }, h("h3", {}, "In its own unit"), table(head, [row("reference"), row("current")], "Location and spread of both sides"));
  }

  function intervals(feature, report, words) {
    const found = Object.entries(feature.intervals ?? {});
    if (!found.length) return null;
    const head = [text("Effect size"), num("Value"), num("From"), num("To")];
    const rows = found.map(([name, interval]) => [words.statistics[name] ?? printable(name).replaceAll("_", " "), number(interval.value), number(interval.low), number(interval.high)]);
    return h("div", { class: "part" }, h("h3", {}, report.confidence ? `Intervals of ${percent(report.confidence)}` : "Intervals"), table(head, rows, "Effect sizes with their intervals"));
  }

  function counts(feature) {
    const { bins } = feature;
    if (!bins || !bins.reference.length) return null;
    const [before, after] = [driftwatch.shares(bins.reference), driftwatch.shares(bins.current)];
    const bound = (value) => number(value ?? null);
    const name = (i) => {
      if (bins.labels.length) return shorten(bins.labels[i] ?? "");
      if (i === 0) return bins.edges.length ? `below ${bound(bins.edges[0])}` : "all";
      return i === bins.edges.length ? `${bound(bins.edges[i - 1])} and above` : `${bound(bins.edges[i - 1])} to ${bound(bins.edges[i])}`;
    };
    const psi = bins.psi?.length ? [num("PSI")] : [];
    const head = [text(bins.labels.length ? "Level" : "Bin"), num("Reference"), num("Share"), num("Current"), num("Share"), ...psi];
    const rows = bins.reference.map((value, i) => [name(i), count(value), percent(before[i]), count(bins.current[i]), percent(after[i]), ...(psi.length ? [decimals(bins.psi[i])] : [])]);
    return h("details", { class: "part" }, h("summary", {}, bins.labels.length ? "Counts by level" : "Counts by bin"), table(head, rows, "Counts of both sides"));
  }

  /** Return the nodes that show a feature; `row` has its words. */
  function draw(feature, row, { report, words, history }) {
    const belongs = group(feature);
    const badges = [h("span", { class: `badge ${belongs}` }, belongs === "none" ? feature.status : GROUPS[belongs]), h("span", { class: "badge" }, printable(feature.kind))];
    if (feature.role && feature.role !== "feature") badges.push(h("span", { class: "badge" }, printable(feature.role)));
    if (feature.weight !== undefined && feature.weight !== 1) badges.push(h("span", { class: "badge" }, `weight ${number(feature.weight)}`));
    return [
      h("h2", { tabindex: "-1" }, h("bdi", { class: "name" }, shorten(feature.name))),
      h("div", { class: "badges" }, badges),
      row.sentence || row.moved ? h("p", {}, row.sentence || row.moved) : null,
      legs(feature, row, report),
      reasons(feature, words),
      figures(feature, report, history),
      summary(feature),
      intervals(feature, report, words),
      statistics(feature, words),
      counts(feature),
    ];
  }

  return { draw, figure, table, group, text, num, GROUPS };
})();
