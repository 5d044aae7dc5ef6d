/* What is asked of /v1/search, and how an address says it. */
import { get } from "./api.js";

export const facets = ["kind", "country", "theme", "language", "label", "state", "provider", "participant"];
export const sorts = ["best", "newest", "oldest", "name"];
const PAGE = 20;

/* { text, chosen: Map of facet -> [value], sort } */
export function fromAddress(search) {
  const query = new URLSearchParams(search);
  const sort = query.get("sort");
  return {
    text: query.get("q") ?? "",
    chosen: new Map(facets.map((name) => [name, query.getAll(name)]).filter(([, values]) => values.length)),
    sort: sorts.includes(sort) ? sort : "",
  };
}

function fields({ text, chosen, sort }) {
  const list = text.trim() ? [["q", text.trim()]] : [];
  for (const [name, values] of chosen) for (const value of values) list.push([name, value]);
  if (sort) list.push(["sort", sort]);
  return list;
}

export function toAddress(asked) {
  const query = new URLSearchParams(fields(asked)).toString();
  return query ? `/search?${query}` : "/";
}

export const isEmpty = ({ text, chosen }) => text.trim() === "" && chosen.size === 0;

/* The word that is being typed may go on: it also stands for those that begin so. */
function asTyped(text) {
  const last = /(?:^|\s)([\p{L}\p{N}]{2,})$/u.exec(text);
  const quotes = text.split('"').length - 1;
  return last && quotes % 2 === 0 && !["OR", "AND", "NOT"].includes(last[1]) ? `${text} OR ${last[1]}*` : text;
}

export function ask(asked, { cursor, signal } = {}) {
  const query = fields({ ...asked, text: asTyped(asked.text) });
  if (isEmpty(asked) && !asked.sort) query.push(["sort", "newest"]);
  query.push(["limit", String(PAGE)]);
  if (cursor) query.push(["cursor", cursor]);
  else query.push(["facets", facets.join(",")]);
  return get("/v1/search", { query, signal });
}
