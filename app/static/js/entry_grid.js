// Grids of one class: moving by keyboard, one value for all, a column pasted from a spreadsheet, the class's average.

const form = document.querySelector("form[data-entry]");
const words = form ? JSON.parse(form.dataset.words) : {};
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
const set = (cell, value, pause) =>
  form.dispatchEvent(new CustomEvent("entry:set", { detail: { cell, value, pause } }));

/* ---------- Keyboard ---------- */

const rowsOf = (grid) => [...grid.tBodies[0].rows].filter((row) => !row.hasAttribute("data-off"));
const stops = (row) => [...row.querySelectorAll("input:not([type=hidden])")];

function go(grid, row, column, step) {
  const rows = rowsOf(grid);
  const next = rows[rows.indexOf(row) + step];
  const stop = next && stops(next)[column];
  if (!stop) return;
  stop.focus();
  if (stop.select) stop.select();
}

function press(event) {
  const input = event.target;
  const row = input.closest("tr[data-cell]");
  const grid = row?.closest("[data-grid]");
  if (!grid || input.type === "hidden" || event.ctrlKey || event.altKey || event.metaKey) return;
  const line = stops(row);
  const column = line.indexOf(input);
  const radio = input.type === "radio";
  const name = row.dataset.cell;
  const act = (work) => { event.preventDefault(); work(); };
  if (event.key === "ArrowDown" || event.key === "Enter") act(() => go(grid, row, column, 1));
  else if (event.key === "ArrowUp") act(() => go(grid, row, column, -1));
  else if (radio && event.key === "ArrowRight") act(() => line[column + 1]?.focus());
  else if (radio && event.key === "ArrowLeft") act(() => line[column - 1]?.focus());
  else if (radio && ["0", "Delete", "Backspace"].includes(event.key)) act(() => pick(row, name, ""));
  else if (radio) {
    const wanted = choice(line, event.key);
    if (wanted !== undefined) act(() => pick(row, name, wanted));
  }
}

/** 1 to 4 are the places of the columns; a letter is itself. */
function choice(line, key) {
  const values = line.map((input) => input.value).filter(Boolean);
  if (/^[1-9]$/.test(key)) return values[Number(key) - 1];
  return values.find((value) => value.toLowerCase() === key.toLowerCase());
}

function pick(row, name, value) {
  set(name, value);
  stops(row).find((input) => input.value === value)?.focus();
}

/* ---------- One value for all ---------- */

function fill(event) {
  event.preventDefault();
  const value = form.querySelector("[name=fill]").value.trim();
  if (!value) { form.querySelector("[name=fill]").focus(); return; }
  const onlyEmpty = form.querySelector("[name=only_empty]").checked;
  form.querySelectorAll("[data-grid]").forEach((grid) => rowsOf(grid).forEach((row) => {
    if (!onlyEmpty || !current(row)) set(row.dataset.cell, value);
  }));
}

/* ---------- A pasted column ---------- */

const dialog = document.querySelector("dialog[data-paste]");
let plan = [];

/** The places of the column, from the pupil where the paste began. */
function places(start) {
  const column = form.querySelector("[data-column]");
  const rows = column
    ? [...column.children].map((item) => item.querySelector(`[data-cell$="-${column.dataset.column}"]`))
    : [...form.querySelectorAll("[data-grid]")].flatMap(rowsOf);
  const open = rows.filter((box) => box && box.querySelector('[name^="base:"]'));
  return open.slice(Math.max(0, open.indexOf(start)));
}

const nameOf = (box) => (box.querySelector("[data-name]") ?? box.closest("li").querySelector("[data-name]")).firstChild.textContent.trim();
const inputsOf = (box) => [...box.querySelectorAll(`[name="${box.dataset.cell}"]:not([type=hidden])`)];

function current(box) {
  const inputs = inputsOf(box);
  return inputs[0].type === "radio" ? inputs.find((input) => input.checked)?.value ?? "" : inputs[0].value;
}

/** Spreadsheets part cells by tabs and quote those that hold a line end. */
function cellsOf(text) {
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    const row = rows.at(-1);
    if (quoted && c === '"' && text[i + 1] === '"') { row[row.length - 1] += '"'; i += 1; }
    else if (c === '"' && (quoted || row.at(-1) === "")) quoted = !quoted;
    else if (!quoted && c === "\t") row.push("");
    else if (!quoted && (c === "\n" || c === "\r")) { if (c === "\r" && text[i + 1] === "\n") i += 1; rows.push([""]); }
    else row[row.length - 1] += c;
  }
  if (rows.at(-1).every((cell) => !cell)) rows.pop();
  return rows;
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();

/** What a pasted word means in a cell: a number, a letter or the words of a column; undefined when nothing. */
function meaning(box, text) {
  const inputs = inputsOf(box);
  const typed = text.trim();
  if (inputs[0].type !== "radio") return typed;
  if (!typed) return "";
  const heads = [...box.closest("[data-grid]").querySelectorAll("thead .option")].map((head) => fold(head.textContent));
  const found = inputs.find((input, n) => input.value && (fold(input.value) === fold(typed) || heads[n] === fold(typed)));
  return found?.value;
}

function preview(text, start) {
  const open = places(start);
  const rows = cellsOf(text);
  const body = dialog.querySelector("tbody");
  plan = [];
  body.replaceChildren(...rows.map((cells, n) => {
    const box = open[n];
    const value = box && meaning(box, cells.at(-1));
    const row = document.createElement("tr");
    const named = box && cells.length > 1 && fold(cells[0]) && !fold(nameOf(box)).startsWith(fold(cells[0]).split(" ")[0]);
    const told = !box ? say("no_row") : named ? say("other_name", { name: cells[0] })
      : value === undefined ? `${cells.at(-1)} – ${say("not_understood")}` : value === current(box) ? say("same") : shown(box, value);
    const good = box && !named && value !== undefined;
    if (good && value !== current(box)) plan.push([box, value]);
    [box ? nameOf(box) : `${say("row")} ${n + 1}`, box ? shown(box, current(box)) : "", told].forEach((content, place) => {
      const cell = document.createElement(place ? "td" : "th");
      if (!place) cell.scope = "row";
      cell.textContent = content || say("nothing");
      if (place === 2) cell.className = !good ? "wrong" : value === current(box) ? "" : "changed";
      row.append(cell);
    });
    return row;
  }));
  dialog.querySelector(".table-wrap").hidden = !rows.length;
  dialog.querySelector("[data-changes]").textContent = rows.length ? say("changes", { n: plan.length }) : "";
  dialog.querySelector("[data-confirm-paste]").disabled = !plan.length;
}

function shown(box, value) {
  const radio = inputsOf(box).find((input) => input.type === "radio" && input.value === value);
  return radio ? radio.parentElement.textContent.split(" : ").at(-1).trim() : value;
}

function openPaste(text, start) {
  const area = dialog.querySelector("textarea");
  area.value = text;
  area.oninput = () => preview(area.value, start);
  preview(text, start);
  if (!dialog.open) dialog.showModal();
  if (text) dialog.querySelector("[data-confirm-paste]").focus();
}

/** A column pasted straight into the grid opens the preview; a single value is typed as usual. */
function pasted(event) {
  const row = event.target.closest?.("tr[data-cell]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!row || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  openPaste(text, row);
}

/* ---------- The class's average ---------- */

function average() {
  const output = document.querySelector("[data-average]");
  const marks = [...form.querySelectorAll("input[data-mark]")].map((input) => input.value.trim().replace(",", "."))
    .filter((text) => /^\d+(\.\d+)?$/.test(text)).map(Number);
  if (!output || !marks.length) return;
  const mean = marks.reduce((sum, mark) => sum + mark, 0) / marks.length;
  output.textContent = mean.toFixed(2).replace(/\.?0+$/, "").replace(".", ",");
}

if (form) {
  form.addEventListener("keydown", press);
  form.addEventListener("input", average);
  form.addEventListener("entry:written", average);
  form.querySelector("[data-fill-button]")?.addEventListener("click", fill);
  if (dialog) {
    document.addEventListener("paste", pasted);
    document.querySelectorAll("[data-paste-button]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => openPaste("", undefined));
    });
    dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
    dialog.querySelector("[data-confirm-paste]").addEventListener("click", () => {
      plan.forEach(([box, value]) => set(box.dataset.cell, value));
      dialog.close();
    });
  }
}
