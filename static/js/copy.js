// Copies a record or a text; the button says so for two seconds. Where the browser forbids it, the text is marked for Ctrl+C.
import { on } from "./dom.js";

function copiedOldWay(text, button) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "sr";
  button.after(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

async function copyText(button, text, source) {
  let word = button.dataset.done;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copiedOldWay(text, button)) {
      word = "Ctrl+C";
      if (source) getSelection().selectAllChildren(source);
    }
  }
  const before = button.innerHTML;
  button.textContent = word;
  setTimeout(() => { button.innerHTML = before; }, 2000);
}

export function startCopy() {
  on("click", "[data-copy]", (_event, button) => copyText(button, button.dataset.copy));
  on("click", "[data-copy-from]", (_event, button) => {
    const source = document.getElementById(button.dataset.copyFrom);
    copyText(button, source.textContent, source);
  });
}
