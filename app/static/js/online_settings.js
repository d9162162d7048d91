// A group of choices that belongs to some values of another: greyed for the others (the server judges in any case).

document.querySelectorAll("[data-enabled-by]").forEach((group) => {
  if (group.disabled) return;
  const values = group.dataset.values.split(" ");
  const radios = [...group.form.elements].filter((control) => control.name === group.dataset.enabledBy);
  const refresh = () => { group.disabled = !radios.some((radio) => radio.checked && values.includes(radio.value)); };
  radios.forEach((radio) => radio.addEventListener("change", refresh));
  refresh();
});
