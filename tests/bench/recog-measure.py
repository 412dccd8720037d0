#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our fingerprints beside those of the recog project, by recog's own examples.

recog-measure.py XML-FOLDER TELL [FINGERPRINTS]

XML-FOLDER is xml/ of a checkout of https://github.com/rapid7/recog (BSD-2-Clause; read where it lies, nothing of
it is kept), TELL the built tests/lab/tell, FINGERPRINTS our folder (default: the one of this tree).

First our rules alone: what they say of each example of the databases whose texts we gather too. Then recog's rules
through our reader of them: does each example meet its own rule with the values that it states?
"""
import base64
import collections
import os
import re
import subprocess
import sys
import tempfile
import xml.parsers.expat

PARTS = {"service": "service", "hw": "device", "os": "os"}
FACTS = {"vendor": "vendor", "product": "product", "model": "product", "version": "version",
         "serial_number": "serial"}

# Names of one maker, in small letters and without marks: what both are compared as.
VENDORS = {
    "acme": "acme laboratories",
    "allegro software": "allegro",
    "american power conversion": "apc",
    "apc by schneider electric": "apc",
    "aruba": "hp",
    "caddyserver": "caddy",
    "carnegie mellon university": "cyrus",  # where Cyrus was written
    "cisco systems": "cisco",
    "dell emc": "dell",
    "dropbear ssh": "dropbear",
    "emc": "dell",
    "fujifilm business innovation": "fujifilm",
    "hewlett packard": "hp",
    "hewlett packard enterprise": "hp",
    "hpe": "hp",
    "konica": "konica minolta",
    "kyocera mita": "kyocera",
    "minolta": "konica minolta",
    "ncftp software": "ncftp",
    "ninenines": "nine nines",
    "palletsprojects": "pallets",
    "polycom": "poly",
    "pureftpd": "pure ftpd",
    "raspbian": "raspberry pi",
    "ruby lang": "ruby",
    "schneider": "schneider electric",
    "server technology": "servertech",
    "squid cache": "squid",
    "sun": "oracle",
    "sun microsystems": "oracle",
    "taobao": "alibaba",  # a part of it
    "tornadoweb": "tornado",
    "toshiba tec": "toshiba",
    "twistedmatrix": "twisted",
    "ubuntu": "canonical",
    "wftpserver": "wing ftp",
}
# Products that went from one maker to the next: recog names the one of that time, or another than we.
SOLD = {
    "cups": {"apple", "openprinting"},
    "domino": {"lotus", "ibm", "hcl"},
    "emweb": {"agranat", "virata"},
    "goahead": {"oracle", "embedthis"},
    "jetty": {"mort bay", "eclipse"},
    "netcache": {"netapp", "blue coat"},
    "servu": {"serv u", "solarwinds"},
    "wsftp": {"ipswitch", "progress"},
}
# (maker, product), without blanks and marks: what both are compared as.
PRODUCTS = {
    ("apache", "httpd"): "httpserver",
    ("asterisk", "pbx"): "asterisk",
    ("canonical", "linux"): "ubuntu",
    ("cisco", "adaptivesecurityappliance"): "asa",
    ("cpanel", "servicedaemon"): "cpanel",
    ("cyrus", "pop"): "imap",  # one server for both
    ("debian", "linux"): "debian",
    ("dropbear", "ssh"): "dropbear",
    ("kerio", "esmtp"): "connect",
    ("litespeed", "webserver"): "litespeed",
    ("mailenable", "mailserver"): "mailenable",
    ("microsoft", "smtpservice"): "iis",  # the mail part of it
    ("microsoft", "windowsntworkstation"): "windowsnt40",
    ("net snmp", "snmpagent"): "netsnmp",
    ("proxmox", "virtualenvironment"): "ve",
    ("proxmox", "proxmox"): "ve",
    ("python", "simplehttp"): "httpserver",  # the class names of the same module's servers
    ("python", "basehttp"): "httpserver",
    ("raspberry pi", "linux"): "os",
    ("roundcube", "webmail"): "roundcube",
}
# What recog calls a product is a kind of thing or a part of one.
KINDS = {("hp", "jetdirect"), ("huawei", "softswitch"), ("cisco", "http")}


def vendor_name(text):
    text = re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
    text = re.sub(r"( (inc|corp|corporation|ltd|limited|co|gmbh|ag|llc|technologies|software foundation|foundation|"
                  r"project|systems inc|networks))+$", "", text)
    return VENDORS.get(text, text)


def flat_name(text):
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def product_name(vendor, text):
    flat, maker = flat_name(text), flat_name(vendor)
    if maker and flat.startswith(maker) and len(flat) > len(maker):
        flat = flat[len(maker):]
    return PRODUCTS.get((vendor, flat), flat)


def same_vendor(part, theirs):
    ours = vendor_name(part["vendor"])
    return ours == vendor_name(theirs) or {ours, vendor_name(theirs)} <= SOLD.get(
        flat_name(part.get("product", "")), set())


def product_agrees(vendor, part, ours, theirs):
    """'same', 'part' (one names it more exactly) or 'other'. "Windows Server 2008 R2 or 7" are two names."""
    b = product_name(vendor, theirs)
    if (vendor, b) in KINDS:
        return "part"
    if vendor == "mikrotik" and part == "os" and re.match(r"rb|ccr|crs", b):
        b = "routeros"  # recog puts the board's name there
    names = [product_name(vendor, n) for n in ours.split(" or ")]
    return "same" if b in names else "part" if any(a in b or b in a for a in names) else "other"


class Rule:
    def __init__(self, line, params):
        self.line, self.params, self.examples = line, params, []


class Database:
    """A file of recog's: its word for the text, and the rules with line and examples."""

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.word, self.rules = self.name[:-len(".xml")], []
        self.example, self.text = None, ""
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = lambda name, attributes: self.begins(name, attributes, parser.CurrentLineNumber)
        parser.EndElementHandler = self.ends
        parser.CharacterDataHandler = self.characters
        with open(path, "rb") as f:
            parser.ParseFile(f)

    def begins(self, name, attributes, line):
        if name == "fingerprints":
            self.word = attributes.get("matches", self.word)
        elif name == "fingerprint":
            self.rules.append(Rule(line, []))
        elif name == "example":
            self.example, self.text = attributes, ""
        elif name == "param":
            self.rules[-1].params.append(attributes)

    def characters(self, text):
        self.text += text

    def ends(self, name):
        if name != "example":
            return
        raw = self.text.encode()
        if "_filename" in self.example:
            with open(os.path.join(self.path[:-len(".xml")], self.example["_filename"]), "rb") as f:
                raw = f.read()
        elif self.example.get("_encoding") == "base64":
            raw = base64.b64decode(self.text)
        self.rules[-1].examples.append((self.example, raw))
        self.example = None


def stated(rule, example):
    """What the example says: {part: {fact: text}}; fixed texts, and those that it names itself."""
    values = {p["name"]: p.get("value") if p["pos"] == "0" else example.get(p["name"]) for p in rule.params}
    out = collections.defaultdict(dict)
    for name, value in values.items():
        part, _, fact = name.partition(".")
        if part not in PARTS or fact not in FACTS or name == "os.model":
            continue
        for _ in range(3):  # a value may take in another one
            value = re.sub(r"\{([^}]*)\}", lambda m: values.get(m[1]) or "{?}", value or "")
        # hw.product comes before hw.model, whichever stands first
        if value and "{" not in value and not (fact == "model" and out[PARTS[part]].get("product")):
            out[PARTS[part]][FACTS[fact]] = value
    return {part: facts for part, facts in out.items() if facts}


def ask(tell, folders, questions):
    """What our program says of (field, bytes), and what it complains about."""
    import json
    text = b"".join(
        field.encode() + b"\t" + raw.split(b"\0")[0].replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r") +
        b"\n" for field, raw in questions)
    run = subprocess.run([tell, *folders], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    answers = [json.loads(line) for line in run.stdout.decode().splitlines()]
    if len(answers) != len(questions):
        sys.exit(f"{tell}: {len(answers)} answers to {len(questions)} questions: {run.stderr.decode()}")
    return answers, run.stderr.decode().splitlines()


def sources(folder):
    """recog's word: our field."""
    out = {}
    with open(os.path.join(folder, "sources.yaml"), encoding="utf-8") as f:
        for line in f:
            m = re.match(r"- \{field: ([^,]+), .*recog: ([^}]+)\}", line)
            if m:
                out[m[2]] = m[1]
    return out


def judge(count, answer, expected, tell_difference):
    """Counts one example."""
    count["examples"] += 1
    if not answer:
        return
    count["matched"] += 1
    makers = [f["vendor"] for f in expected.values() if "vendor" in f]
    if any(same_vendor(part, maker) for part in answer if "vendor" in part for maker in makers):
        count["agreed"] += 1
    for part in answer:
        facts = expected.get(part["part"], {})
        if not part["certain"] or "vendor" not in part or "vendor" not in facts:
            continue
        if part["part"] == "os" and part["vendor"] == part.get("product") == "Linux":
            continue  # uname tells the kernel; recog tells from its version whose it is
        vendor = vendor_name(part["vendor"])
        count["vendors"] += 1
        if not same_vendor(part, facts["vendor"]):
            tell_difference(part, facts, "maker")
            continue
        count["vendors same"] += 1
        if "product" not in part or "product" not in facts:
            continue
        count["products"] += 1
        how = product_agrees(vendor, part["part"], part["product"], facts["product"])
        count["products " + how] += 1
        if how == "other":
            tell_difference(part, facts, "product")


def percent(a, b):
    return f"{100 * a / b:.1f} %" if b else "-"


def ours_first(databases, tell, folder):
    fields = sources(folder)
    total, lines = collections.Counter(), []
    print("Our rules alone. matched: a rule of ours says something; agreed: and names a maker that recog names. "
          "Of certain rules, parts that both tell: same maker; same product + one names it more exactly.\n")
    print("| database | examples | matched | agreed | certain: maker | certain: product |")
    print("|---|---|---|---|---|---|")
    for base in databases:
        if base.word not in fields:
            continue
        count = collections.Counter()
        cases = [(rule, e, raw) for rule in base.rules for e, raw in rule.examples]
        answers, _ = ask(tell, [folder], [(fields[base.word], raw) for _, _, raw in cases])
        for (rule, example, raw), answer in zip(cases, answers):
            judge(count, answer, stated(rule, example),
                  lambda part, facts, what, raw=raw: lines.append(
                      f"{base.word} {part['rule']} {part['part']} {what}: "
                      f"{part['vendor']}/{part.get('product', '-')} <> "
                      f"{facts['vendor']}/{facts.get('product', '-')}: {raw[:100]!r}"))
        total.update(count)
        row(base.word, count)
    row("all", total)
    print(f"\n{len(lines)} differences of certain rules:")
    for line in lines:
        print(line)


def row(name, c):
    print(f"| {name} | {c['examples']} | {c['matched']} ({percent(c['matched'], c['examples'])}) "
          f"| {c['agreed']} ({percent(c['agreed'], c['examples'])}) "
          f"| {c['vendors same']} of {c['vendors']} ({percent(c['vendors same'], c['vendors'])}) "
          f"| {c['products same']} + {c['products part']} of {c['products']} |")


def is_text(raw):
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


def theirs(databases, tell, folder):
    """recog's examples against recog's rules, all of its databases, through our reader."""
    with tempfile.TemporaryDirectory() as empty:
        with open(os.path.join(empty, "sources.yaml"), "w", encoding="utf-8") as f:
            for base in databases:
                f.write(f"- {{field: '{base.name}', probe: x, path: x, recog: '{base.word}'}}\n")
        cases = [(base, rule, e, raw) for base in databases for rule in base.rules for e, raw in rule.examples]
        answers, told = ask(tell, [empty, folder], [(base.name, raw) for base, _, _, raw in cases])
    count, lines = collections.Counter(), []
    for (base, rule, example, raw), answer in zip(cases, answers):
        count["examples"] += 1
        line = int(answer[0]["rule"].rpartition(":")[2]) if answer else 0
        wanted = stated(rule, example)
        if not answer and not wanted:
            count["silent"] += 1  # the rule says nothing that we keep
            continue
        if not is_text(raw):
            count["no text"] += 1  # no document of ours holds it
            continue
        if line != rule.line:
            what = "earlier" if 0 < line < rule.line else "later" if line else "none"
            count[what] += 1
            if what != "earlier":
                lines.append(f"{base.name}:{rule.line}: {what} ({line}): {raw[:100]!r}")
            continue
        said = {part["part"]: part for part in answer}
        wrong = [f"{part}.{fact}: {said.get(part, {}).get(fact)!r}, not {value!r}"
                 for part, facts in wanted.items() for fact, value in facts.items()
                 if said.get(part, {}).get(fact) != value.strip(" ")]
        count["values" if wrong else "as stated"] += 1
        lines.extend(f"{base.name}:{rule.line}: {w}" for w in wrong)
    print(f"\nRecog's rules through our reader: {told[-1]}, {len(told) - 1} complaints; of {count['examples']} examples "
          f"{count['as stated']} meet their rule with the values stated, {count['silent']} a rule that says nothing "
          f"of ours, {count['no text']} are no text (NUL, or no UTF-8), {count['earlier']} meet an earlier rule, {count['values']} their rule with another value, "
          f"{count['later']} a later rule, {count['none']} none.")
    for line in told[:-1] + lines:
        print(line)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, tell = sys.argv[1], os.path.abspath(sys.argv[2])
    ours = sys.argv[3] if len(sys.argv) > 3 else os.path.join(os.path.dirname(__file__), "../../profiles/fingerprints")
    databases = [Database(os.path.join(folder, f)) for f in sorted(os.listdir(folder)) if f.endswith(".xml")]
    ours_first(databases, tell, ours)
    theirs(databases, tell, folder)


if __name__ == "__main__":
    main()
