#!/usr/bin/env python3
"""variant.py appended|reordered HEADER OUTPUT: the frozen header after a legal and after an illegal change."""
import re
import sys

kind, header, output = sys.argv[1:]
text = open(header, encoding="utf-8").read()
text = re.sub(r"^HERO_ABI_PIN .*\n", "", text, flags=re.M)
stop = "  void (*stop) (gpointer self);"
last = "  void (*destroy) (gpointer self);"
assert stop in text and last in text
if kind == "appended":
    text = text.replace(last, last + "\n  void (*appended) (gpointer self, int value);")
else:
    text = text.replace(stop, "  void (*inserted) (gpointer self, int value);\n" + stop)
open(output, "w", encoding="utf-8").write(text)
