// Files of a draft: picked, dropped or pasted, each with a bar while it travels. XMLHttpRequest, because fetch tells no progress.
import { $, csrfToken } from "./dom.js";
import { toast } from "./toast.js";

function travelCard(file) {
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
  card.append(words);
  return card;
}

/** Sends one file; resolves to the request when it was taken. With *inline* the answer is JSON with `url`, else the new list of files. */
export function sendFile(url, file, { inline = false, onProgress = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.set("files", file, file.name);
    if (inline) data.set("inline", "1");
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => (request.status < 300 ? resolve(request) : reject(request)));
    request.addEventListener("error", () => reject(request));
    request.send(data);
  });
}

export async function attachFiles(section, files, words) {
  const place = $("[data-files]", section);
  for (const file of files) {
    if (Number(section.dataset.limit) && file.size > Number(section.dataset.limit)) {
      toast(words.tooBig.replace("{n}", file.name), { isError: true });
      continue;
    }
    const card = travelCard(file);
    place.append(card);
    try {
      const request = await sendFile(section.dataset.attach, file, { onProgress: (sent) => { $("progress", card).value = sent; } });
      place.innerHTML = request.responseText;
    } catch {
      card.remove();
      toast(words.failed.replace("{n}", file.name), { isError: true });
    }
  }
}
