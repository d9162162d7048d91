// Small comforts; every page works without this file.

/** Menus: one open at a time, closed by Escape (focus goes back to the title) or a click elsewhere. */
function closeMenus(except) {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu) menu.querySelector("summary").focus();
  closeMenus();
});

/** A button with data-confirm asks in a dialog instead of on a page of its own. */
const dialog = document.getElementById("confirm");

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const form = event.target;
  const question = button?.dataset.confirm;
  if (!question || !dialog || form.dataset.confirmed) return;
  event.preventDefault();
  dialog.querySelector("[data-question]").textContent = question;
  const yes = dialog.querySelector("[data-yes]");
  yes.textContent = button.dataset.confirmLabel || button.textContent.trim();
  yes.className = `btn ${button.dataset.danger === undefined ? "" : "btn-danger-solid"}`;
  yes.onclick = () => {
    form.dataset.confirmed = "1";
    const mark = Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "1" });
    form.append(mark);
    dialog.close();
    form.requestSubmit(button);
  };
  dialog.showModal();
});

dialog?.querySelector("[data-no]").addEventListener("click", () => dialog.close());

/** « Tick all » of a list, and how many are ticked. */
document.querySelectorAll("form[data-bulk]").forEach((form) => {
  const all = form.querySelector("[data-tick-all]");
  const boxes = [...form.elements].filter((control) => control.matches('td input[type="checkbox"]:not(:disabled)'));
  const told = form.querySelector("[data-ticked]");
  const refresh = () => {
    const count = boxes.filter((box) => box.checked).length;
    if (told) told.textContent = told.dataset.ticked.replace("{n}", count);
    if (all) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  };
  if (all) {
    all.closest("[hidden]")?.removeAttribute("hidden");
    all.hidden = false;
    all.addEventListener("change", () => {
      boxes.forEach((box) => { box.checked = all.checked; });
      refresh();
    });
  }
  form.addEventListener("change", refresh);
  refresh();
});

/** Controls that act by themselves when they change (their button stays for those without scripts). */
document.querySelectorAll("[data-autosubmit]").forEach((control) => {
  control.addEventListener("change", () => control.form.requestSubmit());
  control.form.querySelectorAll("[data-autosubmit-button]").forEach((button) => { button.hidden = true; });
});

document.querySelectorAll("[data-dismiss]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => button.closest(".notice").remove());
});

/** A form that is being sent is not sent twice. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "get") return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "1";
  setTimeout(() => { delete event.target.dataset.sent; }, 4000);
});

document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

/** A tick that stands for several others (a level, the whole school) ticks them; without scripts the server does. */
document.querySelectorAll("input[data-ticks]").forEach((box) => {
  box.removeAttribute("name"); // what is ticked is then said by the others alone
  box.addEventListener("change", () => {
    box.form.querySelectorAll(`input[data-group~="${box.dataset.ticks}"]:not(:disabled)`)
      .forEach((other) => { other.checked = box.checked; });
  });
});

/** « / » leads to the search box of the frame, unless somebody is typing or turned it off (WCAG 2.1.4). */
const SHORTCUT = "livret-search-shortcut";
const quickSearch = document.querySelector("[data-quick-search]");

function shortcutOff() {
  try { return localStorage.getItem(SHORTCUT) === "off"; } catch { return false; }
}

if (quickSearch && !shortcutOff()) quickSearch.setAttribute("aria-keyshortcuts", "/");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || !quickSearch || shortcutOff()) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
  event.preventDefault();
  quickSearch.focus();
  quickSearch.select();
});

document.querySelectorAll("[data-shortcut]").forEach((box) => {
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.checked = !shortcutOff();
  box.addEventListener("change", () => {
    try { localStorage.setItem(SHORTCUT, box.checked ? "on" : "off"); } catch { /* nothing is kept: it stays on */ }
  });
});
