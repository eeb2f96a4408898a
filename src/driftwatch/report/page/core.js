"use strict";
// Nodes, numbers and names: what all other scripts of the page build on. Names are data that somebody else wrote: they
// reach the document through text nodes and attributes only, and what could act on a reader is shown as an escape.
globalThis.driftwatch = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
  const SHOWN = 200; // characters of a name

  function build(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "css") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  /** An element; `css` sets style properties (the page forbids style attributes), `onclick` and the like listen. */
  const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
  /** An element of a drawing. */
  const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

  function escaped(char) {
    const code = char.codePointAt(0);
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  }

  /** A name on one line, with control and format characters as escapes. */
  const printable = (text) => String(text).replace(UNPRINTABLE, escaped);

  /** A name at a length that fits a page. */
  function shorten(text, length = SHOWN) {
    if (!text.trim()) return `'${text}'`;
    const characters = printable(text.length > 4 * length ? text.slice(0, 4 * length) : text);
    return characters.length <= length && text.length <= 4 * length ? characters : `${characters.slice(0, length)}…`;
  }

  const counts = new Intl.NumberFormat("en-US");
  const count = (value) => counts.format(value);

  /** Three significant digits. */
  function number(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size >= 999.5 && size < 999999.5) return value.toFixed(0);
    if (size !== 0 && (size < 1e-4 || size >= 999999.5)) return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
    return String(Number(value.toPrecision(3)));
  }

  /** Three decimals below ten, so that the points stand under each other. */
  const decimals = (value) => (value !== null && value !== undefined && Math.abs(value) < 9.9995 ? value.toFixed(3) : number(value));

  function probability(value) {
    if (value === null || value === undefined) return "–";
    if (value < 1e-99) return "<1e-99";
    return value >= 0.001 ? value.toFixed(3) : value.toExponential(0);
  }

  /** A share as a percentage. */
  const percent = (share) => (share > 0 && share < 0.1 ? `${(100 * share).toFixed(1)}%` : `${(100 * share).toFixed(0)}%`);

  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  /** Counts as shares of their sum. */
  const shares = (values) => values.map((value) => value / (total(values) || 1));

  // `sections`: what else a page shows between the features and the performance, functions from the payload to a node or
  // null; a script that comes before `app.js` adds its own.
  return { h, s, printable, shorten, count, number, decimals, probability, percent, total, shares, sections: [] };
})();
