// Reads a list of objects of the Prometheus operator from stdin, prints what is wrong with them.
//
// The schemas let unknown keys pass, and the API server drops them silently. So each object is
// wrapped: a key that its schema never asked for is not in the schema.
import { text } from "node:stream/consumers";

const known = {
  ServiceMonitor: await import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor"),
  PodMonitor: await import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor"),
  PrometheusRule: await import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule"),
};

function watched(value, path, unread) {
  if (value === null || typeof value !== "object") return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, watched(one, `${path}/${key}`, unread)]));
  if (Array.isArray(value)) return Object.values(inner);
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  return new Proxy(inner, {
    get(target, key) {
      if (typeof key === "string") unread.delete(`${path}/${key}`);
      return target[key];
    },
  });
}

for (const object of JSON.parse(await text(process.stdin))) {
  const Model = known[object.kind]?.[object.kind];
  const told = `${object.kind} ${object.metadata?.name}`;
  if (Model === undefined || object.apiVersion !== Model.apiVersion) {
    console.log(`${told}: no such kind in ${object.apiVersion}`);
    continue;
  }
  const unread = new Set();
  const { apiVersion, kind, metadata, ...rest } = object;
  const model = new Model({ metadata });
  for (const [key, value] of Object.entries(rest)) model[key] = watched(value, `/${key}`, unread);
  try {
    model.validate();
    for (const path of unread) console.log(`${told}: unknown key ${path}`);
  } catch (error) {
    console.log(`${told}: ${error.message}`);
  }
}
