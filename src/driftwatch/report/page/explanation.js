"use strict";
// The explanation of a report: what moved, where the drift sits, what it matters. Words come from the payload; the
// drawings show the numbers of the report.
driftwatch.sections.push((() => {
  const { h, s, feature, printable, shorten, number, percent, probability } = driftwatch;
  const WIDTH = 440;
  const FIRST = 6; // features in full before a reader asks for more
  const visible = (text) => (text.trim() ? text : `"${text}"`); // a heading must have something to read
  const name = (text, length = 80) => h("bdi", { class: "name" }, visible(shorten(text, length)));

  /** Bars to both sides of zero: rows of `[label, value, low, high]`, the last two null without an interval. */
  function bars(rows, label, format = number) {
    const [line, left, right] = [24, 150, 62];
    const ends = rows.flatMap(([, value, low, high]) => [value, low ?? value, high ?? value]);
    const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
    const px = (value) => left + ((WIDTH - left - right) * (value - least)) / (most - least || 1);
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${rows.length * line + 6}`, role: "img", "aria-label": label, class: "chart" });
    rows.forEach(([title, value, low, high], i) => {
      const y = i * line + 4;
      const [start, stop] = [Math.min(px(0), px(value)), Math.max(px(0), px(value))];
      const range = low === null || low === undefined ? "" : ` (${format(low)} to ${format(high)})`;
      svg.append(
        s("text", { x: left - 8, y: y + 14, "text-anchor": "end" }, shorten(title, 21), s("title", {}, shorten(title))),
        s("rect", { class: value < 0 ? "reference fill" : "current fill", x: start, width: Math.max(stop - start, 1), y: y + 3, height: 14 }, s("title", {}, `${shorten(title)}: ${format(value)}${range}`)),
        s("text", { class: "small", x: Math.max(stop, high === undefined || high === null ? stop : px(high)) + 5, y: y + 14 }, format(value)),
      );
      if (range) svg.append(s("line", { class: "mark", x1: px(low), x2: px(high), y1: y + 10, y2: y + 10 }));
    });
    svg.append(s("line", { class: "axis", x1: px(0), x2: px(0), y1: 0, y2: rows.length * line + 4 }));
    return svg;
  }

  const lines = (found) => h("ul", { class: "why" }, found.map((text) => h("li", {}, text)));
  const unit = (cell) => (cell.label !== undefined ? cell.label : cell.low === undefined ? `below ${number(cell.high)}` : cell.high === undefined ? `${number(cell.low)} or more` : `${number(cell.low)} to ${number(cell.high)}`);

  /** What each tenth of the values adds to the distance, or each level to the total variation. */
  function terms(found) {
    const by = (statistic, kind) => found.decompositions.find((item) => item.statistic === statistic && item.by === kind);
    const quantiles = by("wasserstein", "quantile");
    if (quantiles) {
      const rows = quantiles.terms.map((item) => [`${percent(item.low)} to ${percent(item.high)}`, item.signed]);
      return feature.figure("By tenths of the values", bars(rows, "How far each tenth of the values moved, by its share of the distance"), { note: `Lowest tenth first. The sizes add up to ${number(quantiles.value)}, the Wasserstein distance, unless a tenth moved both ways.` });
    }
    const bins = by("wasserstein", "bin");
    if (bins) {
      const rows = bins.terms.map((item) => [unit(item), item.term]);
      return feature.figure("By bin", bars(rows, "What each bin adds to the distance"), { note: `They add up to ${number(bins.value)}, the Wasserstein distance.` });
    }
    const levels = by("total_variation", "level");
    if (levels) {
      const rows = levels.terms.slice(0, 10).map((item) => [item.label, item.current - item.reference]);
      return feature.figure("By level", bars(rows, "By how much the share of each level changed", (value) => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)} pp`), { note: "Percentage points; the largest changes." });
    }
    return null;
  }

  /** The largest flows: how much went from where to where. */
  function flows(found) {
    const shown = found.flows.slice(0, 5);
    if (!shown.length) return null;
    const way = (flow) => (flow.source && flow.target ? `${unit(flow.source)} → ${unit(flow.target)}` : flow.source ? `− ${unit(flow.source)}` : `+ ${unit(flow.target)}`);
    return h("div", { class: "flows" }, shown.map((flow) => h("div", { class: "flow" }, h("span", { class: "way" }, shorten(way(flow), 60)), h("span", { class: "amount", css: { "--share": `${Math.max(100 * flow.share, 0.5)}%` }, "aria-hidden": "true" }), h("span", { class: "value" }, percent(flow.share)))));
  }

  function moved(part, explanation) {
    const drawn = part.items.map(([title, said]) => {
      const found = Object.hasOwn(explanation.features, title) ? explanation.features[title] : null;
      // the first line says the flows, which are drawn
      const more = found?.flows.length ? said.slice(1) : said;
      return h("article", { class: "moved" }, h("h3", {}, name(title)), found ? flows(found) : null, more.length ? lines(more) : null, found ? terms(found) : null);
    });
    const rest = drawn.slice(FIRST);
    return [
      h("div", { class: "figures" }, drawn.slice(0, FIRST)),
      rest.length ? h("details", { class: "part" }, h("summary", {}, `and ${rest.length} more`), h("div", { class: "figures" }, rest)) : null,
    ];
  }

  const text = (words) => ({ text: words });
  const num = (words) => ({ text: words, num: true });

  function segments(part, explanation) {
    const { segments: shares, local, reason } = explanation.segments;
    const slices = part.items.map(([title]) => name(title, 160));
    const changed = shares.map((one, i) => [slices[i], percent(one.share_reference), percent(one.share_current), one.lift === undefined ? "new" : `${number(one.lift)}×`, one.remaining === undefined ? "–" : percent(one.remaining), probability(one.pvalue)]);
    const inside = local.map((one, i) => [name(one.feature), slices[shares.length + i], number(one.inside), number(one.outside), probability(one.pvalue)]);
    return [
      changed.length ? h("div", { class: "part" }, h("h3", {}, "Slices whose share changed"), feature.table([text("Rows"), num("Reference"), num("Current"), num("Times"), num("Drift left outside"), num("p")], changed, "Slices whose share changed")) : null,
      inside.length ? h("div", { class: "part" }, h("h3", {}, "Slices inside which a feature moved"), feature.table([text("Feature"), text("Rows"), num("Moved there"), num("Elsewhere"), num("p")], inside, "Slices inside which a feature moved more than elsewhere")) : null,
      reason ? h("p", { class: "small muted" }, printable(reason)) : null,
    ];
  }

  function ranking(part, explanation) {
    const found = explanation.ranking.features.slice(0, 20);
    const head = [text("Feature"), num("Effect"), num("Importance"), num("Product"), text("Drifted")];
    return feature.table(head, found.map((one) => [name(one.feature), number(one.effect), number(one.importance), number(one.product), one.drift_detected ? "yes" : "no"]), "Features by drift times importance");
  }

  function scoreShift(part, explanation) {
    const { outputs } = explanation.score_shift;
    return h("div", { class: "figures" }, outputs.slice(0, 6).map((one) => {
      const rows = one.features.slice(0, 12).map(({ feature: of, shift }) => [of, shift.value, shift.low, shift.high]);
      return feature.figure(outputs.length === 1 ? "What each feature adds to the change" : h("bdi", {}, shorten(one.output, 60)), bars(rows, "What each feature adds to the change of the mean score, with its interval"), { note: `Change of the mean: ${number(one.change.value)}.` });
    }));
  }

  function separation(part, explanation) {
    const rows = explanation.separation.features.slice(0, 12).map(({ feature: of, drop }) => [of, drop.value, drop.low, drop.high]);
    return rows.length ? h("div", { class: "figures" }, feature.figure("What the AUC loses without a feature", bars(rows, "By how much the AUC falls without each feature, with its interval"))) : null;
  }

  const said = (part) => part.items.length ? h("dl", { class: "facts-list" }, part.items.map(([title, found]) => [h("dt", {}, name(title)), h("dd", {}, found.map((line) => h("div", {}, line)))])) : null;
  const DRAWN = new Map(Object.entries({ features: moved, segments, ranking, score_shift: scoreShift, separation }));

  function panel(part, explanation) {
    // a part that could not be given has its title and a reason, and nothing to draw
    const draw = (Object.hasOwn(explanation, part.name) && DRAWN.get(part.name)) || said;
    return h("section", { class: "panel explained" }, h("h2", {}, visible(part.title)), part.lead ? h("p", { class: "small muted" }, part.lead) : null, draw(part, explanation));
  }

  return ({ report, words }) => {
    if (!words.explanation?.length) return null;
    return h("div", { class: "explanation" }, words.explanation.map((part) => panel(part, report.explanation)));
  };
})());
