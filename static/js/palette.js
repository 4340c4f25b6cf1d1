// The command palette: finds the controls of this page by their words and presses them, so that no act exists twice.
import { $, $$, on } from "./dom.js";

const PALETTE_AT_MOST = 9;
let paletteItems = [];
let paletteAt = 0;

function wordsOf(element) {
  const copy = element.cloneNode(true);
  for (const part of $$(".sr, kbd, .count, svg", copy)) part.remove();
  return copy.textContent;
}

const nameOf = (element) => (element.getAttribute("aria-label") || element.title || wordsOf(element)).replace(/\s+/g, " ").replace(/ \([^)]{1,8}\)$/, "").trim();

function paletteCommands() {
  const seen = new Set();
  const found = [];
  const add = (element, kind) => {
    const name = nameOf(element);
    if (!name || seen.has(kind + name) || element.closest("dialog")) return;
    seen.add(kind + name);
    found.push({ name, kind, key: element.dataset.key || "", run: () => element.click() });
  };
  const bulk = $("#list .bulk");
  for (const element of $$("[data-key], .menu-panel .menu-item, .me a, .me button")) if (!bulk?.contains(element) || bulk.offsetParent) add(element, "");
  for (const link of $$("#nav a[href]:not([data-key])")) add(link, "go");
  return found;
}

function fits(name, typed) {
  let at = 0;
  const low = name.toLowerCase();
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const found = low.indexOf(word);
    if (found < 0) return -1;
    at += found;
  }
  return at;
}

function drawPalette() {
  const typed = $("#palette-input").value.trim();
  const list = $("#palette-list");
  const found = paletteCommands().map((item) => [fits(item.name, typed), item]).filter(([rank]) => rank >= 0).sort((a, b) => a[0] - b[0]).map(([, item]) => item);
  paletteItems = found.slice(0, PALETTE_AT_MOST);
  if (typed) paletteItems.push({ name: list.dataset.search.replace("{q}", typed), kind: "search", key: "", run: () => { $("#search").value = typed; $("#search").form.requestSubmit(); } });
  paletteAt = 0;
  list.replaceChildren(...paletteItems.map((item, at) => {
    const line = document.createElement("li");
    line.id = `palette-${at}`;
    line.setAttribute("role", "option");
    line.append(item.name);
    if (item.key) line.append(Object.assign(document.createElement("kbd"), { textContent: item.key }));
    line.addEventListener("click", () => runPalette(at));
    return line;
  }));
  pointPalette(0);
}

function pointPalette(step) {
  paletteAt = (paletteAt + step + paletteItems.length) % Math.max(1, paletteItems.length);
  $$("#palette-list [role=option]").forEach((line, at) => line.setAttribute("aria-selected", String(at === paletteAt)));
  if (paletteItems.length) $("#palette-input").setAttribute("aria-activedescendant", `palette-${paletteAt}`);
}

function runPalette(at) {
  $("#palette").close();
  paletteItems[at]?.run();
}

export function openPalette() {
  const box = $("#palette");
  if (!box || box.open) return;
  box.showModal();
  $("#palette-input").value = "";
  drawPalette();
}

export function startPalette() {
  on("input", "#palette-input", drawPalette);
  on("keydown", "#palette-input", (event) => {
    if (!$("#palette").open) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) pointPalette(step);
    else if (event.key === "Enter") runPalette(paletteAt);
    else return;
    event.preventDefault();
  });
}
