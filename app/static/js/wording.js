// The words of a letter: a live preview that the server draws, the counter, facts inserted where the cursor is, and the
// line that is wrong shown in the text.

const form = document.querySelector("form[data-wording]");
const area = form.elements.source;
const preview = document.getElementById("preview");
const counter = form.querySelector("[data-counter]");
let waiting = 0;
let running = null;

const count = () => {
  const length = [...area.value.replace(/\r\n?/g, "\n")].length;
  counter.textContent = String(length);
  counter.classList.toggle("over", length > Number(counter.dataset.counter));
};

/** Select a line of the text, and bring it into sight. */
function showLine(number) {
  if (!number) return;
  const lines = area.value.split("\n");
  const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  area.focus({ preventScroll: true });
  area.setSelectionRange(start, start + (lines[number - 1] || "").length);
  area.scrollTop = Math.max(0, (number - 6) * (area.scrollHeight / lines.length));
}

async function draw() {
  running?.abort();
  running = new AbortController();
  preview.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.wording, {
      method: "POST", body: new FormData(form), signal: running.signal,
    });
    if (answer.ok && !answer.redirected) preview.innerHTML = await answer.text(); // drawn and cleaned there
    ready();
    preview.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") preview.removeAttribute("aria-busy"); // it waits for the connection
  }
}

/** What the server drew: its button that leads to the wrong line works with this script only. */
function ready() {
  area.setAttribute("aria-invalid", String(Boolean(preview.querySelector("[data-problem]"))));
  preview.querySelectorAll("[data-go]").forEach((button) => { button.hidden = false; });
}

preview.addEventListener("click", (event) => {
  const button = event.target.closest("[data-go]");
  if (button) showLine(Number(button.dataset.go));
});

area.addEventListener("input", () => {
  count();
  clearTimeout(waiting);
  waiting = setTimeout(draw, 900);
});
form.elements.sample.addEventListener("change", draw);

document.querySelectorAll("[data-insert]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    area.setRangeText(button.dataset.insert, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
});

count();
ready();
showLine(Number(area.dataset.line));
