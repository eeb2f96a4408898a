"use strict";
// What each page shows. A page is a function of its parameters that returns nodes; it is called again when checks come.
driftwatch.pages = (() => {
  const { h, shorten, count } = driftwatch;
  const { address, get } = driftwatch.requests;
  const { when, ago, time, place, badge, verdict, late, strip, modelLink, table, panel, nothing, choice } = driftwatch.parts;
  const RANGES = [["", "all"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"], ["365d", "a year"]];
  const TONES = { critical: "drift", warning: "none", firing: "drift", pending: "none", dead: "drift", waiting: "none", delivered: "fine", active: "none" };

  const tinted = (text) => badge(text || "–", TONES[text] ?? "");
  const safe = (promise) => promise.catch((error) => ({ error }));

  async function models(parameters, { set }) {
    const [found, standing] = await Promise.all([get("streams", { after: parameters.after, limit: 100 }), safe(get("alerts"))]);
    const firing = new Map();
    for (const alert of standing.alerts ?? []) if (alert.state === "firing" && !alert.silenced) firing.set(alert.stream, (firing.get(alert.stream) ?? 0) + 1);
    if (!found.n_streams) return [panel("Nothing yet", nothing("The store has no checks. `driftwatch watch`, `driftwatch check --store` and the middleware write some."))];
    const rows = found.streams.map((stream) => model(stream, firing.get(stream.name) ?? 0));
    const more = found.next === null ? null : h("button", { class: "button", type: "button", onclick: () => set({ after: found.next }) }, "Next models");
    return [h("p", { class: "muted" }, `${count(found.n_streams)} ${found.n_streams === 1 ? "model" : "models"}`), h("ul", { class: "models" }, rows), more];
  }

  function model(stream, firing) {
    const { last } = stream;
    const told = [late(stream), firing ? `${firing} ${firing === 1 ? "alert fires" : "alerts fire"}` : null].filter(Boolean);
    return h(
      "li",
      { class: "panel model" },
      h("div", { class: "what" }, h("h2", {}, modelLink(stream.name)), h("p", { class: "muted small" }, last ? `${place(last)}, ${count(last.n_rows)} rows` : "no check yet")),
      h("div", { class: "answered" }, last ? verdict(last.verdict) : null, told.map((text) => badge(text, "drift"))),
      h("div", { class: "history" }, strip(stream.recent)),
      h("p", { class: "small muted facts" }, last ? h("time", { datetime: last.created, title: last.created }, `checked ${ago(last.created)}`) : null, h("span", {}, `${count(stream.n_runs)} ${stream.n_runs === 1 ? "check" : "checks"}`)),
    );
  }

  async function model_page(parameters, { set, title }) {
    const stream = parameters.stream ?? "";
    title(stream === "" ? "(no name)" : shorten(stream, 80));
    const asked = { stream, windows: parameters.windows ?? 60, features: parameters.features ?? 30, matching: parameters.matching, since: parameters.since, until: parameters.until };
    const [map, about] = await Promise.all([get("heatmap", asked), safe(get("stream", { stream }))]);
    const picked = h("div", { class: "picked", "aria-live": "off" });
    const filters = h(
      "form",
      { class: "filters", onsubmit: (event) => event.preventDefault() },
      choice("Time", RANGES, parameters.until ? "" : (parameters.since ?? ""), (since) => set({ since: since || null, until: null })),
      day("From", parameters.since, (since) => set({ since })),
      day("Before", parameters.until, (until) => set({ until })),
      choice("Checks", [30, 60, 120, 300].map((n) => [n, `newest ${n}`]), asked.windows, (windows) => set({ windows })),
      choice("Features", [15, 30, 100, 200].map((n) => [n, `top ${n}`]), asked.features, (features) => set({ features })),
      h("label", { class: "field" }, h("span", {}, "Name contains"), h("input", { type: "search", value: parameters.matching ?? "", onchange: (event) => set({ matching: event.target.value || null }) })),
    );
    const shown = map.windows.length ? driftwatch.heatmap(map, { chosen: (window) => picked.replaceChildren(check(window, map.windows)), opened: (window) => location.assign(address(`/runs/${window.id}`)) }) : nothing("No checks in that time.");
    const heading = map.n_matching > map.features.length ? `Features by time: the top ${map.features.length} of ${count(map.n_matching)}` : "Features by time";
    return [panel(heading, filters, shown), picked, progress(about)];
  }

  const day = (label, value, changed) =>
    h("label", { class: "field" }, h("span", {}, label), h("input", { type: "date", value: /^\d{4}-\d\d-\d\d/.test(value ?? "") ? value.slice(0, 10) : "", onchange: (event) => changed(event.target.value || null) }));

  function check(window, windows) {
    const i = windows.indexOf(window);
    const before = windows[i - 1];
    return h(
      "section",
      { class: "panel check", "aria-label": "The chosen check" },
      h("h2", {}, `Check ${window.id} `, verdict(window.verdict)),
      h("p", {}, `${place(window)}, ${count(window.n_rows)} rows. ${window.reason ?? `${count(window.n_drifted)} of ${count(window.n_features)} features drifted`}.`),
      h("p", { class: "ask" }, window.n_features ? h("a", { class: "button", href: address(`/runs/${window.id}`) }, "Open the report") : null, before ? h("a", { class: "button", href: address("/compare", { left: before.id, right: window.id }) }, "Compare with the one before") : null, h("span", { class: "muted small" }, "stored ", time(window.created))),
    );
  }

  function progress(about) {
    if (about.error) return null;
    const facts = Object.entries(about.counters).map(([name, n]) => [name.replaceAll("_", " "), count(n)]);
    if (about.progress.watermark) facts.push(["complete up to", time(about.progress.watermark)], ["open windows", count(about.progress.n_open)]);
    if (about.baseline) facts.push(["baseline", `version ${about.baseline.version}, ${when(about.baseline.created)}${about.baseline.who ? `, by ${shorten(about.baseline.who, 60)}` : ""}`]);
    if (!facts.length) return null;
    return panel("Counted so far", h("dl", { class: "facts-list" }, facts.map(([name, value]) => [h("dt", {}, shorten(name, 60)), h("dd", {}, value)])));
  }

  async function alerts(parameters, { set }) {
    const [found, letters] = await Promise.all([get("alerts"), get("letters", { state: parameters.state, limit: 50 })]);
    const name = (alert) => [h("strong", {}, shorten(alert.name, 60)), alert.feature ? h("span", { class: "name" }, ` ${shorten(alert.feature, 80)}`) : null, h("span", { class: "note muted" }, shorten(alert.summary, 300))];
    const state = (alert) => [tinted(alert.state), alert.silenced ? [" ", badge("silenced")] : null];
    return [
      panel("Alerts", found.alerts.length ? table("Alerts", [["State", state], ["Severity", (alert) => tinted(alert.severity)], ["Alert", name], ["Model", (alert) => modelLink(alert.stream)], ["Since", (alert) => time(alert.since)]], found.alerts) : nothing("Nothing fires, and nothing is about to.")),
      panel("Silences", found.silences.length ? table("Silences", [["State", (silence) => tinted(silence.state)], ["Matches", (silence) => h("span", { class: "mono name" }, silence.matchers.map((text) => shorten(text, 120)).join(", "))], ["Until", (silence) => time(silence.ends_at)], ["By", (silence) => shorten(silence.author, 60)], ["Why", (silence) => shorten(silence.comment, 300)]], found.silences) : nothing("None.")),
      panel("Outbox", found.outbox.length ? table("Letters by receiver", [["Receiver", (row) => shorten(row.receiver, 80)], ["State", (row) => tinted(row.state)], ["Letters", (row) => count(row.n), "num"], ["Oldest", (row) => time(row.oldest)]], found.outbox) : nothing("No letters.")),
      panel("Newest letters", choice("State", [["", "all"], ["waiting", "waiting"], ["delivered", "delivered"], ["dead", "given up"]], parameters.state ?? "", (chosen) => set({ state: chosen || null })), letters.letters.length ? table("Newest letters", [["Written", (letter) => time(letter.created)], ["State", (letter) => tinted(letter.state)], ["Receiver", (letter) => shorten(letter.receiver, 80)], ["Message", (letter) => h("span", { class: "name" }, shorten(letter.title ?? "cannot be read", 200))], ["Tries", (letter) => count(letter.attempts), "num"], ["Error", (letter) => h("span", { class: "name small" }, shorten(letter.error, 300))]], letters.letters) : nothing("None.")),
    ];
  }

  async function baselines() {
    const found = await get("baselines", { limit: 500 });
    if (!found.n_baselines) return [panel("None yet", nothing("`driftwatch profile accept --store` and services with a store keep the versions of their references here."))];
    return [panel("Versions of references", table("Versions of references", [["Model", (row) => modelLink(row.name)], ["Version", (row) => count(row.version), "num"], ["Accepted", (row) => time(row.created)], ["By", (row) => shorten(row.who ?? "–", 60)], ["Why", (row) => shorten(row.reason || "as it was fitted", 300)], ["Rows", (row) => count(row.n_rows), "num"], ["Fingerprint", (row) => h("span", { class: "mono", title: row.fingerprint }, row.fingerprint.slice(0, 12))]], found.baselines))];
  }

  return { models, model: model_page, alerts, baselines };
})();
