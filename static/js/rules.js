// The rule editor: the field for a header's name stands only where it is asked for, and the value offers what fits. Without script it stands in saved rows that need it.
import { $, on } from "./dom.js";

const ASKS_NAME = ["header", "set_header", "reply"];
const CHOICES = { route: "rule-routes", program: "rule-programs" };

export function startRules() {
  on("change", ".rule-row select", (_event, select) => {
    const row = select.closest(".rule-row");
    const name = $(".rule-header", row);
    const value = $("input[list]", row);
    if (value && /_kind$/.test(select.name)) value.setAttribute("list", CHOICES[select.value] || "rule-mailboxes");
    if (!/_(field|kind)$/.test(select.name) || !name) return;
    if (ASKS_NAME.includes(select.value)) delete name.dataset.for;
    else name.dataset.for = "other";
  });
}
