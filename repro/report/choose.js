// The table of claims: narrowed by its lists, sorted by its heads. Without this the page is whole.
(() => {
  const table = document.querySelector("table.claims");
  const form = document.querySelector("form.choice");
  if (!table || !form) return;
  const rows = [...table.querySelectorAll("tbody tr")];
  const told = form.querySelector("output");

  const narrow = () => {
    const chosen = new FormData(form);
    const fits = (row) => [...chosen].every(
      ([name, value]) => !value || name === "source" && row.dataset.source === value
        || name !== "source" && (row.dataset[name] ?? "").split(" ").includes(value));
    rows.forEach((row) => { row.hidden = !fits(row); });
    const n = rows.filter((row) => !row.hidden).length;
    told.textContent = n === rows.length ? "" : `${n} of ${rows.length} claims`;
  };

  const worth = (row, column) => {
    const cell = row.cells[column];
    if (!cell || row.cells.length < table.tHead.rows[0].cells.length) return column === 0 ? row.cells[0].innerText : null;
    const number = parseFloat(cell.dataset.order ?? cell.innerText);
    return Number.isNaN(number) ? cell.innerText : number;
  };

  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  };

  const sort = (head, column) => {
    const falls = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const sorted = [...rows].sort((a, b) => compare(worth(a, column), worth(b, column)));
    if (falls) sorted.reverse();
    table.tBodies[0].append(...sorted);
  };

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
  form.addEventListener("change", narrow);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
})();
