#!/usr/bin/env python3
"""Adds roles, or parts of a role, to a pack: copies the files that each entry names and lists them in the manifest.

  python training/add_roles.py --from training/work/pack --revision 2026.11-2 words=words.json caption.guide=guide.json
"""
import argparse
import json
import shutil
from pathlib import Path

from common import REPOSITORY
from export import file_entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roles", nargs="+", metavar="ROLE[.PART]=FILE", help="a role, and the file with its entry")
    parser.add_argument("--from", dest="source", type=Path, required=True, help="folder with the entries and their files")
    parser.add_argument("--pack", type=Path, default=REPOSITORY / "resources" / "models" / "starter")
    parser.add_argument("--revision", required=True, help="the pack's new revision")
    arguments = parser.parse_args()
    path = arguments.pack / "manifest.json"
    manifest = json.loads(path.read_text())
    listed = {entry["path"]: entry for entry in manifest["files"]}
    for given in arguments.roles:
        role, file = given.split("=", 1)
        entry = json.loads((arguments.source / file).read_text())
        for value in entry.values():
            if isinstance(value, str) and (arguments.source / value).is_file():
                shutil.copy(arguments.source / value, arguments.pack / value)
                listed[value] = file_entry(arguments.pack / value)
        role, _, part = role.partition(".")
        if part:
            manifest["roles"][role][part] = entry
        else:
            manifest["roles"][role] = entry
    manifest["revision"], manifest["files"] = arguments.revision, list(listed.values())
    path.with_suffix(".part").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    path.with_suffix(".part").replace(path)
    print(f"{manifest['id']}@{manifest['revision']}: {', '.join(manifest['roles'])}; "
          f"{sum(entry['bytes'] for entry in listed.values())} bytes")


if __name__ == "__main__":
    main()
