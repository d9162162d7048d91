// What a link carries after « # » goes into the form and out of the address bar; no server log ever holds it.
document.querySelectorAll("[data-from-fragment]").forEach((field) => {
  const value = new URLSearchParams(location.hash.slice(1)).get(field.dataset.fromFragment);
  if (!value) return;
  field.querySelector("input").value = value;
  field.hidden = true;
  history.replaceState(null, "", location.pathname);
});
