// Inside the frame that draws a PDF: an opaque origin without cookies, storage or network. The page hands the bytes in by a message; pages are
// drawn as they come near and given back when they are far, so that a file of any length holds a few of them at once.
const KEPT_PAGES = 8;
const TEXT_CHARACTERS = 20000;
const MOST_ZOOM = 4;
let limits = null;
let zoom = 1;
const drawn = new Map();

const say = (told) => window.parent.postMessage(told, "*");

function sized(place) {
  const width = Math.min(window.innerWidth - 36, 900) * zoom;
  place.style.width = `${width}px`;
  place.style.height = `${width / place.ratio}px`;
}

async function draw(file, place) {
  if (drawn.has(place)) return;
  drawn.set(place, null);
  const page = await file.getPage(place.number);
  const plain = page.getViewport({ scale: 1 });
  place.ratio = plain.width / plain.height;
  sized(place);
  const wanted = (place.clientWidth / plain.width) * Math.min(window.devicePixelRatio || 1, 2);
  const scale = Math.min(wanted, Math.sqrt(limits.pixels / (plain.width * plain.height)));
  const viewport = page.getViewport({ scale });
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(viewport.width));
  canvas.height = Math.max(1, Math.floor(viewport.height));
  canvas.setAttribute("aria-hidden", "true");
  const task = page.render({ canvas, canvasContext: canvas.getContext("2d"), viewport, annotationMode: 1 });
  drawn.set(place, task);
  await task.promise;
  const words = document.createElement("p");
  words.textContent = (await page.getTextContent()).items.map((item) => item.str + (item.hasEOL ? "\n" : "")).join(" ").slice(0, TEXT_CHARACTERS);
  place.replaceChildren(canvas, words);
  for (const old of [...drawn.keys()].slice(0, Math.max(0, drawn.size - KEPT_PAGES))) forget(old);
}

function forget(place) {
  drawn.get(place)?.cancel?.();
  drawn.delete(place);
  place.replaceChildren();
}

async function show(pdf, data, words) {
  const file = await pdf.getDocument({ data, isEvalSupported: false, enableXfa: false, useWasm: false, useWorkerFetch: false, wasmUrl: document.body.dataset.decoders, stopAtErrors: false, canvasMaxAreaInBytes: 4 * limits.pixels, maxImageSize: limits.pixels }).promise;
  const first = (await file.getPage(1)).getViewport({ scale: 1 });
  const count = Math.min(file.numPages, limits.pages);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) draw(file, entry.target).catch(() => forget(entry.target));
      if (entry.isIntersecting && entry.intersectionRatio > 0) say({ kind: "at", page: entry.target.number });
    }
  }, { rootMargin: "600px 0px" });
  for (let number = 1; number <= count; number += 1) {
    const place = document.createElement("section");
    Object.assign(place, { className: "page", number, ratio: first.width / first.height });
    place.setAttribute("aria-label", words.page.replace("{n}", number));
    sized(place);
    document.getElementById("pages").append(place);
    seen.observe(place);
  }
  await draw(file, document.querySelector(".page"));
  say({ kind: "shown", pages: file.numPages, count });
}

function turn(by) {
  zoom = Math.min(MOST_ZOOM, Math.max(1 / MOST_ZOOM, zoom * (by > 0 ? 1.25 : 0.8)));
  for (const place of [...drawn.keys()]) forget(place);
  const at = window.scrollY / Math.max(1, document.documentElement.scrollHeight);
  for (const place of document.querySelectorAll(".page")) sized(place);
  window.scrollTo(0, at * document.documentElement.scrollHeight);
}

globalThis.pdfjsWorker = await import(document.body.dataset.worker);
const pdf = await import(document.body.dataset.pdf);
window.addEventListener("message", (event) => {
  if (event.source !== window.parent) return;
  if (event.data.kind === "zoom") turn(event.data.by);
  if (event.data.kind !== "file" || limits) return;
  limits = event.data.limits;
  show(pdf, event.data.data, event.data.words).catch((failure) => say({ kind: "failed", locked: failure?.name === "PasswordException" }));
});
say({ kind: "ready" });
