// Check documents against the validators of @kubernetes-models: node validate.mjs DIR <DOCUMENTS.json >FINDINGS.json
//
// DOCUMENTS is a list of objects; FINDINGS a list as long, each a list of texts, empty where the document is right.
// The published validators pass over keys that they do not know. They read every key that they do know, though, so
// each object is wrapped: a key that was neither read nor enumerated is unknown. A kind without a validator is an error.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const PACKAGES = {
  "argoproj.io": "argo-rollouts",
  "external-secrets.io": "external-secrets",
  "monitoring.coreos.com": "prometheus-operator",
};
const directory = process.argv[2];

/** A view of `value` that notes in `seen` (pointer → set of keys) what was read. */
function watched(value, pointer, seen) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item, index) => watched(item, `${pointer}/${index}`, seen));
  const keys = new Set();
  seen.set(pointer, keys);
  const children = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, watched(item, `${pointer}/${key}`, seen)]),
  );
  return new Proxy(children, {
    get(target, key) {
      keys.add(key);
      return target[key];
    },
  });
}

/** Pointers of keys that nobody read. */
function unread(value, pointer, seen) {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unread(item, `${pointer}/${index}`, seen));
  return Object.entries(value).flatMap(([key, item]) =>
    seen.get(pointer).has(key) ? unread(item, `${pointer}/${key}`, seen) : [`${pointer}/${key}: unknown key`],
  );
}

async function check(document) {
  const [group, version] = String(document.apiVersion).split("/");
  const name = PACKAGES[group];
  const file = name && join(directory, "node_modules/@kubernetes-models", name, group, version, `${document.kind}.js`);
  if (!file || !existsSync(file)) return [`no validator for ${document.apiVersion} ${document.kind}`];
  const schema = readFileSync(file, "utf8").match(/"\.\.\/\.\.\/_schemas\/([A-Za-z0-9]+)\.js"/)[1];
  const path = join(directory, "node_modules/@kubernetes-models", name, "_schemas", `${schema}.js`);
  const { validate } = await import(pathToFileURL(path));
  const seen = new Map();
  if (!validate(watched(document, "", seen))) {
    return validate.errors.map((error) => `${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`);
  }
  return unread(document, "", seen);
}

const documents = JSON.parse(readFileSync(0, "utf8"));
const findings = [];
for (const document of documents) findings.push(await check(document));
process.stdout.write(JSON.stringify(findings));
