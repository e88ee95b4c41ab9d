// On a wide screen an incident opens beside the list, without leaving the place in it.

const wide = matchMedia("(min-width: 1280px)");

export async function openBeside(link) {
  const pane = document.getElementById("detail");
  if (!pane || !wide.matches) {
    location.assign(link.href);
    return;
  }
  try {
    const answer = await fetch(link.href, { headers: { "Vedette-Part": "detail" } });
    if (answer.redirected || !answer.headers.get("Content-Type")?.startsWith("text/html")) {
      location.assign(link.href);
      return;
    }
    // The server escapes what comes from outside, and the policy of the page runs no script in it.
    pane.innerHTML = await answer.text();
  } catch {
    location.assign(link.href);
    return;
  }
  pane.scrollTop = 0;
  for (const row of document.querySelectorAll(".qrow")) {
    const here = row.contains(link);
    row.classList.toggle("here", here);
    if (here) link.setAttribute("aria-current", "true");
    else row.querySelector(".qlink").removeAttribute("aria-current");
  }
  history.replaceState(null, "", link.href);
  document.title = `${pane.querySelector(".in-title")?.textContent ?? "Queue"} · Vedette`;
}

export function pane() {
  document.querySelector(".rows")?.addEventListener("click", (event) => {
    const link = event.target.closest("a.qlink");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    openBeside(link);
  });
}
