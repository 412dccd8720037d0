#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real TLS servers of many configurations, and what a scan must tell of each: tls-matrix.ini.

    tls-matrix.py keys FOLDER                   makes keys, certificates and parameters
    tls-matrix.py serve FOLDER LOGS             starts every server, writes FOLDER/up, stays
    tls-matrix.py check FOLDER SCAN.json        TAP without numbers: a line for each configuration
    tls-matrix.py peer FOLDER                   the same for what sslscan says, run from here
    tls-matrix.py list                          names and what they need

Configuration N is seen at 10.80.N/256.N%256+10 on its port; its server listens on local port 20000+N.
"""
import configparser
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OPENSSL_WORD = {"TLSv1.0": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
ALL_1_3 = ":".join(f"TLS_{name}" for name in (
    "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES_128_CCM_SHA256",
    "AES_128_CCM_8_SHA256"))
MODP_1024 = int( # RFC 2409, 6.2
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)


class Wrong(Exception):
    """The data file, or the library that it asks, is not as this test needs it."""


def output(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


# ---- names ----

def iana_names():
    """Code to name: those of OpenSSL and, for what it has not, those that nmap has on this machine."""
    names = {}
    try:
        with open("/usr/share/nmap/nselib/tls.lua", encoding="utf-8") as f:
            for name, code in re.findall(r'\["((?:TLS|SSL)_\w+)"\]\s*=\s*0x([0-9A-Fa-f]{4})', f.read()):
                names.setdefault(int(code, 16), name)
    except OSError:
        pass
    for code, name in re.findall(r"^\s*(0x..,0x..) - (\S+)",
                                 output("openssl", "ciphers", "-V", "-stdname", "-ciphersuites", ALL_1_3,
                                        "ALL:COMPLEMENTOFALL"), re.M):
        names[int(code.replace("0x", "").replace(",", ""), 16)] = name
    return names


# ---- what the libraries say ----

def from_openssl(version, words, keys):
    """words: options of "openssl ciphers" and a cipher string."""
    text = output("openssl", "ciphers", "-V", "-stdname", "-s", OPENSSL_WORD[version], *words)
    found = set()
    for name, kx, au in re.findall(r"^\s*0x..,0x.. - (\S+)\s.*Kx=(\S+)\s+Au=(\S+)", text, re.M):
        need = {"any": None, "RSA": "rsa", "ECDSA": "ec", "DSS": "dsa", "None": "anon", "PSK": "psk",
                "SRP": "srp"}[au]
        have = need is None or need in keys
        if kx.endswith("RSAPSK") or kx == "RSAPSK":
            have = "rsa" in keys and "psk" in keys
        if (version == "TLSv1.3") == (need is None) and have:
            found.add(name)
    return found


def from_gnutls(version, words, keys):
    """words: a priority string."""
    text = output("gnutls-cli", "--list", "--priority", *words)
    found = set()
    names = iana_names()
    for name, high, low, first in re.findall(r"^(TLS_\S+)\s+0x(..), 0x(..)\s+(\S+)$", text, re.M):
        code = int(high + low, 16)
        if code not in names:
            raise Wrong(f"no name is known for GnuTLS's {name}")
        first = first.replace("SSL3.0", "TLS1.0")
        if (version == "TLSv1.3") != (first == "TLS1.3") or first.replace("TLS", "TLSv") > version:
            continue
        kx = name.split("_WITH_")[0] if "_WITH_" in name else name
        need = ("ec" if "ECDSA" in kx else "anon" if "ANON" in kx.upper() else "psk" if "PSK" in kx else
                "srp" if "SRP" in kx else "dsa" if "DSS" in kx else "rsa")
        if first == "TLS1.3" or (need in keys and not ("RSA_PSK" in kx and "rsa" not in keys)):
            found.add(names[code])
    return found


def from_botan(version, words, keys):
    """words: a policy."""
    text = output("botan", "tls_ciphers", f"--policy={words[0]}", "--version=tls" + version[4:])
    return {n if n.startswith("TLS_") else "TLS_" + n for n in text.split()
            if {"ECDHE_ECDSA": "ec", "ECDHE_RSA": "rsa", "DHE_RSA": "rsa", "RSA": "rsa"}.get(
                n.removeprefix("TLS_").split("_WITH_")[0]) in keys}


def from_list(version, words, keys):
    """words: names, where RSA,ECDHE_RSA:NULL_MD5,... makes one of each."""
    found = set()
    for word in words:
        if ":" in word:
            kxs, ciphers = word.split(":")
            found |= {f"TLS_{kx}_WITH_{c}" for kx in kxs.split(",") for c in ciphers.split(",")}
        else:
            found.add(word)
    return found


SOURCES = {"openssl": from_openssl, "gnutls": from_gnutls, "botan": from_botan, "list": from_list}


# ---- the data file ----

class Row:
    def __init__(self, number, name, section):
        self.name, self.section = name, section
        self.address = f"10.80.{(number + 10) // 256}.{(number + 10) % 256}"
        self.port = int(section.get("port", "443"))
        self.local = 20000 + number
        self.needs = section.get("needs", "").split()
        self.keys = section.get("keys", "rsa").split()
        self.versions = section["versions"].split()
        self.flags = dict(flag.split("=", 1) for flag in section.get("flags", "").split())

    def missing(self):
        for need in self.needs:
            if not (os.path.exists(need) if need.startswith("/") else shutil.which(need)):
                return need
        return None

    def filled(self, key, folder):
        text = self.section.get(key, "")
        for word, value in (("PORT", self.local), ("CONF", f"{folder}/{self.name}.conf"),
                            ("OWN", f"{folder}/{self.name}.d"), ("DIR", folder)):
            text = text.replace("{" + word + "}", str(value))
        return text

    def suites(self):
        """Version to set of names. A line: VERSIONS COUNT SOURCE WORDS...; but-lines take away."""
        found = {}
        for line in self.section.get("suites", "").strip().splitlines():
            versions, count, source, *words = shlex.split(line)
            for version in versions.split(","):
                if version not in self.versions:
                    raise Wrong(f"suites of {version}, which is not expected")
                one = SOURCES[source](version, words, self.keys)
                if len(one) != int(count):
                    raise Wrong(f"{version}: {source} tells {len(one)} suites, not {count}: "
                                + " ".join(sorted(one)))
                found.setdefault(version, set()).update(one)
        return found


def rows():
    data = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=(";",))
    data.optionxform = str
    with open(os.path.join(HERE, "tls-matrix.ini"), encoding="utf-8") as f:
        data.read_file(f)
    return [Row(i, name, data[name]) for i, name in enumerate(data.sections())]


# ---- keys ----

def der(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else bytes([0x82]) + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


def der_int(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def keys(folder):
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    made = {
        "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        "rsa1024": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
        "ec": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "ed25519": ("-algorithm", "ED25519"),
    }
    output("openssl", "dsaparam", "-out", "dsa.param", "1024")
    made["dsa"] = ("-paramfile", "dsa.param")
    for name, words in made.items():
        output("openssl", "genpkey", *words, "-out", f"{name}.key")
        output("openssl", "req", "-x509", "-key", f"{name}.key", "-days", "30", "-subj",
               f"/O=Kita Waterworks/CN={name}.kita.example", "-out", f"{name}.pem")
        with open(f"{name}.both", "w", encoding="ascii") as both:
            for kind in ("key", "pem"):
                with open(f"{name}.{kind}", encoding="ascii") as f:
                    both.write(f.read())
        output("openssl", "pkcs12", "-export", "-in", f"{name}.both", "-name", name, "-passout", "pass:tenken",
               "-out", f"{name}.p12")
        os.chmod(f"{name}.key", 0o644) # some servers have given up root by then
        os.chmod(f"{name}.both", 0o600) # stunnel and others want it so
    with open("dh1024.der", "wb") as f:
        f.write(der(0x30, der_int(MODP_1024), der_int(2)))
    output("openssl", "dhparam", "-inform", "DER", "-in", "dh1024.der", "-out", "dh1024.pem")
    output("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out",
           "ffdhe2048.pem")
    with open("psk.txt", "w", encoding="ascii") as f:
        f.write("tenken:0102030405060708\n")
    if shutil.which("certutil") and shutil.which("pk12util"):
        os.makedirs("nss", exist_ok=True)
        output("certutil", "-N", "-d", "sql:nss", "--empty-password")
        for name in ("rsa", "ec"):
            output("pk12util", "-i", f"{name}.p12", "-d", "sql:nss", "-W", "tenken", "-K", "")
    os.makedirs("www", exist_ok=True)


# ---- servers ----

def listening():
    text = output("ss", "-Hltn")
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in text.splitlines()}


def serve(folder, logs):
    os.chdir(folder)
    all_rows, servers = rows(), {}
    for row in all_rows:
        if row.missing():
            continue
        os.makedirs(f"{row.name}.d", exist_ok=True)
        if "conf" in row.section:
            with open(f"{row.name}.conf", "w", encoding="ascii") as f:
                f.write(row.filled("conf", folder).lstrip("\n") + "\n")
        if "before" in row.section:
            subprocess.run(["sh", "-c", " ".join(row.filled("before", folder).splitlines())], check=True)
        env = dict(os.environ, **dict(w.split("=", 1) for w in row.filled("env", folder).split()))
        with open(f"{logs}/{row.name}.log", "wb") as log:
            servers[row.name] = subprocess.Popen(shlex.split(row.filled("run", folder)), env=env, stdout=log,
                                                 stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    wanted = {row.local: row.name for row in all_rows if row.name in servers}
    deadline = time.monotonic() + 30
    while wanted and time.monotonic() < deadline:
        there = listening()
        wanted = {port: name for port, name in wanted.items() if port not in there}
        time.sleep(0.1)
    with open("up.new", "w", encoding="ascii") as f:
        for row in all_rows:
            missing = row.missing()
            state = f"missing {missing}" if missing else "silent" if row.name in wanted.values() else "up"
            f.write(f"{row.name} {row.address} {row.port} {row.local} {state}\n")
    os.rename("up.new", "up")
    signal.pause()


# ---- what was found ----

# Where the evidence of the probe tells a flag. A flag that no configuration's evidence has is one that
# the probe does not tell yet.
def extension(name):
    return lambda e: e.get("extensions", {}).get(name)


def dh(e):
    """The prime of finite field groups up to TLS 1.2. Groups of TLS 1.3 stand in the same list: of those only
    the least one can be meant, where nothing else was seen."""
    late = (e.get("groups") or {}).get("TLSv1.3", [])
    used = any("_DHE_" in name or "_DH_anon_" in name
               for version, names in (e.get("suites") or {}).items() if version != "TLSv1.3" for name in names)
    told = sorted((k["bits"], k.get("group")) for k in e.get("kex", []) if k["kind"] == "dh")
    early = [one for one in told if one[1] not in late] or (told[:1] if used else [])
    return ",".join(f"{bits}:{group}" if group else str(bits) for bits, group in early) or None


def leaf(name):
    def of(e):
        told = sorted(str(c.get(name)) for c in e.get("certificates", []) if c.get("position") == 0)
        return ",".join(told) or None
    return of


def order(evidence):
    """Of all versions, where they do not differ."""
    words = set((evidence.get("preference") or {}).values())
    return ",".join(sorted(words)) or None


def groups(evidence):
    """Of the highest version that uses any."""
    told = evidence.get("groups") or {}
    return ",".join(sorted(told[max(told)])) if told else None


FLAGS = {
    "compression": extension("compression"),
    "reneg": extension("secure-renegotiation"),
    "ems": extension("extended-master-secret"),
    "fallback": extension("fallback-scsv"),
    "client-reneg": extension("client-renegotiation"),
    "tickets": extension("session-ticket"),
    "alpn": lambda e: ",".join(sorted(e["alpn"])) if e.get("alpn") else None,
    "asks": extension("certificate-request"),
    "order": order,
    "groups": groups,
    "dh": dh,
    "bits": leaf("key_bits"),
}


def spelt(value):
    return {True: "yes", False: "no", None: "-"}.get(value, value) if not isinstance(value, str) else value


class Found:
    """What somebody told of one configuration."""

    def __init__(self):
        self.versions, self.suites, self.evidence = {}, {}, None


def from_scan(path):
    with open(path, encoding="utf-8") as f:
        hosts = json.load(f)["hosts"]
    found = {}
    for host in hosts:
        for service in host["services"]:
            tls = service.get("evidence", {}).get("tls")
            if tls is None:
                continue
            one = found[host["address"], service["port"]] = Found()
            one.versions, one.evidence = tls.get("versions", {}), tls
            one.suites = {v: set(names) for v, names in tls.get("suites", {}).items()}
            one.doubled = sorted(v for v, names in tls.get("suites", {}).items() if len(names) != len(set(names)))
    return found


def differences(row, one, told_flags):
    if one is None:
        return ["no TLS evidence"]
    lines = []
    for version in VERSIONS:
        expected = version in row.versions
        if one.versions.get(version) is not expected:
            words = {True: "accepted", False: "not offered", None: "could not test"}
            lines.append(f"{version}: expected {words[expected]}, got {words[one.versions.get(version)]}")
    try:
        suites = row.suites()
    except Wrong as wrong:
        return lines + [str(wrong)]
    for version, expected in sorted(suites.items()):
        got = one.suites.get(version, set())
        for words, names in (("not found", expected - got), ("not there", got - expected)):
            if names:
                lines.append(f"{version}: {words}: {' '.join(sorted(names))}")
    for version in sorted(set(one.suites) - set(row.versions)):
        lines.append(f"{version}: suites of a version that is not offered")
    for version in getattr(one, "doubled", []):
        lines.append(f"{version}: a suite twice")
    for flag, expected in sorted(row.flags.items()):
        if flag in told_flags:
            got = spelt(FLAGS[flag](one.evidence))
            if got != expected:
                lines.append(f"{flag}: expected {expected}, got {got}")
    return lines


def standing(folder):
    with open(f"{folder}/up", encoding="ascii") as f:
        return {words[0]: words[4:] for words in (line.split() for line in f)}


def tell(row, state, lines):
    if state[0] == "missing":
        print(f"skip {row.name}: {state[1]} is not installed")
    elif state[0] == "silent":
        print(f"bad {row.name}: its server does not listen")
    else:
        print(f"{'bad' if lines else 'good'} {row.name}")
        for line in lines:
            print(f"# {row.name}: {line}")


def check(folder, path):
    found, all_rows, up = from_scan(path), rows(), standing(folder)
    told_flags = {flag for flag, get in FLAGS.items()
                  if any(get(one.evidence) is not None for one in found.values())}
    for row in all_rows:
        lines = []
        if up[row.name][0] == "up":
            lines = differences(row, found.get((row.address, row.port)), told_flags)
        tell(row, up[row.name], lines)
    used = {flag for row in all_rows for flag in row.flags}
    for flag in sorted(used - told_flags):
        print(f"skip flag {flag}: the probe does not tell it yet")


# ---- a peer ----

STARTTLS = {25: "--starttls-smtp", 21: "--starttls-ftp"}


def iana_of_openssl():
    text = output("openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL")
    return {name: iana for iana, name in re.findall(r"^\s*0x..,0x.. - (\S+)\s+- (\S+)", text, re.M)}


def ask_sslscan(row, names):
    text = output("sslscan", "--no-colour", "--xml=-", "--no-heartbleed", "--no-check-certificate",
                  "--no-groups", *([STARTTLS[row.port]] if row.port in STARTTLS else []),
                  f"{row.address}:{row.port}")
    one = Found()
    for node in xml.etree.ElementTree.fromstring(text).iter():
        if node.tag == "protocol":
            version = node.get("type").upper() + "v" + {"2": "2", "3": "3"}.get(node.get("version"), node.get("version"))
            one.versions[version] = node.get("enabled") == "1"
        elif node.tag == "cipher":
            one.suites.setdefault(node.get("sslversion"), set()).add(
                names.get(node.get("cipher"), node.get("cipher")))
    return one


def peer(folder):
    all_rows, up = rows(), standing(folder)
    names = iana_of_openssl()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = {row.name: pool.submit(ask_sslscan, row, names) for row in all_rows if up[row.name][0] == "up"}
    for row in all_rows:
        tell(row, up[row.name], differences(row, asked[row.name].result(), set()) if row.name in asked else [])


def main():
    if sys.argv[1] == "keys":
        keys(sys.argv[2])
    elif sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "peer":
        peer(sys.argv[2])
    else:
        for row in rows():
            print(row.name, row.address, row.port, row.local, row.missing() or "-")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        print(f"bad {wrong}")
        sys.exit(1)
