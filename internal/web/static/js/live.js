// Counts follow the server; new incidents wait behind a line until they are asked for,
// so that nothing moves under the cursor.

export function live() {
  const address = document.body.dataset.live;
  if (!address) return;
  const news = document.getElementById("news");
  const announce = document.getElementById("announce");
  const fresh = new Set();
  const stream = new EventSource(address);
  addEventListener("pagehide", () => stream.close());
  stream.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    for (const [level, count] of Object.entries(change.open ?? {})) {
      const at = document.querySelector(`[data-count="${CSS.escape(level)}"]`);
      if (at) at.textContent = count;
    }
    for (const id of change.incidents ?? []) fresh.add(id);
    const text = `${fresh.size} new`;
    news.querySelector("[data-news]").textContent = text;
    news.hidden = fresh.size === 0;
    announce.textContent = `${text} or changed incidents`;
  });
}
