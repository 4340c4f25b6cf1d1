// A long list is a window on all of its mailboxes, or of what a search finds once its number is told: the bar is as long as all of it, and rows are drawn where one looks. What lies above and below stands as
// a gap of its height, scaled where a browser would not lay out the whole. Rows far from the window go again, but for ticked ones.
import { $, $$, on } from "./dom.js";
import { allRows, rove, rowBox, tellChange } from "./list.js";

const AHEAD_PIXELS = 1800;  // rows are there before they are seen
const KEPT_ROWS = 300;
const GAP_PIXELS = 8000000;
const REST_MILLISECONDS = 60;
const FOUND_ROWS = 300;  // more found than these are a window too
const FOUND_PLACES = 500000;  // and up to these: the server passes all before a place

let longList = null;

const makeGap = () => Object.assign(document.createElement("li"), { className: "list-gap", ariaHidden: "true" });
const setHeight = (element, pixels) => { element.style.blockSize = `${Math.max(0, Math.round(pixels))}px`; };

/** Heights of the gaps as they follow from how many stand above and below. */
function stretchGaps() {
  setHeight(longList.top, longList.above * longList.pixels);
  setHeight(longList.bottom, longList.below * longList.pixels);
  $(".list-more", longList.rows).hidden = longList.below > 0;
  const list = $("#list");
  if (longList.isLive) list.dataset.live = longList.above > 0 ? "off" : "on";
}

async function askRows(query) {
  const url = new URL(location.href);
  url.pathname = longList.path;
  url.search = new URLSearchParams({ ...longList.asked, ...query });
  const reply = await fetch(url, { headers: { "HX-Request": "true", "HX-Target": "fresh" }, credentials: "same-origin" });
  if (!reply.ok) throw new Error(String(reply.status));
  const part = document.createElement("template");
  part.innerHTML = await reply.text();
  return part.content;
}

/** Where a page of *part* goes on, upwards or downwards; "" at the end. */
const cursorOf = (part, rel) => new URL($(`.list-more a[rel=${rel}]`, part)?.getAttribute("href") || "", location.origin).searchParams.get("cursor") || "";

const linesOf = (part) => $$(".row, .day", part);
const countOf = (some) => some.filter((one) => one.matches(".row")).length;

function growList(part, isUp) {
  const known = new Set(allRows().map((row) => row.dataset.id));
  const fresh = linesOf(part).filter((one) => !known.has(one.dataset.id));
  const count = countOf(fresh);
  if (isUp) {
    const first = $(".day", longList.rows);
    const last = fresh.filter((one) => one.matches(".day")).at(-1);
    if (count && last && first?.dataset.day === last.dataset.day) first.remove();
    longList.top.after(...(count ? fresh : []));
    longList.newer = cursorOf(part, "prev");
    longList.above = longList.newer && count ? Math.max(1, longList.above - count) : 0;
  } else {
    const last = $$(".day", longList.rows).at(-1);
    longList.bottom.before(...fresh.filter((one) => !(one.matches(".day") && one.dataset.day === last?.dataset.day)));
    longList.older = cursorOf(part, "next");
    longList.below = longList.older && count ? Math.max(1, longList.below - count) : 0;
  }
}

/** Takes rows away that lie far above or below; the day of what is left stays named. */
function trimList(isUp) {
  const all = allRows();
  const spare = all.length - KEPT_ROWS;
  if (spare < 50) return;
  const some = isUp ? all.slice(-spare).reverse() : all.slice(0, spare);
  const held = some.findIndex((row) => rowBox(row).checked || row.contains(document.activeElement));
  const gone = held < 0 ? some : some.slice(0, held);
  if (!gone.length) return;
  if (isUp) {
    longList.below += gone.length;
    longList.older = null;
    const keep = all[all.length - gone.length - 1];
    while (longList.bottom.previousElementSibling !== keep) longList.bottom.previousElementSibling.remove();
  } else {
    longList.above += gone.length;
    longList.newer = null;
    const keep = all[gone.length];
    let day = null;
    while (longList.top.nextElementSibling !== keep) {
      if (longList.top.nextElementSibling.matches(".day")) day = longList.top.nextElementSibling;
      longList.top.nextElementSibling.remove();
    }
    if (day && !keep.previousElementSibling.matches(".day")) keep.before(day);
  }
}

/** The rows at *place*, in the place of those that stand there. */
async function jumpTo(place) {
  const isEnd = place === longList.total;
  const from = isEnd ? Math.max(0, place - longList.page) : place;
  const part = await askRows({ place: String(from) });
  if (!longList) return;
  const fresh = linesOf(part);
  const count = countOf(fresh);
  while (longList.top.nextElementSibling !== longList.bottom) longList.top.nextElementSibling.remove();
  longList.top.after(...fresh);
  longList.newer = cursorOf(part, "prev");
  longList.older = cursorOf(part, "next");
  if (isEnd) longList.older = "";
  longList.above = isEnd ? longList.total - count : place;
  longList.below = longList.older ? Math.max(1, longList.total - place - count) : 0;
  stretchGaps();
  longList.scroll.scrollTop = isEnd ? longList.scroll.scrollHeight : place && longList.top.offsetTop + longList.top.offsetHeight + 1;
  tellChange();
}

/** Does *act*, and what is seen stays where it was: the browser's own care for that gives up at an end of the list. */
function holdStill(act) {
  const { top, bottom } = longList.scroll.getBoundingClientRect();
  const seen = allRows().find((row) => { const place = row.getBoundingClientRect(); return place.bottom > top && place.top < bottom; });
  const before = seen?.getBoundingClientRect().top;
  act();
  const moved = seen?.isConnected ? seen.getBoundingClientRect().top - before : 0;
  if (Math.abs(moved) > 1) longList.scroll.scrollTop += moved;
}

/** Whether rows are wanted: at once those beside what is seen, and after a rest those at a place far away. */
function missing() {
  const { scrollTop, clientHeight, scrollHeight } = longList.scroll;
  const from = longList.top.offsetTop + longList.top.offsetHeight;
  const to = longList.bottom.offsetTop;
  if (scrollTop + clientHeight < from - AHEAD_PIXELS || scrollTop > to + AHEAD_PIXELS) {
    if (scrollTop + clientHeight > scrollHeight - 4) return { place: longList.total };
    const isUp = scrollTop < from;
    const place = isUp ? (scrollTop - longList.top.offsetTop) / longList.pixels : longList.total - (longList.bottom.offsetTop + longList.bottom.offsetHeight - scrollTop) / longList.pixels;
    const last = Math.max(0, longList.total - Math.ceil(clientHeight / longList.height));
    return { place: Math.min(last, Math.max(0, Math.floor(place))) };
  }
  if (longList.below > 0 && to - scrollTop - clientHeight < AHEAD_PIXELS) return { isUp: false };
  if (longList.above > 0 && scrollTop - from < AHEAD_PIXELS) return { isUp: true };
  return null;
}

async function fillView() {
  if (!longList || longList.isBusy || !longList.rows.isConnected) return;
  longList.isBusy = true;
  const mine = longList;
  try {
    for (let want = missing(); want && longList === mine; want = missing()) {
      if (want.place !== undefined) {
        await new Promise((rest) => setTimeout(rest, REST_MILLISECONDS));
        if (missing()?.place !== want.place) continue;
        await jumpTo(want.place);
      } else {
        const rows = $$(".day:not([data-day=pinned]) ~ .row", longList.rows);
        const above = longList.isFound ? `p${Math.max(0, longList.above - longList.page)}` : longList.newer || `a${rows[0].dataset.id}`;
        const next = want.isUp ? above : longList.older || rows.at(-1).dataset.id;
        const part = await askRows({ cursor: next });
        if (longList !== mine) return;
        holdStill(() => {
          growList(part, want.isUp);
          trimList(want.isUp);
          stretchGaps();
        });
        tellChange();
      }
      const row = $("#rows .row [tabindex='0']") ? null : allRows()[0];
      if (row) rove(row);
      await new Promise(requestAnimationFrame);
    }
  } catch {
    // Out of reach: the next movement asks again.
  } finally {
    mine.isBusy = false;
  }
}

/** A list that grew at its end grows no more by itself. */
function holdEnd(more) {
  const plain = more.cloneNode(true);
  for (const { name } of [...plain.attributes]) if (name.startsWith("hx-") || name === "id") plain.removeAttribute(name);
  more.replaceWith(plain);
}

/** Makes the list that stands here a window, if it is a long one. */
function adoptList() {
  const rows = $("#rows");
  if (rows && rows === longList?.rows) return;
  longList = null;
  const found = Number($("[data-count] data")?.value || 0);
  const total = Number(rows?.dataset.total || (found > FOUND_ROWS && found <= FOUND_PLACES ? found : 0));
  if (!total || !allRows().length) return;
  const all = allRows();
  const height = (all.at(-1).offsetTop + all.at(-1).offsetHeight - all[0].offsetTop) / all.length;
  const link = $(".list-more a[rel=next]", rows);
  if (!link || $(".list-more a[rel=prev]", rows)) return;
  const next = new URL(link.href);
  const { cursor: older, ...asked } = Object.fromEntries(next.searchParams);
  holdEnd($(".list-more", rows));
  longList = {
    rows, scroll: rows.closest("[data-scroll]"), total, height, pixels: Math.min(height, GAP_PIXELS / total), above: 0, below: Math.max(1, total - all.length),
    top: makeGap(), bottom: makeGap(), newer: "", older, asked, isFound: !rows.dataset.total, page: Number(rows.dataset.page), path: next.pathname, isLive: $("#list").dataset.live === "on",
  };
  rows.prepend(longList.top);
  $(".list-more", rows).before(longList.bottom);
  stretchGaps();
  longList.scroll.addEventListener("scroll", () => requestAnimationFrame(fillView), { passive: true });
  fillView();
}

export function startScroll() {
  document.addEventListener("htmx:afterSwap", adoptList);
  document.addEventListener("roost:emptied", () => { longList = null; });
  on("click", "#list a[rel=next], #list a[rel=prev]", () => { longList = null; });
  adoptList();
}
