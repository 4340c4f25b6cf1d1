// Templates of answers while writing: put one in at the cursor, keep one's own words as a new one. Without script the buttons save and draw the draft.
import { $, $$, post } from "./dom.js";
import { toast } from "./toast.js";

async function insertTemplate(draft, button) {
  const data = new FormData();
  data.set("insert", button.value);
  const found = await post(button.getAttribute("formaction"), data);
  const subject = draft.form.elements.subject;
  if (!subject.value.trim()) subject.value = found.subject;
  if (draft.editor) {
    draft.editor.focus();
    draft.editor.insertHTML(found.html);
  } else {
    const at = draft.plain.selectionStart;
    draft.plain.setRangeText(found.text + "\n", at, draft.plain.selectionEnd, "end");
    draft.plain.focus();
  }
  draft.touch();
}

async function keepTemplate(draft, button) {
  const name = $("[name=template_name]", draft.form);
  const kept = await post(button.getAttribute("formaction"), draft.data());
  name.value = "";
  const list = $("[data-templates]", draft.form);
  const pattern = $("template", list);
  for (const old of $$("button", list)) old.remove();
  list.append(...kept.templates.map((one) => {
    const item = pattern.content.firstElementChild.cloneNode(true);
    item.value = one.id;
    $("[data-name]", item).textContent = one.name;
    item.setAttribute("formaction", button.getAttribute("formaction"));
    return item;
  }));
  toast(kept.message);
}

/** Enter in the name of a new template keeps it: it must never send the message. */
export function keepByEnter(event) {
  if (event.key !== "Enter" || event.target.name !== "template_name") return;
  event.preventDefault();
  $("[name=keep_template]", event.target.form).click();
}

/** True when *button* is one of the Templates menu and was dealt with. */
export function useTemplate(draft, button) {
  const act = { insert: insertTemplate, keep_template: keepTemplate }[button?.name];
  if (!act) return false;
  act(draft, button).catch((failure) => toast(failure.message, { isError: true }));
  return true;
}
