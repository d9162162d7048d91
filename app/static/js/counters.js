// Live counters of a form that is stored with its button, and a word before what was typed is left behind.

document.querySelectorAll("form[data-counted]").forEach((form) => {
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
  form.querySelectorAll("textarea").forEach(count);
  form.addEventListener("input", (event) => {
    count(event.target);
    dirty = true;
    const status = form.querySelector("[data-status]");
    if (status) status.textContent = form.dataset.unsaved;
  });
  form.addEventListener("submit", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
});
