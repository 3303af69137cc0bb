/* Asks the server that the page comes from, and nobody else. */

/** The server has answered, and says no: `status` 409 where things have changed, 422 where a file cannot be edited. */
export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.problem ?? "");
    this.status = status;
    this.answer = answer;
  }
}

/** Nobody answers, or somebody who does not know this page. */
export class NoAnswer extends Error {}

const LONGEST_WAIT = 30_000;

const ask = async (path, body) => {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  let answer;
  try {
    response = await fetch(`api/${path}`, { cache: "no-store", signal: AbortSignal.timeout(LONGEST_WAIT), ...sent });
    answer = await response.json();
  } catch (error) {
    throw new NoAnswer("no answer", { cause: error });
  }
  if (response.ok) return answer;
  if (typeof answer?.problem === "string" && ![403, 404].includes(response.status)) {
    throw new Refusal(response.status, answer);
  }
  throw new NoAnswer(`status ${response.status}`);
};

/** The details of an item, for what is chosen: `{keep: …}`, `{tags: […]}` or nothing. */
export const fetchItem = (id, chosen = {}) => {
  const pairs = Object.entries(chosen).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  const query = String(new URLSearchParams(pairs));
  return ask(`item/${encodeURIComponent(id)}${query && `?${query}`}`);
};
export const fetchQueue = () => ask("queue");
export const fetchChanges = (revision) => ask(`changes?since=${revision}`);
export const decide = (decision) => ask("decide", decision);
export const undo = () => ask("undo", {});
export const close = () => ask("close", {});
