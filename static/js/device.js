// The webmail on the device: unread count on the tab, a word on the desktop when mail comes, the worker for offline, mailto: links.
import { $, $$, on } from "./dom.js";

const NOTIFY_KEY = "roost-notify";
const wantsNotice = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem(NOTIFY_KEY) === "on";
const unreadOfInbox = () => Number($('#nav [data-role="inbox"] .count:not([hidden]) .num')?.textContent || 0);
let knownUnread = 0;

/** The number before the title, and a dot on the icon: both go when all is read. */
function markTab() {
  const unread = unreadOfInbox();
  const plain = document.title.replace(/^\(\d+\) /, "");
  if (document.title !== (unread ? `(${unread}) ${plain}` : plain)) document.title = unread ? `(${unread}) ${plain}` : plain;
  const icon = $('link[rel="icon"]');
  if (!icon) return;
  icon.dataset.plain ||= icon.href;
  const dot = "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#1c6b60"/><path d="M7 11l9 7 9-7M7 10h18v13H7z" fill="none" stroke="#fff" stroke-width="2"/><circle cx="25" cy="7" r="7" fill="#d9822b"/></svg>');
  if (icon.href !== (unread ? dot : icon.dataset.plain)) icon.href = unread ? dot : icon.dataset.plain;
}

function tellMail() {
  const unread = unreadOfInbox();
  if (unread > knownUnread && document.hidden && wantsNotice()) {
    const box = $("#notify");
    const word = unread === 1 ? box.dataset.one : box.dataset.many.replace("{n}", unread);
    new Notification("Roost", { body: word, tag: "roost-mail", icon: $('link[rel="icon"]')?.dataset.plain }).onclick = () => window.focus();
  }
  knownUnread = unread;
}

export function startDevice() {
  if (!$("#nav")) return;
  knownUnread = unreadOfInbox();
  markTab();
  document.addEventListener("roost:told", () => { markTab(); tellMail(); });
  new MutationObserver(markTab).observe($("title"), { childList: true });
  if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("/worker.js").catch(() => {});
  on("click", "#notify", async (_event, button) => {
    const isOn = localStorage.getItem(NOTIFY_KEY) !== "on" && "Notification" in window && (await Notification.requestPermission()) === "granted";
    localStorage.setItem(NOTIFY_KEY, isOn ? "on" : "off");
    button.setAttribute("aria-pressed", String(isOn));
  });
  $("#notify")?.setAttribute("aria-pressed", String(wantsNotice()));
  on("click", "#take-mailto", () => navigator.registerProtocolHandler?.("mailto", `${location.origin}/mailto?url=%s`));
}
