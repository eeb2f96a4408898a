"use strict";
// Two checks side by side: what each found in every feature, and the distributions of the chosen one.
driftwatch.pages.compare = (() => {
  const { h, shorten, count, number, charts } = driftwatch;
  const { get } = driftwatch.requests;
  const { place, word, verdict, modelLink, reportLink, table, panel, nothing, choice, badge } = driftwatch.parts;
  const SIDES = ["left", "right"];

  async function compare(parameters, { set }) {
    const { left, right } = parameters;
    const chooser = await pickers(parameters, set);
    if (!left || !right) return [chooser, panel("Choose two checks", nothing("The features whose effects differ most come first."))];
    const found = await get("compare", { left, right, limit: 200, offset: parameters.offset });
    const shapes = h("div", {});
    const name = parameters.feature ?? found.features[0]?.name;
    if (name !== undefined) shapes.append(await drawings(left, right, name));
    const warning = found.same_reference ? null : h("p", { class: "notice" }, "They were compared with different references, so their effects are not of the same thing.");
    const choose = (feature) => h("button", { class: "link name", type: "button", "aria-pressed": String(feature.name === name), onclick: () => set({ feature: feature.name }) }, shorten(feature.name, 80));
    const side = (which) => (feature) => outcome(feature[which]);
    const features = table(
      "Features of both checks",
      [["Feature", choose], ["Left", side("left")], ["Right", side("right")], ["Change of effect", (feature) => `${feature.change > 0 ? "+" : ""}${number(feature.change)}`, "num"]],
      found.features,
    );
    const more = found.next === null ? null : h("button", { class: "button", type: "button", onclick: () => set({ offset: found.next }) }, "Next features");
    return [chooser, h("div", { class: "two" }, SIDES.map((which) => head(which, found[which]))), warning, shapes, panel(`${count(found.n_features)} features`, features, more)];
  }

  function outcome(side) {
    if (!side) return h("span", { class: "muted" }, "not in this check");
    const state = side.drift_detected ? badge("drift", "drift") : side.status === "ok" ? badge("no drift", "fine") : badge(side.status, "none");
    return [state, ` ${side.effect === null ? "" : number(side.effect)} ${side.direction ?? ""}`];
  }

  const head = (which, run) =>
    h("section", { class: "panel", "aria-label": `The ${which} check` }, h("h2", {}, `Check ${run.id} `, verdict(run.verdict)), h("p", { class: "small" }, modelLink(run.stream), `: ${place(run)}, ${count(run.n_rows)} rows. `, reportLink(run.id, "Open the report")));

  async function drawings(left, right, name) {
    const found = await get("compare/feature", { left, right, feature: name }).catch((error) => ({ error }));
    if (found.error) return panel(shorten(name, 80), nothing(found.error.message));
    const drawn = SIDES.map((which) => {
      const feature = found[which];
      const drawing = feature && (charts.distribution(feature) ?? (feature.bins?.labels?.length ? charts.levels(feature) : null));
      return h("figure", {}, h("figcaption", {}, h("span", {}, which === "left" ? "Left" : "Right"), h("span", { class: "small" }, feature ? outcome(feature) : null)), drawing ?? nothing(feature ? "The report holds no counts of it." : "Not in this check."));
    });
    const key = h("p", { class: "key" }, h("span", {}, h("i", { class: "reference" }), "reference"), h("span", {}, h("i", { class: "current" }), "the check"));
    return h("section", { class: "panel" }, h("h2", { class: "name" }, shorten(name, 120)), key, h("div", { class: "two" }, drawn));
  }

  /** Which checks: those of one model, the newest first. */
  async function pickers(parameters, set) {
    const streams = (await get("streams", { limit: 500 })).streams;
    const known = parameters.right ?? parameters.left;
    const stream = parameters.stream ?? (known ? (await get("run", { id: known }).catch(() => null))?.stream : null) ?? streams[0]?.name;
    if (stream === undefined) return nothing("The store has no checks.");
    const { runs } = await get("runs", { stream, limit: 200 }).catch(() => ({ runs: [] }));
    const options = (chosen) => {
      const found = runs.map((run) => [run.id, `${run.id}: ${word(run.verdict)}, ${place(run)}`]);
      return [["", "choose"], ...(chosen && !runs.some((run) => String(run.id) === String(chosen)) ? [[chosen, `${chosen}`]] : []), ...found];
    };
    return h(
      "form",
      { class: "panel filters", onsubmit: (event) => event.preventDefault() },
      choice("Model", streams.map(({ name }) => [name, name === "" ? "(no name)" : shorten(name, 60)]), stream, (name) => set({ stream: name, left: null, right: null, feature: null, offset: null })),
      ...SIDES.map((which) => choice(which === "left" ? "Left" : "Right", options(parameters[which]), parameters[which] ?? "", (id) => set({ [which]: id || null, offset: null }))),
    );
  }

  return compare;
})();
