// Acts under the pointer: one small toolbar that stands over the row the mouse is on. Keys and the ticks' toolbar do the same.
import { $, on } from "./dom.js";
import { act, rowLink } from "./list.js";

const MENU_PIXELS = 240;  // room the menu of moments wants below
const rowTools = () => $("#row-acts");

function placeTools(row) {
  const bar = rowTools();
  if (!bar || $("details[open]", bar)) return;
  bar.hidden = false;
  bar.dataset.row = row.dataset.id;
  bar.style.insetBlockStart = `${row.offsetTop + Math.max(1, row.offsetHeight - 38)}px`;
  $(".menu", bar)?.classList.toggle("menu-up", bar.getBoundingClientRect().bottom > innerHeight - MENU_PIXELS);
  const unread = $('[data-row-act="unread"], [data-row-act="read"]', bar);
  if (unread) unread.dataset.rowAct = row.classList.contains("row-unread") ? "read" : "unread";
}

function hideTools() {
  const bar = rowTools();
  if (bar && !$("details[open]", bar)) bar.hidden = true;
}

export function startHover() {
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || !(event.target instanceof Element)) return;
    const row = event.target.closest("#rows .row");
    if (row && rowLink(row)) placeTools(row);
    else if (!event.target.closest("#row-acts")) hideTools();
  });
  on("click", "#row-acts [data-row-act]", (_event, button) => {
    const bar = rowTools();
    act(button.dataset.rowAct, [bar.dataset.row], button.dataset.snooze ? { snooze: button.dataset.snooze } : {});
    for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
    bar.hidden = true;
  });
}
