// Files of a draft: picked, dropped or pasted, each with a bar while it travels. XMLHttpRequest, because fetch tells no progress.
import { $, csrfToken, post } from "./dom.js";
import { toast } from "./toast.js";
import { offerLink } from "./links.js";

function travelCard(file, stopWords) {
  const card = document.createElement("div");
  card.className = "file";
  const words = document.createElement("span");
  const name = document.createElement("b");
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.className = "meter";
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  words.append(name, bar);
  const stop = document.createElement("button");
  Object.assign(stop, { type: "button", className: "icon-btn", textContent: "×", title: stopWords });
  stop.setAttribute("aria-label", stopWords);
  card.append(words, stop);
  return card;
}

/** Sends one file; resolves to the request when it was taken. With *inline* the answer is JSON with `url`, else the new list of files. */
export function sendFile(url, file, { inline = false, field = "files", fields = {}, onProgress = () => {}, onStart = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.set(field, file, file.name);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    if (inline) data.set("inline", "1");
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => (request.status < 300 ? resolve(request) : reject(request)));
    request.addEventListener("error", () => reject(request));
    request.addEventListener("abort", () => reject(request));
    onStart(request);
    request.send(data);
  });
}

const weightOf = (section) => Number($("[data-total]", section)?.dataset.total || 0);

/** Sends files one after the other; `section.uploading` is what a send waits for. */
export function attachFiles(section, files, words) {
  const cards = files.map((file) => {
    const card = travelCard(file, words.cancel.replace("{n}", file.name));
    $("button", card).addEventListener("click", () => { card.isStopped = true; card.request?.abort(); card.remove(); });
    $("[data-travel]", section).append(card);
    return card;
  });
  const work = (section.uploading || Promise.resolve()).then(async () => {
    for (const [at, file] of files.entries()) if (!cards[at].isStopped) await attachOne(section, file, cards[at], words);
  });
  section.uploading = work;
  return work.then(() => { if (section.uploading === work) section.uploading = null; });
}

/** Over the limit: by a link, or not at all. */
function tooLarge(section, file, words) {
  if (!offerLink(section, file, words)) toast((section.dataset.link ? words.tooBigToLink : words.tooBig).replace("{n}", file.name), { isError: true });
}

async function attachOne(section, file, card, words) {
  try {
    if (weightOf(section) + file.size > Number(section.dataset.limit)) {
      tooLarge(section, file, words);
      return;
    }
    const onStart = (request) => { card.request = request; };
    const request = await sendFile(section.dataset.attach, file, { onStart, onProgress: (sent) => { $("progress", card).value = sent; } });
    $("[data-files]", section).innerHTML = request.responseText;
  } catch (request) {
    if (request?.status === 413) tooLarge(section, file, words);
    else if (!card.isStopped) toast(words.failed.replace("{n}", file.name), { isError: true });
  } finally {
    card.remove();
  }
}

/** Whether a picture of the editor is a part of the message already, or stands for one of the message that is answered. */
export const isOurs = (image) => /^(\/u\/\d+)?\/compose\//.test(image.getAttribute("src") || "");

/** Makes a picture of pasted text a part of the message; its address here. One from elsewhere is fetched by the server, as those of messages are. */
export async function carryPicture(url, source) {
  const [, type, data] = /^data:(image\/(?:png|jpeg|gif|webp));base64,(.+)$/s.exec(source) || [];
  if (data) {
    const file = new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], type.replace("/", "."), { type });
    return JSON.parse((await sendFile(url, file, { inline: true })).responseText).url;
  }
  if (!/^https?:\/\//i.test(source)) throw new Error(source.slice(0, 100));
  const fields = new FormData();
  fields.set("picture_url", source);
  fields.set("inline", "1");
  return (await post(url, fields)).url;
}
