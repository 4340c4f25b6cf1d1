// Copies a record or a text; the button says so for two seconds.
import { on } from "./dom.js";

async function copyText(button, text) {
  await navigator.clipboard.writeText(text);
  const before = button.innerHTML;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.innerHTML = before; }, 2000);
}

export function startCopy() {
  on("click", "[data-copy]", (_event, button) => copyText(button, button.dataset.copy));
  on("click", "[data-copy-from]", (_event, button) => copyText(button, document.getElementById(button.dataset.copyFrom).textContent));
}
