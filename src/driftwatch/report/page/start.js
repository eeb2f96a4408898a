"use strict";
// Unpack what is embedded in the file, and show it.
(async () => {
  async function unpacked(id) {
    const packed = document.getElementById(id).textContent;
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  const root = document.getElementById("page");
  const loading = document.getElementById("loading");
  loading.hidden = false; // where scripts do not run, nothing is being read
  try {
    const [text, more] = await Promise.all([unpacked("report"), unpacked("more")]);
    const { words, history } = JSON.parse(more);
    driftwatch.page(root, { report: JSON.parse(text), words, history }, words.omitted ? null : { text, file: "driftwatch-report.json" });
    root.dataset.ready = "";
  } catch (error) {
    loading.textContent = "This browser could not read the report that the file holds; it takes one of 2023 or later.";
    throw error;
  }
})();
