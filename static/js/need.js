// What the first page can do without (writing, forms of rules, PDFs) is a bundle of its own, later.js. It comes with the first movement
// of the pointer or a key, or at once to a page that is about it or has a kept draft to offer.
import { $, on } from "./dom.js";

const NEEDS = "[data-compose-form], textarea[data-rich], .rule-row, main[data-pdf]";
const KEPT_DRAFT = "roost-draft-";
let coming = null;

/** The later bundle's own exports; asked for once, and again if it did not come. */
function later() {
  coming ||= import(document.body.dataset.later).catch((failure) => {
    coming = null;
    throw failure;
  });
  return coming;
}

function hasKept() {
  try { return Object.keys(localStorage).some((name) => name.startsWith(KEPT_DRAFT)); } catch { return false; }
}

/** Writing beside the list where there is room; else, or when the script is out of reach, the link is followed. */
function openWriting(event, link) {
  if (!window.matchMedia("(min-width: 901px)").matches || event.ctrlKey || event.metaKey || event.shiftKey || event.button || $(".compose-page")) return;
  event.preventDefault();
  later().then((parts) => parts.openPanel(link)).catch(() => location.assign(link.href));
}

export function startNeed() {
  if (!document.body.dataset.later) return undefined;
  on("click", "a[data-compose]", openWriting);
  if ($(NEEDS) || hasKept()) return void later().catch(() => {});
  const told = ["pointermove", "pointerdown", "keydown"];
  const come = (event) => {
    if (event.type === "pointermove" && !event.movementX && !event.movementY) return;  // the page moved under a pointer at rest
    for (const type of told) removeEventListener(type, come, true);
    later().catch(() => {});
  };
  for (const type of told) addEventListener(type, come, { capture: true, passive: true });
  return undefined;
}
