// Single keys, as in the `?` dialog. A key presses the visible control that carries it (data-key), so no act exists twice.
import { $, $$, isTyping, isWide } from "./dom.js";
import { openPalette } from "./palette.js";
import { act, allRows, currentRow, focusRow, rowBox, rowLink, showList, tick, tickedRows } from "./list.js";

const SEQUENCE_MILLISECONDS = 1200;
const PLACES = { i: "inbox", s: "sent", d: "drafts", a: "archive", t: "trash" };
const LIST_ACTS = { e: "archive", "#": "trash", Delete: "trash", "!": "junk", m: "mute", I: "read", U: "unread" };
const OPENING_MILLISECONDS = 3000;
let firstKey = "";
let firstKeyTimer = 0;
let openingUntil = 0;  // while the editor opens, what is typed for it must not act on the list

const visible = (element) => element && element.getClientRects().length > 0;

function press(key) {
  const found = $$("[data-key]").find((element) => element.dataset.key === key && visible(element));
  const inMenu = $$(".menu-panel [data-key]").find((element) => element.dataset.key === key);
  if ((found || inMenu)?.matches("[data-compose]")) openingUntil = performance.now() + OPENING_MILLISECONDS;
  (found || inMenu)?.click();
  return Boolean(found || inMenu);
}

function move(step, event) {
  const rows = allRows();
  if (!rows.length) return;
  const at = rows.indexOf(currentRow());
  const row = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  if (event.shiftKey && at >= 0) {
    rowBox(rows[at]).checked = true;
    rowBox(row).checked = true;
    tick(row);
  }
  focusRow(row);
  if (!event.shiftKey && $("#reader[data-id]") && isWide()) rowLink(row).click();
}

function starRow() {
  const row = currentRow();
  if (row) $(".row-star", row)?.click();
  else press("s");
}

function listAct(op) {
  const ticked = tickedRows();
  if ($('#list input[name="scope"]:checked')) return false;
  const rows = ticked.length ? ticked : [];
  if (rows.length) act(op, rows.map((row) => row.dataset.id));
  else if (currentRow() && currentRow().contains(document.activeElement) && !currentRow().matches(".row-open")) act(op, [currentRow().dataset.id]);
  else return false;
  return true;
}

function second(first, key) {
  if (first === "g" && PLACES[key]) $(`#nav [data-role="${PLACES[key]}"]`)?.click();
  else if (first === "*" && (key === "a" || key === "n")) $(`[data-tick="${key === "a" ? "all" : "none"}"]`)?.click();
  else return false;
  return true;
}

const KEYS = {
  j: (event) => move(1, event), k: (event) => move(-1, event), J: (event) => move(1, event), K: (event) => move(-1, event),
  o: () => currentRow() && rowLink(currentRow()).click(),
  u: () => showList(),
  x: () => { const row = currentRow(); if (row) { rowBox(row).checked = !rowBox(row).checked; tick(row); } },
  s: starRow,
  "/": () => $("#search")?.select(),
  "?": () => $("#shortcuts")?.showModal(),
};

function arrow(event) {
  if (!event.target.closest?.("#rows .row")) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) move(step, event);
  return Boolean(step);
}

function onKey(event) {
  if (event.defaultPrevented || event.altKey || $("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.target.closest?.(".compose [role=textbox]")) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (isTyping(event.target)) openingUntil = 0;
  if (event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  if (performance.now() < openingUntil && event.key !== "Escape") return event.preventDefault();
  if (arrow(event)) return event.preventDefault();
  if (event.key === "Escape" && document.body.dataset.pane === "read") return showList();
  if (document.body.dataset.shortcuts !== "on") return;
  if (event.target.closest?.("details[open] .menu-panel")) return;
  const first = firstKey;
  firstKey = "";
  if (first && second(first, event.key)) return event.preventDefault();
  if (event.key === "g" || event.key === "*") {
    firstKey = event.key;
    clearTimeout(firstKeyTimer);
    firstKeyTimer = setTimeout(() => { firstKey = ""; }, SEQUENCE_MILLISECONDS);
    return;
  }
  const op = LIST_ACTS[event.key];
  const done = op ? listAct(op) || press({ Delete: "#", I: "Shift+I", U: "Shift+U" }[event.key] || event.key) : false;
  if (done) return event.preventDefault();
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key](event);
  } else if (press(event.key)) event.preventDefault();
}

export function startKeyboard() {
  document.addEventListener("keydown", onKey);
}
