"use strict";

const at = id => document.getElementById(id);
const buttons = [...document.querySelectorAll("[data-rating]")];
const undoes = [...document.querySelectorAll("[data-undo]")];
const dialogs = [at("help"), at("feedback")];
let shown = null; // what the server said last
let chosen = null; // the rating that is pressed
let told = null; // what the server said, to be shown once feedback was read
let waiting = null; // a request that is under way or failed, and is sent again as it is

async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// One request at a time. One that failed keeps its name, so that sent again it counts once.
async function send(path, body) {
  if (waiting && waiting.busy) return;
  waiting = waiting || { path, body };
  waiting.busy = true;
  try {
    const answer = await ask(waiting.path, waiting.body);
    waiting = null;
    show(answer);
  } catch (error) {
    waiting.busy = false;
    const why = error instanceof TypeError ? "no answer from repro rate" : error.message;
    at("error").textContent = `Not kept yet: ${why}. Enter tries again.`;
    at("error").hidden = false;
    at("answer").hidden = false;
    at("next").disabled = false;
  }
}

// In training the item stays until what was right of it is read.
function show(state) {
  if (state.feedback) {
    tell(state);
    return;
  }
  shown = state;
  at("error").hidden = true;
  at("item").hidden = at("answer").hidden = state.phase === "done";
  at("done").hidden = state.phase !== "done";
  const practice = state.phase === "training";
  const number = Math.min(state.done + 1, state.total);
  at("place").textContent = state.phase === "done" ? `${state.total} of ${state.total} rated`
    : `${practice ? "Practice, does not count: " : ""}${number} of ${state.total}`;
  at("progress").max = state.total;
  at("progress").value = state.done;
  for (const button of undoes) button.disabled = !state.undoes;
  if (state.item) fill(state.item);
  choose(state.said ? state.said.rating : null);
  at("name").value = state.said ? state.said.name : "";
  window.scrollTo(0, 0);
  leaveName();
}

function fill(item) {
  at("strongest").replaceChildren(...item.strongest.map(fragment));
  at("others").replaceChildren(...item.others.map(fragment));
  at("others-section").hidden = item.others.length === 0;
}

// Text enters as text alone, whatever it holds. The space before a word is not shaded.
function fragment(pieces) {
  const line = document.createElement("li");
  line.dir = "auto";
  for (const [text, level] of pieces) {
    const word = text.trimStart();
    if (line.hasChildNodes()) line.append(text.slice(0, text.length - word.length));
    if (level === 0 || !word) {
      line.append(word);
      continue;
    }
    const mark = document.createElement("mark");
    mark.dataset.level = level;
    mark.textContent = word;
    line.append(mark);
  }
  return line;
}

function choose(rating) {
  chosen = rating;
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.rating) === rating));
  }
  at("next").disabled = rating === null;
}

// A finger on a screen does not bring up the keyboard.
function press(rating, withFinger) {
  if (waiting) return;
  choose(rating);
  if (!withFinger) at("name").focus({ preventScroll: true });
}

function leaveName() {
  at("name").blur();
  if (!at("item").hidden) at("item").focus({ preventScroll: true });
}

function next() {
  if (waiting) send();
  else if (chosen !== null && shown.item) {
    const { submission, item } = shown;
    send("/rate", { submission, item: item.id, rating: chosen, name: at("name").value });
  }
}

function undo() {
  if (waiting || !shown || !shown.undoes) return;
  send("/undo", { submission: shown.submission, undoes: shown.undoes });
}

function tell({ feedback, ...state }) {
  at("feedback-title").textContent = feedback.right ? "Right" : "Not quite";
  at("feedback-title").className = feedback.right ? "right" : "wrong";
  at("feedback-text").textContent = feedback.answer;
  told = state;
  at("feedback").showModal();
}

function help() {
  at("help").showModal();
  at("help").scrollTop = 0;
}

function closed() {
  const state = told;
  told = null;
  if (state) show(state);
  else leaveName();
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialogs.some(one => one.open)) return;
  const typing = event.target === at("name");
  if (event.key === "Escape" && typing) leaveName();
  else if (typing) return;
  else if (/^[0-4]$/.test(event.key) && shown && shown.item) press(Number(event.key));
  else if (event.key === "?") help();
  else if ((event.key === "u" || event.key === "Backspace") && !event.repeat) undo();
  else if (event.key === "Enter" && event.target.tagName !== "BUTTON") next();
  else return;
  event.preventDefault();
});

for (const button of buttons) {
  button.addEventListener("click", () => {
    press(Number(button.dataset.rating), matchMedia("(pointer: coarse)").matches);
  });
}
for (const one of dialogs) {
  one.querySelector("[data-close]").addEventListener("click", () => {
    one.close();
    closed();
  });
  one.addEventListener("cancel", closed);
}
at("answer").addEventListener("submit", event => {
  event.preventDefault();
  next();
});
for (const button of undoes) button.addEventListener("click", undo);
at("help-button").addEventListener("click", help);
send("/state").then(() => {
  if (shown && shown.phase === "training" && !shown.undoes) help();
});
