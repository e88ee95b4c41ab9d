// Single-key shortcuts. They rest in fields and dialogs, and can be switched off.
import { openDialog } from "./menus.js";

const off = () => localStorage.getItem("keys-off") === "1";

function links() { return [...document.querySelectorAll(".qlink, .flink")].filter((l) => l.checkVisibility()); }

function move(step) {
  const all = links();
  if (all.length === 0) return;
  const at = all.findIndex((l) => l === document.activeElement);
  const here = at >= 0 ? at + step : all.findIndex((l) => l.hasAttribute("aria-current")) + (at < 0 ? step : 0);
  const next = all[Math.max(0, Math.min(all.length - 1, here))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function select() {
  const row = document.activeElement?.closest(".qrow") ?? document.querySelector(".qrow.here");
  const box = row?.querySelector("input[type=checkbox]");
  if (!box) return;
  box.checked = !box.checked;
  document.querySelector(".bulk").open = document.querySelector(".pick input:checked") !== null;
}

// press acts like a click on the element that has the key, if there is one.
function press(key) {
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target || target.closest("[hidden]")) return false;
  const reason = target.form?.querySelector("[data-reason]");
  if ("needsReason" in target.dataset && reason && reason.value.trim() === "") {
    reason.placeholder = `${target.textContent.trim().slice(1).trim()}: say why, then press its button`;
    reason.required = true;
    reason.focus();
  } else {
    target.click();
  }
  return true;
}

let going = 0;

function handle(event) {
  if (event.key === "?") return openDialog("help"), true;
  if (going > Date.now()) {
    going = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) return link.click(), true;
  }
  switch (event.key) {
    case "j": return move(1), true;
    case "k": return move(-1), true;
    case "x": return select(), true;
    case "g": going = Date.now() + 1500; return true;
    case "/": {
      const field = document.querySelector("input[type=search]");
      return field?.focus(), field !== null;
    }
  }
  return press(event.key);
}

export function keys() {
  const box = document.getElementById("keys-off");
  if (box) {
    box.checked = off();
    box.addEventListener("change", () => localStorage.setItem("keys-off", box.checked ? "1" : "0"));
  }
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
    if (event.key === "Escape" && field?.matches("input, textarea")) return field.blur();
    if (field || off() || event.metaKey || event.ctrlKey || event.altKey) return;
    if (handle(event)) event.preventDefault();
  });
}
