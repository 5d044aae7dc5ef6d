/* Tables that are cards on a narrow screen. */
import { h } from "./dom.js";

/* columns: [{ title, show(row), number }], the first names its row. */
export function table(caption, columns, rows) {
  const cells = (row) => columns.map(({ title, show, number }, i) =>
    h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : undefined, class: number ? "number" : undefined, "data-label": i > 0 ? title : undefined }, h("span", {}, show(row))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: "cards" }, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map(({ title, number }) => h("th", { scope: "col", class: number ? "number" : undefined }, title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, cells(row))))));
}
