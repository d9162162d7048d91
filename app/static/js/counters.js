// Live counters of a form that is stored with its button, and a word before what was typed is left behind.

import { forgetStored, keepDraft } from "./draft.js";

const forms = document.querySelectorAll("form[data-counted]");
if (!forms.length) forgetStored();

forms.forEach((form) => {
  let dirty = false;
  const count = (area) => {
    const counter = form.querySelector(`#${CSS.escape(area.id)}-count`);
    if (!counter) return;
    const length = [...area.value.replace(/\r\n?/g, "\n").trim().normalize("NFC")].length;
    const limit = Number(counter.dataset.counter);
    counter.textContent = `${length} / ${limit}`;
    counter.classList.toggle("over", length > limit);
    area.setAttribute("aria-invalid", String(length > limit));
  };
  const areas = [...form.querySelectorAll("textarea")];
  areas.forEach(count);
  const keep = keepDraft(form, () => areas.map((area) => area.value), (values) => {
    areas.forEach((area, index) => { area.value = values[index] ?? ""; count(area); });
    dirty = true;
  });
  form.addEventListener("input", (event) => {
    count(event.target);
    dirty = true;
    keep();
    const status = form.querySelector("[data-status]");
    if (status) status.textContent = form.dataset.unsaved;
  });
  form.addEventListener("submit", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
});
