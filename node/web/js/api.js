/* What the node says, through /v1. */

export class Problem extends Error {
  /* status 0: the node could not be reached */
  constructor(status, code, detail) {
    super(detail || code);
    Object.assign(this, { status, code, detail });
  }
}

async function problemOf(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch { /* something between here and the node answered */ }
  return new Problem(answer.status, said.code ?? "", said.detail ?? "");
}

async function ask(path, { query, signal, accept } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of query ?? []) url.searchParams.append(name, value);
  let answer;
  try {
    answer = await fetch(url, { signal, headers: { Accept: accept ?? "application/json" } });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0, "UNREACHABLE", "");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function whole(answer, how) {
  try {
    return await answer[how]();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0, "UNREACHABLE", "");
  }
}

export const get = async (path, options) => whole(await ask(path, options), "json");
export async function getBytes(path, options) {
  const answer = await ask(path, { accept: "*/*", ...options });
  return { bytes: new Uint8Array(await whole(answer, "arrayBuffer")), type: answer.headers.get("Content-Type") ?? "" };
}

/* All pages of a list, up to `most` items: { items, more }. */
export async function all(path, name, { signal, most = 5000 } = {}) {
  const items = [];
  let after;
  do {
    const page = await get(path, { signal, query: [["limit", "1000"], ...(after ? [["after", after]] : [])] });
    items.push(...page[name]);
    after = page.next;
  } while (after && items.length < most);
  return { items, more: Boolean(after) };
}

/* Names are asked for once in a while, not for each line. */
let names = { at: 0, promise: undefined };
export function participantNames() {
  if (!names.promise || Date.now() - names.at > 30000) {
    const promise = all("/v1/participants", "participants").then(({ items }) => new Map(items.map((it) => [it.participant, it])));
    promise.catch(() => { names = { at: 0, promise: undefined }; });
    names = { at: Date.now(), promise };
  }
  return names.promise;
}

export const entryPath = (participant, keyHash) => `/v1/participants/${participant}/entries/${keyHash}`;
export const entryLink = (participant, keyHash) => `/entry/${participant}/${keyHash}`;
