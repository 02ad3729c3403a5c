#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that the glossary in HACKING.md retires are not used: test_words.py [FOLDER or FILE ...]

Prints each place with what to write instead, and counts for each module. Reads C sources, documents and man pages, or only
those below the folders given.
"""
import collections
import os
import re
import sys
import sources

# As parts of identifiers, too: '_' ends a word. Inflected forms are given where a reader would take them for the same word.
RETIRED = {
    "card": "interface, or the device",
    "nic": "interface",
    "octet": "byte",
    "word": "enum value, keyword, text",
    "look|looks|looked|looking": "check, read, refresh",
    "tell|tells|telling|told": "report, notify, log, say",
    "ours": "vireod's",
    "our own": "vireod's",
    "nobody|nobody's": "name the actor",
    "somebody|somebody's|someone|anybody|anybody's|anyone": "name the actor",
    "whoever|whoever's": "name the actor",
    "anew": "again",
    "mend|mends|mended|mending": "fix, correct, repair",
    "stand|stands|stood|standing": "is",
    "blank": "whitespace, empty",
    "life|lives|lived": "lifetime, runs",
    "deed": "change, action",
    "room": "module, space",
    "house": "tree",
}
# Where a retired word means what it says: pattern of the text around it, and why.
ALLOWED = {
    r"\b(sound|graphics|video|display|vga|smart)[ _-]?cards?\b": "what the hardware is called",
    r"\blook(s|ed|ing)?( \w+)?[ -]up\b": "to look up is the term",
    r"\b(first|one|last|control|length|data|32-bit) words?\b": "words of a text or of memory",
    r"WIRE_LENGTH_WORD": "libvirt's name for the length before a packet",
    r"\"nobody\"|\b(user|as|qemu,) nobody\b": "the system's user of that name",
    r"test_words": "this file",
    r"COMP_WORDS|COMP_CWORD": "variables of bash",
    r"-nic none|\"NIC\" in": "texts of QEMU and virt-manager",
}
FILES = (".c", ".h", ".def", ".py", ".sh", "run", ".cmake", "CMakeLists.txt", ".md", ".1", ".5", ".8", ".conf", ".socket", ".in")
# Not prose of ours.
SKIPPED = ("LICENSES/", "tests/source/")

WORDS = [(re.compile(rf"(?<![A-Za-z])(?:{words})s?(?![A-Za-z])", re.IGNORECASE), instead)
         for words, instead in RETIRED.items()]
ALLOW = re.compile("|".join(ALLOWED), re.IGNORECASE)


def places(path):
    """Line number, word and what to write instead."""
    with open(os.path.join(sources.SOURCE, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = ALLOW.sub("", line)
            for word, instead in WORDS:
                for found in word.finditer(text):
                    yield number, found[0], instead


def main():
    only = tuple(sys.argv[1:])
    counts, kinds = collections.Counter(), collections.Counter()
    for path in sources.files(*FILES):
        if path.startswith(SKIPPED) or (only and not path.startswith(only)):
            continue
        module = "/".join(path.split("/")[:2]) if path.startswith("tests/") else path.split("/")[0]
        for number, word, instead in places(path):
            print(f"{path}:{number}: '{word}': write {instead}")
            counts[module] += 1
            kinds[word.lower()] += 1
    print(", ".join(f"{module} {count}" for module, count in counts.most_common()))
    print(", ".join(f"{word} {count}" for word, count in kinds.most_common()))
    print(f"{sum(counts.values())} retired words")
    sys.exit(1 if counts else 0)


main()
