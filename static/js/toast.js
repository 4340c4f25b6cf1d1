// One toast at a time, with Undo. Stays while pointer or focus is on it; the region is polite, so a screen reader hears it.
import { $, $$, on, post } from "./dom.js";

const TOAST_MILLISECONDS = 8000;

/** Shows *text*; with *undo* (a token) a button takes the act back and *restore()* brings the rows back at once. */
export function toast(text, { undo = null, restore = null, isError = false } = {}) {
  const region = $("#toasts");
  const part = $("#toast-template");
  if (!region || !part) return;
  const box = part.content.firstElementChild.cloneNode(true);
  box.firstElementChild.textContent = text;
  box.classList.toggle("toast-error", isError);
  const button = $("button", box);
  if (undo) {
    button.hidden = false;
    button.dataset.key = "z";
    button.addEventListener("click", () => takeBack(undo, restore), { once: true });
  }
  region.replaceChildren(box);
  fade();
}

async function takeBack(token, restore) {
  $("#toasts").replaceChildren();
  const data = new FormData();
  data.set("undo", token);
  try {
    const answer = await post(document.body.dataset.undo, data);
    if (answer.open) return location.assign(answer.open);
    if (restore) restore();
    document.dispatchEvent(new CustomEvent("roost:counts", { detail: answer.counts || {} }));
    if (answer.message) toast(answer.message);
  } catch (failure) {
    toast(failure.message, { isError: true });
  }
  return undefined;
}

/** The timer's number stands on the region, which both bundles of the webmail write to. */
function fade() {
  const region = $("#toasts");
  clearTimeout(Number(region.dataset.timer));
  region.dataset.timer = setTimeout(() => {
    if (region.matches(":hover") || region.contains(document.activeElement)) fade();
    else region.replaceChildren();
  }, TOAST_MILLISECONDS);
}

export function startToasts() {
  if ($$("#toasts .toast").length) fade();
  document.addEventListener("htmx:responseError", () => toast(document.body.dataset.failed, { isError: true }));
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.failed, { isError: true }));
  on("click", "[data-dismiss]", () => $("#toasts").replaceChildren());
}
