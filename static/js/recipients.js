// To, Cc and Bcc as chips over a plain text field. The field keeps the comma-separated text that is sent, with or without script.
import { $, $$ } from "./dom.js";

const SUGGEST_WAIT_MILLISECONDS = 150;
const ADDRESS = /^[^\s@<>"(),:;\\[\]]+@[^\s@<>"(),:;\\[\]]+\.[^\s@<>"(),:;\\[\]]+$/;

/** Splits a line at commas outside quotes: `"Kessler, Mira" <m@x.test>, j@y.test`. */
export function splitPeople(text) {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,;"])+/g) || []).map((part) => part.trim()).filter(Boolean);
}

function readPerson(text) {
  const parts = text.match(/^\s*(?:"?(.*?)"?\s*)?<([^<>]*)>\s*$/);
  const address = (parts ? parts[2] : text).trim();
  return { name: (parts?.[1] || "").replace(/\\(.)/g, "$1"), address, text, isGood: ADDRESS.test(address) };
}

function tintOf(address) {
  const sum = [...new TextEncoder().encode(address.toLowerCase())].reduce((total, byte) => total + byte, 0);
  return (sum % 5) + 1;
}

function initials(person) {
  const words = (person.name || person.address).replace(/[@.]/g, " ").split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  if (words.length < 2) return (words[0] || "?").slice(0, 2).toUpperCase();
  return (words[0][0] + words.at(-1)[0]).toUpperCase();
}

/** Turns one line into chips; `changed` is called after every edit. */
// Tab goes from one line of people to the next, past the buttons for Cc and Bcc: Shift+Tab from the subject finds those.
function nextField(input) {
  const fields = $$("[data-line] input:not([type=hidden]), [name=subject]", input.closest("form")).filter((one) => one.getClientRects().length);
  return fields[fields.indexOf(input) + 1];
}

export class People {
  constructor(box, words, url, changed) {
    this.box = box;
    this.words = words;
    this.url = url;
    this.changed = changed;
    this.store = $("input", box);
    this.input = this.store.cloneNode();
    this.input.removeAttribute("name");
    this.input.value = "";
    this.store.type = "hidden";
    this.store.removeAttribute("id");
    this.store.removeAttribute("aria-describedby");
    box.append(this.input);
    this.list = this.makeList();
    this.people = splitPeople(this.store.value).map(readPerson);
    this.draw();
    this.check();
    this.listen();
  }

  makeList() {
    const list = document.createElement("div");
    list.className = "suggest";
    list.id = `${this.input.id}-people`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.words.suggest);
    list.hidden = true;
    this.box.append(list);
    for (const [name, value] of [["role", "combobox"], ["aria-controls", list.id], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) this.input.setAttribute(name, value);
    return list;
  }

  listen() {
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => { this.commit(); setTimeout(() => this.shut(), 150); });
    this.input.addEventListener("input", () => {
      if (/[,;]\s*$/.test(this.input.value)) this.commit();
      else this.ask();
    });
    this.input.addEventListener("paste", () => setTimeout(() => this.input.value.includes(",") && this.commit()));
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) { event.preventDefault(); this.take(option); }
    });
  }

  onKey(event) {
    if (event.isComposing) return;  // Enter chooses a word of an input method
    const options = $$("[role=option]", this.list);
    const chosen = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      this.choose(options, (chosen + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && chosen >= 0 && !this.list.hidden) {
      event.preventDefault();
      this.take(options[chosen]);
    } else if (event.key === "Tab" && !event.shiftKey) {
      const next = nextField(this.input);
      if (next) { event.preventDefault(); next.focus(); }
    } else if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      this.commit();
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.shut();
    } else if (event.key === "Backspace" && !this.input.value && this.people.length) {
      this.remove(this.people.length - 1);
    }
  }

  choose(options, at) {
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    this.input.setAttribute("aria-activedescendant", options[at].id);
    this.picked = options[at].dataset.text;
  }

  ask() {
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text.length < 1) return this.shut();
    this.timer = setTimeout(async () => {
      const reply = await fetch(`${this.url}?q=${encodeURIComponent(text)}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
      if (reply?.ok && this.input.value.trim() === text) this.offer((await reply.json()).people || []);
    }, SUGGEST_WAIT_MILLISECONDS);
    return undefined;
  }

  offer(people) {
    this.list.replaceChildren(...people.slice(0, 8).map((person, at) => {
      const option = document.createElement("div");
      option.id = `${this.list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", String(at === 0));
      option.dataset.text = person.text || (person.name ? `"${person.name.replace(/["\\]/g, "\\$&")}" <${person.address}>` : person.address);
      const words = document.createElement("span");
      words.append(person.name || person.address, document.createElement("br"));
      const small = document.createElement("small");
      small.textContent = person.name ? person.address : "";
      words.append(small);
      option.append(this.avatar(person), words);
      return option;
    }));
    // An answer that comes late must not move what the arrows have chosen.
    const options = $$("[role=option]", this.list);
    const again = options.findIndex((option) => option.dataset.text === this.picked);
    if (again > 0) this.choose(options, again);
    this.list.hidden = !people.length;
    this.input.setAttribute("aria-expanded", String(people.length > 0));
  }

  shut() {
    this.list.hidden = true;
    this.picked = "";
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  take(option) {
    this.input.value = option.dataset.text;
    this.commit();
    this.shut();
  }

  /** Puts *text* in the place of everyone who stands here. */
  fill(text) {
    this.people = splitPeople(text || "").map(readPerson);
    const line = this.box.closest("[data-line]");
    if (this.people.length && line.hidden) line.hidden = false;
    this.draw();
  }

  /** The whole line, what is half typed too. */
  typed() {
    return [this.store.value, this.input.value.trim()].filter(Boolean).join(", ");
  }

  commit() {
    const added = splitPeople(this.input.value).map(readPerson);
    if (!added.length) return;
    this.people.push(...added);
    this.input.value = "";
    this.draw();
    this.check();
    this.changed();
  }

  /** Asks which of these nobody here has: said at once, and not first by a refusal when it is sent. */
  async check() {
    const asked = this.people.filter((person) => person.isGood && person.isKnown === undefined);
    if (!asked.length) return;
    for (const person of asked) person.isKnown = true;
    const query = asked.map((person) => `check=${encodeURIComponent(person.address)}`).join("&");
    const reply = await fetch(`${this.url}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    const unknown = new Set(reply?.ok ? (await reply.json()).unknown || [] : []);
    for (const person of asked) person.isKnown = !unknown.has(person.address);
    if (unknown.size) this.draw();
  }

  remove(at) {
    this.people.splice(at, 1);
    this.draw();
    this.input.focus();
    this.changed();
  }

  avatar(person) {
    const disc = document.createElement("span");
    disc.className = `avatar avatar-s tint-${tintOf(person.address)}`;
    disc.setAttribute("aria-hidden", "true");
    disc.textContent = initials(person);
    return disc;
  }

  draw() {
    for (const old of $$(".pill", this.box)) old.remove();
    this.people.forEach((person, at) => {
      const pill = document.createElement("span");
      const isLost = person.isKnown === false;
      pill.className = person.isGood && !isLost ? "pill" : "pill pill-bad";
      pill.title = person.address;
      const label = document.createElement("span");
      label.dir = "auto";
      label.className = "cut";
      label.textContent = !person.isGood ? `${person.text}: ${this.words.bad}` : isLost ? `${person.address}: ${this.words.unknown}` : person.name || person.address;
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", this.words.remove.replace("{n}", person.name || person.address));
      button.textContent = "×";
      button.addEventListener("click", () => this.remove(at));
      pill.append(...(person.isGood ? [this.avatar(person)] : []), label, button);
      this.input.before(pill);
    });
    this.store.value = this.people.map((person) => person.text).join(", ");
  }
}
