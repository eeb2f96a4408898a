"use strict";
// A list of any length, of which only the rows in sight are in the document. A listbox to those who cannot see it.
driftwatch.list = (() => {
  const { h } = driftwatch;
  const MARGIN = 6; // rows kept above and below those in sight

  /**
   * @param {object} options
   * @param {string} options.label  What is listed.
   * @param {number} options.height  Of a row, in pixels.
   * @param {(item: any) => Node[]} options.draw  The content of a row.
   * @param {(item: any) => void} options.choose  Called with the row that was moved to.
   * @param {() => void} options.open  Called when the chosen row is to be read.
   */
  function list({ label, height, draw, choose, open }) {
    let items = [];
    let chosen = -1;
    const space = h("div", { class: "space", role: "presentation" });
    const box = h("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": label, onkeydown: keys, onscroll: refresh }, space);
    new ResizeObserver(refresh).observe(box);

    function refresh() {
      const first = Math.max(0, Math.floor(box.scrollTop / height) - MARGIN);
      const last = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + MARGIN);
      const kept = new Map([...space.children].map((node) => [Number(node.dataset.i), node]));
      for (const [i, node] of kept) if (i < first || i >= last) node.remove();
      for (let i = first; i < last; i += 1) if (!kept.has(i)) space.append(row(i));
      mark();
    }

    function row(i) {
      const attributes = {
        class: "row",
        role: "option",
        id: `row-${i}`,
        "data-i": i,
        "aria-setsize": items.length,
        "aria-posinset": i + 1,
        css: { top: `${i * height}px` },
        onclick: () => { move(i); open(); },
      };
      return h("div", attributes, draw(items[i]));
    }

    function mark() {
      for (const node of space.children) node.setAttribute("aria-selected", String(Number(node.dataset.i) === chosen));
      const active = chosen >= 0 && document.getElementById(`row-${chosen}`);
      if (active) box.setAttribute("aria-activedescendant", active.id);
      else box.removeAttribute("aria-activedescendant");
    }

    function reveal(i) {
      if (i * height < box.scrollTop) box.scrollTop = i * height;
      else if ((i + 1) * height > box.scrollTop + box.clientHeight) box.scrollTop = (i + 1) * height - box.clientHeight;
      refresh();
    }

    function move(i) {
      if (!items.length) return;
      chosen = Math.min(Math.max(i, 0), items.length - 1);
      reveal(chosen);
      choose(items[chosen]);
    }

    function keys(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const page = Math.max(1, Math.floor(box.clientHeight / height) - 1);
      const moves = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0, End: items.length - 1 };
      if (event.key in moves) move(moves[event.key]);
      else if (event.key === "Enter") open();
      else return;
      event.preventDefault();
    }

    /** Show other items; `item` stays the chosen one where it is among them. */
    function show(next, item) {
      items = next;
      chosen = items.indexOf(item);
      space.replaceChildren();
      space.style.height = `${items.length * height}px`;
      box.scrollTop = 0;
      if (chosen >= 0) reveal(chosen);
      refresh();
    }

    /** Choose an item without telling that it was chosen. */
    function select(item) {
      chosen = items.indexOf(item);
      if (chosen >= 0) reveal(chosen);
      else mark();
    }

    return { box, show, select, move, first: () => items[0] };
  }

  return list;
})();
