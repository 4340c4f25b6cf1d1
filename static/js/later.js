// Starts what need.js fetches, and gives it the way into writing.
import { openPanel, startCompose } from "./compose.js";
import { startRich } from "./rich.js";
import { startRules } from "./rules.js";
import { startPdf } from "./pdf.js";

startCompose();
startRich();
startRules();
startPdf();

export { openPanel };
