// The message's iframe: as tall as its text (capped against growth bombs), and its keys reach the page. It runs no script itself.
import { $$ } from "./dom.js";

const FRAME_MAX_PIXELS = 20000;

function fitFrame(frame) {
  const inside = frame.contentDocument;
  if (!inside?.body) return;
  const height = Math.min(FRAME_MAX_PIXELS, Math.max(40, inside.body.scrollHeight + 8, inside.body.offsetHeight + 8));
  frame.height = String(height);
  if (height === FRAME_MAX_PIXELS) inside.documentElement.setAttribute("data-capped", "");
}

export function adoptFrame(frame) {
  const inside = frame.contentDocument;
  if (!inside?.body || inside.URL === "about:blank" || inside.roostAdopted) return;
  inside.roostAdopted = true;
  fitFrame(frame);
  let pending = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => fitFrame(frame));
  }).observe(inside.body);
  inside.addEventListener("keydown", (event) => {
    const copy = new KeyboardEvent("keydown", { key: event.key, code: event.code, ctrlKey: event.ctrlKey, shiftKey: event.shiftKey, altKey: event.altKey, metaKey: event.metaKey, bubbles: true, cancelable: true });
    if (!frame.dispatchEvent(copy)) event.preventDefault();
  });
}

export function startFrames() {
  const adopt = () => {
    for (const frame of $$("iframe[data-body]")) {
      frame.addEventListener("load", () => adoptFrame(frame));
      adoptFrame(frame);
    }
  };
  document.addEventListener("htmx:afterSwap", adopt);
  adopt();
}
