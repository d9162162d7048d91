// Saves the cells of an entry page one by one, as they are typed. What waits is kept in localStorage for this school
// and this person until the server has it: a lost connection, an ended session or a closed tab loses nothing.

const form = document.querySelector("form[data-entry]");
const words = form ? JSON.parse(form.dataset.words) : {};
const PREFIX = form ? `livret-entry:${form.dataset.drawnFor}:${form.dataset.user}:` : "";
const PAUSE = 700; // ms after the last key
const RETRY = 4000;
const cells = new Map();
const memory = new Map(); // where localStorage is refused
let token = form?.querySelector("[name=csrf_token]")?.value;
let busy = false;
let again = false;
let trouble = ""; // "", offline, ended, stopped
let reason = "";
let retryTimer = 0;

const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
const plain = (text) => text.replace(/\r\n?/g, "\n").trim();

/* ---------- What waits ---------- */

function keep(name, entry) {
  try { localStorage.setItem(PREFIX + name, JSON.stringify(entry)); } catch { memory.set(name, entry); }
}

function forget(name) {
  memory.delete(name);
  try { localStorage.removeItem(PREFIX + name); } catch { /* it was in memory */ }
}

function kept() {
  const found = new Map(memory);
  try {
    for (let i = 0; i < localStorage.length; i += 1) {
      const key = localStorage.key(i);
      if (key.startsWith(PREFIX)) found.set(key.slice(PREFIX.length), JSON.parse(localStorage.getItem(key)));
    }
  } catch { /* only memory then */ }
  return found;
}

const waiting = () => [...kept()].filter(([, entry]) => entry.state === "waiting");

/* ---------- Cells of the page ---------- */

function controlsOf(box) {
  const hidden = box.querySelector('[name^="base:"]');
  const name = box.dataset.cell;
  return { hidden, inputs: [...box.querySelectorAll(`[name="${name}"]:not([type=hidden])`)] };
}

function valueOf(cell) {
  const [first] = cell.inputs;
  if (first.type === "radio") return cell.inputs.find((input) => input.checked)?.value ?? "";
  if (first.type === "checkbox") return first.checked ? "1" : "0";
  return first.value;
}

function write(cell, value) {
  const [first] = cell.inputs;
  if (first.type === "radio") cell.inputs.forEach((input) => { input.checked = input.value === value; });
  else if (first.type === "checkbox") first.checked = value === "1";
  else first.value = value;
  count(cell);
  cell.box.dispatchEvent(new CustomEvent("entry:written", { bubbles: true }));
}

function show(cell, state, text) {
  cell.told.className = `cell-state ${state}`;
  cell.told.textContent = text;
  cell.inputs.forEach((input) => {
    if (state === "refused" || state === "clash") input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  });
}

function count(cell) {
  if (!cell.counter) return;
  const length = [...plain(valueOf(cell)).normalize("NFC")].length;
  const limit = Number(cell.counter.dataset.counter);
  cell.counter.textContent = `${length} / ${limit}`;
  cell.counter.classList.toggle("over", length > limit);
}

function changed(cell, pause) {
  count(cell);
  const value = valueOf(cell);
  const before = kept().get(cell.name);
  const judged = before && ["refused", "clash"].includes(before.state);
  if (judged && before.value === value && before.base === cell.base) return; // leaving the field says nothing new
  if (plain(value) === plain(cell.base)) {
    forget(cell.name);
    show(cell, before ? "saved" : "", before ? say("saved") : "");
    tell();
    return;
  }
  keep(cell.name, { value, base: cell.base, label: cell.box.dataset.label, page: location.href, state: "waiting" });
  show(cell, trouble ? "offline" : "", say(trouble ? "offline" : "typing"));
  cell.box.querySelector(".conflict")?.remove();
  clearTimeout(cell.timer);
  cell.timer = setTimeout(flush, pause);
  tell();
}

/* ---------- Sending ---------- */

async function flush() {
  if (busy) { again = true; return; }
  const batch = waiting().slice(0, 500);
  if (!batch.length) { tell(); return; }
  busy = true;
  try {
    await send(batch, true);
  } finally {
    busy = false;
  }
  tell();
  if (again && !trouble) { again = false; flush(); }
}

async function ask(url, options) {
  const headers = { Accept: "application/json", "X-CSRFToken": token ?? "", "X-Drawn-For": form.dataset.drawnFor };
  const body = options?.body;
  if (body) headers["Content-Type"] = "application/json";
  return fetch(url, { credentials: "same-origin", cache: "no-store", headers, ...options });
}

async function send(batch, retry) {
  const list = batch.map(([cell, entry]) => ({ cell, value: entry.value, base: entry.base }));
  let answer;
  try {
    answer = await ask(form.dataset.save, {
      method: "POST", body: JSON.stringify({ user: Number(form.dataset.user), cells: list }),
    });
  } catch {
    return wait("offline");
  }
  if (answer.ok) {
    trouble = "";
    const sent = new Map(batch);
    (await answer.json()).outcomes.forEach((outcome) => settle(outcome, sent.get(outcome.cell)));
    return undefined;
  }
  if (answer.status === 400 && retry && (await renew())) return send(batch, false);
  if (answer.status === 401) return wait("ended");
  if (answer.status >= 500 || answer.status === 429 || answer.status === 400) return trouble || wait("offline");
  const told = await answer.json().catch(() => ({}));
  return wait("stopped", [told.error, told.hint].filter(Boolean).join(" "));
}

/** What was typed just before leaving goes out by itself; the answer is read by nobody, the next page sends it again. */
function lastWords() {
  const list = waiting().map(([cell, entry]) => ({ cell, value: entry.value, base: entry.base }));
  if (!list.length) return;
  const body = JSON.stringify({ user: Number(form.dataset.user), cells: list });
  ask(form.dataset.save, { method: "POST", keepalive: body.length < 60000, body }).catch(() => {});
}

/** A new token after a new sign-in in another tab, if the same person works in the same school. */
async function renew() {
  let answer;
  try { answer = await ask(form.dataset.token); } catch { wait("offline"); return false; }
  if (answer.status === 401) { wait("ended"); return false; }
  if (!answer.ok) return false;
  const now = await answer.json();
  token = now.token;
  document.querySelectorAll("[name=csrf_token]").forEach((field) => { field.value = token; });
  return true;
}

function wait(kind, why = "") {
  trouble = kind;
  reason = why;
  waiting().forEach(([name]) => {
    const cell = cells.get(name);
    if (cell) show(cell, "offline", say("offline"));
  });
  clearTimeout(retryTimer);
  if (kind !== "stopped") retryTimer = setTimeout(resume, RETRY);
  return undefined;
}

async function resume() {
  if (!trouble || !form) return;
  if (trouble === "ended" && !(await renew())) return;
  flush();
}

function settle(outcome, sent) {
  const cell = cells.get(outcome.cell);
  const now = kept().get(outcome.cell);
  if (outcome.state === "saved" || outcome.state === "unchanged") {
    if (cell) rebase(cell, outcome.value);
    if (!now || now.value === sent.value) {
      forget(outcome.cell);
      if (cell) show(cell, "saved", say("saved"));
    } else {
      keep(outcome.cell, { ...now, base: outcome.value });
      again = true;
    }
    return;
  }
  if (now && now.value !== sent.value) { again = true; return; } // typed on meanwhile: that is judged next
  keep(outcome.cell, { ...sent, state: outcome.state, theirs: outcome.value, message: outcome.message });
  if (!cell) { left(); return; }
  if (outcome.state === "refused") show(cell, "refused", say("refused", { why: outcome.message }));
  else clash(cell, sent.value, outcome);
}

function rebase(cell, value) {
  cell.base = value;
  cell.hidden.value = value;
}

/* ---------- Two versions ---------- */

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function clash(cell, mine, outcome) {
  show(cell, "clash", `${say("clash")} – ${outcome.message}`);
  cell.box.querySelector(".conflict")?.remove();
  const panel = element("div", "", "conflict");
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", say("clash"));
  const both = element("div", "", "versions");
  [["mine", mine], ["theirs", outcome.value]].forEach(([name, text]) => {
    const side = element("div");
    side.append(element("h4", say(name)), element("p", label(cell, text) || say("nothing"), "version"));
    both.append(side);
  });
  const row = element("div", "", "row");
  const act = (name, work) => {
    const button = element("button", say(name), "btn btn-secondary");
    button.type = "button";
    button.addEventListener("click", () => { panel.remove(); work(); });
    row.append(button);
  };
  act("keep_mine", () => { rebase(cell, outcome.value); write(cell, mine); changed(cell, 0); focus(cell); });
  act("take_theirs", () => { rebase(cell, outcome.value); write(cell, outcome.value); changed(cell, 0); focus(cell); });
  if (cell.inputs[0].tagName === "TEXTAREA") act("merge", () => merge(cell, mine, outcome.value));
  panel.append(both, row);
  cell.told.parentElement.after(panel);
}

function merge(cell, mine, theirs) {
  rebase(cell, theirs);
  write(cell, `${theirs}\n${mine}`);
  keep(cell.name, { value: valueOf(cell), base: theirs, label: cell.box.dataset.label, page: location.href, state: "merging" });
  show(cell, "", say("merging"));
  focus(cell);
}

const focus = (cell) => (cell.inputs.find((input) => input.checked) ?? cell.inputs[0]).focus();

/** A value as people read it: the words of the option, not its number. */
function label(cell, value) {
  const [first] = cell.inputs;
  if (first.tagName === "SELECT") return [...first.options].find((option) => option.value === value)?.text ?? value;
  const radio = cell.inputs.find((input) => input.type === "radio" && input.value === value);
  return radio ? radio.parentElement.textContent.trim() : value;
}

/* ---------- What is said ---------- */

function tell() {
  const bar = form.querySelector("[data-status]");
  const all = [...kept().values()];
  const n = all.filter((entry) => entry.state === "waiting").length;
  let text = n ? say("waiting", { n }) : "";
  if (!n && bar.textContent) text = all.length ? "" : say("all_saved");
  if (trouble === "offline" && n) text = say("kept", { n });
  if (trouble === "ended") text = say("ended", { n });
  if (trouble === "stopped") text = say("stopped", { why: reason });
  bar.classList.toggle("problem", Boolean(trouble));
  if (bar.dataset.text === text) return;
  bar.dataset.text = text;
  bar.textContent = text;
  if (trouble === "ended") {
    const link = element("a", say("sign_in"));
    link.href = form.dataset.login;
    link.target = "_blank";
    bar.append(" ", link);
  }
}

/** Texts of other pages that could not be stored: shown here, to copy, to go back to, or to forget. */
function left() {
  const box = form.querySelector("[data-left]");
  const list = box.querySelector("ul");
  const others = [...kept()].filter(([name, entry]) => !cells.has(name) && entry.state !== "waiting");
  list.replaceChildren(...others.map(([name, entry]) => {
    const item = element("li");
    item.append(element("strong", entry.label), ` : ${entry.message ?? ""} `, element("q", entry.value, "version"), " ");
    const link = element("a", say("open"));
    link.href = entry.page;
    const button = element("button", say("forget"), "btn btn-quiet");
    button.type = "button";
    button.addEventListener("click", () => { forget(name); left(); tell(); });
    item.append(link, " ", button);
    return item;
  }));
  box.hidden = !others.length;
}

/* ---------- Start ---------- */

function take(box) {
  const { hidden, inputs } = controlsOf(box);
  if (!hidden || !inputs.length) return;
  const cell = {
    name: box.dataset.cell, box, hidden, inputs, base: hidden.value, timer: 0,
    told: box.querySelector("[data-state]"), counter: box.querySelector("[data-counter]"),
  };
  cells.set(cell.name, cell);
  count(cell);
  const typed = (event) => {
    if (!inputs.includes(event.target)) return;
    const text = event.target.tagName === "TEXTAREA" || ["text", "number"].includes(event.target.type);
    changed(cell, event.type === "input" && text ? PAUSE : 0);
  };
  box.addEventListener("input", typed);
  box.addEventListener("change", typed);
}

/** What was kept for cells of this page is put back where it was typed, and all that waits is sent. */
function replay() {
  kept().forEach((entry, name) => {
    const cell = cells.get(name);
    if (cell) {
      write(cell, entry.value);
      show(cell, "", say("typing"));
    }
    keep(name, { ...entry, state: "waiting" });
  });
  left();
  flush();
}

if (form) {
  form.querySelectorAll("[data-cell]").forEach(take);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    form.querySelector("[data-status]").dataset.text = "";
    form.querySelector("[data-status]").textContent ||= " ";
    trouble = trouble === "stopped" ? "" : trouble;
    kept().forEach((entry, name) => {
      if (cells.has(name) && entry.state !== "clash") keep(name, { ...entry, state: "waiting" });
    });
    if (trouble) resume(); else flush();
  });
  form.addEventListener("entry:set", (event) => {
    const cell = cells.get(event.detail.cell);
    if (cell) { write(cell, event.detail.value); changed(cell, event.detail.pause ?? 50); }
  });
  addEventListener("online", resume);
  addEventListener("focus", resume);
  // Leaving: what waits is sent on the way out; without a connection the person is asked, although it is kept here.
  addEventListener("pagehide", () => { if (!trouble) lastWords(); });
  addEventListener("beforeunload", (event) => { if (trouble && waiting().length) event.preventDefault(); });
  replay();
}
