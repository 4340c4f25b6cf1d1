// Admin tables: tick all, ranges with Shift, the count, arrows from row to row, Ctrl+K for the search field.
import { $, $$, on } from "./dom.js";

let lastTick = null;

function countTicks(form) {
  const place = $("[data-chosen]", form);
  if (!place) return;
  const ticked = $$('input[name="ids"]:checked', form).length;
  place.textContent = ticked ? place.dataset.chosen.replace("{n}", ticked) : place.dataset.none;
  for (const button of $$(".bulk-bar .btn", form)) button.disabled = !ticked;
  const all = $("[data-tick-all]", form);
  const total = $$('input[name="ids"]', form).length;
  if (all) {
    all.checked = ticked > 0 && ticked === total;
    all.indeterminate = ticked > 0 && ticked < total;
  }
}

function tickRange(event, box) {
  const boxes = $$('input[name="ids"]', box.form);
  if (event.shiftKey && lastTick?.isConnected) {
    const [from, to] = [boxes.indexOf(lastTick), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  }
  lastTick = box;
  countTicks(box.form);
}

export function startTables() {
  on("click", 'form[data-table] input[name="ids"]', tickRange);
  on("change", "[data-tick-all]", (_event, all) => {
    for (const box of $$('input[name="ids"]', all.form)) box.checked = all.checked;
    countTicks(all.form);
  });
  on("keydown", "a.row-link", (event, link) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = $$("a.row-link", link.closest("table"));
    links[links.indexOf(link) + step]?.focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      $("#search")?.focus();
    }
  });
  const settle = () => $$("form[data-table]").forEach(countTicks);
  document.addEventListener("htmx:afterSwap", settle);
  settle();
}
