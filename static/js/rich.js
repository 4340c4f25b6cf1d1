// Short texts with form (signatures, auto-replies): a small editor over a textarea with [data-rich]. Without script it stays plain text.
// The hidden textarea behind it takes the HTML; the server cleans it again.
import { $, $$ } from "./dom.js";
import { cleanHtml } from "./clean.js";

const RICH_COMMANDS = [["B", "bold", (e) => e.hasFormat("B") ? e.removeBold() : e.bold()], ["I", "italic", (e) => e.hasFormat("I") ? e.removeItalic() : e.italic()]];

async function makeRichField(plain) {
  const html = plain.form.elements[plain.dataset.rich || "html"];
  const [{ default: Squire }, { default: purify }] = await Promise.all([import(document.body.dataset.squire), import(document.body.dataset.purify)]);
  const root = document.createElement("div");
  root.className = "input rich";
  for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-label", plain.dataset.label], ["hx-disable", ""], ["spellcheck", "true"], ["lang", plain.lang], ["tabindex", "0"], ["dir", "auto"]]) root.setAttribute(name, value);
  plain.hidden = true;
  plain.after(root);
  const editor = new Squire(root, { blockTag: "DIV", sanitizeToDOMFragment: (text) => cleanHtml(purify, text) });
  const words = document.createElement("div");
  words.textContent = plain.value;
  editor.setHTML(html.value || words.innerHTML.replaceAll("\n", "<br>"));
  const bar = document.createElement("div");
  bar.className = "rich-bar";
  for (const [tag, name, act] of RICH_COMMANDS) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-small", title: plain.dataset[name] });
    button.append(document.createElement(tag.toLowerCase()));
    button.firstChild.textContent = tag;
    button.setAttribute("aria-label", plain.dataset[name]);
    button.addEventListener("click", () => { act(editor); editor.focus(); });
    bar.append(button);
  }
  root.before(bar);
  plain.form.addEventListener("submit", () => {
    plain.value = root.innerText.replace(/\n{3,}/g, "\n\n").trimEnd();
    html.value = root.querySelector("b, i, a, u, img, ul, ol, strong, em") ? editor.getHTML() : "";
  }, true);
}

export function startRich() {
  for (const plain of $$("textarea[data-rich]")) {
    const fold = plain.closest("details");
    if (!fold || fold.open) makeRichField(plain);
    else fold.addEventListener("toggle", () => makeRichField(plain), { once: true });
  }
  if ($("textarea[data-rich]")) document.documentElement.classList.add("has-rich");
}
