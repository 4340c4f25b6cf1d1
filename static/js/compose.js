// Writing: a floating panel on wide screens and a page elsewhere, chips, the rich editor (loaded when first needed), autosave three seconds
// after the last key, a copy in this browser until the server has it, and Ctrl+Enter. Without script the same form is plain text.
import { $, $$, isWide, on, post } from "./dom.js";
import { toast } from "./toast.js";
import { People } from "./recipients.js";
import { attachFiles, sendFile } from "./uploads.js";

const SAVE_AFTER_MILLISECONDS = 3000;
const KEEP_PREFIX = "roost-draft-";
const SAFE = { ALLOW_DATA_ATTR: false, ALLOW_UNKNOWN_PROTOCOLS: false, FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "svg", "math", "iframe"], FORBID_ATTR: ["id", "name"], RETURN_DOM_FRAGMENT: true };

class Draft {
  constructor(section) {
    this.section = section;
    this.form = $("form", section);
    this.words = JSON.parse(section.dataset.words);
    this.plain = $('textarea[name="body"]', section);
    this.html = $('textarea[name="body_html"]', section);
    this.format = $('input[name="format"]', section);
    this.saved = $("[data-saved]", section);
    this.editor = null;
    this.isDirty = false;
    this.showSpare();
    this.people = $$("[data-people]", section).map((box) => new People(box, this.words, section.dataset.peopleUrl, () => this.touch()));
    this.listen();
    if (this.format.dataset.format === "html") this.makeRich();
    this.restore();
  }

  showSpare() {
    for (const line of $$("[data-spare]", this.section)) line.hidden = true;
    for (const button of $$("[data-show]", this.section)) button.addEventListener("click", () => {
      const line = $(`[data-line="${button.dataset.show}"]`, this.section);
      line.hidden = false;
      button.hidden = true;
      $("input:not([type=hidden])", line).focus();
    });
  }

  listen() {
    const { section, form } = this;
    form.addEventListener("input", (event) => event.target.type !== "file" && this.touch());
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("keydown", (event) => this.onKey(event));
    $("[data-pick]", section).addEventListener("change", (event) => { attachFiles(section, [...event.target.files], this.words); event.target.value = ""; });
    $("[data-pick-image]", section).addEventListener("change", (event) => { this.placeImage(event.target.files[0]); event.target.value = ""; });
    $("[data-plain]", section).addEventListener("click", () => (this.editor ? this.makePlain() : this.makeRich()));
    $("[data-toolbar]", section).addEventListener("click", (event) => this.command(event.target.closest("[data-command]")?.dataset.command));
    section.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); section.classList.add("is-dropping"); } });
    section.addEventListener("dragleave", (event) => section.contains(event.relatedTarget) || section.classList.remove("is-dropping"));
    section.addEventListener("drop", (event) => {
      section.classList.remove("is-dropping");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      attachFiles(section, [...event.dataTransfer.files], this.words);
    });
    $("[data-small]", section)?.addEventListener("click", () => section.classList.toggle("is-small"));
    $("[data-shut]", section)?.addEventListener("click", () => this.shut());
    $("[data-expand]", section)?.addEventListener("click", async (event) => { event.preventDefault(); await this.save(); location.assign(event.currentTarget?.href || event.target.closest("a").href); });
  }

  onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      this.form.requestSubmit($(`[name="op"][value="${event.shiftKey ? "send-archive" : "send"}"]`, this.form));
    } else if (event.key === "Escape" && $("[data-shut]", this.section) && !event.target.closest("details[open]")) this.shut();
  }

  async makeRich() {
    const [{ default: Squire }, { default: purify }] = await Promise.all([import(document.body.dataset.squire), import(document.body.dataset.purify)]);
    const root = document.createElement("div");
    root.className = "editor";
    for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-label", this.words.text], ["hx-disable", ""], ["spellcheck", "true"], ["lang", this.plain.lang], ["tabindex", "0"], ["dir", "auto"]]) root.setAttribute(name, value);
    const clean = (html) => purify.sanitize(html, SAFE);
    this.plain.hidden = true;
    this.plain.after(root);
    this.editor = new Squire(root, { blockTag: "DIV", sanitizeToDOMFragment: clean });
    this.editor.setHTML(this.html.value || asHtml(this.plain.value));
    this.editor.moveCursorToStart();
    this.format.value = "html";
    this.editor.addEventListener("input", () => this.touch());
    this.editor.addEventListener("pathChange", () => this.showFormat());
    this.editor.addEventListener("pasteImage", (event) => this.placeImage(event.detail.clipboardData?.files?.[0]));
    $("[data-toolbar]", this.section).hidden = false;
    $("[data-plain]", this.section).setAttribute("aria-pressed", "false");
  }

  makePlain() {
    const root = this.editor.getRoot();
    this.plain.value = root.innerText;
    this.editor.destroy();
    root.remove();
    this.editor = null;
    this.plain.hidden = false;
    this.format.value = "text";
    this.html.value = "";
    $("[data-toolbar]", this.section).hidden = true;
    $("[data-plain]", this.section).setAttribute("aria-pressed", "true");
    this.touch();
  }

  showFormat() {
    const tags = { bold: "B", italic: "I", bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE" };
    for (const [command, tag] of Object.entries(tags)) $(`[data-command="${command}"]`, this.section).setAttribute("aria-pressed", String(this.editor.hasFormat(tag)));
  }

  command(name) {
    const { editor } = this;
    if (!editor || !name) return;
    const has = (tag) => editor.hasFormat(tag);
    const commands = {
      bold: () => (has("B") ? editor.removeBold() : editor.bold()),
      italic: () => (has("I") ? editor.removeItalic() : editor.italic()),
      bullets: () => (has("UL") ? editor.removeList() : editor.makeUnorderedList()),
      numbers: () => (has("OL") ? editor.removeList() : editor.makeOrderedList()),
      quote: () => (has("BLOCKQUOTE") ? editor.decreaseQuoteLevel() : editor.increaseQuoteLevel()),
      link: () => this.link(),
      image: () => $("[data-pick-image]", this.section).click(),
      clear: () => editor.removeAllFormatting(),
    };
    commands[name]();
    this.showFormat();
    editor.focus();
  }

  link() {
    if (this.editor.hasFormat("A")) return this.editor.removeLink();
    const address = window.prompt(this.words.link, "https://");
    if (address && /^(https?:|mailto:)/i.test(address)) this.editor.makeLink(address);
    return this.editor;
  }

  async placeImage(file) {
    if (!file) return;
    try {
      const request = await sendFile(this.section.dataset.attach, file, { inline: true });
      this.editor.insertImage(JSON.parse(request.responseText).url, { alt: file.name });
    } catch {
      toast(this.words.failed.replace("{n}", file.name), { isError: true });
    }
  }

  /** What would be sent now. */
  data(submitter = null) {
    for (const people of this.people) people.commit();
    if (this.editor) {
      this.html.value = this.editor.getHTML();
      this.plain.value = this.editor.getRoot().innerText;
    }
    const data = new FormData(this.form);
    if (submitter) data.set(submitter.name, submitter.value);
    return data;
  }

  touch() {
    this.isDirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MILLISECONDS);
  }

  keep() {
    const kept = { at: Date.now(), revision: this.form.elements.revision.value, subject: this.form.elements.subject.value, body: this.plain.value, html: this.html.value };
    try { localStorage.setItem(KEEP_PREFIX + this.section.dataset.draft, JSON.stringify(kept)); } catch { /* a full or forbidden store: the server copy remains */ }
  }

  forget() {
    try { localStorage.removeItem(KEEP_PREFIX + this.section.dataset.draft); } catch { /* nothing was kept */ }
  }

  restore() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(KEEP_PREFIX + this.section.dataset.draft)); } catch { return; }
    if (!kept || kept.revision !== this.form.elements.revision.value || kept.body === this.plain.value) return;
    this.form.elements.subject.value = kept.subject;
    this.plain.value = kept.body;
    this.html.value = kept.html;
    if (this.editor) this.editor.setHTML(kept.html || asHtml(kept.body));
    this.saved.textContent = this.words.restored;
    this.touch();
  }

  async save() {
    clearTimeout(this.timer);
    if (!this.isDirty) return;
    const data = this.data();
    this.keep();
    this.saved.textContent = this.words.saving;
    try {
      const answer = await post(this.section.dataset.save, data);
      this.isDirty = false;
      this.saved.textContent = answer.saved_text || "";
      if (answer.revision) this.form.elements.revision.value = answer.revision;
      this.forget();
    } catch (failure) {
      this.saved.textContent = failure.status === 409 ? this.words.conflict : this.words.unsaved;
      if (failure.status !== 409) this.timer = setTimeout(() => this.save(), 4 * SAVE_AFTER_MILLISECONDS);
    }
  }

  async submit(event) {
    const button = event.submitter;
    if (button?.name === "detach") return this.detach(event, button);
    event.preventDefault();
    clearTimeout(this.timer);
    const url = button?.getAttribute("formaction") || this.form.action;
    this.keep();
    try {
      const answer = await post(url, this.data(button));
      if (button?.value === "save") { this.saved.textContent = answer.saved_text; return undefined; }
      this.isDirty = false;
      this.forget();
      if (!$("#compose-slot")?.contains(this.section)) return location.assign(answer.next || "/");
      this.section.remove();
      if (answer.message) toast(answer.message, { undo: answer.undo });
    } catch (failure) {
      this.showErrors(failure);
    }
    return undefined;
  }

  async detach(event, button) {
    event.preventDefault();
    const data = new FormData();
    data.set("detach", button.value);
    await post(button.getAttribute("formaction"), data).catch(() => {});
    button.closest(".file").remove();
  }

  showErrors(failure) {
    for (const old of $$(".error", this.form)) old.remove();
    const errors = failure.answer?.errors || { form: failure.message };
    let first = null;
    for (const [name, text] of Object.entries(errors)) {
      const line = $(`[data-line="${name}"]`, this.section) || (name === "subject" ? $(".line-subject", this.section) : $(".compose-head", this.section));
      const place = document.createElement("p");
      place.className = "error";
      place.setAttribute("role", "alert");
      place.textContent = text;
      line.hidden = false;
      line.after(place);
      first = first || $("input:not([type=hidden])", line);
    }
    first?.focus();
  }

  async shut() {
    await this.save();
    this.section.remove();
  }
}

/** Plain text as lines of HTML. */
function asHtml(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped.split("\n").map((line) => `<div>${line || "<br>"}</div>`).join("");
}

async function openPanel(event, link) {
  if (!isWide() || event.ctrlKey || event.metaKey || event.shiftKey || event.button || $(".compose-page")) return;
  event.preventDefault();
  const reply = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "compose-slot" }, credentials: "same-origin" }).catch(() => null);
  if (!reply?.ok) return location.assign(link.href);
  const slot = $("#compose-slot");
  slot.innerHTML = await reply.text();
  const section = $("[data-compose-form]", slot);
  new Draft(section);
  const to = $("#to", section);
  if (to && !$(".pill", section)) to.focus();
  return undefined;
}

export function startCompose() {
  on("click", "a[data-compose]", openPanel);
  for (const section of $$("[data-compose-form]")) new Draft(section);
}
