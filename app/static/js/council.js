// The class council with one key: Page Down and Page Up go from pupil to pupil once the text is saved.

const area = document.querySelector(".council-comment textarea");
const TIRED = 4000; // ms without an answer: what was typed waits on this computer and is sent from the next page

/** Where what became of the text is told; done when nothing waits. */
function saved(cell) {
  const told = cell.querySelector("[data-state]");
  return !told || !told.textContent || /\b(saved|unchanged|offline)\b/.test(told.className);
}

const stuck = (cell) => /\b(refused|clash)\b/.test(cell.querySelector("[data-state]")?.className ?? "");

async function leave(href) {
  const cell = area?.closest("[data-cell]");
  if (cell && !area.readOnly) {
    area.dispatchEvent(new Event("change", { bubbles: true }));
    const until = Date.now() + TIRED;
    while (!saved(cell) && !stuck(cell) && Date.now() < until) await new Promise((done) => { setTimeout(done, 40); });
    if (stuck(cell)) { area.focus(); return; }
  }
  location.assign(href);
}

document.querySelectorAll(".no-script").forEach((button) => { button.hidden = true; });

document.addEventListener("click", (event) => {
  const link = event.target.closest(".council a[rel], .council-class a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  leave(link.href);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const rel = { PageDown: "next", PageUp: "prev" }[event.key];
  if (rel) {
    event.preventDefault();
    const link = document.querySelector(`.council a[rel="${rel}"]`);
    if (link) leave(link.href);
    return;
  }
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && event.target === area) area.blur();
  if (event.key.toLowerCase() === "e" && !typing && area) {
    event.preventDefault();
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }
});

// Coming from the pupil before, one goes on writing.
if (area && !area.readOnly && sessionStorage.getItem("council-writing")) area.focus();
sessionStorage.removeItem("council-writing");
addEventListener("pagehide", () => { if (document.activeElement === area) sessionStorage.setItem("council-writing", "1"); });
document.querySelector(".council-class [aria-current]")?.scrollIntoView({ block: "nearest" });
