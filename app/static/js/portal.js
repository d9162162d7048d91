// Comforts of the portal's forms; every page works without this file.

const ALPHABET = /[^0-9A-Z]/g;
const SIZES = [4, 3, 3, 3];
const LENGTH = 13;

/** What was typed or pasted, as a compact code. */
const compact = (text) => text.normalize("NFKC").toUpperCase().replace(ALPHABET, "");

/** A whole code among other words, « Code : 0MQU - XR4 - 3E7 - KNC », or in the address of a letter. */
const WITHIN = /(?<![0-9A-Z])([0-9A-Z]{4})([^0-9A-Z]*)([0-9A-Z]{3})\2([0-9A-Z]{3})\2([0-9A-Z]{3})(?![0-9A-Z])/;
function codeIn(text) {
  const found = text.normalize("NFKC").toUpperCase().match(WITHIN);
  return found ? found[1] + found[3] + found[4] + found[5] : compact(text);
}

/** Spread characters over the boxes from one of them on; returns the box where typing goes on. */
function spread(boxes, from, characters) {
  let at = characters.length >= LENGTH ? 0 : from;
  let rest = characters;
  let last = boxes[at];
  while (rest && at < boxes.length) {
    last = boxes[at];
    last.value = rest.slice(0, SIZES[at]);
    rest = rest.slice(SIZES[at]);
    at += 1;
  }
  return last.value.length >= Number(last.dataset.size) && boxes[at] ? boxes[at] : last;
}

/** Four boxes behave as one: capitals, jump to the next when full, back when empty, paste of a whole code. */
function join(boxes) {
  boxes.forEach((box, at) => {
    box.addEventListener("input", (event) => {
      const plain = compact(box.value);
      if (plain.length > SIZES[at]) {
        spread(boxes, at, plain).focus();
      } else {
        if (plain !== box.value) box.value = plain;
        const typing = event.inputType !== "deleteContentBackward";
        if (typing && plain.length === SIZES[at] && boxes[at + 1] && document.activeElement === box) boxes[at + 1].focus();
      }
    });
    box.addEventListener("paste", (event) => {
      const text = codeIn(event.clipboardData.getData("text"));
      if (text.length <= SIZES[at]) return;
      event.preventDefault();
      spread(boxes, at, text).focus();
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !box.value && boxes[at - 1]) boxes[at - 1].focus();
    });
  });
}

const lines = () => [...document.querySelectorAll("[data-child]")];
const boxesOf = (line) => [...line.querySelectorAll(".box")];
lines().forEach((line) => join(boxesOf(line)));

/** « 18012014 » becomes « 18/01/2014 » as it is typed: number keyboards have no slash. */
document.querySelectorAll("[data-date]").forEach((field) => {
  field.addEventListener("input", (event) => {
    if (event.inputType?.startsWith("delete") || !/^\d[\d/]*$/.test(field.value)) return;
    const digits = field.value.replace(/\D/g, "").slice(0, 8);
    const parts = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4)].filter(Boolean);
    if (/^\d*$/.test(field.value) || digits.length > 2) field.value = parts.join("/");
  });
});

/** A letter's QR carries codes in the fragment, which no server sees: fill the boxes, then take it off the address. */
function codesOfFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  return (given.get("codes") || given.get("code") || "").split(",").map(compact).filter((code) => code.length === LENGTH);
}

function fill(codes) {
  const free = lines().filter((line) => boxesOf(line).every((box) => !box.value));
  codes.slice(0, free.length).forEach((code, at) => spread(boxesOf(free[at]), 0, code));
  if (codes.length <= free.length) return;
  sessionStorage.setItem("codes", codes.slice(free.length).join(","));
  document.querySelector("[data-add]")?.click();
}

/** Take the codes of the address, and those that had no line yet; again when another letter is scanned on this page. */
function takeCodes() {
  const waiting = (sessionStorage.getItem("codes") || "").split(",").filter(Boolean);
  sessionStorage.removeItem("codes");
  const codes = [...codesOfFragment(), ...waiting];
  if (location.hash.includes("code")) history.replaceState(null, "", location.pathname + location.search);
  if (codes.length) {
    fill(codes);
    lines()[0]?.querySelector('[name$="first_name"]')?.focus();
  }
}

if (document.querySelector("[data-sign-up]")) {
  takeCodes();
  addEventListener("hashchange", takeCodes);
}

/** The portal's own address may be read from the QR too: the way to the form keeps the fragment. */
document.querySelectorAll("[data-keep-fragment]").forEach((link) => {
  if (location.hash.includes("code")) location.replace(link.getAttribute("href") + location.hash);
});

/** A pass-phrase can be looked at. */
document.querySelectorAll("input[data-reveal]").forEach((field) => {
  const labels = document.body.dataset;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet reveal" });
  const show = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? labels.hide : labels.show;
    button.setAttribute("aria-pressed", String(visible));
  };
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => show(field.type === "password"));
  show(false);
  field.after(button);
  field.form.addEventListener("submit", () => show(false));
});

/** The keypad: each key adds its digit to the field, « Suppr » takes the last one off; how many are there is said. */
document.querySelectorAll("[data-keypad]").forEach((pad) => {
  const field = document.getElementById(pad.dataset.keypad);
  const said = pad.querySelector("[role=status]");
  pad.hidden = false;
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (!key) return;
    field.value = key.dataset.key ? field.value + key.dataset.key : field.value.slice(0, -1);
    said.textContent = `${pad.dataset.typed} ${field.value.length}`;
  });
});

document.getElementById("summary")?.scrollIntoView();
