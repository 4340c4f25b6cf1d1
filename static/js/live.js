// New mail and counts without asking: server-sent events from /events, or a poll when the stream is out of reach.
// Rows come in above only when nobody's pointer or reading place would move; otherwise a button offers them.
import { $, $$ } from "./dom.js";
import { actsOn, currentRow, rove, tellChange } from "./list.js";

let waiting = null;
let pollTimer = 0;

function showCounts(counts) {
  for (const [id, unread] of Object.entries(counts)) {
    for (const link of $$(`#nav [data-mailbox="${CSS.escape(id)}"]`)) {
      const place = $(".count", link);
      place.hidden = !unread;
      $(".num", place).textContent = unread;
    }
    const chip = $(`[data-unread="${CSS.escape(id)}"]`);
    if (chip) chip.textContent = chip.textContent.replace(/[\d.,]+/, unread);
  }
  tellCounts();
}

const SHOWN_AT_MOST = 200;
const dateOf = (row) => $("time", row).dateTime;
const newest = () => $$("#rows .row").reduce((best, row) => (dateOf(row) > dateOf(best) ? row : best));

/** Where new rows go: above the first day, below what is pinned. */
const firstPlain = () => $("#rows .day:not([data-day=pinned]) ~ .row") || $("#rows .row");

const rowState = (row) => row.className.replace(" row-open", "") + $(".row-marks", row).innerHTML.replace(/ tabindex="[^"]*"/, "");

/** Rows on screen as they stand now: changed ones are drawn anew, those that left go. A row that came (by an undo) or was acted on after the question is not judged by its answer. */
function refreshRows(found, asked) {
  const rows = asked.filter(({ row }) => row.isConnected).map(({ row }) => row);
  const acted = new Set(asked.filter(({ row, acts }) => acts !== actsOn(row)).map(({ row }) => row));
  if (acted.size) fetching.again = true;
  let hasChanged = $$("#rows .row").length > SHOWN_AT_MOST || found.size > rows.length;
  for (const row of rows) {
    const now = found.get(row.dataset.id);
    hasChanged ||= now?.textContent !== row.textContent || rowState(now) !== rowState(row);
    if (row.contains(document.activeElement) && !now || acted.has(row) || row.dataset.asking !== undefined) continue;
    if (!now) row.remove();
    else if (rowState(now) !== rowState(row)) {
      const held = row.contains(document.activeElement) && document.activeElement;
      row.className = now.className + (row.classList.contains("row-open") ? " row-open" : "");
      for (const part of [".row-marks", ".row-sub"]) $(part, row).replaceWith($(part, now));
      if (held && !held.isConnected) $(held.matches("button") ? ".row-star" : ".row-sub > a", row)?.focus({ preventScroll: true });
      rove(currentRow() || row);
    }
  }
  if (hasChanged) tellChange();
}

/** The address of the list that stands here, whatever is open beside it. */
const listUrl = (list) => new URL($(`#nav [data-mailbox="${CSS.escape(list.dataset.mailbox)}"]`)?.href || location.href);

let redrawing = false;

/** A list that was or became empty, drawn anew in its place: what is dragged, typed or focused elsewhere stays. */
async function redrawList() {
  const list = $("#list");
  if (redrawing || !list || list.dataset.live !== "on") return;
  redrawing = true;
  try {
    const reply = await fetch(listUrl(list), { credentials: "same-origin" });
    if (!reply.ok || reply.redirected) return;
    const now = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("#list");
    const place = $("[data-scroll]", list);
    if (!now || !list.isConnected || $("#rows .row")) return;
    const hadFocus = place.contains(document.activeElement) || document.activeElement === document.body;
    place.replaceChildren(...now.querySelector("[data-scroll]").childNodes);
    list.dataset.modseq = now.dataset.modseq;
    window.htmx?.process(place);
    const row = currentRow() || $("#rows .row");
    if (row) rove(row);
    if (hadFocus) (row ? $(".row-sub > a", row) : place).focus({ preventScroll: true });
  } catch {
    // Out of reach: the next news tries again.
  } finally {
    redrawing = false;
  }
}

let fetching = null;

/** The list as it stands now; news that come meanwhile are asked for once more, after it. */
function fetchFresh() {
  if (fetching) fetching.again = true;
  else {
    fetching = { again: false };
    askFresh().finally(() => {
      const { again } = fetching;
      fetching = null;
      if (again) fetchFresh();
    });
  }
}

async function askFresh() {
  const list = $("#list");
  const first = $("#rows .row");
  if (!list || list.dataset.live !== "on") return;
  if (!first) {
    await redrawList();
    return;
  }
  const url = listUrl(list);
  const isOldest = list.dataset.order === "oldest";
  url.searchParams.set("since", newest().dataset.id);
  const asked = $$("#rows .row").slice(0, SHOWN_AT_MOST).map((row) => ({ row, acts: actsOn(row) }));
  url.searchParams.set("shown", asked.map(({ row }) => row.dataset.id).join("."));
  const reply = await fetch(url, { headers: { "HX-Request": "true", "HX-Target": "fresh" }, credentials: "same-origin" }).catch(() => null);
  if (!reply?.ok || reply.status === 204 || !list.isConnected) return;
  const part = document.createElement("template");
  part.innerHTML = await reply.text();
  const known = new Set($$("#rows .row").map((row) => row.dataset.id));
  const all = $$(".row", part.content);
  refreshRows(new Map(all.map((row) => [row.dataset.id, row])), asked);
  if (!$("#rows .row")) {
    await redrawList();
    return;
  }
  const rows = all.filter((row) => !known.has(row.dataset.id));
  if (!rows.length) return;
  if (isOldest) {
    addAtEnd(rows);
    return;
  }
  const scroll = $("[data-scroll]");
  waiting = [...rows, ...(waiting || []).filter((old) => !rows.some((row) => row.dataset.id === old.dataset.id))];
  if (scroll.scrollTop > 0 || scroll.matches(":hover") || scroll.contains(document.activeElement)) offerFresh();
  else insertFresh();
}

/** With the oldest first, what is new stands under all others, once its end is there. */
function addAtEnd(rows) {
  const more = $("#rows .list-more");
  if (!more || $("a[rel=next]", more)) return;
  for (const row of [...rows].reverse()) {
    const day = [...$$(".day", row.parentNode)].filter((one) => one.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
    const isNew = day && day.dataset.day !== $$("#rows .day").at(-1)?.dataset.day;
    for (const old of $$("#rows .row")) if (row.dataset.thread && old.dataset.thread === row.dataset.thread) old.remove();
    more.before(...(isNew ? [day.cloneNode(true)] : []), row);
  }
  tellChange();
}

function offerFresh() {
  const box = $("#fresh");
  const button = $("button", box);
  $("span", button).textContent = waiting.length === 1 ? button.dataset.one : button.dataset.many.replace("{n}", waiting.length);
  box.hidden = false;
}

function insertFresh() {
  const first = firstPlain();
  if (!waiting || !first) return;
  first.before(...waiting);
  for (const row of waiting) for (const old of $$("#rows .row")) if (old !== row && row.dataset.thread && old.dataset.thread === row.dataset.thread) old.remove();
  waiting = null;
  $("#fresh").hidden = true;
}

/** A mailbox came or went, or was shared: the navigation as it stands now. */
async function refreshNav() {
  const ask = (url) => fetch(url, { credentials: "same-origin" }).catch(() => null);
  let reply = await ask(location.href);
  if (!reply?.ok && $("#list")) reply = await ask(listUrl($("#list"))); // the message that stands there has gone meanwhile
  if (!reply?.ok || $("#nav").contains(document.activeElement)) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const now = page.querySelector("#nav");
  if (!now) return;
  $("#nav").replaceChildren(...now.childNodes);
  window.htmx?.process($("#nav"));
}

function hear(event) {
  const news = JSON.parse(event.data);
  if (news.counts) showCounts(news.counts);
  const list = $("#list");
  if (news.modseqs && list && String(news.modseqs[list.dataset.mailbox]) !== list.dataset.modseq) fetchFresh();
  if (news.mailbox === "0") refreshNav();
  if (news.mailbox && news.mailbox === list?.dataset.mailbox && list.dataset.live === "on") fetchFresh();
  else if (news.mailbox) tellChange();
}

const tellCounts = () => document.dispatchEvent(new CustomEvent("roost:told"));

async function poll() {
  if (!document.hidden) {
    const reply = await fetch(document.body.dataset.poll, { credentials: "same-origin" }).catch(() => null);
    if (reply?.ok && reply.status !== 204) {
      const news = await reply.json();
      showCounts(news.counts || {});
      if (news.changed?.length) tellChange();
      if (news.changed?.includes($("#list")?.dataset.mailbox)) fetchFresh();
    }
  }
  pollTimer = setTimeout(poll, 1000 * Number(document.body.dataset.pollSeconds || 30));
}

/** A row whose message is on its way stays as it is: its link must be there when the answer comes. */
const asking = (event, is) => event.detail.elt?.closest?.(".row")?.toggleAttribute("data-asking", is);

export function startLive() {
  document.addEventListener("htmx:beforeRequest", (event) => asking(event, true));
  for (const over of ["htmx:afterRequest", "htmx:sendError"]) document.addEventListener(over, (event) => asking(event, false));
  document.addEventListener("roost:emptied", redrawList);
  document.addEventListener("roost:counts", (event) => showCounts(event.detail));
  document.addEventListener("click", (event) => event.target.closest?.("#fresh button") && ($("[data-scroll]").scrollTo(0, 0), insertFresh()));
  if (!$("#list")) return;
  const stream = new EventSource(document.body.dataset.events);
  stream.addEventListener("message", hear);
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED || pollTimer) return;
    pollTimer = setTimeout(poll, 1000 * Number(document.body.dataset.pollSeconds || 30));
  });
}
