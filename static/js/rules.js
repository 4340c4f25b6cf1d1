// The rule editor: a row asks for what its choice needs: a header's name, a value with what fits, or several lines. Without script all fields stand there.
import { $, $$, on } from "./dom.js";

const ASKS_NAME = ["header", "set_header", "reply"];
const ASKS_NOTHING = ["any", "attachment", "spam", "flag", "mark_read", "delete", "keep", "stop"];
const ASKS_LINES = ["reply", "reject"];
const CHOICES = { route: "rule-routes", program: "rule-programs", label: "rule-labels" };

function fit(select) {
  const row = select.closest(".rule-row");
  const name = $(".rule-header", row);
  const old = $("[name$=_value]", row);
  if (ASKS_NAME.includes(select.value)) delete name.dataset.for;
  else name.dataset.for = "other";
  const lines = ASKS_LINES.includes(select.value);
  let value = old;
  if (lines !== (old.tagName === "TEXTAREA")) {
    value = document.createElement(lines ? "textarea" : "input");
    value.name = old.name;
    value.value = old.value;
    value.className = "input";
    value.setAttribute("aria-label", old.getAttribute("aria-label"));
    if (lines) Object.assign(value, { rows: 3, dir: "auto" });
    old.replaceWith(value);
  }
  const operator = $("[name$=_operator]", row);
  if (operator) {
    const allowed = select.selectedOptions[0].dataset.operators.split(" ");
    for (const one of operator.options) one.hidden = one.disabled = !allowed.includes(one.value);
    if (operator.selectedOptions[0]?.disabled ?? true) operator.value = allowed[0];
  }
  value.hidden = ASKS_NOTHING.includes(select.value);
  if (value.tagName === "INPUT") value.type = { date: "date", size: "number", attempts: "number" }[select.value] || "text";
  if (/_kind$/.test(select.name) && !lines) value.setAttribute("list", CHOICES[select.value] || "rule-mailboxes");
}

export function startRules() {
  for (const select of $$(".rule-row select[name$=_field], .rule-row select[name$=_kind]")) fit(select);
  on("change", ".rule-row select", (_event, select) => { if (/_(field|kind)$/.test(select.name)) fit(select); });
}
