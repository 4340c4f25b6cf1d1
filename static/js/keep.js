// What was typed and the server does not have yet: kept in this browser for the person who typed it, and offered back on their next page.
// A draft that is open holds a lock, so that no other tab offers it.
import { $, $$, csrfToken } from "./dom.js";

const KEEP_PREFIX = "roost-draft-";
const KEPT_FIELDS = ["from", "to", "cc", "bcc", "subject", "body", "body_html", "format", "revision"];

/** Keeps the form's data; false when the browser has no room. */
export function keepTyped(account, draft, data) {
  const kept = { account, at: Date.now() };
  for (const name of KEPT_FIELDS) kept[name] = String(data.get(name) ?? "");
  try { localStorage.setItem(KEEP_PREFIX + draft, JSON.stringify(kept)); } catch { return false; }
  return true;
}

export function forgetTyped(draft) {
  try { localStorage.removeItem(KEEP_PREFIX + draft); } catch { /* nothing was kept */ }
}

/** What this browser kept of a draft for *account*, or null. */
export function keptOf(account, draft) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEEP_PREFIX + draft));
    return kept?.account === account ? kept : null;
  } catch { return null; }
}

/** Holds the draft's name while this page lives. */
export function holdDraft(draft) {
  navigator.locks?.request(KEEP_PREFIX + draft, { mode: "shared" }, () => new Promise(() => {}));
}

async function heldNames() {
  const state = navigator.locks ? await navigator.locks.query() : { held: [] };
  return new Set(state.held.map((lock) => lock.name));
}

/** Shows what was kept and is open nowhere, in the page's template. */
export async function offerKept() {
  const part = $("#kept-template");
  if (!part) return;
  const held = await heldNames();
  let names = [];
  try { names = Object.keys(localStorage).filter((name) => name.startsWith(KEEP_PREFIX) && !held.has(name)); } catch { return; }
  for (const name of names) {
    const draft = name.slice(KEEP_PREFIX.length);
    const kept = keptOf(part.dataset.account, draft);
    if (!kept || $(`[data-draft="${CSS.escape(draft)}"]`)) continue;
    const title = kept.subject || kept.body.trim().slice(0, 60) || kept.to;
    if (!title) { forgetTyped(draft); continue; } // a page that was opened and closed again
    const box = part.content.firstElementChild.cloneNode(true);
    $("b", box).textContent = title;
    $("a", box).href = part.dataset.url.replace("DRAFT", encodeURIComponent(draft));
    $("button", box).addEventListener("click", () => { forgetTyped(draft); box.remove(); });
    $("main")?.prepend(box);
  }
}

/** After a sign-in elsewhere: takes the new session's form token. "mine", "other" or "out". */
export async function renewToken(url, account) {
  const reply = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  if (!reply?.ok) return "out";
  const now = await reply.json();
  if (now.account !== account) return "other";
  if (now.token !== csrfToken()) {
    $('meta[name="csrf-token"]').content = now.token;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": now.token }));
    for (const field of $$('input[name="csrf_token"]')) field.value = now.token;
  }
  return "mine";
}
