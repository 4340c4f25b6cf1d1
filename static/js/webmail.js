// Starts what the webmail's pages need.
import { $, on, post } from "./dom.js";
import { startToasts } from "./toast.js";
import { startTheme } from "./theme.js";
import { startMenus, startTabs } from "./menu.js";
import { startForms } from "./forms.js";
import { startNeed } from "./need.js";
import { startCopy } from "./copy.js";
import { startFrames } from "./frame.js";
import { startAhead } from "./ahead.js";
import { startList } from "./list.js";
import { startScroll } from "./scroll.js";
import { startHover } from "./hover.js";
import { startKeyboard } from "./keyboard.js";
import { startPalette } from "./palette.js";
import { startFinding } from "./finding.js";
import { startPanes } from "./panes.js";
import { startDevice } from "./device.js";
import { startLive } from "./live.js";

startToasts();
startTheme();
startMenus();
startTabs();
startForms();
startNeed();
startCopy();
startFrames();
startAhead();
startList();
startScroll();
startHover();
startKeyboard();
startFinding();
startPanes();
startPalette();
startLive();
startDevice();

on("click", "[data-print-now]", () => window.print());
on("submit", "[data-shortcuts-form]", (event, form) => {
  if (!event.submitter) return;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  document.body.dataset.shortcuts = event.submitter.value ? "on" : "off";
  post(form.action, data).then(() => $("#shortcuts").close(), () => form.submit());
});
