// What is typed in a form that is stored with its button stays on this computer until it is stored: an ended session,
// a lost connection or a closed tab loses nothing. It is offered again, to the same person in the same school.

const PREFIX = "livret-draft:";

const attempt = (work) => { try { return work(); } catch { return null; } };

/** `read()` gives what is typed, `write(value)` puts it back. Returns what to call after each change. */
export function keepDraft(form, read, write) {
  const address = new URL(form.action);
  const place = [form.dataset.user, form.elements.drawn_for?.value, address.pathname + address.search].join(":");
  const key = PREFIX + place;
  const began = JSON.stringify(read());
  const offer = form.querySelector("[data-draft]");
  if (!offer) return () => {};
  const found = attempt(() => JSON.parse(localStorage.getItem(key)));
  if (found && JSON.stringify(found.value) !== began) {
    offer.hidden = false;
    offer.querySelector("[data-take]").addEventListener("click", () => { offer.hidden = true; write(found.value); });
    offer.querySelector("[data-drop]").addEventListener("click", () => {
      offer.hidden = true;
      attempt(() => localStorage.removeItem(key));
    });
  }
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) attempt(() => sessionStorage.setItem(PREFIX, key));
  });
  return () => attempt(() => localStorage.setItem(key, JSON.stringify({ value: read() })));
}

/** On the page that says what was stored, the draft that was sent is no longer needed. */
export function forgetStored() {
  const key = attempt(() => sessionStorage.getItem(PREFIX));
  if (key && document.querySelector(".notice-success")) attempt(() => localStorage.removeItem(key));
  attempt(() => sessionStorage.removeItem(PREFIX));
}
