// The fields of programme elements: what their buttons ask of the server is done here at once.

import { forgetStored, keepDraft } from "./draft.js";

const form = document.querySelector("form[data-elements]");
const limit = Number(form?.dataset.limit);
const list = form?.querySelector(".element-list");
const panel = form?.querySelector("[data-panel]");
const rows = () => [...list.querySelectorAll("[data-element]")];
const field = (row) => row.querySelector("textarea");
const plain = (text) => text.replace(/\r\n?/g, "\n").trim().normalize("NFC");
const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[’]/g, "'").toLowerCase();
let dirty = false;
let keep = () => {};

function count(row) {
  const length = [...plain(field(row).value)].length;
  const counter = row.querySelector("[data-counter]");
  counter.textContent = `${length} / ${limit}`;
  counter.classList.toggle("over", length > limit);
  field(row).setAttribute("aria-invalid", String(length > limit));
}

/** Labels and the numbers that the buttons carry follow the order. */
function number() {
  rows().forEach((row, index) => {
    const label = row.querySelector("label");
    label.textContent = label.textContent.replace(/\d+\s*$/, index + 1);
    label.htmlFor = field(row).id = `element-${index + 1}`;
    const counter = row.querySelector("[data-counter]");
    counter.id = `count-${index + 1}`;
    field(row).setAttribute("aria-describedby", counter.id);
    row.querySelectorAll("[name=act]").forEach((button) => {
      button.value = button.value.replace(/\d+$/, index);
    });
  });
}

function touched(text = "") {
  dirty = true;
  keep();
  form.querySelector("[data-status]").textContent = text || form.dataset.unsaved;
}

function add(text) {
  const empty = rows().find((row) => !field(row).value.trim());
  const row = empty ?? form.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
  if (!empty) list.append(row);
  field(row).value = text;
  number();
  count(row);
  touched();
  return row;
}

const acts = {
  add: () => {
    const row = form.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
    list.append(row);
    number();
    field(row).focus();
  },
  help: (button) => {
    panel.hidden = !panel.hidden;
    form.elements.helped.value = panel.hidden ? "0" : "1";
    button.setAttribute("aria-expanded", String(!panel.hidden));
    button.querySelector("span").textContent = panel.hidden ? button.dataset.show : button.dataset.hide;
  },
  draft: () => search(),
  delete: (_button, row) => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    number();
    touched();
    (next ? field(next) : form.querySelector("[data-add]")).focus();
  },
  up: (button, row) => {
    row.previousElementSibling?.before(row);
    number();
    touched();
    button.focus();
  },
  down: (button, row) => {
    row.nextElementSibling?.after(row);
    number();
    touched();
    button.focus();
  },
};

function search() {
  const wanted = folded(form.querySelector("[data-search]").value.trim());
  let found = 0;
  panel.querySelectorAll("[data-group]").forEach((group) => {
    let here = 0;
    group.querySelectorAll("[data-proposal]").forEach((item) => {
      item.hidden = !folded(item.querySelector("span").textContent).includes(wanted);
      here += item.hidden ? 0 : 1;
    });
    group.hidden = !here;
    found += here;
  });
  panel.querySelector("[data-none]").hidden = found > 0;
}

if (form) {
  form.addEventListener("input", (event) => {
    const row = event.target.closest("[data-element]");
    if (row) { count(row); touched(); }
    if (event.target.matches("[data-search]")) search();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-search]")) { event.preventDefault(); search(); }
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name === "insert") {
      event.preventDefault();
      const row = add(button.value);
      field(row).scrollIntoView({ block: "nearest" });
      return;
    }
    const [act] = (button?.name === "act" ? button.value : "save").split(":");
    if (acts[act]) {
      event.preventDefault();
      acts[act](button, button.closest("[data-element]"));
    } else {
      dirty = false;
    }
  });
  form.querySelector("[data-search-button]").hidden = true;
  keep = keepDraft(form, () => rows().map((row) => field(row).value), (values) => {
    rows().forEach((row) => row.remove());
    values.forEach((value) => {
      acts.add();
      const row = rows().at(-1);
      field(row).value = value;
      count(row);
    });
    touched();
  });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  if (form.querySelector("[data-search]").value) search();
  form.querySelector("[autofocus]")?.focus();
} else {
  forgetStored();
}
