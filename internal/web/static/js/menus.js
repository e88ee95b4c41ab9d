// Menus close when one looks elsewhere; copy buttons copy; dialogs open.

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

async function copy(button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The browser does not let pages copy here";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

export function menus() {
  document.addEventListener("click", (event) => {
    closeMenus(event.target);
    const button = event.target.closest("button");
    if (button?.dataset.copy !== undefined) copy(button);
    if (button?.dataset.open) {
      closeMenus(null);
      openDialog(button.dataset.open);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
