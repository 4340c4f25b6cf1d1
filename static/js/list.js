// The message list: ticks with ranges, roving focus, and acts that show at once and are confirmed after, with Undo.
import { $, $$, isWide, on, post } from "./dom.js";
import { toast } from "./toast.js";

const LEAVES = new Set(["archive", "trash", "junk", "not-junk", "move", "restore", "delete", "snooze"]);
let tickAnchor = null;

export const allRows = () => $$("#rows .row");
export const rowLink = (row) => $(".row-sub > a", row);
export const rowBox = (row) => $('input[name="ids"]', row);
export const tickedRows = () => allRows().filter((row) => rowBox(row).checked);

/** The row the keys act on: the focused one, else the open one. */
export function currentRow() {
  return document.activeElement?.closest?.("#rows .row") || $("#rows .row-open") || null;
}

/** Only the current row is a tab stop; j and k move it. */
export function rove(row) {
  for (const other of allRows()) {
    const stop = other === row ? "0" : "-1";
    for (const part of [rowLink(other), rowBox(other), $(".row-star", other)]) if (part && part.getAttribute("tabindex") !== stop) part.setAttribute("tabindex", stop);
  }
}

export function focusRow(row, preventScroll = false) {
  if (!row) return;
  rove(row);
  rowLink(row).focus({ preventScroll });
  if (!preventScroll) row.scrollIntoView({ block: "nearest" });
}

export function showTicks() {
  const place = $("#list [data-chosen]");
  if (place) place.textContent = place.dataset.chosen.replace("{n}", tickedRows().length);
}

export function tick(row, event = {}) {
  const rows = allRows();
  if (event.shiftKey && tickAnchor?.isConnected) {
    const [from, to] = [rows.indexOf(tickAnchor), rows.indexOf(row)].sort((a, b) => a - b);
    for (const one of rows.slice(from, to + 1)) rowBox(one).checked = rowBox(row).checked;
  }
  tickAnchor = row;
  showTicks();
}

function setUnread(row, unread) {
  row.classList.toggle("row-unread", unread);
  if (!unread) $(".row-unread-word", row)?.remove();
}

function setStar(row, on) {
  const star = $(".row-star", row);
  if (!star) return;
  star.setAttribute("aria-pressed", String(on));
  const use = $("use", star);
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, on ? "#star-on" : "#star"));
}

/** Shows what *op* does to *rows* and gives the way back. */
function foresee(op, rows) {
  if (op === "read" || op === "unread") {
    const before = rows.map((row) => row.classList.contains("row-unread"));
    rows.forEach((row) => setUnread(row, op === "unread"));
    return () => rows.forEach((row, at) => setUnread(row, before[at]));
  }
  if (op === "star" || op === "unstar") {
    const before = rows.map((row) => $(".row-star", row)?.getAttribute("aria-pressed") === "true");
    rows.forEach((row) => setStar(row, op === "star"));
    return () => rows.forEach((row, at) => setStar(row, before[at]));
  }
  if (!LEAVES.has(op)) return () => {};
  const places = rows.map((row) => [row, row.nextElementSibling, row.parentElement]);
  const next = rows.at(-1)?.nextElementSibling?.closest(".row") || rows[0]?.previousElementSibling?.closest(".row");
  const hadFocus = rows.some((row) => row.contains(document.activeElement)) || document.activeElement?.closest(".bulk");
  rows.forEach((row) => row.remove());
  if (hadFocus && next) focusRow(next);
  return () => {
    places.reverse().forEach(([row, after, parent]) => parent.insertBefore(row, after?.isConnected ? after : null));
    if (!places[0][2].isConnected) emptied();
  };
}

/** Nothing stands in the list, or not what should: it is to be drawn anew. */
const emptied = () => document.dispatchEvent(new CustomEvent("roost:emptied"));

/** What was fetched ahead may be wrong now. */
export const tellChange = () => document.dispatchEvent(new Event("roost:changed"));

const acts = new WeakMap();

/** Counts the person's acts on *row*; NaN while one is on its way, so that it equals nothing: what was told meanwhile may be old. */
export const actsOn = (row) => (acts.get(row)?.going ? NaN : acts.get(row)?.done || 0);

function countActs(rows, isDone) {
  for (const row of rows) {
    const { going = 0, done = 0 } = acts.get(row) || {};
    acts.set(row, isDone ? { going: going - 1, done: done + 1 } : { going: going + 1, done });
  }
}

/** Does *op* to *ids*: first on screen, then on the server; a failure puts everything back. */
export async function act(op, ids, fields = {}) {
  const rows = allRows().filter((row) => ids.includes(row.dataset.id));
  const goBack = foresee(op, rows);
  countActs(rows, false);
  tellChange();
  for (const row of rows) rowBox(row).checked = false;
  showTicks();
  const data = new FormData();
  for (const id of ids) data.append("ids", id);
  data.set(fields.move ? "move" : "op", fields.move || op);
  if (fields.snooze) data.set("snooze", fields.snooze);
  data.set("mailbox", $("#list")?.dataset.mailbox || "");
  if ($('#list input[name="whole"]')) data.set("whole", "1");
  try {
    const answer = await post($("form[data-list], form[data-act]").action, data);
    document.dispatchEvent(new CustomEvent("roost:counts", { detail: answer.counts || {} }));
    if (answer.message) toast(answer.message, { undo: answer.undo, restore: goBack });
    if ($("#rows") && !allRows().length) emptied();
  } catch (failure) {
    goBack();
    toast(failure.message, { isError: true });
  }
  countActs(rows, true);
  tellChange();
}

function submitList(event, form) {
  const button = event.submitter;
  if (!button || "plainSubmit" in button.dataset) return;
  if (button.name === "star") {
    event.preventDefault();
    act(button.getAttribute("aria-pressed") === "true" ? "unstar" : "star", [button.value]);
    return;
  }
  if ($('input[name="scope"]:checked', form)) return;
  const ids = form.matches("[data-list]") ? tickedRows().map((row) => row.dataset.id) : $$('input[name="ids"]', form).map((input) => input.value);
  if (button.value === "read-all" || button.value === "empty" || !ids.length) return;
  event.preventDefault();
  const op = button.name === "move" ? "move" : button.value;
  if (form.matches("[data-act]")) settleReader(op, button, ids);
  act(op, ids, button.name === "move" ? { move: button.value } : {});
}

/** After an act on the open conversation: the star turns, or the next conversation opens. */
function settleReader(op, button, ids) {
  if (op === "star" || op === "unstar") {
    const on = op === "star";
    button.setAttribute("aria-pressed", String(on));
    button.value = on ? "unstar" : "star";
    const use = $("use", button);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, on ? "#star-on" : "#star"));
    return;
  }
  const rows = allRows();
  const at = rows.findIndex((row) => ids.includes(row.dataset.id));
  const rest = rows.filter((row) => !ids.includes(row.dataset.id));
  const next = rest[Math.min(Math.max(at, 0), rest.length - 1)];
  if (isWide() && next && LEAVES.has(op) && at >= 0) rowLink(next).click();
  else showList();
}

export function showList() {
  const back = $("[data-back]");
  if (document.body.dataset.pane === "read") history.pushState(null, "", back?.href || location.href);
  document.body.dataset.pane = "list";
  const row = $("#rows .row-open");
  if (row) focusRow(row);
}

function opened() {
  const reader = $("#reader[data-id]");
  if (!reader) return;
  document.title = reader.dataset.title;
  document.body.dataset.pane = "read";
  for (const row of allRows()) {
    const isOpen = row.dataset.id === reader.dataset.id || (row.dataset.thread && row.dataset.thread === reader.dataset.thread);
    row.classList.toggle("row-open", isOpen);
    if (isOpen) {
      rowLink(row).setAttribute("aria-current", "true");
      setUnread(row, false);
      rove(row);
    } else rowLink(row).removeAttribute("aria-current");
  }
  if (!isWide()) $("#subject")?.focus();
}

function markPlace() {
  const here = location.pathname;
  const list = new URLSearchParams(location.search).get("list");
  for (const link of $$("#nav [data-mailbox]")) {
    if (list ? link.dataset.mailbox === list : `${here}/`.startsWith(`${new URL(link.href).pathname}/`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** One handler for all rows: HTMX would look at each of them for itself, as long as a start takes. */
function openRow(event, link) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  window.htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#reader", swap: "outerHTML" }).catch(() => {});
}

export function startList() {
  on("click", "#rows .row-sub > a:not([data-compose])", openRow);
  on("submit", "form[data-list], form[data-act]", submitList);
  on("click", '#rows input[name="ids"]', (event, box) => tick(box.closest(".row"), event));
  on("focusin", "#rows .row", (_event, row) => rove(row));
  on("click", "[data-fold]", (event, link) => {
    event.preventDefault();
    const isShut = link.closest(".msg").classList.toggle("is-shut");
    link.setAttribute("aria-expanded", String(!isShut));
  });
  on("click", "[data-tick]", (_event, button) => {
    for (const row of allRows()) rowBox(row).checked = button.dataset.tick === "all";
    showTicks();
  });
  on("click", "[data-back]", (event) => {
    if (!$("#list")) return;
    event.preventDefault();
    showList();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "reader" || event.detail?.target?.id === "reader") opened();
    else if ($("#panes") && event.detail?.target?.id === "panes") document.body.dataset.pane = $("#reader[data-id]") ? "read" : "list";
    if (allRows().length) rove(currentRow() || allRows()[0]);
  });
  document.addEventListener("htmx:pushedIntoHistory", markPlace);
  if (allRows().length) rove($("#rows .row-open") || allRows()[0]);
}
