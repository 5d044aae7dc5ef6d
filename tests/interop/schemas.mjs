// The published schemas, compiled: what an answer must be.
import fs from "node:fs";
import Ajv2019 from "ajv/dist/2019.js";
import Ajv from "ajv";
import formats from "ajv-formats";
import YAML from "yaml";

const here = new URL("./schema/", import.meta.url);
const read = (name) => fs.readFileSync(new URL(name, here), "utf8");

const dsp = new Ajv2019({ strict: false, allErrors: true });
formats(dsp);
for (const name of fs.readdirSync(here).filter((n) => n.endsWith("-schema.json") && !n.startsWith("edc-")))
    dsp.addSchema(JSON.parse(read(name)));
const prefix = "https://w3id.org/dspace/2025/1/";

export function dspCheck(kind, value) {
    const ids = {
        catalog: "catalog/catalog-schema.json",
        dataset: "catalog/dataset-schema.json",
        error: "catalog/catalog-error-schema.json",
        versions: "common/protocol-version-schema.json",
        request: "catalog/catalog-request-message-schema.json",
    };
    const validate = dsp.getSchema(prefix + ids[kind]);
    if (!validate(value))
        throw new Error(`${kind} breaks its schema: ${dsp.errorsText(validate.errors).slice(0, 600)}`);
    return value;
}

export const openapi = YAML.parse(read("xfsc-openapi.yaml"));
const xfsc = new Ajv({ strict: false, allErrors: true });
formats(xfsc);
xfsc.addSchema(openapi, "xfsc");

const escape = (text) => text.replaceAll("~", "~0").replaceAll("/", "~1");
function follow(pointer) {
    let at = openapi;
    for (const part of pointer.slice(2).split("/"))
        at = at[part.replaceAll("~1", "/").replaceAll("~0", "~")];
    return at.$ref ? { pointer: at.$ref, value: follow(at.$ref).value } : { pointer, value: at };
}

// An answer of a path under the status and media type that its document has for them.
export function xfscCheck(path, method, status, type, value) {
    const operation = openapi.paths[path]?.[method];
    if (!operation) throw new Error(`${method} ${path} is not in the document`);
    if (!operation.responses[status])
        throw new Error(`${method} ${path} has no ${status}: ${Object.keys(operation.responses)}`);
    const response = follow(`#/paths/${escape(path)}/${method}/responses/${status}`);
    const content = response.value.content;
    if (!content) return value;
    if (!content[type]) throw new Error(`${method} ${path} ${status} is no ${type}`);
    if (!content[type].schema) return value;
    const ref = `xfsc${response.pointer}/content/${escape(type)}/schema`;
    const validate = xfsc.getSchema(ref) ?? xfsc.compile({ $ref: ref });
    if (!validate(value))
        throw new Error(`${method} ${path} ${status}: ${xfsc.errorsText(validate.errors)}`);
    return value;
}
