// A file too large for a message goes as a link: the card asks for how long and for a password, the file travels, and its words stand under one's own.
import { $, $$, post } from "./dom.js";
import { toast } from "./toast.js";
import { sendFile } from "./uploads.js";

const OTHERS_LINES = /\n-- \n|\n[^\n]{1,300}:\n>|\n>/;

/** Offers to send *file* by a link; true when that can be offered. */
export function offerLink(section, file, words) {
  const pattern = $("template[data-link-offer]", section);
  if (!pattern || file.size > Number(section.dataset.linkLimit)) return false;
  const card = pattern.content.firstElementChild.cloneNode(true);
  $("[data-name]", card).textContent = file.name;
  $("[data-link-shut]", card).addEventListener("click", () => { card.request?.abort(); card.remove(); });
  $("[data-link-send]", card).addEventListener("click", () => sendByLink(section, file, card, words));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    $("[data-link-send]", card).click();
  });
  $("[data-travel]", section).append(card);
  $("[data-link-send]", card).focus();
  return true;
}

async function sendByLink(section, file, card, words) {
  const bar = $("progress", card);
  const fields = { link_days: $("select", card).value, link_password: $("input", card).value };
  bar.max = file.size || 1;
  card.classList.add("is-travelling");
  try {
    const options = { field: "link_file", fields, onStart: (request) => { card.request = request; }, onProgress: (sent) => { bar.value = sent; } };
    const work = sendFile(section.dataset.link, file, options);
    section.uploading = work.catch(() => {});
    const request = await work;
    section.dispatchEvent(new CustomEvent("file-link", { detail: JSON.parse(request.responseText) }));
    card.remove();
  } catch (request) {
    card.classList.remove("is-travelling");
    if (!card.isConnected) return;
    toast(saidOf(request) || words.failed.replace("{n}", file.name), { isError: true });
  } finally {
    section.uploading = null;
  }
}

/** The server's sentence in an answer that refused. */
function saidOf(request) {
  try {
    const { error } = JSON.parse(request.responseText);
    return / /.test(error) ? error : "";
  } catch {
    return "";
  }
}

/** Puts the words of a link under what the person wrote, above signature and quote. */
export function placeLink(draft, { text, html }) {
  if (draft.editor) {
    const root = draft.editor.getRoot();
    const other = $$(".signature, blockquote", root)[0];
    const line = other?.matches("blockquote") && other.previousElementSibling?.textContent.trim().endsWith(":") ? other.previousElementSibling : other;
    const place = line && [...root.children].find((child) => child.contains(line));
    const fresh = draft.clean(html);
    if (place) place.before(fresh);
    else root.append(fresh);
  } else {
    const found = draft.plain.value.search(OTHERS_LINES);
    const at = found < 0 ? draft.plain.value.length : found;
    draft.plain.setRangeText(`${at ? "\n\n" : ""}${text}`, at, at, "preserve");
  }
  draft.touch();
}

/** Every file of the draft as a link. */
export async function filesAsLinks(draft, button, refresh) {
  try {
    const data = new FormData();
    data.set("op", "links");
    placeLink(draft, await post(button.getAttribute("formaction"), data));
    await refresh();
  } catch (failure) {
    toast(failure.message, { isError: true });
  }
}
