// The welcome message: a live counter, the link tool, and a preview that the server draws as families will see it.

const form = document.querySelector("form[data-welcome]");
const area = form.elements.welcome;
const counter = document.getElementById("welcome-count");
const preview = document.getElementById("preview");
const tool = form.querySelector("[data-link]");
const address = document.getElementById("link");
const problem = form.querySelector("[data-link-problem]");
let waiting = 0;
let asked = 0;

const count = () => {
  const length = [...area.value.replace(/\r\n?/g, "\n").trim().normalize("NFC")].length;
  const limit = Number(counter.dataset.counter);
  counter.textContent = String(length);
  counter.classList.toggle("over", length > limit);
  area.setAttribute("aria-invalid", String(length > limit));
};

async function draw() {
  asked += 1;
  const mine = asked;
  try {
    const answer = await fetch(form.dataset.welcome, { method: "POST", body: new FormData(form) });
    if (answer.ok && !answer.redirected && mine === asked) preview.innerHTML = await answer.text(); // cleaned there
  } catch { /* the preview waits for the connection */ }
}

const say = (text) => {
  problem.textContent = text;
  problem.hidden = !text;
};

function makeLink() {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const words = value.slice(start, end).trim().replace(/[[\]\n]+/g, " ");
  let target = address.value.trim();
  if (target && !/^[a-z][a-z0-9+.-]*:/i.test(target)) target = `https://${target}`;
  if (!words) { say(problem.dataset.none); area.focus(); return; }
  if (!/^https?:\/\/[^\s/?#]+[^\s]*$/i.test(target)) { say(problem.dataset.wrong); address.focus(); return; }
  say("");
  target = target.replace(/\(/g, "%28").replace(/\)/g, "%29");
  area.setRangeText(`[${words}](${target})`, start, end, "end");
  address.value = "";
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

tool.hidden = false;
form.querySelector("[data-make-link]").addEventListener("click", makeLink);
address.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  makeLink();
});
area.addEventListener("input", () => {
  count();
  clearTimeout(waiting);
  waiting = setTimeout(draw, 400);
});
count();
