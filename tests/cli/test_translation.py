"""Translations: no text is missing, unsure or has other format specifiers, and the console in
Simplified Chinese shows no English but names of the data, keys and what is typed."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata

from checks import finish, same, skip

atrium = os.environ["ATRIUM"]
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What stays as it is in Chinese: abbreviations of the trade, keys, units, and what one types.
ALLOWED = set("""
atrium App Wi Fi SQL SQLite POS MAC CSV JSON SELECT CNY kB MB Asia Shanghai root select shell
Up Down Left Right Home End PgUp PgDn Enter Esc Tab Shift BackTab Backspace Space Ctrl Alt Delete
skip csv json loop visits from to visit gap tenant list zzzz fg
""".split())


def run(*args, text=None, **environment):
    return subprocess.run([atrium, *args], input=text, capture_output=True, text=True,
                          env={**os.environ, **environment})


def tool(*args):
    return subprocess.run(args, capture_output=True, text=True, check=True, cwd=top).stdout


# ---- The catalogues ----

def entries(text):
    """The texts of a catalogue, without its header."""
    return [line for line in text.splitlines() if line.startswith("msgid ") and line != 'msgid ""'
            ] + re.findall(r'^msgid ""\n"(?!Project-Id)', text, re.M)


def catalogues(folder):
    template = os.path.join(folder, "atrium.pot")
    sources = [path for pattern in ("views/*.c", "views/*.h", "views/cli/*.c", "tui/*.c",
                                    "model/*/*.c", "fixtures/*/*.c")
               for path in sorted(glob.glob(pattern, root_dir=top))]
    tool("xgettext", "--from-code=UTF-8", "-LC", "-k_", "-kN_", "-kngettext:1,2", "--no-location",
         "-o", template, *sources)
    for path in sorted(glob.glob(os.path.join(top, "views/po/*.po"))):
        name, merged = os.path.basename(path), os.path.join(folder, "merged.po")
        tool("msgmerge", "--quiet", "--no-fuzzy-matching", "-o", merged, path, template)
        for state in ("untranslated", "only-fuzzy", "only-obsolete"):
            same(f"{name} {state}", entries(tool("msgattrib", f"--{state}", merged)), [])
        formats = subprocess.run(["msgfmt", "--check", "-o", os.devnull, merged],
                                 capture_output=True, text=True)
        same(f"{name} formats", (formats.returncode, formats.stderr if formats.returncode else ""),
             (0, ""))


# ---- The screens ----

SCRIPT = """language zh_CN
screen
key i
screen
key Esc ?
screen
key Esc :
screen
key Esc x
screen
key Esc p
screen
key Esc c
screen
key c
screen
key 2
screen
key 3
screen
key 4
screen
key Down i
screen
key Esc Enter
screen
key 5
screen
key 6
screen
key /
type zzzz
key Enter
screen
key x
screen
key Esc Esc Esc 6 Enter
screen
key c
screen
key Esc 7
screen
key Enter
screen
key 8
screen
key v
screen
key I
screen
key Esc 9
screen
"""


def words(text):
    return set(re.findall(r"[A-Za-z][A-Za-z]+", text))


def cells(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


def names_of(mall):
    """The words that stand in the data and in the names of views, columns and actions."""
    found = words(json.loads(run("-m", mall, "status", "--json").stdout)["mall"])
    for query in ("select name, category, floor, code from v_tenant", "select code, name from v_zone",
                  "select name, topic, code from v_crowd", "select distinct topic from v_interest",
                  "select card, name from v_member", "select distinct name, value from v_attribute",
                  "select value from v_identity", "select name from v_label",
                  "select name, code from v_campaign"):
        result = run("-m", mall, "sql", query, "--json")
        same(query, result.returncode, 0)
        found |= words(result.stdout)
    for command in ("actions", "keys"):
        rows = json.loads(run(command, "--json").stdout)
        for row in next(iter(rows.values())):
            for field in ("name", "action"):
                found |= words(row.get(field) or "")
    return found


def sql_names(mall, screen):
    """Views and their columns are typed: they are the same in every language."""
    found = set()
    for view in set(re.findall(r"v_\w+", screen)):
        header = run("-m", mall, "sql", f"select * from {view} limit 1", "--csv").stdout
        found |= words(view) | words(header.split("\n")[0])
    return found


def english_in(screen, known):
    return sorted(w for w in words(screen) if w not in ALLOWED and w not in known)


def screens(folder):
    mall, script = os.path.join(folder, "demo.mall"), os.path.join(folder, "script")
    made = run("-m", mall, "demo", "--members", "400", "--days", "40", "--no-console")
    same("demo", made.returncode, 0)
    known = names_of(mall) | {os.environ.get("USER", "root"), os.environ.get("LOGNAME", "root")}
    with open(script, "w") as file:
        file.write(SCRIPT)
    clean = {"ATRIUM_LANG": "", "XDG_CONFIG_HOME": folder, "XDG_STATE_HOME": folder}
    for size in ("80x24", "40x12", "200x60"):
        result = run("-m", mall, "play", "--size", size, "--json", script, **clean)
        same(f"play {size}", (result.returncode, result.stderr), (0, ""))
        shown = json.loads(result.stdout)["screens"] if result.returncode == 0 else []
        same(f"{size} screens", len(shown), SCRIPT.count("screen\n"))
        wide = int(size.split("x")[0])
        for i, screen in enumerate(shown):
            found = english_in(screen, known | sql_names(mall, screen))
            same(f"{size} screen {i + 1}, English words", found, [])
            same(f"{size} screen {i + 1}, rows too wide",
                 [line for line in screen.splitlines() if cells(line) > wide], [])
    languages(mall, folder, clean)


def languages(mall, folder, clean):
    """Where the language comes from, with no such locale installed."""
    def first(**environment):
        return run("-m", mall, "play", "-", text="screen\n", **{**clean, **environment}).stdout
    none = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "", "LANGUAGE": ""}
    same("LANG", "总览" in first(**{**none, "LANG": "zh_CN.UTF-8"}), True)
    same("LC_ALL=C", "总览" in first(**{**none, "LC_ALL": "C"}), False)
    same("ATRIUM_LANG", "总览" in first(**{**none, "LC_ALL": "C", "ATRIUM_LANG": "zh_CN"}), True)
    os.makedirs(os.path.join(folder, "atrium"), exist_ok=True)
    config = os.path.join(folder, "atrium", "config.ini")
    with open(config, "w") as file:
        file.write("[screen]\nlanguage = zh_CN\n")
    same("config", "总览" in first(**{**none, "LC_ALL": "C"}), True)
    same("ATRIUM_LANG before config",
         "总览" in first(**{**none, "LC_ALL": "C", "ATRIUM_LANG": "en"}), False)
    os.remove(config)
    for args in (("loop", "--json"), ("loop", "--csv"), ("tenant", "list", "--json"),
                 ("verify", "--json"), ("actions", "--json"), ("loop",)):
        english = run("-m", mall, *args, **{**clean, **none, "LC_ALL": "C"}).stdout
        chinese = run("-m", mall, *args, **{**clean, **none, "LANG": "zh_CN.UTF-8"}).stdout
        same(" ".join(args) + " in both languages", english == chinese and english != "", True)


folder = tempfile.mkdtemp(prefix="atrium-translation-")
try:
    if all(shutil.which(name) for name in ("xgettext", "msgmerge", "msgattrib", "msgfmt")):
        catalogues(folder)
    else:
        skip("the catalogues: the tools of gettext are not installed")
    screens(folder)
finally:
    shutil.rmtree(folder)
finish()
