// Forms answer on leaving a field, put the message beside it and focus the first. The browser's own words are used, in its language.
import { $, $$, on } from "./dom.js";

function sayWrong(input, text) {
  const id = `${input.id}-error`;
  let place = document.getElementById(id);
  const described = (input.getAttribute("aria-describedby") || "").split(" ").filter((part) => part && part !== id);
  if (!text) {
    place?.remove();
    input.removeAttribute("aria-invalid");
  } else {
    if (!place) {
      place = document.createElement("p");
      place.id = id;
      place.className = "error";
      (input.closest(".setting-control, .field") || input.parentElement).append(place);
    }
    place.textContent = text;
    input.setAttribute("aria-invalid", "true");
    described.push(id);
  }
  if (described.length) input.setAttribute("aria-describedby", described.join(" "));
  else input.removeAttribute("aria-describedby");
}

export function checkField(input) {
  const twin = input.dataset.same && document.getElementById(input.dataset.same);
  input.setCustomValidity(twin && twin.value !== input.value ? input.dataset.wrong : "");
  sayWrong(input, input.validity.valid ? "" : input.validationMessage);
  return input.validity.valid;
}

/** What can be judged; an editor has the same look and no value. */
const FIELD = ":is(input, select, textarea).input";
let isPressed = false;

/** Judges *input*; while a button is being pressed only after it is let go, since a message that comes or goes moves what lies under the pointer. */
function leaveField(input) {
  if (!input.value && !input.getAttribute("aria-invalid")) return;
  if (isPressed) addEventListener("pointerup", () => setTimeout(checkField, 0, input), { once: true });
  else checkField(input);
}

export function startForms() {
  addEventListener("pointerdown", () => { isPressed = true; }, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { isPressed = false; }, true);
  on("focusout", `form[data-validate] ${FIELD}`, (_event, input) => leaveField(input));
  on("submit", "form[data-validate]", (event, form) => {
    if (event.submitter?.formNoValidate) return;
    const wrong = $$(FIELD, form).filter((input) => !checkField(input));
    if (!wrong.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong[0].focus();
  }, true);
  on("change", "form[data-auto] :is(input, select)", (_event, input) => input.form.requestSubmit());
  for (const form of $$("form[data-confirm]")) armDelete(form);
  for (const input of $$("input[data-zone]")) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  $('[aria-invalid="true"]')?.focus();
}

/** What cannot be undone stays shut until the name is typed. */
function armDelete(form) {
  const button = $("button", form);
  const input = $("input[name=confirm]", form);
  const judge = () => { button.disabled = input.value.trim() !== form.dataset.confirm; };
  input.addEventListener("input", judge);
  judge();
}
