// Starts what the admin's, the wizard's and the sign-in pages need.
import { startToasts } from "./toast.js";
import { startTheme } from "./theme.js";
import { startMenus, startTabs } from "./menu.js";
import { startForms } from "./forms.js";
import { startCopy } from "./copy.js";
import { startTables } from "./tables.js";
import { startRich } from "./rich.js";
import { startRules } from "./rules.js";

startToasts();
startTheme();
startMenus();
startTabs();
startForms();
startCopy();
startTables();
startRich();
startRules();
