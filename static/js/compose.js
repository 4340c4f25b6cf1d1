// Writing: a floating panel on wide screens and a page elsewhere, chips, the rich editor (loaded when first needed), autosave three seconds
// after the last key, a copy in this browser until the server has it, and Ctrl+Enter. Without script the same form is plain text.
import { $, $$, on, post } from "./dom.js";
import { toast } from "./toast.js";
import { cleanHtml } from "./clean.js";
import { People } from "./recipients.js";
import { attachFiles, carryPicture, isOurs, sendFile } from "./uploads.js";
import { keepByEnter, useTemplate } from "./templates.js";
import { filesAsLinks, placeLink } from "./links.js";
import { forgetTyped, holdDraft, keepTyped, keptOf, offerKept, renewToken } from "./keep.js";

const SAVE_AFTER_MILLISECONDS = 3000;
const KEEP_MILLISECONDS = 400;
const open = new Set();

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
    this.changes = 0;
    this.savedChanges = 0;
    this.isOnlySaved = false;  // whether "saved" is all there is to say
    this.saving = Promise.resolve();
    this.signatures = JSON.parse(section.dataset.signatures);
    this.sender = this.form.elements.from.value;
    open.add(this);
    holdDraft(section.dataset.draft);
    this.showSpare();
    this.people = $$("[data-people]", section).map((box) => new People(box, this.words, section.dataset.peopleUrl, () => this.touch()));
    this.listen();
    this.asOpened = "";
    this.lifted = new WeakSet();
    this.ready = this.format.dataset.format === "html" ? this.makeRich() : Promise.resolve();
    this.ready.then(() => { if (!this.isDirty) this.asOpened = this.print(); });
    this.begin();
    this.restore();
  }

  get isDirty() {
    return this.changes !== this.savedChanges;
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
    section.addEventListener("file-link", (event) => placeLink(this, event.detail));
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
      event.stopPropagation();
      this.takeFiles([...event.dataTransfer.files], this.editor?.getRoot().contains(event.target));
    }, true);
    form.elements.from.addEventListener("focus", () => { this.sender = form.elements.from.value; });
    form.elements.from.addEventListener("change", () => this.swapSignature());
    $("[data-small]", section)?.addEventListener("click", () => section.classList.toggle("is-small"));
    $("[data-shut]", section)?.addEventListener("click", () => this.shut());
    $("[data-expand]", section)?.addEventListener("click", async (event) => { event.preventDefault(); const link = event.currentTarget; if (await this.save()) location.assign(link.href); });
  }

  /** The cursor stands where writing goes on: at who gets it, the subject, or the start of the text. */
  async begin() {
    const { subject } = this.form.elements;
    if (!$(".pill", this.section)) return $("#to", this.section).focus();
    if (!subject.value) return subject.focus();
    await this.ready;
    if (this.section.contains(document.activeElement)) return undefined;
    if (this.editor) {
      this.editor.focus();
      this.editor.moveCursorToStart();
    } else {
      this.plain.focus();
      this.plain.setSelectionRange(0, 0);
    }
    return undefined;
  }

  /** Pictures that fall into the text stand there; everything else is a file. */
  takeFiles(files, isInText) {
    const pictures = isInText ? files.filter((file) => /^image\/(png|jpeg|gif|webp)$/.test(file.type)) : [];
    for (const file of pictures) this.placeImage(file);
    attachFiles(this.section, files.filter((file) => !pictures.includes(file)), this.words);
  }

  /** The signature under the text follows From; one that was edited stays. */
  swapSignature() {
    const next = this.signatures[this.form.elements.from.value];
    const old = this.signatures[this.sender];
    this.sender = this.form.elements.from.value;
    if (!next) return;
    if (!this.editor) {
      if (old?.text && this.plain.value.includes(old.text)) this.plain.value = this.plain.value.replace(old.text, () => next.text);
      else if (!old?.text) this.plain.value += next.text;
      return;
    }
    const root = this.editor.getRoot();
    const fresh = document.createElement("div");
    fresh.append(this.clean(next.html));
    this.leavePictures(fresh);
    const words = (html) => { const box = document.createElement("div"); box.append(this.clean(html)); return box.textContent.replace(/\s+/g, ""); };
    const wanted = old?.html ? words(old.html) : "";
    const found = wanted && $$("div", root).find((block) => !block.closest("blockquote") && block.textContent.replace(/\s+/g, "") === wanted);
    if (found) found.replaceWith(...fresh.childNodes);
    else if (!wanted) ($("blockquote", root)?.before(fresh), fresh.isConnected || root.append(fresh));
    this.touch();
  }

  onKey(event) {
    keepByEnter(event);
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
    this.clean = (html) => cleanHtml(purify, html);
    this.plain.hidden = true;
    this.plain.after(root);
    this.editor = new Squire(root, { blockTag: "DIV", sanitizeToDOMFragment: this.clean });
    this.editor.setHTML(this.html.value || asHtml(this.plain.value));
    this.editor.moveCursorToStart();
    this.leavePictures(root);
    this.format.value = "html";
    this.editor.addEventListener("input", () => { this.touch(); this.lifting = Promise.all([this.lifting, this.liftPictures()]); });
    this.editor.addEventListener("pathChange", () => this.showFormat());
    this.editor.addEventListener("pasteImage", (event) => { for (const item of event.detail.clipboardData?.items || []) if (item.kind === "file") this.placeImage(item.getAsFile()); });
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

  /** The way the block at the cursor runs. */
  turn() {
    const block = this.block();
    const isRight = block && getComputedStyle(block).direction === "rtl";
    this.editor.setTextDirection(isRight ? "ltr" : "rtl");
  }

  block() {
    const start = this.editor.getSelection().startContainer;
    return (start.nodeType === Node.ELEMENT_NODE ? start : start.parentElement)?.closest("div, p, li, blockquote");
  }

  showFormat() {
    const tags = { bold: "B", italic: "I", bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE" };
    for (const [command, tag] of Object.entries(tags)) $(`[data-command="${command}"]`, this.section).setAttribute("aria-pressed", String(this.editor.hasFormat(tag)));
    const block = this.block();
    $('[data-command="direction"]', this.section).setAttribute("aria-pressed", String(Boolean(block) && getComputedStyle(block).direction === "rtl"));
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
      direction: () => this.turn(),
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

  /** Pictures of pasted text become parts of the message: most mail programs show none that stand in the text itself, and one from elsewhere would tell who reads. */
  async liftPictures() {
    const pasted = $$("img", this.editor.getRoot()).filter((one) => !this.lifted.has(one) && !isOurs(one));
    await Promise.all(pasted.map(async (image) => {
      this.lifted.add(image);
      const source = image.getAttribute("src") || "";
      try {
        image.src = await carryPicture(this.section.dataset.attach, source);
      } catch {
        if (source.startsWith("data:")) return toast(this.words.failed.replace("{n}", image.alt || "\u2026"), { isError: true });
        image.remove();
        toast(this.words.lostPicture, { isError: true });
      }
      return this.touch();
    }));
  }

  /** Pictures that were there before stay as they are. */
  leavePictures(root) {
    for (const image of $$('img:not([src^="data:"])', root)) this.lifted.add(image);
  }

  /** What stands in the form; *isFinal* makes chips of half-typed addresses, as a send does. */
  data(submitter = null, isFinal = false) {
    if (isFinal) for (const people of this.people) people.commit();
    if (this.editor) {
      this.html.value = this.editor.getHTML();
      this.plain.value = this.editor.getRoot().innerText;
    }
    const data = new FormData(this.form);
    for (const people of this.people) data.set(people.store.name, people.typed());
    if (submitter) data.set(submitter.name, submitter.value);
    return data;
  }

  /** What a person could have changed, without what an editor changes by itself. */
  print() {
    const told = [...this.data()].filter(([name]) => !["csrf_token", "revision"].includes(name)).map(([name, value]) => `${name}=${value.name ?? String(value).replace(/<br[^>]*>|\s+/g, "")}`);
    return `${told.join("&")} ${$("[data-files]", this.section)?.childElementCount}`;
  }

  touch() {
    if (!this.isDirty && this.isOnlySaved) this.say("");
    this.changes += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MILLISECONDS);
    this.keeper ||= setTimeout(() => this.keep(), KEEP_MILLISECONDS);
  }

  keep() {
    clearTimeout(this.keeper);
    this.keeper = 0;
    return !this.isDirty || this.asOpened === this.print() || keepTyped(this.section.dataset.account, this.section.dataset.draft, this.data());
  }

  restore() {
    const kept = keptOf(this.section.dataset.account, this.section.dataset.draft);
    if (!kept) return;
    for (const people of this.people) people.fill(kept[people.store.name]);
    const fields = this.form.elements;
    for (const name of ["from", "subject", "revision"]) fields[name].value = kept[name] || fields[name].value;
    this.plain.value = kept.body;
    this.html.value = kept.body_html;
    if (this.editor) this.editor.setHTML(kept.body_html || asHtml(kept.body));
    this.saved.textContent = this.words.restored;
    this.touch();
  }

  /** Saves what there is, one save after the other; true when the server has everything. */
  save() {
    clearTimeout(this.timer);
    this.saving = this.saving.then(() => this.saveNow());
    return this.saving;
  }

  async saveNow() {
    if (!this.isDirty || !open.has(this)) return true;
    const at = this.changes;
    if (this.asOpened === this.print()) {  // opened and left as it was: no draft comes of that
      this.savedChanges = at;
      forgetTyped(this.section.dataset.draft);
      return true;
    }
    const isKept = this.keep();
    this.say(this.words.saving);
    try {
      const answer = await post(this.section.dataset.save, this.data());
      forgetTyped(this.section.dataset.draft);
      this.move(answer);
      this.savedChanges = at;
      this.asOpened = "";
      this.isOnlySaved = !answer.draft;
      this.say((!this.isDirty || answer.draft) && answer.saved_text || "");
      return !this.isDirty;
    } catch (failure) {
      return this.explain(failure, isKept);
    }
  }

  /** The server's name and revision of the draft: another name when another tab has written this one meanwhile. */
  move(answer) {
    if (answer.revision !== undefined) this.form.elements.revision.value = answer.revision;
    const { dataset } = this.section;
    const old = dataset.draft;
    if (!answer.draft || answer.draft === old) return;
    dataset.draft = answer.draft;
    holdDraft(answer.draft);
    for (const name of ["save", "attach", "link"]) if (dataset[name]) dataset[name] = dataset[name].replace(old, answer.draft);
    for (const place of [this.form, ...$$("[formaction], [data-expand]", this.section)]) {
      for (const name of ["action", "formaction", "href"]) if (place.hasAttribute(name)) place.setAttribute(name, place.getAttribute(name).replace(old, answer.draft));
    }
  }

  async explain(failure, isKept) {
    clearTimeout(this.timer);
    if (open.has(this)) this.timer = setTimeout(() => this.save(), 4 * SAVE_AFTER_MILLISECONDS);
    if (!isKept) this.say(this.words.full);
    else if ([400, 401, 403].includes(failure.status)) {
      const who = await renewToken(this.section.dataset.token, this.section.dataset.account);
      if (who === "mine" && failure.status !== 403 && !this.hasRenewed) {
        this.hasRenewed = true;
        const isSaved = await this.saveNow();
        this.hasRenewed = false;
        return isSaved;
      }
      this.say(who === "other" ? this.words.otherPerson : who === "out" ? this.words.signedOut : failure.message, who === "out");
    } else this.say(failure.status ? `${failure.message} ${this.words.unsaved}` : this.words.unsaved);
    return false;
  }

  say(text, asksSignIn = false) {
    this.saved.textContent = text;
    if (!asksSignIn) return;
    const link = document.createElement("a");
    Object.assign(link, { href: this.section.dataset.signIn, target: "_blank", textContent: this.words.signIn });
    this.saved.append(" ", link);
  }

  end() {
    clearTimeout(this.timer);
    clearTimeout(this.keeper);
    open.delete(this);
    forgetTyped(this.section.dataset.draft);
  }

  async submit(event) {
    const button = event.submitter;
    if (button?.name === "detach") return this.detach(event, button);
    event.preventDefault();
    if (button?.value === "links") return filesAsLinks(this, button, () => this.refreshFiles());
    if (useTemplate(this, button)) return undefined;
    clearTimeout(this.timer);
    if (button?.value === "save") return (this.asOpened = "", this.touch(), this.save());
    if (this.section.uploading) { this.say(this.words.waiting); await this.section.uploading; }
    await this.lifting;
    await this.saving;
    const url = button?.getAttribute("formaction") || this.form.action;
    this.changes += 1;
    this.keep();
    try {
      const answer = await post(url, this.data(button, true));
      this.end();
      if (!$("#compose-slot")?.contains(this.section)) return location.assign(answer.next || "/");
      this.section.remove();
      if (answer.message) toast(answer.message, { undo: answer.undo });
    } catch (failure) {
      if (failure.answer) this.move(failure.answer);
      this.showErrors(failure, button);
      if (!failure.answer?.errors) this.explain(failure, this.keep());
      else this.touch();
    }
    return undefined;
  }

  async detach(event, button) {
    event.preventDefault();
    const data = new FormData();
    data.set("detach", button.value);
    try {
      await post(button.getAttribute("formaction"), data);
      await this.refreshFiles();
    } catch (failure) {
      toast(failure.message, { isError: true });
    }
  }

  async refreshFiles() {
    $("[data-files]", this.section).innerHTML = await filesOf(this.section);
  }

  showErrors(failure, button) {
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
      if (name === "sure") place.append(this.anyway(button));
      first = first || $("input:not([type=hidden])", line);
    }
    first?.focus();
  }

  anyway(button) {
    const again = document.createElement("button");
    Object.assign(again, { type: "submit", name: "sure", value: button?.value || "send", className: "btn btn-small", textContent: this.words.anyway });
    return again;
  }

  async shut() {
    if (!(await this.save()) && this.isDirty) return;
    open.delete(this);
    this.section.remove();
  }
}

/** Plain text as lines of HTML. */
function asHtml(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped.split("\n").map((line) => `<div>${line || "<br>"}</div>`).join("");
}

export async function openPanel(link) {
  const reply = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "compose-slot" }, credentials: "same-origin" }).catch(() => null);
  if (!reply?.ok) return location.assign(link.href);
  const slot = $("#compose-slot");
  for (const old of open) if (slot.contains(old.section) && !(await old.save())) return undefined;
  for (const old of open) if (slot.contains(old.section)) open.delete(old);
  slot.innerHTML = await reply.text();
  new Draft($("[data-compose-form]", slot));
  return undefined;
}

/** The draft's files as the server lists them. */
async function filesOf(section) {
  const reply = await fetch(section.dataset.attach, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  if (!reply.ok) throw new Error(document.body.dataset.failed);
  return reply.text();
}

/** Leaving: what is not saved yet is saved first, also before a sign-out; what cannot be stays in this browser. */
function startKeeping() {
  const all = () => Promise.all([...open].map((draft) => draft.save()));
  window.addEventListener("pagehide", () => { for (const draft of open) draft.keep(); });
  document.addEventListener("visibilitychange", () => document.hidden && all());
  for (const name of ["online", "focus"]) window.addEventListener(name, all);
  on("submit", 'form[action$="/sign-out"]', async (event, form) => {
    if (![...open].some((draft) => draft.isDirty)) return;
    event.preventDefault();
    await all();
    const { name = "op", value = "" } = event.submitter || {};
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  });
}

export function startCompose() {
  for (const section of $$("[data-compose-form]")) new Draft(section);
  startKeeping();
  offerKept();
}
