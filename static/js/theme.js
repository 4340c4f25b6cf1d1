// Light, dark or as the system: changes the page at once and posts the choice. The server writes data-theme, so nothing flashes.
import { $$, on, post } from "./dom.js";

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of $$('[data-theme-form] [name="theme"]')) button.setAttribute("aria-pressed", String(button.value === theme));
}

export function startTheme() {
  on("submit", "[data-theme-form]", (event, form) => {
    if (!event.submitter) return;
    event.preventDefault();
    wear(event.submitter.value);
    const data = new FormData(form, event.submitter);
    post(form.action, data).catch(() => form.submit());
  });
  on("change", '.segments input[name="theme"]', (_event, input) => wear(input.value));
}
