"use strict";
// What the server says: answers of the API, asked for again only where they changed, and events about new checks.
driftwatch.requests = (() => {
  const root = document.body.dataset.root;
  const MOST_KEPT = 40;
  const PATIENCE = 30_000; // milliseconds between questions where there are no events
  const kept = new Map(); // by address: the tag and the data of the last answer
  let skew = 0; // milliseconds that the clock of the server is ahead

  /** The address of a page or a view; what is null or empty is left out. */
  function address(path, parameters = {}) {
    const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return `${root}${path}${query ? `?${query}` : ""}`;
  }

  /** The data of one view of the API. */
  async function get(name, parameters) {
    const url = address(`/api/${name}`, parameters);
    const before = kept.get(url);
    let answer;
    try {
      // browsers store nothing where there is a token, so what is known is kept here
      answer = await fetch(url, { headers: before ? { "If-None-Match": before.etag } : {}, cache: "no-store" });
    } catch {
      throw new Error("The server does not answer.");
    }
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isFinite(date)) skew = date - Date.now();
    if (answer.status === 304) return before.data;
    if (answer.status === 401) {
      location.assign(address("/login", { next: location.pathname.slice(root.length) + location.search }));
      return new Promise(() => {});
    }
    const data = await answer.json().catch(() => null);
    if (!answer.ok || data === null) {
      const error = new Error(data?.error?.message ?? `The server answered with ${answer.status}.`);
      error.code = data?.error?.code;
      throw error;
    }
    kept.delete(url);
    kept.set(url, { etag: answer.headers.get("etag") ?? "", data });
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return data;
  }

  /** Calls `changed(stream)` when a check was stored, and `state(text)` with how the connection is. */
  function listen(changed, state) {
    const source = new EventSource(address("/api/events"));
    let polling = null;
    const live = () => {
      clearInterval(polling);
      polling = null;
      state("live");
    };
    source.addEventListener("hello", live);
    source.addEventListener("recovered", live);
    source.addEventListener("problem", () => state("problem"));
    source.addEventListener("reset", () => changed(null));
    source.addEventListener("run", (event) => changed(JSON.parse(event.data).stream));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) {
        state("polling");
        polling ??= setInterval(() => changed(null), PATIENCE);
      } else if (!document.hidden) state("waiting");
    });
    addEventListener("pagehide", () => source.close());
  }

  /** Milliseconds after 1970, as the server counts them. */
  const now = () => Date.now() + skew;

  return { address, get, listen, now };
})();
