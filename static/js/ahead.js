// The next message before its key: while one reads, it is fetched and its text laid out unseen, so that opening it only shows it.
// One at a time, never marked as read before it is shown, and forgotten when the list or a message changes.
import { $, isWide, post } from "./dom.js";
import { toast } from "./toast.js";
import { adoptFrame } from "./frame.js";

const KEPT_MILLISECONDS = 300000;
const SETTLE_MILLISECONDS = 40;
const FRAMES_AHEAD = 3;
let ahead = null;
let wanted = null;
let unseen = null;
let aheadTimer = 0;
let isUpwards = false;

function neighbour() {
  let row = $("#rows .row-open");
  do row = row?.[isUpwards ? "previousElementSibling" : "nextElementSibling"];
  while (row && !row.matches(".row"));
  return row && $(".row-sub > a:not([data-compose])", row)?.getAttribute("href");
}

/** Where frames are laid out unseen: nothing else of the page finds them there. */
function backstage(width) {
  if (!unseen) {
    const host = document.createElement("div");
    host.className = "ahead";
    host.inert = true;
    host.ariaHidden = "true";
    const style = new CSSStyleSheet();
    style.replaceSync("iframe { border: 0; inline-size: 100%; min-block-size: 80px; color-scheme: light dark; }");
    unseen = host.attachShadow({ mode: "closed" });
    unseen.adoptedStyleSheets = [style];
    document.body.append(host);
  }
  unseen.host.style.inlineSize = `${width}px`;
  return unseen;
}

function forgetAhead() {
  ahead = null;
  unseen?.replaceChildren();
}

async function fetchAhead() {
  const width = $("#reader[data-id] iframe[data-body]")?.clientWidth;
  const url = width && isWide() && !navigator.connection?.saveData && neighbour();
  if (!url || ahead?.url === url) return;
  forgetAhead();
  ahead = { url, born: performance.now(), theme: document.documentElement.dataset.theme, frames: [] };
  ahead.ready = prepare(ahead, width);
}

async function prepare(mine, width) {
  const reply = await fetch(mine.url, { headers: { "HX-Request": "true", "HX-Target": "reader", "X-Ahead": "1" }, credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (reply?.status !== 200) return false;
  const part = document.createElement("template");
  part.innerHTML = await reply.text();
  const section = $("#reader[data-id]", part.content);
  if (!section) return false;
  mine.section = document.adoptNode(section);
  window.htmx.process(section);
  if (ahead !== mine || !Element.prototype.moveBefore) return true;
  for (const kept of [...mine.section.querySelectorAll("iframe[data-body='']")].slice(0, FRAMES_AHEAD)) {
    const mark = document.createElement("span");
    const frame = document.importNode(kept);
    frame.addEventListener("load", () => adoptFrame(frame));
    kept.replaceWith(mark);
    mine.frames.push([mark, frame]);
    backstage(width).append(frame);
  }
  return true;
}

function showAhead(found) {
  const section = found.section;
  const reader = $("#reader");
  // Taking a document down is slow: it waits until the new one is on screen.
  if (found.frames.length) for (const old of reader.querySelectorAll("iframe[data-body]")) unseen.moveBefore(old, null);
  const old = [...(unseen?.children || [])].filter((frame) => !found.frames.some((pair) => pair[1] === frame));
  reader.replaceWith(section);
  for (const [mark, frame] of found.frames) {
    if (frame.isConnected) mark.parentNode.moveBefore(frame, mark);
    else mark.before(frame);
    mark.remove();
  }
  setTimeout(() => old.forEach((frame) => frame.remove()));
  history.pushState({ htmx: true }, "", found.url);
  window.htmx.trigger(section, "htmx:afterSwap", { target: section, elt: section });
  window.htmx.trigger(document.body, "htmx:pushedIntoHistory", { path: found.url });
  if (section.dataset.unmarked) markShown(section.dataset.unmarked.split("."));
}

/** The marks come when the message is really shown. */
function markShown(ids) {
  const data = new FormData();
  data.set("op", "read");
  for (const id of ids) data.append("ids", id);
  post($("#reader form[data-act]").action, data).then(
    (answer) => document.dispatchEvent(new CustomEvent("roost:counts", { detail: answer.counts || {} })),
    (failure) => toast(failure.message, { isError: true }),
  );
}

/** A request for the message that is at hand is not sent: it is shown, or waited for while it is on its way. */
async function takeAhead(event) {
  const { elt, target, requestConfig } = event.detail;
  if (target?.id !== "reader" || requestConfig?.verb !== "get") return;
  const [open, row] = [$("#rows .row-open"), elt.closest("#rows .row")];
  if (open && row && open !== row) isUpwards = Boolean(open.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_PRECEDING);
  const found = ahead;
  wanted = found;
  if (!found || found.url !== requestConfig.path || performance.now() - found.born > KEPT_MILLISECONDS || found.theme !== document.documentElement.dataset.theme) return forgetAhead();
  event.preventDefault();
  event.stopImmediatePropagation();
  const isThere = found.section ? true : await found.ready;
  if (wanted !== found) return;
  ahead = null;
  if (isThere) showAhead(found);
  else if (elt.isConnected) elt.click();
}

export function startAhead() {
  const plan = () => {
    clearTimeout(aheadTimer);
    aheadTimer = setTimeout(() => (window.requestIdleCallback || setTimeout)(fetchAhead), SETTLE_MILLISECONDS);
  };
  document.addEventListener("htmx:beforeRequest", takeAhead, true);
  document.addEventListener("htmx:afterSwap", plan);
  document.addEventListener("roost:changed", () => { forgetAhead(); plan(); });
  if ($("#reader[data-id]")) plan();
}
