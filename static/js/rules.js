// The rule editor: the field for a header's name stands only where it is asked for. Without script it stands in saved rows that need it.
import { $, on } from "./dom.js";

const ASKS_NAME = ["header", "set_header", "reply"];

export function startRules() {
  on("change", ".rule-row select", (_event, select) => {
    const name = $(".rule-header", select.closest(".rule-row"));
    if (!/_(field|kind)$/.test(select.name) || !name) return;
    if (ASKS_NAME.includes(select.value)) delete name.dataset.for;
    else name.dataset.for = "other";
  });
}
