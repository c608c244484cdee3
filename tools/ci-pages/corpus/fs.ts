// Golden files from the server, at once, as the corpus reads them in Node. Their names come with the page's address.

export function readFileSync(path: URL): string {
  const request = new XMLHttpRequest();
  request.open("GET", path, false);
  request.send();
  if (request.status !== 200) throw new Error(`${path} must be served, got status ${request.status}.`);
  return request.responseText;
}
export const readdirSync = (): string[] => new URLSearchParams(location.search).get("goldens")?.split(",") ?? [];
