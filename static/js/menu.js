// Menus are <details>: this closes them (Escape, a click elsewhere, a choice) and moves in them by arrows. Also dialogs and the drawer.
import { $, $$, on } from "./dom.js";

const ITEMS = "a[href], button:not([disabled]), input";
let byKey = null;  // the last menu that a key opened, and where the focus was

export function closeMenus(except = null) {
  for (const menu of $$("details[data-menu][open]")) if (menu !== except) menu.open = false;
}

/** Opens the menu of *summary* by a key: the focus goes to the first of *wanted* in it, and back with Escape. */
export function openMenu(summary, wanted = ITEMS) {
  const menu = summary.parentElement;
  byKey = { menu, from: document.activeElement };
  menu.open = true;
  $(wanted, $(".menu-panel", menu))?.focus();
}

function moveInMenu(event) {
  const menu = event.target instanceof Element && event.target.closest("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    (byKey?.menu === menu && byKey.from.isConnected && byKey.from !== document.body ? byKey.from : $("summary", menu)).focus();
    event.stopPropagation();
    return;
  }
  if (event.target.matches("input, textarea, select")) return;
  const items = $$(ITEMS, $(".menu-panel", menu)).filter((item) => item.offsetParent);
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isLetter = at >= 0 && /^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey;
  const starts = (item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase());
  if (step) items.at((at + step + items.length) % items.length)?.focus();
  else if (isLetter) [...items.slice(at + 1), ...items.slice(0, at)].find(starts)?.focus();
  else return;
  event.preventDefault();
}

function drawer(open) {
  document.body.classList.toggle("nav-open", open);
  if (open) $("#nav a")?.focus();
}

export function startMenus() {
  document.addEventListener("keydown", moveInMenu, true);
  document.addEventListener("click", (event) => closeMenus(event.target instanceof Element ? event.target.closest("details[data-menu]") : null));
  on("click", ".menu-panel .menu-item", () => setTimeout(closeMenus));
  document.addEventListener("toggle", (event) => event.target.matches?.("details[data-menu][open]") && closeMenus(event.target), true);
  on("click", "[data-open]", (_event, button) => document.getElementById(button.dataset.open).showModal());
  on("click", "[data-close]", (_event, button) => button.closest("dialog").close());
  on("click", "dialog", (event, dialog) => event.target === dialog && dialog.close());
  on("click", "[data-nav]", (event) => { event.preventDefault(); drawer(true); });
  on("click", ".nav-veil, #nav a", (event, link) => {
    if (!document.body.classList.contains("nav-open")) return;
    if (link.matches(".nav-veil")) event.preventDefault();
    drawer(false);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && document.body.classList.contains("nav-open") && (drawer(false), $("[data-nav]").focus()));
}

// Tabs that are wider than a phone: the one that is open stands in sight.
export function startTabs() {
  $(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
