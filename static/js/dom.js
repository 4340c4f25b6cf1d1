// Finding and asking: the few words every module shares. Keeps the CSRF token and the way to post in one place.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

document.documentElement.classList.add("js");

export function csrfToken() {
  return $('meta[name="csrf-token"]').content;
}

/** Calls *handler(event, element)* for events whose target stands inside *selector*, now or later. */
export function on(type, selector, handler, capture = false) {
  document.addEventListener(type, (event) => {
    const found = event.target instanceof Element && event.target.closest(selector);
    if (found) handler(event, found);
  }, capture);
}

/** Whether a form may be sent to its end when the page is left at once: browsers take 64 KB in all that is on its way. */
function isSmall(data) {
  let size = 0;
  for (const value of data.values()) size += typeof value === "string" ? value.length : Infinity;
  return size < 8000;
}

/** Posts a form or fields and gives the JSON of the answer; throws on anything but 2xx, with the answer's JSON in `.answer`. */
export async function post(url, data) {
  const reply = await fetch(url, {
    method: "POST", body: data, credentials: "same-origin", redirect: "error", keepalive: isSmall(data),
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
  });
  const answer = (reply.headers.get("Content-Type") || "").includes("json") ? await reply.json() : {};
  if (reply.ok) return answer;
  const failure = new Error(answer.message || (/ /.test(answer.error || "") ? answer.error : "") || document.body.dataset.failed);
  failure.status = reply.status;
  failure.answer = answer;
  throw failure;
}

/** True while the person types somewhere, where no single key may act (WCAG 2.1.4). A field of a dialog that is shut has the focus for a moment still. */
export function isTyping(target) {
  return target instanceof Element && !target.closest("dialog:not([open])") && Boolean(target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]"));
}

/** Whether list and message stand side by side. */
export const isWide = () => window.matchMedia("(min-width: 901px)").matches && document.body.dataset.layout !== "list";
export const isRightToLeft = () => document.documentElement.dir === "rtl";
