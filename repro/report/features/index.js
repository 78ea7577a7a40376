// Search, sort and pages over the list that stands in the page; the address keeps what was chosen.
const PAGE = 50;
const body = document.querySelector(".units tbody");
const heads = [...document.querySelectorAll(".units th")];
const finder = document.querySelector(".finder");
const search = finder.querySelector("input");
const claims = finder.querySelector("select");
const pager = document.querySelector(".pager");
const [previous, next] = pager.querySelectorAll("button");
const rows = [...body.rows].map(row => ({ row, text: row.textContent.toLowerCase() }));
const order = new Intl.Collator("en", { numeric: true });
const chosen = { words: "", claim: "", column: -1, down: false, page: 0 };

function compared(a, b) {
  const [left, right] = [a, b].map(({ row }) => row.cells[chosen.column]);
  if (left.dataset.value === undefined) return order.compare(left.textContent, right.textContent);
  const [x, y] = [left, right].map(cell => cell.dataset.value);
  if (!x || !y) return (x ? -1 : 0) + (y ? 1 : 0) || 0;
  return x - y;
}

function isEmpty({ row }) {
  return row.cells[chosen.column].dataset.value === "";
}

// Rows that have no number stand last, whichever way the others are sorted.
function sorted(found) {
  if (chosen.column < 0) return found;
  const [empty, full] = [found.filter(isEmpty), found.filter(one => !isEmpty(one))];
  full.sort((a, b) => (chosen.down ? -1 : 1) * compared(a, b));
  return [...full, ...empty];
}

function show() {
  const words = chosen.words.toLowerCase().split(/\s+/);
  const isRestedOn = ({ row }) => !chosen.claim || row.dataset.claims.split(" ").includes(chosen.claim);
  const isFound = ({ text }) => words.every(word => text.includes(word));
  const found = sorted(rows.filter(one => isRestedOn(one) && isFound(one)));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  chosen.page = Math.min(Math.max(0, chosen.page), pages - 1);
  const from = chosen.page * PAGE;
  body.replaceChildren(...found.slice(from, from + PAGE).map(({ row }) => row));
  finder.querySelector("[role=status]").textContent =
    found.length === rows.length ? "" : `${found.length} of ${rows.length}`;
  pager.querySelector("span").textContent = `page ${chosen.page + 1} of ${pages}`;
  pager.hidden = pages === 1;
  previous.disabled = chosen.page === 0;
  next.disabled = chosen.page === pages - 1;
  heads.forEach((head, at) => {
    if (at === chosen.column) head.ariaSort = chosen.down ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
  });
}

function remember() {
  const { words, claim, column, down, page } = chosen;
  const state = new URLSearchParams({ words, claim, column, down: Number(down), page });
  history.replaceState(null, "", `#${state}`);
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  chosen.words = search.value = state.get("words") ?? "";
  chosen.claim = [...(claims?.options ?? [])].some(one => one.value === state.get("claim")) ? state.get("claim") : "";
  if (claims) claims.value = chosen.claim;
  chosen.column = heads[state.get("column") ?? -1] ? Number(state.get("column")) : -1;
  chosen.down = state.get("down") === "1";
  chosen.page = Number(state.get("page")) || 0;
}

function choose(change) {
  Object.assign(chosen, { page: 0 }, change);
  show();
  remember();
}

function turn(step) {
  choose({ page: chosen.page + step });
  document.querySelector("main").scrollIntoView();
}

heads.forEach((head, column) => {
  if (head.className === "text") return;
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  const firstDown = head.className === "number";
  button.addEventListener("click", () => {
    choose({ column, down: chosen.column === column ? !chosen.down : firstDown });
  });
});
search.addEventListener("input", () => choose({ words: search.value }));
claims?.addEventListener("change", () => choose({ claim: claims.value }));
finder.addEventListener("submit", event => event.preventDefault());
previous.addEventListener("click", () => turn(-1));
next.addEventListener("click", () => turn(1));
finder.hidden = false;
recall();
show();
