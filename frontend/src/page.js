// Comfort for every page. Each page is complete without it.

import { copyButtons } from "./copying.js";
import { pictureButtons } from "./picture.js";
import { sortableTables } from "./sorting.js";
import { suggestions } from "./suggesting.js";
import { walkable } from "./walking.js";

copyButtons(document);
pictureButtons(document);
sortableTables(document);
suggestions(document);
walkable(document);
