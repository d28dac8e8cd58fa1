#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds to the tables in src/metaserver/schema/fields_*.cpp what a cluster knows and they do not.

  kubectl get --raw /openapi/v2 > cluster.json
  scripts/schema-table.py cluster.json...

Only the kinds of Kubernetes that src/kube/resource_kinds.cpp names and the types they use are taken; those of
KubeEdge are in the table by hand. Nothing is removed: the tables serve clusters of several versions. A field
whose type differs is printed and stays: choose a type that takes both, or `any`. One that is required in only
some of the documents is not required. New types and fields have no description: write it in your own words.
"""
import json
import re
import sys
from pathlib import Path

SCHEMA = Path(__file__).resolve().parents[1] / "src/metaserver/schema"
KINDS = Path(__file__).resolve().parents[1] / "src/kube/resource_kinds.cpp"
COMMON = {"apiVersion", "kind", "metadata"}
META = "io.k8s.apimachinery.pkg.apis."
API = "io.k8s.api."
PLAIN = {META + "meta.v1.Time": "time", META + "meta.v1.MicroTime": "microtime", META + "meta.v1.FieldsV1": "object",
         "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
         "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr",
         "io.k8s.apimachinery.pkg.runtime.RawExtension": "object"}
FORMATS = {"date-time": "time", "byte": "bytes", "int32": "int32", "int64": "int64", "double": "double"}


def served_kinds():
    """(group, version, kind) of each row of resource_kinds.cpp."""
    text = KINDS.read_text()
    groups = dict(re.findall(r'string_view (k\w+) = "([^"]+)"', text))
    rows = re.findall(r'\{"(\w+)", "\w+", "\w+", ("[^"]*"|k\w+), "(\w+)"', text)
    return {(groups.get(group, group.strip('"')), version, kind) for kind, group, version in rows}


class Table:
    """{package: {type: [is a kind, description, {field: [required, type, description]}]}} of one file."""

    def __init__(self, path):
        self.path, self.packages = path, {}
        for line in re.search(r'R"\(\n(.*?)\)"', path.read_text(), re.S)[1].splitlines():
            words, _, description = line.strip().partition(": ")
            first, _, second = words.partition(" ")
            if not line.startswith(" "):
                types = self.packages.setdefault(words, {})
            elif not line.startswith("  "):
                fields = types.setdefault(second, [first == "kind", description, {}])[2]
            else:
                fields[first.rstrip("!")] = [first.endswith("!"), second, description]

    def write(self):
        lines = []
        for package, types in sorted(self.packages.items()):
            lines.append(package)
            for name, (is_kind, description, fields) in sorted(types.items()):
                lines.append(f" {'kind' if is_kind else 'type'} {name}" + (f": {description}" if description else ""))
                lines += [f"  {field}{'!' if required else ''} {type_}" + (f": {text}" if text else "")
                          for field, (required, type_, text) in sorted(fields.items())]
        text = self.path.read_text()
        table = "\n".join(lines) + "\n"
        self.path.write_text(re.sub(r'R"\(\n.*?\)"', lambda _: f'R"(\n{table})"', text, flags=re.S))


class Document:
    """The types of one OpenAPI document, in the notation of the tables."""

    def __init__(self, definitions):
        self.definitions, self.found = definitions, {}

    def add(self, name):
        if name in self.found:
            return
        schema = self.definitions[name]
        is_kind = "x-kubernetes-group-version-kind" in schema and COMMON <= set(schema["properties"])
        fields = {}
        self.found[name] = (is_kind, fields)
        for field, inner in schema.get("properties", {}).items():
            if not (is_kind and field in COMMON):
                required = field in schema.get("required", ())
                fields[field] = (required, self.type_of(name.rpartition(".")[0], inner))

    def type_of(self, package, schema):
        strategy = schema.get("x-kubernetes-patch-strategy", "")
        if "$ref" in schema:
            mark = "&" if strategy == "retainKeys" else ""
            return mark + self.reference(package, schema["$ref"].rpartition("/")[2])
        kind = schema.get("type")
        if kind == "array":
            key = schema.get("x-kubernetes-patch-merge-key", "*") if "merge" in strategy else ""
            mark = "&" if "retainKeys" in strategy else ""
            return f"[{key}{mark}]" + self.type_of(package, schema["items"])
        if kind == "object" and "additionalProperties" in schema:
            return "{}" + self.type_of(package, schema["additionalProperties"])
        if kind == "object":
            return "object"
        plain = {"string": "string", "boolean": "bool", "number": "double", "integer": "int64"}
        return FORMATS.get(schema.get("format")) or plain.get(kind, "any")

    def reference(self, package, name):
        definition = self.definitions[name]
        if name in PLAIN:
            return PLAIN[name]
        if "properties" not in definition:
            return "object" if definition.get("type") == "object" else "any"
        self.add(name)
        own, _, type_ = name.rpartition(".")
        if own == package:
            return type_
        return name.removeprefix(META).removeprefix(API)


def file_of(package):
    if package in (API + "core.v1", META + "meta.v1"):
        return SCHEMA / "fields_core.cpp"
    return SCHEMA / "fields_groups.cpp"


def merge(table, package, name, is_kind, fields):
    types = table.packages.setdefault(package, {})
    is_new = name not in types
    known = types.setdefault(name, [is_kind, "", {}])[2]
    for field, (required, type_) in fields.items():
        if field not in known:
            known[field] = [required and is_new, type_, ""]
        elif known[field][1] not in (type_, "any"):
            print(f"{package}.{name}.{field} stays {known[field][1]}; in the document it is {type_}")
        known[field][0] &= required
    for field in set(known) - set(fields):
        known[field][0] = False


def main(documents):
    tables = {path: Table(path) for path in SCHEMA.glob("fields_*.cpp")}
    served = served_kinds()
    for path in documents:
        document = Document(json.loads(Path(path).read_text())["definitions"])
        for name, schema in document.definitions.items():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                is_served = (kind["group"], kind["version"], kind["kind"]) in served
                if is_served and name.startswith("io.k8s."):
                    document.add(name)
        for full, (is_kind, fields) in document.found.items():
            package, _, name = full.rpartition(".")
            merge(tables[file_of(package)], package, name, is_kind, fields)
    for table in tables.values():
        table.write()


if __name__ == "__main__":
    main(sys.argv[1:])
