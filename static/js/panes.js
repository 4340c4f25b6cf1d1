// The width of the list, by pointer and by keys; and dragging: messages onto a mailbox, a mailbox into another. Menus do the same without a pointer.
import { $, $$, isRightToLeft, on, post } from "./dom.js";
import { act, allRows, rowBox, tickedRows } from "./list.js";
import { toast } from "./toast.js";

const NARROWEST = 280;
const WIDEST = 640;
const WIDTH_STEP = 20;
const YEAR_SECONDS = 31536000;
const MESSAGES = "application/x-roost-messages";
const MAILBOX = "application/x-roost-mailbox";

const stepped = (width) => Math.min(WIDEST, Math.max(NARROWEST, Math.round(width / WIDTH_STEP) * WIDTH_STEP));
const listWidth = () => Math.round($("#list").getBoundingClientRect().width);

function keepWidth(width) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `look=${document.body.dataset.layout || "panes"}-${width}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
}

function setWidth(width) {
  const panes = $("#panes");
  panes.style.removeProperty("--list");
  if (width) panes.dataset.list = String(stepped(width));
  else delete panes.dataset.list;
  $("#divider").setAttribute("aria-valuenow", String(listWidth()));
  keepWidth(width ? stepped(width) : 0);
}

function holdDivider(event, divider) {
  if (event.button) return;
  event.preventDefault();
  divider.setPointerCapture(event.pointerId);
  divider.classList.add("is-held");
  const start = event.clientX;
  const before = listWidth();
  const widthAt = (move) => Math.min(WIDEST, Math.max(NARROWEST, before + (move.clientX - start) * (isRightToLeft() ? -1 : 1)));
  const move = (now) => $("#panes").style.setProperty("--list", `${widthAt(now)}px`);
  const end = (now) => {
    divider.removeEventListener("pointermove", move);
    divider.classList.remove("is-held");
    if (now.type === "pointerup" && now.clientX !== start) setWidth(widthAt(now));
    else $("#panes").style.removeProperty("--list");
  };
  divider.addEventListener("pointermove", move);
  divider.addEventListener("pointerup", end, { once: true });
  divider.addEventListener("pointercancel", end, { once: true });
}

function keyDivider(event) {
  const forward = isRightToLeft() ? "ArrowLeft" : "ArrowRight";
  const back = isRightToLeft() ? "ArrowRight" : "ArrowLeft";
  const width = { [forward]: stepped(listWidth()) + WIDTH_STEP, [back]: stepped(listWidth()) - WIDTH_STEP, Home: NARROWEST, End: WIDEST, Enter: 0 }[event.key];
  if (width === undefined) return;
  event.preventDefault();
  setWidth(width);
}

function badge(text) {
  const made = document.createElement("div");
  made.className = "drag-badge";
  made.textContent = text;
  document.body.append(made);
  setTimeout(() => made.remove());
  return made;
}

function dragRow(event, row) {
  const rows = rowBox(row).checked ? tickedRows() : [row];
  event.dataTransfer.setData(MESSAGES, rows.map((one) => one.dataset.id).join("."));
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(badge(rows.length > 1 ? `${rows.length} ✉` : $(".row-sub > a > span:last-of-type", row).textContent.slice(0, 60)), 12, 12);
}

function dragMailbox(event, link) {
  if (link.dataset.role) return;
  event.dataTransfer.setData(MAILBOX, link.dataset.mailbox);
  event.dataTransfer.effectAllowed = "move";
}

const carries = (event) => [MESSAGES, MAILBOX].find((type) => event.dataTransfer.types.includes(type));
const takes = (event, link) => (carries(event) === MESSAGES ? link.dataset.role !== "drafts" : carries(event) === MAILBOX && !["drafts", "trash", "junk"].includes(link.dataset.role));

function overMailbox(event, link) {
  if (!takes(event, link)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  for (const other of $$("#nav .is-target")) if (other !== link) other.classList.remove("is-target");
  link.classList.add("is-target");
}

async function dropOnMailbox(event, link) {
  endDrag();
  if (!takes(event, link)) return;
  event.preventDefault();
  if (carries(event) === MESSAGES) {
    const ids = event.dataTransfer.getData(MESSAGES).split(".");
    if (allRows().some((row) => ids.includes(row.dataset.id)) && link.dataset.mailbox !== $("#list").dataset.mailbox) act("move", ids, { move: link.dataset.mailbox });
    return;
  }
  const moved = event.dataTransfer.getData(MAILBOX);
  if (moved === link.dataset.mailbox) return;
  const data = new FormData();
  for (const [name, value] of [["op", "into"], ["mailbox", moved], ["parent", link.dataset.mailbox]]) data.set(name, value);
  try {
    await post(document.body.dataset.moveBox, data);
    location.reload();
  } catch (failure) {
    toast(failure.message, { isError: true });
  }
}

function endDrag() {
  for (const link of $$("#nav .is-target")) link.classList.remove("is-target");
}

/** Taller or lower rows, at once; the account keeps it. */
async function chooseDensity(event, button) {
  event.preventDefault();
  const before = document.body.classList.contains("compact");
  showDensity(button.value === "compact");
  const data = new FormData();
  data.set("density", button.value);
  try {
    await post(button.getAttribute("formaction"), data);
  } catch (failure) {
    showDensity(before);
    toast(failure.message, { isError: true });
  }
}

function showDensity(isCompact) {
  document.body.classList.toggle("compact", isCompact);
  for (const button of $$("[data-density]")) button.setAttribute("aria-pressed", String((button.value === "compact") === isCompact));
}

export function startPanes() {
  on("click", "[data-density]", chooseDensity);
  on("pointerdown", "#divider", holdDivider);
  on("keydown", "#divider", keyDivider);
  on("dblclick", "#divider", () => setWidth(0));
  on("dragstart", "#rows .row", dragRow);
  on("dragstart", "#nav a[data-mailbox]", dragMailbox);
  on("dragover", "#nav a[data-mailbox]", overMailbox);
  on("dragleave", "#nav a[data-mailbox]", (_event, link) => link.classList.remove("is-target"));
  on("drop", "#nav a[data-mailbox]", dropOnMailbox);
  document.addEventListener("dragend", endDrag);
}
