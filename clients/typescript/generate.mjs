// Owns the generation of src/generated from openapi.json, which `jobmeter openapi` writes (make typescript).
import { readFileSync } from "node:fs";
import { createClient } from "@hey-api/openapi-ts";

// The session sends these headers with every request, in protocol 2.0.0.
const OF_THE_SESSION = new Set(["LinkedIn-Version", "X-RestLi-Protocol-Version"]);

const document = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8"));
for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
  operation.parameters = operation.parameters.filter((parameter) => !OF_THE_SESSION.has(parameter.name));
}

await createClient({
  input: document,
  output: { path: "src/generated", module: { extension: ".js" } },
  logs: { level: "silent" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true },
    "@hey-api/typescript",
    { name: "@hey-api/sdk", client: false, responseStyle: "data", operations: { strategy: "single", containerName: "Api" } },
  ],
});
