#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what two scanners found, by the same rules: facts.py FILE [FILE].

A FILE is tenken's JSON export or nmap's XML. Each becomes a set of facts, which are tuples (address,
port, kind, value). Values are brought to one spelling, so that the sets can be compared. README.md
lists the kinds. With one file, the counts by kind; with two, also what only one of them has.
--json OUT writes the counts for the table.
"""
import argparse
import base64
import binascii
import calendar
import collections
import hashlib
import json
import re
import time
import xml.etree.ElementTree as ElementTree

# What the tools call one and the same service.
SERVICES = {
    "microsoft-ds": "smb", "netbios-ssn": "smb", "ms-wbt-server": "rdp", "https": "http", "ssl": "tls",
}
PRODUCTS = {"vsftpd": "vsftpd", "postfix smtpd": "postfix", "redis key-value store": "redis",
            "samba smbd": "samba"}
HEADERS = {
    "hsts": "strict-transport-security", "frame_options": "x-frame-options",
    "content_type_options": "x-content-type-options", "csp": "content-security-policy",
}
DIALECTS = {"202": "2.0.2", "210": "2.1", "300": "3.0", "302": "3.0.2", "311": "3.1.1"}
# TLS 1.3 suites name no key exchange (RFC 8446, B.4).
OLD_13 = "TLS_AKE_WITH_"
KEY_TYPES = {"ec": "EC", "rsa": "RSA", "dsa": "DSA"}


class Facts(set):
    """The facts of one scan."""

    def note(self, place, kind, value=True):
        if value is not None and value != "":
            self.add((place[0], place[1], kind, value))

    def note_all(self, place, kind, values):
        for value in values or []:
            self.note(place, kind, value)


def product(text):
    text = (text or "").strip().lower()
    return PRODUCTS.get(text, text)


def group(text):
    """'ecdh_x25519' of TLS 1.3 and 'x25519' are the same group; so are both names of P-256."""
    return {"prime256v1": "secp256r1"}.get(text, (text or "").replace("ecdh_", ""))


def version(text):
    """'9.2p1 Debian 2+deb12u10' and '9.2p1' are the same finding."""
    return (text or "").strip().split(" ")[0].split("-")[0]


# ---- tenken ----


def tenken_service(facts, place, service):
    evidence = service.get("evidence", {})
    ssh, http, smb = evidence.get("ssh", {}), evidence.get("http", {}), evidence.get("smb", {})
    tls, rdp, smtp = evidence.get("tls", {}), evidence.get("rdp", {}), evidence.get("smtp", {})
    for kind, names in ssh.get("algorithms", {}).items():
        facts.note_all(place, f"ssh.{kind}", names)
    key = ssh.get("hostkey")
    for key in key if isinstance(key, list) else [key] if key else []:
        facts.note(place, "ssh.host-key", (key.get("type"), key.get("bits"), key.get("sha256")))
    facts.note_all(place, "ssh.auth-method", ssh.get("auth"))
    facts.note(place, "ssh.protocol", ssh.get("protocol"))
    facts.note_all(place, "tls.version", [v for v, yes in tls.get("versions", {}).items() if yes])
    for name, suites in tls.get("suites", {}).items():
        facts.note_all(place, "tls.suite", [(name, suite) for suite in suites])
    for leaf in tls.get("certificates", [])[:1]:
        for field in ("not_before", "not_after", "key_type", "key_bits", "signature", "serial",
                      "self_signed"):
            facts.note(place, f"certificate.{field}", leaf.get(field))
        for field in ("subject", "issuer"):
            common = re.search(r"CN ?= ?([^,/]+)", leaf.get(field, ""))
            facts.note(place, f"certificate.{field}", common and common.group(1).strip())
            facts.note(place, "certificate.sha256", leaf.get("sha256"))
        facts.note_all(place, "certificate.name", leaf.get("names"))
    for name, value in tls.get("extensions", {}).items():
        facts.note(place, f"tls.{name}", value)
    facts.note_all(place, "tls.group", [group(kex.get("group")) for kex in tls.get("kex", [])])
    facts.note_all(place, "smb.dialect", smb.get("dialects"))
    for field in ("smb1", "signing_required"):
        facts.note(place, f"smb.{field}", smb.get(field))
    for field in ("computer", "domain"):
        facts.note(place, f"smb.{field}", str(smb.get(field) or "").upper())
    for field in ("encryption", "guid", "os_version"):
        facts.note(place, f"smb.{field}", smb.get(field))
    facts.note(place, "smb.os", smb.get("native_os"))
    facts.note(place, "smb.time", "system_time" in smb or None)
    for field in ("standard", "tls", "credssp", "credssp_early"):
        facts.note(place, "rdp.protocol", (field, rdp[field]) if field in rdp else None)
    for field in ("title", "status", "login_form"):
        facts.note(place, f"http.{field}", http.get(field))
    facts.note(place, "http.server", http.get("server"))
    facts.note(place, "http.content_type", http.get("content_type"))
    facts.note(place, "http.date", "date" in http or None)
    if "headers" in http.get("gathered", []):
        for field, header in HEADERS.items():
            facts.note(place, "http.header", (header, http.get(field) not in (None, False)))
    for field in ("anonymous", "auth_tls"):
        facts.note(place, f"ftp.{field}", evidence.get("ftp", {}).get(field))
    for field in ("banner", "login_prompt"):
        facts.note(place, f"telnet.{field}", evidence.get("telnet", {}).get(field))
    facts.note_all(place, "smtp.extension", smtp_words(smtp))
    facts.note(place, "smtp.hostname", smtp.get("banner", "").split(" ")[0])
    facts.note(place, "redis.os", evidence.get("redis", {}).get("os"))
    facts.note(place, "redis.open", evidence.get("redis", {}).get("open"))


def smtp_words(smtp):
    if "extensions" in smtp:
        return [word.split(" ")[0].upper() for word in smtp["extensions"]]
    words = ["SIZE"] if smtp.get("size") else []
    words += ["STARTTLS"] if smtp.get("starttls") else []
    return words + (["AUTH"] if smtp.get("auth") else [])


def read_tenken(path):
    facts = Facts()
    with open(path, encoding="utf-8") as f:
        document = json.load(f)
    for host in document["hosts"]:
        for service in host["services"]:
            place = (host["address"], service["port"])
            if service.get("state") != "open":
                continue
            facts.note(place, "port.open")
            protocol = "http" if "http" in service.get("evidence", {}) else service.get("protocol")
            facts.note(place, "service.name", protocol)
            facts.note(place, "service.product", product(service.get("product")))
            facts.note(place, "service.version", version(service.get("version")))
            tenken_service(facts, place, service)
    return facts


# ---- nmap ----


def texts(element, key):
    """The elements of the table with this key, at any depth."""
    for table in element.iter("table"):
        if table.get("key") == key:
            return [e.text for e in table.findall("elem")]
    return []


def field(element, table, key):
    for t in element.findall("table"):
        if t.get("key") == table:
            for e in t.iter("elem"):
                if e.get("key") == key:
                    return e.text
    return None


def when(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) if text else None


def fingerprint(base):
    try:
        digest = hashlib.sha256(base64.b64decode(base)).digest()
    except binascii.Error:
        return None
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def script_ssh(facts, place, name, script):
    if name == "ssh2-enum-algos":
        for key, kind in (("kex_algorithms", "kex"), ("server_host_key_algorithms", "hostkey"),
                          ("encryption_algorithms", "cipher"), ("mac_algorithms", "mac"),
                          ("compression_algorithms", "compression")):
            facts.note_all(place, f"ssh.{kind}", texts(script, key))
    elif name == "ssh-hostkey":
        for table in script.findall("table"):
            key = {e.get("key"): e.text for e in table.findall("elem")}
            if "key" in key:
                facts.note(place, "ssh.host-key",
                           (key["type"], int(key["bits"]), fingerprint(key["key"])))
    elif name == "ssh-auth-methods":
        facts.note_all(place, "ssh.auth-method", texts(script, "Supported authentication methods"))


def script_tls(facts, place, name, script):
    if name == "ssl-enum-ciphers":
        for table in script.findall("table"):
            facts.note(place, "tls.version", table.get("key"))
            for e in table.iter("elem"):
                if e.get("key") == "name":
                    suite = e.text.replace(OLD_13, "TLS_")
                    facts.note(place, "tls.suite", (table.get("key"), suite))
                elif e.get("key") == "kex_info":
                    facts.note(place, "tls.group", group(e.text))
        compressors = texts(script, "compressors")
        for table in script.findall("table"):
            for e in table.findall("elem"):
                if e.get("key") == "cipher preference":
                    facts.note(place, "tls.preference", (table.get("key"), e.text))
        if compressors:
            facts.note(place, "tls.compression", compressors != ["NULL"])
    elif name == "ssl-cert":
        for who in ("subject", "issuer"):
            facts.note(place, f"certificate.{who}", field(script, who, "commonName"))
        facts.note(place, "certificate.not_before", when(field(script, "validity", "notBefore")))
        facts.note(place, "certificate.not_after", when(field(script, "validity", "notAfter")))
        kind = field(script, "pubkey", "type")
        facts.note(place, "certificate.key_type", KEY_TYPES.get(kind, kind))
        facts.note(place, "certificate.key_bits", int(field(script, "pubkey", "bits") or 0) or None)
        for e in script.findall("elem"):
            if e.get("key") == "sig_algo":
                facts.note(place, "certificate.signature", e.text)
            elif e.get("key") == "pem":
                der = base64.b64decode("".join(e.text.split("-----")[2].split()))
                facts.note(place, "certificate.sha256", hashlib.sha256(der).hexdigest())
        named = re.search(r"Subject Alternative Name: (.*)", script.get("output", ""))
        for one in named.group(1).split(", ") if named else []:
            facts.note(place, "certificate.name", one.split(":", 1)[-1])


def script_http(facts, place, name, script):
    if name == "http-title":
        for e in script.findall("elem"):
            if e.get("key") == "title":
                facts.note(place, "http.title", e.text)
    elif name == "http-server-header":
        facts.note_all(place, "http.server", [e.text for e in script.findall("elem")])
    elif name == "http-headers":
        seen = {line.strip().split(":")[0].lower() for line in script.get("output", "").splitlines()}
        for header in HEADERS.values():
            facts.note(place, "http.header", (header, header in seen))
        facts.note(place, "http.date", "date" in seen or None)
        kind = re.search(r"(?mi)^ *content-type: *(.*?) *$", script.get("output", ""))
        facts.note(place, "http.content_type", kind and kind.group(1))


RDP_WORDS = {"Native RDP": "standard", "SSL": "tls", "CredSSP (NLA)": "credssp",
             "CredSSP with Early User Auth": "credssp_early"}


def script_other(facts, place, name, script):
    output = script.get("output", "")
    if name == "ftp-anon":
        facts.note(place, "ftp.anonymous", "login allowed" in output)
    elif name == "smtp-commands":
        words = [word.split(" ")[0].upper() for word in output.split(", ")[1:]]
        facts.note_all(place, "smtp.extension", [w for w in words if w])
    elif name == "redis-info":
        facts.note(place, "redis.open", "Version" in output)
        for e in script.findall("elem"):
            if e.get("key") == "Operating System":
                facts.note(place, "redis.os", e.text)
            elif e.get("key") in ("Architecture", "Role"):
                facts.note(place, f"redis.{e.get('key').lower()}", e.text)
    elif name == "rdp-enum-encryption":
        for words, result in re.findall(r"^ +(.+): (\w+)", output, re.M):
            if words in RDP_WORDS:
                facts.note(place, "rdp.protocol", (RDP_WORDS[words], result == "SUCCESS"))
            elif words.endswith("RC4") or words.startswith("RDP"):
                facts.note(place, "rdp.encryption", (words, result))
    elif name == "smb-protocols":
        found = [(e or "").split(" (")[0] for e in texts(script, "dialects")]
        facts.note_all(place, "smb.dialect", [DIALECTS.get(d.replace(":", ""), d) for d in found])
        facts.note(place, "smb.smb1", "NT LM 0.12" in found)
    elif name == "smb2-security-mode":
        facts.note(place, "smb.signing_required", "enabled and required" in output)
    elif name == "smb-os-discovery":
        for e in script.findall("elem"):
            if e.get("key") == "os":
                facts.note(place, "smb.os", e.text)
            elif e.get("key") == "date":
                facts.note(place, "smb.time")
            kind = {"server": "computer", "workgroup": "domain"}.get(e.get("key"))
            if kind:
                facts.note(place, f"smb.{kind}", e.text.replace("\\x00", "").rstrip("\0").upper())


def nmap_script(facts, place, script):
    name = script.get("id")
    for read in (script_ssh, script_tls, script_http, script_other):
        read(facts, place, name, script)


def read_nmap(path):
    """A run that was killed leaves the hosts that it had finished."""
    facts = Facts()
    try:
        for _, host in ElementTree.iterparse(path):
            if host.tag == "host":
                nmap_host(facts, host)
    except ElementTree.ParseError:
        pass
    return facts


def nmap_host(facts, host):
    address = host.find("address").get("addr")
    smb = None
    for port in host.iter("port"):
        place = (address, int(port.get("portid")))
        state, service = port.find("state"), port.find("service")
        if state is None or state.get("state") != "open":
            continue
        facts.note(place, "port.open")
        if service is not None and service.get("method") == "probed":
            name = service.get("name")
            facts.note(place, "service.name", SERVICES.get(name, name))
            facts.note(place, "service.product", product(service.get("product")))
            facts.note(place, "service.version", version(service.get("version")))
            spoken = re.search(r"protocol ([0-9.]+)", service.get("extrainfo", ""))
            facts.note(place, "ssh.protocol", spoken and spoken.group(1))
            if name == "smtp":
                facts.note(place, "smtp.hostname", service.get("hostname", "").strip())
        if place[1] == 445:
            smb = place
        for script in port.findall("script"):
            nmap_script(facts, place, script)
    for script in host.findall("hostscript/script"):
        nmap_script(facts, smb or (address, 445), script)


# ---- counting ----


def kinds(facts):
    return {kind for _, _, kind, _ in facts}


def read(path):
    with open(path, "rb") as f:
        start = f.read(64).lstrip()
    return read_nmap(path) if start.startswith(b"<") else read_tenken(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    sets = [read(path) for path in options.files]
    counts = [collections.Counter(kind for _, _, kind, _ in one) for one in sets]
    lines = []
    for kind in sorted(set().union(*counts)):
        row = [count[kind] for count in counts]
        if len(sets) == 2:
            for one, other in ((0, 1), (1, 0)):
                row.append(sum(1 for fact in sets[one] - sets[other] if fact[2] == kind))
        lines.append((kind, row))
    total = [sum(row[i] for _, row in lines) for i in range(len(lines[0][1]))] if lines else [0]
    titles = options.files + (["only the first", "only the second"] if len(sets) == 2 else [])
    print("| kind | " + " | ".join(titles) + " |\n|---" + "|---:" * len(titles) + "|")
    for kind, row in lines + [("all", total)]:
        print(f"| {kind} | " + " | ".join(str(n) for n in row) + " |")
    if len(sets) == 2:
        for one, other, title in ((0, 1, "first"), (1, 0, "second")):
            rare = collections.Counter((p, k, str(v)) for _, p, k, v in sets[one] - sets[other])
            for (port, kind, value), n in rare.most_common(40):
                print(f"only the {title}: port {port} {kind} {value} ({n} hosts)")
    if options.json:
        with open(options.json, "w", encoding="ascii") as f:
            json.dump({"facts": [len(one) for one in sets],
                       "hosts": [len({fact[0] for fact in one}) for one in sets]}, f)


if __name__ == "__main__":
    main()
