// One's own sentences, put where the cursor is in a comment; [prénom] becomes the pupil's first name.

const dialog = document.getElementById("phrases");
const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
let area = null;
let name = "";

function insert(text) {
  const words = text.replaceAll(/\[pr[ée]nom\]/gi, name);
  const start = area.selectionStart ?? area.value.length;
  const before = area.value.slice(0, start);
  const after = area.value.slice(area.selectionEnd ?? start);
  const glue = before && !/\s$/.test(before) ? " " : "";
  const tail = after && !/^\s/.test(after) ? " " : "";
  area.value = before + glue + words + tail + after;
  const at = (before + glue + words).length;
  area.focus();
  area.setSelectionRange(at, at);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function open(field, first) {
  area = field;
  name = first;
  const search = dialog.querySelector("#phrase-search");
  if (search) search.value = "";
  dialog.querySelectorAll("li").forEach((item) => { item.hidden = false; });
  dialog.showModal();
}

if (dialog) {
  const names = JSON.parse(dialog.dataset.names);
  Object.entries(names).forEach(([cell, first]) => {
    const field = document.querySelector(`textarea[name="${CSS.escape(cell)}"]`);
    if (!field || field.readOnly) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn-phrases";
    button.textContent = dialog.dataset.label;
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-label", `${dialog.dataset.label} : ${first}`);
    button.addEventListener("click", () => open(field, first));
    const counter = field.closest("[data-cell]")?.querySelector(".counter");
    if (counter) counter.before(button); else field.after(button);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    const chosen = event.target.closest("[data-phrase]");
    if (chosen) {
      dialog.close();
      insert(chosen.textContent);
    }
  });
  dialog.querySelector("#phrase-search")?.addEventListener("input", (event) => {
    const wanted = folded(event.target.value.trim());
    dialog.querySelectorAll("li").forEach((item) => { item.hidden = !folded(item.textContent).includes(wanted); });
  });
}
