"use strict";
// Drawings of plain data: counts, shares and statistics in, SVG nodes out. Nothing here computes a statistic.
driftwatch.charts = (() => {
  const { s, shorten, number, percent, total, shares } = driftwatch;
  const WIDTH = 440;

  const join = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

  /** Round numbers that divide a range, at most `most` of them. */
  function ticks(low, high, most = 5) {
    const span = high - low;
    if (!(span > 0) || !Number.isFinite(span)) return [low];
    const power = 10 ** Math.floor(Math.log10(span / most));
    const step = power * [1, 2, 5, 10].find((factor) => span / (power * factor) <= most);
    const first = Math.ceil(low / step - 1e-9);
    const found = [];
    for (let i = first; i * step <= high + step * 1e-9; i += 1) found.push(i * step);
    return found;
  }

  /** An empty drawing with a frame to plot in; `y` is [low, high] and gets lines, `format` writes its labels. */
  function frame(label, { height = 200, y = [0, 1], format = percent, left = 44, right = 10, top = 12, bottom = 26, most = 4 } = {}) {
    const box = { left, top, width: WIDTH - left - right, height: height - top - bottom };
    const py = (value) => top + box.height * (1 - (value - y[0]) / (y[1] - y[0] || 1));
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label, class: "chart" });
    for (const value of ticks(y[0], y[1], most)) {
      svg.append(s("line", { class: "grid", x1: left, x2: WIDTH - right, y1: py(value), y2: py(value) }));
      svg.append(s("text", { x: left - 6, y: py(value) + 4, "text-anchor": "end" }, format(value)));
    }
    svg.append(s("line", { class: "axis", x1: left, x2: WIDTH - right, y1: py(Math.max(y[0], 0)), y2: py(Math.max(y[0], 0)) }));
    return { svg, box, py, height };
  }

  /** Labels under a drawing, left out where they would touch. */
  function xLabels(plot, marks, gap = 10) {
    let end = -Infinity;
    for (const [x, text] of marks) {
      const half = text.length * 3.3;
      const at = Math.min(Math.max(x, half), WIDTH - half);
      if (at - half < end + gap) continue;
      plot.svg.append(s("text", { x: at, y: plot.height - 8, "text-anchor": "middle" }, text));
      plot.svg.append(s("line", { class: "axis", x1: x, x2: x, y1: plot.box.top + plot.box.height, y2: plot.box.top + plot.box.height + 4 }));
      end = at + half;
    }
  }

  /**
   * The cells that both distributions are drawn on: those of the histogram, else the bins of the statistics. Each has
   * its shares, its bounds (null where it is open) and whether it is one of the open ends of a histogram.
   */
  function cells(feature) {
    const { histogram, bins } = feature;
    if (histogram) {
      const k = histogram.reference.length - 2;
      const at = (i) => histogram.low + ((histogram.high - histogram.low) * i) / k;
      const [before, after] = [shares(histogram.reference), shares(histogram.current)];
      return before.map((share, i) => ({
        reference: share,
        current: after[i],
        low: i === 0 ? null : at(i - 1),
        high: i === k + 1 ? null : at(i),
        open: i === 0 || i === k + 1,
      }));
    }
    if (!bins || bins.labels.length || bins.reference.length < 2) return [];
    const [before, after] = [shares(bins.reference), shares(bins.current)];
    return before.map((share, i) => ({
      reference: share,
      current: after[i],
      low: bins.edges[i - 1] ?? null,
      high: bins.edges[i] ?? null,
      open: false,
    }));
  }

  function between(cell) {
    if (cell.low === null && cell.high === null) return "all";
    if (cell.low === null) return `< ${number(cell.high)}`;
    return cell.high === null ? `≥ ${number(cell.low)}` : `${number(cell.low)} to ${number(cell.high)}`;
  }

  const title = (cell) => s("title", {}, `${between(cell)}: reference ${percent(cell.reference)}, current ${percent(cell.current)}`);

  /** Both distributions over each other: the reference filled, the current one as an outline. */
  function distribution(feature) {
    const found = cells(feature);
    const shown = found.filter((cell) => !cell.open || cell.reference > 0 || cell.current > 0);
    if (shown.length < 2) return null;
    const highest = Math.max(...shown.map((cell) => Math.max(cell.reference, cell.current)));
    const plot = frame("Share of rows in each cell: reference and current", { y: [0, highest * 1.06 || 1] });
    const gap = 6; // beside an open end
    const gaps = shown.filter((cell) => cell.open).length * gap;
    const width = (plot.box.width - gaps) / shown.length;
    let x = plot.box.left;
    const marks = [];
    let outline = [];
    const finish = () => {
      if (outline.length) plot.svg.append(s("polyline", { class: "current line", points: join(outline) }));
      outline = [];
    };
    shown.forEach((cell, i) => {
      if (cell.open && i > 0) {
        outline.push([x, plot.py(0)]);
        finish();
        x += gap;
      }
      const [ref, cur] = [plot.py(cell.reference), plot.py(cell.current)];
      plot.svg.append(s("rect", { class: "reference fill", x: x + 0.5, width: Math.max(width - 1, 0.5), y: ref, height: plot.py(0) - ref }));
      plot.svg.append(s("rect", { class: "current wash", x, width, y: cur, height: plot.py(0) - cur }));
      if (!outline.length) outline.push([x, plot.py(0)]);
      outline.push([x, cur], [x + width, cur]);
      plot.svg.append(s("rect", { class: "hit", x, width, y: plot.box.top, height: plot.box.height }, title(cell)));
      if (cell.open) marks.push([x + width / 2, between(cell)]);
      else if (cell.low !== null) marks.push([x, number(cell.low)]);
      x += width;
      if (cell.open && i === 0) {
        outline.push([x, plot.py(0)]);
        finish();
        x += gap;
      }
    });
    if (outline.length) outline.push([x, plot.py(0)]);
    finish();
    const last = shown[shown.length - 1];
    if (!last.open && last.high !== null) marks.push([x, number(last.high)]);
    // the ends first: what lies between them gives way
    const ends = marks.length > 2 && shown.some((cell) => cell.open) ? [marks[0], ...thinned(marks.slice(1, -1), 4), marks[marks.length - 1]] : marks;
    xLabels(plot, ends);
    return plot.svg;
  }

  function thinned(items, most) {
    const step = Math.max(1, Math.ceil(items.length / most));
    return items.filter((_, i) => i % step === Math.floor(step / 2));
  }

  /** Both sides' shares below each bound that is known. */
  function steps(feature) {
    const known = new Map();
    const add = (found) => {
      let [below, after] = [0, 0];
      for (const cell of found) {
        below += cell.reference;
        after += cell.current;
        if (cell.high !== null) known.set(cell.high, [below, after]);
      }
    };
    if (feature.histogram) add(cells({ bins: feature.bins }));
    add(cells(feature));
    const [low, high] = feature.histogram ? [feature.histogram.low, feature.histogram.high] : [-Infinity, Infinity];
    const found = [...known].filter(([x]) => x >= low && x <= high).sort((a, b) => a[0] - b[0]);
    // the cells of a window are known to within an error: a step down would be one
    const rises = found.every(([, pair], i) => i === 0 || (pair[0] >= found[i - 1][1][0] - 1e-9 && pair[1] >= found[i - 1][1][1] - 1e-9));
    return rises || !feature.histogram ? found : steps({ bins: null, histogram: feature.histogram });
  }

  /** Both empirical distribution functions at the known bounds, and where they are furthest apart. */
  function ecdf(feature) {
    const points = steps(feature);
    if (points.length < 3) return null;
    const first = points[0][0];
    const last = points[points.length - 1][0];
    const plot = frame("Share of rows below a value: reference and current", {});
    const px = (value) => plot.box.left + (plot.box.width * (value - first)) / (last - first || 1);
    xLabels(plot, ticks(first, last, 6).map((value) => [px(value), number(Math.abs(value) < (last - first) * 1e-9 ? 0 : value)]));
    ["reference", "current"].forEach((side, i) => {
      plot.svg.append(s("polyline", { class: `${side} line`, points: join(points.map(([x, pair]) => [px(x), plot.py(pair[i])])) }));
    });
    const [x, pair] = points.reduce((best, point) => (Math.abs(point[1][0] - point[1][1]) > Math.abs(best[1][0] - best[1][1]) ? point : best));
    const statistic = feature.tests.ks?.statistic;
    if (statistic !== null && statistic !== undefined && pair[0] !== pair[1]) {
      const right = px(x) > WIDTH * 0.75;
      plot.svg.append(
        s("line", { class: "mark", x1: px(x), x2: px(x), y1: plot.py(pair[0]), y2: plot.py(pair[1]) }),
        s("text", { class: "strong", x: px(x) + (right ? -7 : 7), y: (plot.py(pair[0]) + plot.py(pair[1])) / 2 + 4, "text-anchor": right ? "end" : "start" }, `D ${number(statistic)}`),
      );
    }
    return plot.svg;
  }

  /** PSI's term of each bin, upwards where the current data have more, downwards where they have less. */
  function psi(feature) {
    const { bins } = feature;
    if (!bins?.psi?.length || bins.psi.length < 2) return null;
    const [before, after] = [shares(bins.reference), shares(bins.current)];
    const values = bins.psi.map((value, i) => (after[i] < before[i] ? -value : value));
    const high = Math.max(...values, Math.max(...bins.psi) * 0.1, 1e-9);
    const low = Math.min(...values, 0);
    const names = bins.labels.length
      ? bins.labels.map((label) => shorten(label, 40))
      : values.map((_, i) => between({ low: bins.edges[i - 1] ?? null, high: bins.edges[i] ?? null }));
    const plot = frame("PSI of each bin, upwards where the current share is larger", { y: [low * 1.05, high * 1.05], format: number });
    const width = plot.box.width / values.length;
    values.forEach((value, i) => {
      const [top, bottom] = [plot.py(Math.max(value, 0)), plot.py(Math.min(value, 0))];
      const x = plot.box.left + i * width;
      plot.svg.append(
        s("rect", { class: value < 0 ? "reference fill" : "current fill", x: x + width * 0.12, width: width * 0.76, y: top, height: Math.max(bottom - top, 0.5) }),
        s("rect", { class: "hit", x, width, y: plot.box.top, height: plot.box.height }, s("title", {}, `${names[i]}: PSI ${number(bins.psi[i])}, share ${percent(before[i])} → ${percent(after[i])}`)),
      );
    });
    xLabels(plot, names.map((name, i) => [plot.box.left + (i + 0.5) * width, shorten(name, 14)]));
    return plot.svg;
  }

  /** Pairs of bars, one for each row `[label, reference share, current share]`. */
  function pairs(rows, label) {
    const line = 30;
    const left = 130;
    const height = rows.length * line + 4;
    const highest = Math.max(...rows.flatMap((row) => [row[1], row[2]]), 1e-9);
    const room = WIDTH - left - 52;
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label, class: "chart" });
    rows.forEach(([name, before, after], i) => {
      const y = i * line + 2;
      svg.append(s("text", { x: left - 8, y: y + 18, "text-anchor": "end" }, shorten(name, 18), s("title", {}, `${shorten(name)}: reference ${percent(before)}, current ${percent(after)}`)));
      [before, after].forEach((share, side) => {
        const width = Math.max((room * share) / highest, share > 0 ? 1 : 0);
        svg.append(s("rect", { class: side ? "current fill" : "reference fill", x: left, y: y + 2 + side * 12, width, height: 10 }));
        svg.append(s("text", { class: "small", x: left + width + 5, y: y + 11 + side * 12 }, percent(share)));
      });
    });
    return svg;
  }

  /** The levels of a categorical feature, side by side. */
  function levels(feature, most = 20) {
    const { bins } = feature;
    if (!bins?.labels.length) return null;
    const [before, after] = [shares(bins.reference), shares(bins.current)];
    return pairs(bins.labels.slice(0, most).map((label, i) => [label, before[i], after[i]]), "Share of rows of each level: reference and current");
  }

  /** A value on a line from 0 on, with its interval and the size from which it is material. */
  function effect(value, { interval = null, least = null } = {}) {
    const height = 58;
    const [left, right] = [12, WIDTH - 12];
    const end = Math.min(1, Math.max(0.1, value, least ?? 0, interval?.high ?? 0) * 1.25);
    const px = (share) => left + (right - left) * Math.min(Math.max(share / end, 0), 1);
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "chart", "aria-label": `Effect ${number(value)}` });
    svg.append(s("line", { class: "axis", x1: left, x2: right, y1: 30, y2: 30 }));
    for (const share of ticks(0, end, 5)) svg.append(s("text", { x: px(share), y: 52, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle" }, number(share)));
    if (least !== null) {
      svg.append(s("line", { class: "mark dashed", x1: px(least), x2: px(least), y1: 18, y2: 40 }));
      svg.append(s("text", { class: "small", x: px(least) + 4, y: 12, "text-anchor": least > 0.6 * end ? "end" : "start" }, `material from ${number(least)}`));
    }
    if (interval && interval.low !== null && interval.high !== null) {
      svg.append(s("line", { class: "current whisker", x1: px(interval.low), x2: px(interval.high), y1: 30, y2: 30 }));
      for (const bound of [interval.low, interval.high]) svg.append(s("line", { class: "current line", x1: px(bound), x2: px(bound), y1: 24, y2: 36 }));
    }
    svg.append(s("circle", { class: "current fill", cx: px(value), cy: 30, r: 6 }));
    return svg;
  }

  /** Counts on a grid, row 0 the lowest: the darker, the larger the share. `sign` colours the difference of two. */
  function density(grid, label, top) {
    const size = 200;
    const svg = s("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, class: "chart density" });
    const cell = size / grid.length;
    grid.forEach((row, y) => {
      row.forEach((value, x) => {
        const strength = Math.abs(value) / (top || 1);
        if (strength < 0.02) return;
        svg.append(s("rect", { class: value < 0 ? "reference fill" : "current fill", x: x * cell, y: size - (y + 1) * cell, width: cell, height: cell, "fill-opacity": Math.min(strength, 1).toFixed(2) }));
      });
    });
    return svg;
  }

  /** Both sides of an embedding on a plane, and their difference: three drawings on one scale. */
  function projection(found) {
    const share = (grid) => {
      const n = total(grid.map(total)) || 1;
      return grid.map((row) => row.map((value) => value / n));
    };
    const [before, after] = [share(found.reference), share(found.current)];
    const difference = after.map((row, y) => row.map((value, x) => value - before[y][x]));
    const top = Math.max(...before.flat(), ...after.flat());
    return [
      ["Reference", density(before.map((row) => row.map((value) => -value)), "Density of the reference on the plane", top)],
      ["Current", density(after, "Density of the current data on the plane", top)],
      ["Current − reference", density(difference, "Where there is more of the current data, and where of the reference", Math.max(...difference.flat().map(Math.abs)))],
    ];
  }

  /** A small drawing for a row of a list: the reference filled, the current one as a line. */
  function spark(feature, width = 72, height = 24) {
    const bins = feature.histogram ?? feature.bins;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", class: "spark" });
    if (!bins || bins.reference.length < 2) return svg;
    const [before, after] = [shares(bins.reference).slice(0, 34), shares(bins.current).slice(0, 34)];
    const highest = Math.max(...before, ...after, 1e-9);
    const step = width / before.length;
    const py = (share) => height - 1 - (height - 2) * (share / highest);
    svg.append(s("polygon", { class: "reference fill", points: join([[0, height - 1], ...before.flatMap((share, i) => [[i * step, py(share)], [(i + 1) * step, py(share)]]), [width, height - 1]]) }));
    svg.append(s("polyline", { class: "current line", points: join(after.flatMap((share, i) => [[i * step, py(share)], [(i + 1) * step, py(share)]])) }));
    return svg;
  }

  /** One square for each window: `[{verdict, label}]`. */
  function strip(windows) {
    const height = 26;
    const width = Math.min(WIDTH / Math.max(windows.length, 1), 20);
    const drifted = windows.filter((window) => window.verdict === "drift").length;
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "chart strip", preserveAspectRatio: "none", "aria-label": `${drifted} of ${windows.length} windows drifted` });
    windows.forEach((window, i) => {
      const tall = window.verdict === "drift" ? 24 : window.verdict === "no_drift" ? 14 : 6;
      svg.append(s("rect", { class: `verdict-${window.verdict}`, x: i * width, width: Math.max(width - Math.min(2, width * 0.2), 0.5), y: 25 - tall, height: tall }, s("title", {}, window.label)));
    });
    return svg;
  }

  /** Values over windows, null where there is none; `least` is a line to cross, `hits` the indices to mark. */
  function overTime(values, { labels = [], least = null, hits = [], label = "Effect over time" } = {}) {
    const known = values.filter((value) => value !== null && value !== undefined);
    if (!known.length) return null;
    const high = Math.max(...known, least ?? 0, 1e-9) * 1.1;
    const plot = frame(label, { height: 150, y: [0, high], format: number, most: 3 });
    const px = (i) => plot.box.left + 6 + ((plot.box.width - 12) * i) / Math.max(values.length - 1, 1);
    if (least !== null) plot.svg.append(s("line", { class: "mark dashed", x1: plot.box.left, x2: WIDTH - 10, y1: plot.py(least), y2: plot.py(least) }));
    let run = [];
    const finish = () => {
      if (run.length > 1) plot.svg.append(s("polyline", { class: "current line", points: join(run) }));
      run = [];
    };
    values.forEach((value, i) => {
      if (value === null || value === undefined) finish();
      else run.push([px(i), plot.py(value)]);
    });
    finish();
    const marked = new Set(hits);
    const radius = values.length > 80 ? 2 : 3.5;
    values.forEach((value, i) => {
      if (value === null || value === undefined) return;
      const [x, y] = [px(i), plot.py(value)];
      const text = s("title", {}, `${shorten(String(labels[i] ?? i))}: ${number(value)}${marked.has(i) ? ", drifted" : ""}`);
      const far = radius * 1.8;
      plot.svg.append(marked.has(i)
        ? s("polygon", { class: "drift fill", points: join([[x - far, y], [x, y - far], [x + far, y], [x, y + far]]) }, text)
        : s("circle", { class: "current fill", cx: x, cy: y, r: radius }, text));
    });
    const ends = labels.length > 1 ? [[px(0), shorten(labels[0], 19)], [px(values.length - 1), shorten(labels[labels.length - 1], 19)]] : [];
    xLabels(plot, ends);
    return plot.svg;
  }

  return { distribution, ecdf, psi, pairs, levels, effect, projection, spark, strip, overTime, cells, ticks, frame };
})();
