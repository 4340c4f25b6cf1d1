// A PDF in place: fetches the bytes and hands them to a sandboxed frame of another origin, which draws them (pdf-frame.js). What the frame says
// is words and numbers, believed as such only; a frame that takes too long is taken away.
import { $, on } from "./dom.js";

function startPdfOf(main) {
  const { dataset } = main;
  const limits = JSON.parse(dataset.limits);
  const words = JSON.parse(dataset.words);
  const said = $("[data-said]", main);
  if (!said.hidden) return;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  Object.assign(frame, { title: words.title, src: dataset.frame, className: "pdf-frame" });
  const fail = (text) => {
    clearTimeout(timer);
    frame.remove();
    $("h2", said).after(Object.assign(document.createElement("p"), { textContent: text }));
    said.hidden = false;
  };
  const timer = setTimeout(() => fail(words.slow), limits.seconds * 1000);
  const bytes = fetch(dataset.pdf, { credentials: "same-origin" }).then((reply) => (reply.ok ? reply.arrayBuffer() : Promise.reject(new Error())));
  bytes.catch(() => fail(words.bad));
  const heard = {
    ready: async () => {
      const data = await bytes;
      if (data.byteLength > limits.bytes) return fail(words.slow);
      return frame.contentWindow.postMessage({ kind: "file", data, limits: { pages: limits.pages, pixels: limits.pixels }, words: { page: words.page } }, "*", [data]);
    },
    shown: ({ pages, count }) => {
      clearTimeout(timer);
      const n = Number(pages);
      $("[data-count]", main).textContent = count < n ? words.some.replace("{n}", Number(count)).replace("{m}", n) : n === 1 ? words.one : words.pages.replace("{n}", n);
      for (const button of main.querySelectorAll("[data-zoom]")) button.disabled = false;
    },
    failed: ({ locked }) => fail(locked === true ? words.locked : words.bad),
  };
  window.addEventListener("message", (event) => event.source === frame.contentWindow && heard[event.data?.kind]?.(event.data));
  const zoom = (by) => frame.contentWindow?.postMessage({ kind: "zoom", by }, "*");
  on("click", "[data-zoom]", (_event, button) => zoom(Number(button.dataset.zoom)));
  document.addEventListener("keydown", (event) => !event.ctrlKey && !event.metaKey && ["+", "-"].includes(event.key) && !event.target.closest("input") && zoom(event.key === "+" ? 1 : -1));
  $("[data-place]", main).append(frame);
}

export function startPdf() {
  const main = $("main[data-pdf]");
  if (main) startPdfOf(main);
}
