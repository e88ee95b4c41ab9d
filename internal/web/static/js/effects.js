// While an answer is being written, what it would change is shown beside it.

const rest = 500; // ms without a key

export function effects() {
  const form = document.querySelector("form[data-effects]");
  const shown = document.getElementById("effects");
  if (!form || !shown) return;
  let timer = 0;
  let asked = 0;
  async function look() {
    const mine = ++asked;
    const said = new FormData(form);
    said.set("do", "look");
    try {
      const answer = await fetch(form.action, { method: "POST", body: said, headers: { "Vedette-Part": "effects" } });
      if (answer.redirected || mine !== asked || !answer.headers.get("Content-Type")?.startsWith("text/html")) return;
      const part = await answer.text();
      // The server escapes what comes from outside; a whole page here is an error, which saving will show.
      if (!part.startsWith("<!doctype")) shown.innerHTML = part;
    } catch {
      // The button still shows it.
    }
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, rest);
  });
}
