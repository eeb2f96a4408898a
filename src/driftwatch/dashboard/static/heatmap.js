"use strict";
// Features x time on one canvas: a cursor for mouse and keyboard, what is under it in words, and all of it as a table.
driftwatch.heatmap = (() => {
  const { h, shorten, number, count } = driftwatch;
  const { place, word, table, when } = driftwatch.parts;
  const [ROW, TOP, LEAST, MOST] = [20, 44, 7, 26]; // heights of a row and of the bars above, widths of a column
  const STATES = { d: "drift", o: "no drift", n: "no verdict", " ": "not in this check" };

  function colors() {
    const style = getComputedStyle(document.documentElement);
    const probe = h("i", { class: "hidden" });
    document.body.append(probe);
    const found = {};
    for (const name of ["drift", "fine", "none", "line", "ink", "focus", "muted"]) {
      probe.style.setProperty("color", `var(--${name})`);
      found[name] = getComputedStyle(probe).color; // a canvas does not know light-dark()
    }
    probe.remove();
    found.font = `12px ${style.getPropertyValue("--sans")}`;
    return found;
  }

  /** The heatmap of `data`, as the API gives it; `chosen(column)` is called when a check is picked. */
  function heatmap(data, { chosen, opened }) {
    const { windows, features } = data;
    const canvas = h("canvas", { "aria-hidden": "true" });
    const words = h("p", { class: "under", role: "status", "aria-live": "polite" });
    const names = h("ol", { class: "names", "aria-hidden": "true" }, h("li", { class: "top" }, "drifted features"), features.map((feature) => h("li", { class: "name", title: shorten(feature.name) }, shorten(feature.name, 60))));
    const area = h("div", { class: "cells", tabindex: "0", role: "application", "aria-roledescription": "heatmap", "aria-label": `${features.length} features in ${windows.length} checks. Arrow keys move, Enter opens the report.` }, canvas);
    const cursor = { column: windows.length - 1, row: -1 };
    let picked = { ...cursor }; // the mouse looks at others too, and goes back to it
    let width = LEAST;

    function draw() {
      const paint = colors();
      const room = area.clientWidth || 600;
      width = Math.min(MOST, Math.max(LEAST, Math.floor(room / windows.length)));
      const [wide, high] = [width * windows.length, TOP + ROW * features.length];
      const scale = devicePixelRatio || 1;
      Object.assign(canvas, { width: wide * scale, height: high * scale });
      canvas.style.setProperty("width", `${wide}px`);
      canvas.style.setProperty("height", `${high}px`);
      const pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      const most = Math.max(1, ...windows.map((window) => window.n_drifted));
      windows.forEach((window, column) => {
        const tall = window.verdict === "drift" ? Math.max(6, (TOP - 10) * (window.n_drifted / most)) : 3;
        pen.fillStyle = { drift: paint.drift, no_drift: paint.fine }[window.verdict] ?? paint.none;
        pen.fillRect(column * width + 0.5, TOP - 5 - tall, Math.max(width - 1, 1), tall);
      });
      features.forEach((feature, row) => {
        [...feature.states].forEach((state, column) => cell(pen, paint, state, feature.effects[column] ?? 0, column * width, TOP + row * ROW));
      });
      outline(pen, paint);
    }

    function cell(pen, paint, state, effect, x, y) {
      if (state === " ") return;
      // a drifted cell is full, the others are small: the colour is not all that tells them apart
      const inset = state === "d" ? 0.5 : Math.min(width * 0.25, 6);
      const [wide, high] = [Math.max(width - 2 * inset, 1.5), state === "d" ? ROW - 2 : ROW - 2 - 2 * Math.min(inset + 2, 7)];
      pen.globalAlpha = state === "d" ? 0.4 + 0.6 * Math.min(1, Math.sqrt(effect)) : 0.25 + 0.6 * Math.min(1, effect * 4);
      pen.fillStyle = { d: paint.drift, o: paint.muted }[state] ?? paint.none;
      pen.fillRect(x + inset, y + (ROW - high) / 2, wide, state === "n" ? 2 : high);
      pen.globalAlpha = 1;
    }

    function outline(pen, paint) {
      if (cursor.column < 0) return;
      pen.strokeStyle = paint.focus;
      pen.lineWidth = 1.5;
      pen.strokeRect(cursor.column * width + 0.75, 1, width - 1.5, TOP + ROW * features.length - 2);
      if (cursor.row >= 0) {
        pen.lineWidth = 2.5;
        pen.strokeStyle = paint.ink;
        pen.strokeRect(cursor.column * width + 0.5, TOP + cursor.row * ROW + 0.5, width - 1, ROW - 1);
      }
    }

    function said() {
      const window = windows[cursor.column];
      const feature = features[cursor.row];
      if (!window) return "";
      const about = `${place(window)}: `;
      if (!feature) return `${about}${word(window.verdict)}, ${window.n_drifted} of ${window.n_features} features drifted, ${count(window.n_rows)} rows`;
      const effect = feature.effects[cursor.column];
      return `${shorten(feature.name, 80)}, ${about}${STATES[feature.states[cursor.column]]}${effect === null ? "" : `, effect ${number(effect)}`}`;
    }

    function move(column, row, { pick = true } = {}) {
      cursor.column = Math.min(Math.max(column, 0), windows.length - 1);
      cursor.row = Math.min(Math.max(row, -1), features.length - 1);
      [...names.children].forEach((item, i) => item.classList.toggle("here", i === cursor.row + 1));
      draw();
      words.textContent = said();
      if (!pick) return;
      picked = { ...cursor };
      chosen(windows[cursor.column]);
    }

    function under(event) {
      const box = canvas.getBoundingClientRect();
      const row = Math.floor((event.clientY - box.top - TOP) / ROW);
      return [Math.floor((event.clientX - box.left) / width), event.clientY - box.top < TOP ? -1 : row];
    }

    const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0], PageUp: [0, -10], PageDown: [0, 10] };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter") opened(windows[cursor.column]);
      if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [columns, rows] = STEPS[event.key];
      move(cursor.column + columns, cursor.row + rows);
      const x = cursor.column * width;
      if (x < area.scrollLeft || x + width > area.scrollLeft + area.clientWidth) area.scrollLeft = x - area.clientWidth / 2;
    });
    canvas.addEventListener("click", (event) => {
      move(...under(event));
      area.focus({ preventScroll: true });
    });
    canvas.addEventListener("dblclick", () => opened(windows[cursor.column]));
    canvas.addEventListener("mousemove", (event) => move(...under(event), { pick: false }));
    canvas.addEventListener("mouseleave", () => move(picked.column, picked.row, { pick: false }));

    const watcher = new ResizeObserver(() => draw());
    watcher.observe(area);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());

    const node = h("div", { class: "heatmap" }, h("div", { class: "both" }, names, area), words, legend(), asTable(data));
    // the newest first, which is what one looks for
    requestAnimationFrame(() => {
      move(windows.length - 1, -1);
      area.scrollLeft = area.scrollWidth;
    });
    return node;
  }

  function legend() {
    const item = (kind, text) => h("span", {}, h("i", { class: `cell ${kind}` }), text);
    return h("p", { class: "legend" }, item("drift", "drift, the fuller the larger the effect"), item("fine", "no drift"), item("none", "no verdict"));
  }

  /** The same in words, made when it is opened. */
  function asTable({ windows, features }) {
    const details = h("details", {}, h("summary", {}, "As a table"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      const columns = windows.map((window, i) => [window.scope ? `row ${window.start}` : when(window.start), (feature) => `${STATES[feature.states[i]]}${feature.effects[i] === null ? "" : ` ${number(feature.effects[i])}`}`]);
      details.append(table("Features and checks", [["Feature", (feature) => h("span", { class: "name" }, shorten(feature.name))], ...columns], features));
    });
    return details;
  }

  return heatmap;
})();
