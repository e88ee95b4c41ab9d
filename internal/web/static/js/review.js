// Review of a report: decide with one key, and see in the document what is meant.

function current() { return document.activeElement?.closest(".finding"); }

function choose(item, value) {
  const box = item?.querySelector(`input[value="${value}"]`);
  if (!box) return false;
  box.checked = true;
  item.classList.remove("f-proposed", "f-accepted", "f-rejected");
  item.classList.add({ accept: "f-accepted", reject: "f-rejected", undo: "f-proposed" }[value]);
  return true;
}

function next(item) {
  const all = [...document.querySelectorAll(".finding .flink")].filter((l) => l.offsetParent !== null);
  const at = all.findIndex((l) => item.contains(l));
  (all[at + 1] ?? all[at])?.focus();
}

function show(seq) {
  document.querySelectorAll("mark.here").forEach((m) => m.classList.remove("here"));
  const marks = document.querySelectorAll(`mark[data-item="${CSS.escape(seq)}"]`);
  marks.forEach((m) => m.classList.add("here"));
  const first = document.getElementById(`at-${seq}`);
  const doc = first?.closest(".doc");
  if (doc) doc.scrollTop += first.getBoundingClientRect().top - doc.getBoundingClientRect().top - doc.clientHeight / 3;
}

export function review() {
  const form = document.querySelector("form.found");
  if (!form) return;
  form.addEventListener("focusin", (event) => {
    const item = event.target.closest(".finding");
    if (item) show(item.dataset.finding);
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio]")) choose(event.target.closest(".finding"), event.target.value);
  });
  document.querySelector(".doc")?.addEventListener("click", (event) => {
    const seq = event.target.closest("mark")?.dataset.item;
    const item = seq && document.querySelector(`.finding[data-finding="${CSS.escape(seq)}"]`);
    if (!item) return;
    const hidden = item.closest("details");
    if (hidden) hidden.open = true;
    item.scrollIntoView({ block: "center" });
    item.querySelector(".flink")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input:not([type=radio]), textarea, select") || event.metaKey || event.ctrlKey || event.altKey || localStorage.getItem("keys-off") === "1") return;
    const item = current();
    let done = false;
    if (event.key === "a" && item) { done = choose(item, "accept"); if (done) next(item); }
    if (event.key === "r" && item) { done = choose(item, "reject"); if (done) next(item); }
    if (event.key === "A") {
      const section = item?.closest("section");
      section?.querySelectorAll(".findings:not(details .findings) .finding.f-proposed").forEach((f) => { done = choose(f, "accept") || done; });
    }
    if (event.key === "s") { form.querySelector("[data-save]")?.click(); done = true; }
    if (done) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
}
