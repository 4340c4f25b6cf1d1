// The search box: what can be typed next, as one types. Results themselves come by HTMX (the attributes of the field).
import { $, $$ } from "./dom.js";

const HINT_WAIT_MILLISECONDS = 120;
let hintTimer = 0;
let hintRequest = null;
let sprite = "";

const box = () => $("#search");
const list = () => $("#hints");

function shutHints() {
  clearTimeout(hintTimer);
  hintRequest?.abort();
  list().hidden = true;
  box().setAttribute("aria-expanded", "false");
  box().removeAttribute("aria-activedescendant");
}

function drawHint(hint, at) {
  const option = document.createElement("div");
  option.id = `hint-${at}`;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.dataset.text = hint.text;
  option.insertAdjacentHTML("afterbegin", `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><use href="${sprite}#${/^[a-z-]+$/.test(hint.icon) ? hint.icon : "search"}"></use></svg>`);
  const label = document.createElement("span");
  label.className = "cut";
  label.append(Object.assign(document.createElement("bdi"), { textContent: hint.label })); // from: keeps its colon behind it in Arabic pages
  const note = document.createElement("small");
  note.className = "cut";
  note.textContent = hint.note;
  option.append(label, note);
  return option;
}

async function askHints() {
  hintRequest?.abort();
  hintRequest = new AbortController();
  const text = box().value;
  try {
    const reply = await fetch(`${box().dataset.hints}?q=${encodeURIComponent(text)}`, { credentials: "same-origin", signal: hintRequest.signal, headers: { Accept: "application/json" } });
    if (!reply.ok || box().value !== text || document.activeElement !== box()) return;
    const { hints } = await reply.json();
    sprite = $("use", box().form).getAttribute("href").replace(/#.*/, "");
    list().replaceChildren(...hints.map(drawHint));
    list().hidden = !hints.length;
    box().setAttribute("aria-expanded", String(hints.length > 0));
    box().removeAttribute("aria-activedescendant");
  } catch (failure) {
    if (failure.name !== "AbortError") shutHints();
  }
}

function waitHints() {
  clearTimeout(hintTimer);
  hintTimer = setTimeout(askHints, HINT_WAIT_MILLISECONDS);
}

function takeHint(option) {
  box().value = option.dataset.text;
  shutHints();
  box().focus();
  box().dispatchEvent(new Event("input", { bubbles: true }));
}

function onHintKey(event) {
  if (event.isComposing) return;
  const options = $$("[role=option]", list());
  const chosen = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && list().hidden) waitHints();
  else if (step && options.length) {
    event.preventDefault();
    const at = chosen < 0 && step < 0 ? options.length - 1 : (chosen + step + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    box().setAttribute("aria-activedescendant", options[at].id);
  } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0 && !list().hidden) {
    event.preventDefault();
    takeHint(options[chosen]);
  } else if (event.key === "Escape" && !list().hidden) {
    event.preventDefault(); // the browser would empty the field
    event.stopPropagation();
    shutHints();
  }
}

export function startFinding() {
  if (!list()) return;
  box().addEventListener("input", waitHints);
  box().addEventListener("focus", waitHints);
  box().addEventListener("keydown", onHintKey);
  box().addEventListener("blur", () => setTimeout(shutHints, 150));
  list().addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault();
    takeHint(option);
  });
}
