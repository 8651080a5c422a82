// Comfort for every page. Each page is complete without it.

import { copyButtons } from "./copying.js";
import { sortableTables } from "./sorting.js";
import { suggestions } from "./suggesting.js";

copyButtons(document);
sortableTables(document);
suggestions(document);
// Loaded by the pages that have something for them to do.
if (document.querySelector("[data-png]")) import("./picture.js").then((it) => it.pictureButtons(document));
if (document.querySelector("[data-neighbourhood]")) import("./walking.js").then((it) => it.walkable(document));
