// What pages can do beyond links and forms. Everything works without it.
import { effects } from "./effects.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { menus } from "./menus.js";
import { pane } from "./pane.js";
import { review } from "./review.js";

document.documentElement.classList.add("js");
menus();
pane();
review();
effects();
keys();
live();
