// Single keys, as in the `?` dialog. A key presses the visible control that carries it (data-key), so no act exists twice.
import { $, $$, isTyping, isWide, on } from "./dom.js";
import { openMenu } from "./menu.js";
import { openPalette } from "./palette.js";
import { act, allRows, currentRow, focusRow, rowBox, rowLink, showList, tick, tickedRows } from "./list.js";

const SEQUENCE_MILLISECONDS = 1200;
const PLACES = { i: "inbox", s: "sent", d: "drafts", a: "archive", t: "trash" };
const LIST_ACTS = { e: "archive", "#": "trash", Delete: "trash", "!": "junk", m: "mute", I: "read", U: "unread" };
const MENUS = { v: "[name=move]", l: ".menu-item, input" };  // keys that open a menu, and where in it they lead
const OPENING_MILLISECONDS = 3000;
let firstKey = "";
let firstKeyTimer = 0;
let openingUntil = 0;  // while the editor opens, what is typed for it must not act on the list

const visible = (element) => element && element.getClientRects().length > 0;

function press(key) {
  const found = $$("[data-key]").find((element) => element.dataset.key === key && visible(element));
  const inMenu = $$(".menu-panel [data-key]").find((element) => element.dataset.key === key && visible(element.closest(".menu")));
  if ((found || inMenu)?.matches("[data-compose]")) openingUntil = performance.now() + OPENING_MILLISECONDS;
  if (found?.matches("summary")) openMenu(found, MENUS[key]);
  else (found || inMenu)?.click();
  return Boolean(found || inMenu);
}

/** On a keyboard of another script a key counts by where it lies. */
function keyOf(event) {
  if (event.key.length > 1 || event.key < "\x80") return event.key;
  if (event.code === "Slash") return event.shiftKey ? "?" : "/";
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  return letter ? (event.shiftKey ? letter : letter.toLowerCase()) : event.key;
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
  if (tickedRows().length) return void $("#list .bulk [value=star]")?.click();
  const row = currentRow();
  if (row) $(".row-star", row)?.click();
  else press("s");
  return undefined;
}

/** The row with the focus, unless its message stands open beside it: then the message's own buttons act. */
function focusedRow() {
  const row = currentRow();
  return row?.contains(document.activeElement) && !(row.matches(".row-open") && visible($("#reader"))) ? row : null;
}

function listAct(op) {
  const ticked = tickedRows();
  if ($('#list input[name="scope"]:checked')) return false;
  const rows = ticked.length ? ticked : [];
  if (rows.length) act(op, rows.map((row) => row.dataset.id));
  else if (focusedRow()) act(op, [focusedRow().dataset.id]);
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
  const key = keyOf(event);
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k" && !event.target.closest?.(".compose [role=textbox]")) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  if (performance.now() < openingUntil && event.key !== "Escape") return event.preventDefault();
  if (arrow(event)) return event.preventDefault();
  if (event.key === "Escape" && document.body.dataset.pane === "read") return showList();
  if (document.body.dataset.shortcuts !== "on") return;
  if (event.target.closest?.("details[open] .menu-panel")) return;
  const first = firstKey;
  firstKey = "";
  if (first && second(first, key)) return event.preventDefault();
  if (key === "g" || key === "*") {
    firstKey = key;
    clearTimeout(firstKeyTimer);
    firstKeyTimer = setTimeout(() => { firstKey = ""; }, SEQUENCE_MILLISECONDS);
    return;
  }
  const op = LIST_ACTS[key];
  const done = op ? listAct(op) || press({ Delete: "#", I: "Shift+I", U: "Shift+U" }[key] || key) : false;
  if (done) return event.preventDefault();
  if (MENUS[key] && !tickedRows().length && focusedRow()) KEYS.x();
  if (KEYS[key]) {
    event.preventDefault();
    KEYS[key](event);
  } else if (press(key)) event.preventDefault();
}

export function startKeyboard() {
  document.addEventListener("keydown", onKey);
  on("focusin", ".compose", () => { openingUntil = 0; });
}
