// Questions to the daemon. Nothing else is ever asked.

// A list or the one thing that an answer consists of; `next` of a list names the rest of it.
export async function ask(path) {
  const answer = await fetch("/api/v1/" + path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error?.message ?? "status " + answer.status);
  const rest = /<\/api\/v1\/([^>]+)>/.exec(answer.headers.get("Link"));
  return rest ? Object.assign(body, { next: rest[1] }) : body;
}
