"use strict";
// Shows the page that was asked for, and again when checks come in. The address holds all of its state.
(() => {
  const { h, pages } = driftwatch;
  const { listen } = driftwatch.requests;
  const content = document.getElementById("content");
  const status = document.getElementById("status");
  const heading = document.getElementById("title");
  const show = pages[document.body.dataset.page];
  const SETTLES = 400; // milliseconds: many windows may close at once
  const STATES = { live: "live", waiting: "reconnecting …", polling: "asks from time to time", problem: "the store cannot be read" };
  let turn = 0;
  let timer = null;

  const parameters = () => Object.fromEntries(new URLSearchParams(location.search));

  /** Changes parameters, null removes one. */
  function set(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    history.pushState(null, "", `${location.pathname}${text ? `?${text}` : ""}`);
    render();
  }

  function title(text) {
    heading.textContent = text;
    document.title = `${text} · driftwatch`;
  }

  async function render() {
    const mine = (turn += 1);
    status.textContent = content.childElementCount ? "" : "Loading …";
    try {
      const nodes = await show(parameters(), { set, title });
      if (mine !== turn) return;
      const focused = place(document.activeElement);
      content.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
      focused?.();
      status.textContent = "";
      content.dataset.ready = String(mine);
    } catch (error) {
      if (mine !== turn) return;
      content.replaceChildren(h("section", { class: "panel wrong" }, h("h2", {}, "This cannot be shown"), h("p", {}, error.message), h("p", {}, h("button", { class: "button", type: "button", onclick: render }, "Try again"))));
      status.textContent = "";
      content.dataset.ready = String(mine);
    }
  }

  /** Returns what gives the focus back after the page was drawn again. */
  function place(element) {
    if (!element || !content.contains(element)) return null;
    const same = () => [...content.querySelectorAll(element.tagName)];
    const at = same().indexOf(element);
    return () => same()[at]?.focus({ preventScroll: true });
  }

  addEventListener("popstate", render);
  render();

  const light = h("p", { class: "live", role: "status" });
  document.querySelector(".bar .wrap").append(light);
  listen(
    (stream) => {
      const shown = parameters().stream;
      const elsewhere = stream !== null && shown !== undefined && shown !== stream;
      if (elsewhere || document.body.dataset.page === "compare") return; // two checks that are chosen do not change
      clearTimeout(timer);
      timer = setTimeout(render, SETTLES);
    },
    (state) => {
      light.dataset.state = state;
      light.textContent = STATES[state];
    },
  );
})();
