// Questions to the daemon. Nothing else is ever asked.

// The whole list of an answer in pages, or the one thing it consists of; `next` names the rest of a list.
export async function ask(path) {
  const answer = await fetch("/api/v1/" + path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ? body.error.message : "status " + answer.status);
  const rest = /<\/api\/v1\/([^>]+)>/.exec(answer.headers.get("Link") ?? "");
  return { body, next: rest ? rest[1] : null };
}
