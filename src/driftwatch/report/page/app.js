"use strict";
// The page of a report: the answer, the features, performance, what happened before, and what it all rests on.
driftwatch.page = (() => {
  const { h, charts, feature, list, printable, shorten, count, number, decimals, probability } = driftwatch;
  const ROW = 56; // pixels, as the style sheet has it
  const PRINTED = 30; // features in full on paper
  const PRINTED_ROWS = 200;
  const LINES = 6; // features drawn over time, the highest ranked
  const NAMES = 12; // of a note, before a reader asks for more

  const SORTS = {
    rank: ["ranked by effect", null],
    effect: ["effect", (row) => -(row.feature.effect ?? -1)],
    p: ["p-value", (row) => row.pvalue ?? 2],
    missing: ["change of missing share", (row) => -Math.abs(gone(row.feature, "current") - gone(row.feature, "reference"))],
    name: ["name", null],
  };
  const gone = (item, side) => item[`missing_${side}`] / (item[`missing_${side}`] + item[`n_${side}`] || 1);

  /** Rows of the list in their ranked order, each with its feature. */
  function rowsOf({ report, words }) {
    return words.rows.map(([name, moved, label, statistic, pvalue, sentence], i) => {
      const item = report.features[name];
      item.name = name;
      return { name, moved, label, statistic, pvalue, sentence: sentence ?? "", i, feature: item, group: feature.group(item), search: printable(name).toLowerCase() };
    });
  }

  function answer({ report, words }) {
    const names = (found) => {
      const shown = (from, to) => found.slice(from, to).flatMap((name, i) => [from + i ? ", " : "", h("bdi", { class: "name" }, shorten(name, 60))]);
      if (found.length <= NAMES) return shown(0, NAMES);
      return [shown(0, NAMES), h("details", {}, h("summary", {}, `and ${count(found.length - NAMES)} more`), shown(NAMES, NAMES + 500), found.length > NAMES + 500 ? ` and ${count(found.length - NAMES - 500)} more` : null)];
    };
    return h("header", { class: `answer ${report.verdict}` },
      h("p", { class: "brand" }, `DriftWatch report · ${moment(report.created_at)}`),
      h("h1", {}, words.verdict),
      words.reason ? h("p", { class: "reason" }, `${words.reason[0]}: `, h("bdi", { class: "name" }, h("strong", {}, shorten(words.reason[1], 80))), `, ${words.reason[2]}`) : null,
      h("ul", { class: "facts" }, words.settings.map((line) => h("li", {}, line))),
      words.notes.map(([title, found]) => h("div", { class: "notes" }, `${title}: `, names(found))),
    );
  }

  function moment(text) {
    const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
    if (!found) return printable(text);
    const zone = !found[3] ? "" : found[3] === "Z" || found[3] === "+00:00" ? " UTC" : ` ${found[3]}`;
    return `${found[1]} ${found[2]}${zone}`;
  }

  /** The list of features beside the chosen one. */
  function browser(payload, rows) {
    const detail = h("section", { class: "panel detail", "aria-label": "Chosen feature", id: "detail" });
    const found = h("p", { class: "found", role: "status" });
    const input = h("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name", autocomplete: "off", spellcheck: "false", oninput: update });
    const sort = h("select", { "aria-label": "Sort by", onchange: update }, Object.entries(SORTS).map(([key, [label]]) => h("option", { value: key }, label)));
    const sizes = { all: rows.length, drift: 0, fine: 0, none: 0 };
    for (const row of rows) sizes[row.group] += 1;
    const choice = (value, label) => h("label", {}, h("input", { type: "radio", name: "group", value, checked: value === "all", onchange: update }), h("span", {}, `${label} ${count(sizes[value])}`));
    const groups = h("fieldset", { class: "choices" }, h("legend", { class: "hidden" }, "Show"), choice("all", "All"), choice("drift", "Drifted"), choice("fine", "No drift"), choice("none", "Not tested"));
    const features = list({ label: "Features", height: ROW, draw: line, choose: show, open: read });
    let chosen = null;

    function show(row, { link = true } = {}) {
      chosen = row;
      const back = h("button", { class: "button back", type: "button", onclick: () => features.box.focus() }, "↑ All features");
      detail.replaceChildren(back, ...feature.draw(row.feature, row, payload).filter(Boolean));
      if (link) remember(row);
    }

    function read() {
      const heading = detail.querySelector("h2");
      if (heading && matchMedia("(max-width: 860px)").matches) detail.scrollIntoView({ block: "start" });
      heading?.focus({ preventScroll: true });
    }

    function update() {
      const wanted = printable(input.value).toLowerCase();
      const only = groups.querySelector("input:checked").value;
      let shown = rows.filter((row) => (only === "all" || row.group === only) && row.search.includes(wanted));
      const by = SORTS[sort.value][1];
      if (sort.value === "name") shown = shown.sort((a, b) => (a.search < b.search ? -1 : a.search > b.search ? 1 : a.i - b.i));
      else if (by) shown = shown.map((row) => [by(row), row]).sort((a, b) => a[0] - b[0] || a[1].i - b[1].i).map((pair) => pair[1]);
      features.show(shown, chosen);
      found.textContent = shown.length ? `${count(shown.length)} of ${count(rows.length)}` : "No feature matches.";
    }

    function hash() {
      const wanted = new URLSearchParams(location.hash.slice(1)).get("feature");
      return wanted === null ? undefined : rows.find((row) => printable(row.name) === wanted);
    }
    function follow() {
      const row = hash();
      if (!row || row === chosen) return;
      show(row, { link: false });
      features.select(row);
    }
    addEventListener("hashchange", follow);

    const side = h("section", { class: "panel side", "aria-label": "Features" }, h("div", { class: "tools" }, input, sort, groups), found, features.box);
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof Element && event.target.closest("input:not([type=radio]), textarea, select");
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/" && !typing) {
        event.preventDefault();
        input.focus();
        input.select();
      } else if (event.key === "Escape" && (side.contains(event.target) || detail.contains(event.target))) {
        if (input.value) {
          input.value = "";
          update();
        }
        features.box.focus();
      } else if (event.target === input && (event.key === "ArrowDown" || event.key === "Enter")) {
        event.preventDefault();
        features.box.focus();
        if (features.first()) features.move(0);
      }
    });
    update();
    const start = hash() ?? rows[0];
    if (start) {
      show(start, { link: false });
      features.select(start);
    }
    return rows.length ? h("div", { class: "browser" }, side, detail) : null;
  }

  function remember(row) {
    const query = new URLSearchParams({ feature: printable(row.name) });
    try {
      history.replaceState(null, "", `#${query}`);
    } catch {
      // a frame without an address of its own has no links to remember
    }
  }

  const WORDS = { drift: "drifted", fine: "no drift", none: "not tested" };

  function line(row) {
    const item = row.feature;
    const more = row.group === "none" ? printable(item.reason ?? item.status) : [item.direction, row.moved].filter(Boolean).join(", ") || printable(item.kind);
    return [
      h("span", { class: `state ${row.group}`, role: "img", "aria-label": WORDS[row.group] }),
      h("span", { class: "what" }, h("bdi", { class: row.group === "drift" ? "drifted" : null }, shorten(row.name, 120)), h("span", { class: "small" }, shorten(more, 120))),
      charts.spark(item),
      h("span", { class: "value" }, item.effect === null ? "" : decimals(item.effect)),
    ];
  }

  function performance({ words }) {
    if (!words.performance) return null;
    const { lines, head, rows } = words.performance;
    const columns = [feature.text("Metric"), ...head.map(([title, align]) => ({ text: title, num: align === "right" }))];
    return h("section", { class: "panel" }, h("h2", {}, "Performance"), lines.map((text) => h("p", { class: "small muted" }, text)), rows.length ? feature.table(columns, rows, "Metrics of both sides") : null);
  }

  function evidence({ history: past, report, words }) {
    if (!past || past.windows.length < 2) return null;
    const label = (window) => `${window.start}: ${window.verdict.replace("_", " ")}, ${count(window.n_drifted)} drifted, ${count(window.n_rows)} rows`;
    const ends = [past.windows[0], past.windows[past.windows.length - 1]].map((window) => printable(window.start));
    const strongest = words.rows.map((row) => row[0]).filter((name) => Object.hasOwn(past.effects, name)).slice(0, LINES);
    const labels = past.windows.map((window) => String(window.start));
    return h("section", { class: "panel" },
      h("h2", {}, "Over time"),
      past.summary.map((text) => h("p", { class: "small muted" }, text)),
      h("figure", { class: "part" }, h("figcaption", {}, h("h3", {}, "Verdicts"), h("span", { class: "small" }, `${ends[0]} to ${ends[1]}`)), charts.strip(past.windows.map((window) => ({ verdict: window.verdict, label: label(window) }))), h("p", {}, "Tall: drift. Half: no drift. Low: no verdict.")),
      h("div", { class: "figures" }, strongest.map((name) => {
        const title = h("bdi", { class: "name" }, shorten(name, 60));
        return feature.figure(title, charts.overTime(past.effects[name], { labels, least: report.min_effect, hits: past.hits[name] ?? [], label: `Effect of ${shorten(name, 60)} over time` }));
      })),
    );
  }

  function settings({ report, words }, download) {
    const names = (found) => found.map((name, i) => [i ? ", " : "", h("bdi", { class: "name" }, shorten(name, 60))]);
    const rows = [
      ["Reference", `${count(report.n_reference)} rows`],
      ["Current", `${count(report.n_current)} rows`],
      ["Features", `${count(report.n_features)}, ${count(report.n_drifted)} drifted`],
      ["Level (alpha)", report.alpha === null ? "not required" : `${number(report.alpha)}, correction ${printable(report.correction)}${report.n_tests ? `, over ${count(report.n_tests)} p-values` : ""}`],
      ["Smallest effect", `${number(report.min_effect)}${report.calibrated ? ", calibrated" : ""}${report.excess ? ", on statistics without their own noise" : ""}`],
      ["Any change at all", report.global_pvalue === undefined || report.global_pvalue === null ? null : `p ${probability(report.global_pvalue)} (${printable(report.global_method)})`],
      ["Only in reference", report.only_in_reference.length ? names(report.only_in_reference.slice(0, 200)) : null],
      ["Only in current", report.only_in_current.length ? names(report.only_in_current.slice(0, 200)) : null],
      ["Reference hash", h("span", { class: "mono" }, printable(report.reference_hash))],
      ["Checked", printable(report.created_at)],
      ["DriftWatch", printable(report.driftwatch_version)],
    ];
    return h("section", { class: "panel" },
      h("h2", {}, "What it rests on"),
      h("dl", { class: "facts-list" }, rows.filter((row) => row[1] !== null).map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
      words.omitted ? h("p", { class: "small muted" }, `Shown are the ${count(words.rows.length)} highest ranked of ${count(report.n_features)}.`) : null,
      h("p", { class: "ask" },
        download ? h("button", { class: "button", type: "button", onclick: () => save(download) }, "Download the report as JSON") : null,
        h("span", { class: "small muted keys" }, h("kbd", {}, "/"), " filter  ", h("kbd", {}, "↑"), " ", h("kbd", {}, "↓"), " move  ", h("kbd", {}, "Enter"), " read  ", h("kbd", {}, "Esc"), " back to the list"),
      ),
    );
  }

  function save({ text, file }) {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    h("a", { href: url, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  function paperLine(row) {
    const text = row.group === "none" ? row.feature.reason : row.moved;
    return text ? shorten(text, 120) : "";
  }

  /** What paper gets in place of the list: the ranked table, and the drifted features in full. */
  function paper(payload, rows) {
    const head = [feature.text("Feature"), feature.text("Verdict"), feature.text("What moved"), feature.num("Effect"), feature.num("p")];
    const shown = rows.slice(0, PRINTED_ROWS);
    const lines = shown.map((row) => [h("bdi", { class: "name" }, shorten(row.name, 80)), WORDS[row.group], paperLine(row), decimals(row.feature.effect), probability(row.pvalue)]);
    const drifted = rows.filter((row) => row.group === "drift");
    const rest = drifted.length > PRINTED ? h("p", {}, `… and ${count(drifted.length - PRINTED)} more drifted.`) : null;
    return [
      h("section", { class: "panel" }, h("h2", {}, "Features"), feature.table(head, lines, "Features in their order"), rows.length > shown.length ? h("p", {}, `… and ${count(rows.length - shown.length)} more.`) : null),
      drifted.slice(0, PRINTED).map((row) => h("section", { class: "panel" }, feature.draw(row.feature, row, payload))),
      rest,
    ];
  }

  /**
   * Fill `root` with the page of a report.
   *
   * @param {HTMLElement} root
   * @param {{report: object, words: object, history: object | null}} payload  As `driftwatch.report.page` makes it.
   * @param {{text: string, file: string} | null} download  The JSON to offer.
   */
  function page(root, payload, download = null) {
    const rows = rowsOf(payload);
    const printed = h("div", { class: "printed" });
    const fill = () => printed.childElementCount || printed.append(...paper(payload, rows).flat().filter(Boolean));
    addEventListener("beforeprint", fill);
    const media = matchMedia("print");
    media.addEventListener("change", () => media.matches && fill());
    if (media.matches) fill();
    const sections = driftwatch.sections.map((section) => section(payload));
    root.replaceChildren(...[answer(payload), browser(payload, rows), printed, ...sections, performance(payload), evidence(payload), settings(payload, download)].filter(Boolean));
    document.title = `${payload.words.verdict} · DriftWatch`;
  }

  return page;
})();
