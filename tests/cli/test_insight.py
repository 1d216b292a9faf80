"""Affinity, expected value and clusters through the command line: published cases, real data, and
what an analyst is not shown."""
import csv
import itertools
import json
import os
import subprocess
import tempfile
from collections import Counter, defaultdict

from checks import finish, same, skip

ATRIUM = os.environ["ATRIUM"]
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "data"))

# Which customers of CDNOW_master.txt the 1/10 sample of Fader, Hardie and Lee (2005) has: the
# distance to the one before as a digit to base 62, + stands for 60 more.
SAMPLE = (
    "4e3tabfp111h2if1ehad5269d5kgf2j893elkh4b1we2deecg42h3s72f9bjcgghj14d2596li2l1h6ie5ibbgfn2k1fcij2"
    "772ej897eleh1a1df3847f5ba7fc3d27f358dhh3g5eac4g17f2b9d54497862141ha97f66b3523k9hg3b6djd31eb9gcfe"
    "6epg34i1f57325ifjj1d413b47bji2f5pc51o2ga18l8f3a2e7eg1cg4967564d6dfkkggcgk884l42ba71i6a88hf1gc75e"
    "34ii4335572b6dgb2a346m4j158b1e2kj4k6jb1c164b8cl2cc3cad427g2i914987kb294943eb2fi9495gemhcj1jb4a14"
    "efl2fb91eiba55i48eigd4h36548bhj52cj5bhmgg21l768jg9549f1g3jf49ci9cjkh848fe5954gieg1ehd6n3382c3e6c"
    "e2325a22d4jh4c27735d622c9791i15hg3m52e5kg2c96h22h6g4c5734e6e3glf852d657a6elh68l4h4g2ig2c15da36bn"
    "23o3l99eff5253413f32eeje317afic9eja8a393781gcbkgifhe3hgf3818i4ip3b4gf7a5c7742g7ea9e8f5m59gehb94g"
    "fc4rlg2k26ba6fn6e6d3lcga62g43d3alm9288286c464i6756cfdgd3c42b8a73s6892f44761c77b25hgc143g4lb78e5c"
    "ibed1g3gg9aj88f5bj8972be6293flbc778j7d1hlg5bjo8eglec1167ejm89jhldee3bae16dg2f42ebb4ic1j975fsac87"
    "61i2g6fc7fk41nefb22e6c77fd7c95f3b5h5igdb5b6gifm527lf47974af22fbf4do5ddm1beb645ah4ef1d42jib4o1kgh"
    "f3cm3bg7hf14c619f598885371b5f76e2fil7943h4b6aa4b86b1fb43c8478a3cj3e343d5de13idhih276n2865996c9h6"
    "bh791h78hhdifcjdhdi4ceh2c41gb5dck4d3gi343bc23f3hgmpie6d54d1ijcd53g75767266fb7b62ie8368gig27ie31h"
    "4f9263d6e6ab612515gje7a3159c4eskb5hdnm3e89gm6doh566d4b11ii1hc4hlf4i2bk251b212i4539edhf773d8d9eld"
    "c2ihdedgc8fe672bk6dhfe6bic4487e2go556c145b88fj5dbgf28555e15d188a956ei4a81en4ka889477f3b5c5548289"
    "a4i481f4i9cc849ig21cjfgj38197a3cd7f8892gfdcef31f7e12d5b8hb788g56a3j41i1jhe6jj23b1kga8hj11gbbdd38"
    "bg1k12fifc11g1j96e17hlifdd1e15483je1777514387459i8261b15f3bhabhhdcfmh31b31hf397jb5io2dihb6g1d5fg"
    "l7bce7bh18bf21e3mc72fp2ab3dn9hga7ff12b3b47a5fdka4b1h56b23jcd213f564giedh1gf2c4h4jf8aebj99hicc71e"
    "2a532jb33lgff1c24e14h4g774iee985e614eee2fgkeigib9b41ffh9b79cb9c69ihe1d967ce425eg6ge648432c5dffdc"
    "l1iegh776dpfjae1d8a5kc14gg45adgb5jbg5hg378ijda3cbb579b15jf2a7m873rf64f15235327293e49kj3cf1h4bf2b"
    "63ec74hlg3cf31cgeg6aih69iejhcc4637f6c56ckf996caj486177h4d8ef1ig7f15e2d2ed8hlf4i71b5d445i3mi48f9d"
    "h3f4bg98c5c78de1f2ic44d4b983i9afch3h59i4d3gnf2degl42i3edcdbie52512428caeggigbd9iho8751d334a5ddbd"
    "e4gggeegff54aga6f12hee3bild7d2iha9g9bchc519292h7d4j2jce78c1lb3ccdige63ac27124ed7cc5f2f3ca3676b37"
    "64b629e1i2idd62bdehag46i4ahknb3if1d3e2d2d782dde26362k4b1gejig27bn3m392784gd98a45c277kgd8476fci2c"
    "a1da12h2fiee89bhf51be3el11dckeifg6e17a89fd11gdeffdc83ehpda6a7e97gcgie8jhb4bjb53839gd3mdg95e539d4"
    "7d314724l21a88c2ggecdc2dci516da64e529f21g3d2612eee32d"
)

# R. A. Fisher's irises (1936), fifty of each kind: four lengths in millimetres, two digits each.
IRIS = (
    "513514024930140247321302463115025036140254391704463414035034150244291402493115015437150248341602"
    "483014014330110158401202574415045439130451351403573817035138150354341702513715044636100251331705"
    "483419025030160250341604523515025234140247321602483116025434150452411501554214024931150250321202"
    "553513024936140144301302513415025035130345231303443213025035160651381904483014035138160246321402"
    "533715025033140270324714643245156931491555234013652846155728451363334716492433106629461352273914"
    "502035105930421560224010612947145629361367314414563045155827411062224515562539115932481861284013"
    "632549156128471264294313663044146828481467305017602945155726351055243811552437105827391260275116"
    "543045156034451667314715632344135630411355254013552644126130461458264012502333105627421357304212"
    "572942136229431351253011572841136333602558275119713059216329561865305822763066214925451773296318"
    "672558187236612565325120642753196830552157255020582851246432532365305518773867227726692360225015"
    "693257235628492077286720632749186733572172326018622848186130491864285621723058167428611979386420"
    "642856226328511561265614773061236334562464315518603048186931542167315624693151235827511968325923"
    "673357256730522363255019653052206234542359305118"
)


def near(what, found, expected, digits):
    same(what, found is not None and round(found, digits), expected)


def run(*words, status=0):
    done = subprocess.run([ATRIUM, *words], capture_output=True, text=True)
    same(" ".join(words[:4]) + " " + done.stderr, done.returncode, status)
    return done


def answer(*words):
    return json.loads(run(*words, "--json").stdout or "{}")


# ---- Expected value ----

def sample_customers():
    customers, at, more = set(), 0, 0
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for letter in SAMPLE:
        if letter == "+":
            more += 60
            continue
        at += digits.index(letter) + more
        more = 0
        customers.add(at)
    return customers


def cdnow(folder):
    """The sample, its first 39 weeks: the figures of the paper, of the note on Gamma-Gamma, and of
    the package BTYD, which has more digits."""
    path = os.path.join(DATA, "cdnow", "CDNOW_master.txt")
    if not os.path.isfile(path):
        return skip(f"CDNOW: it is not in {DATA}")
    wanted = sample_customers()
    same("customers of the sample", len(wanted), 2357)
    sample = os.path.join(folder, "sample.txt")
    with open(path, encoding="ascii") as whole, open(sample, "w", encoding="ascii") as part:
        for line in whole:
            words = line.split()
            if words and (not words[0].isdigit() or int(words[0]) in wanted):
                part.write(line)
    mall = os.path.join(folder, "cdnow.mall")
    run("init", mall, "--timezone", "UTC")
    run("-m", mall, "import", "events", sample, "--map", "cdnow")
    found = answer("-m", mall, "value", "--calibration", "1997-09-30", "--at", "1998-06-30")
    same("people", found["people"], 2357)
    same("repeaters", found["repeaters"], 946)
    near("log likelihood", found["log_likelihood"], -9582.429, 3)
    for name, value in (("r", 0.24259), ("alpha", 4.4136), ("a", 0.79292), ("b", 2.4259)):
        digits = 4 if name in ("alpha", "b") else 5
        near(name, found["parameters"][name], value, digits)
    near("p", found["spend"]["p"], 6.25, 2)
    near("q", found["spend"]["q"], 3.74, 2)
    near("v", found["spend"]["v"], 15.44, 2)
    same("converged", found["converged"], True)
    same("held out", found["holdout"]["purchases"], 1882)
    same("deciles", sum(d["people"] for d in found["deciles"]), 2357)
    same("bands", sum(found["alive_bands"]), 2357)
    same("top", len(found["top"]), 10)
    by_day = answer("-m", mall, "value", "--calibration", "1997-09-30", "--at", "1998-06-30",
                    "--unit", "day")
    near("a by day", by_day["parameters"]["a"], 0.79292, 5)
    near("alpha by day", by_day["parameters"]["alpha"] / 7, 4.414, 3)
    near("alike by day", by_day["expected_purchases"] - found["expected_purchases"], 0, 2)
    near("39 weeks", by_day["horizon"] / 7, found["horizon"], 9)
    person = answer("-m", mall, "value", "--calibration", "1997-09-30", "--at", "1998-06-30",
                    "--member", "15562")["member"]
    same("x of the one with 26", person["x"], 26)
    near("alive, the one with 26", person["alive"], 0.969, 3)
    histories(folder)


def histories(folder):
    """Fifty people twice, as a file: names as other packages have them; refusals with their place."""
    path = os.path.join(folder, "histories.csv")
    rows = [(i % 4, 3 * (i % 4), 20 + i % 7, 10 + i) for i in range(100)]
    with open(path, "w", encoding="ascii") as file:
        file.write("frequency,recency,T,monetary_value\n")
        file.writelines("%d,%d,%d,%d\n" % row for row in rows)
    one = answer("value", "--csv-file", path, "--unit", "week")
    with open(path, "w", encoding="ascii") as file:
        file.write("mean,T,t_x,x\n")
        file.writelines("%d,%d,%d,%d\n" % row[::-1] for row in rows)
    two = answer("value", "--csv-file", path, "--unit", "week")
    same("order of columns", one, two)
    for bad, what in (("x,tx,T\n1,9,5\n", ":2:"), ("x,tx,T\n1,2\n", ":2:1:"), ("x,y\n1,2\n", ":1:1:"),
                      ("x,tx,T\n1,two,5\n", ":2:")):
        with open(path, "w", encoding="ascii") as file:
            file.write(bad)
        done = run("value", "--csv-file", path, status=3)
        same(f"place of {bad!r}", what in done.stderr, True)
    for words in (["--parameters", "1,2,3"], ["--unit", "hour"], ["--horizon", "soon"],
                  ["--customer", "1,2,3"]):
        run("value", *words, status=2)


# ---- Clusters ----

def iris(folder):
    """Fisher's irises: what scikit-learn's documentation and many books have for them."""
    path = os.path.join(folder, "iris.csv")
    with open(path, "w", encoding="ascii") as file:
        file.write("a,b,c,d,kind\n")
        for i in range(150):
            four = [int(IRIS[8 * i + 2 * k:8 * i + 2 * k + 2]) / 10 for k in range(4)]
            file.write(",".join(map(str, four)) + f",{i // 50}\n")
    published = [(2, 152.348, 0.681, 0.5399), (3, 78.8514, 0.5528, 0.7302),
                 (4, 57.2285, 0.4981, 0.6498)]
    for k, inertia, width, agreement in published:
        found = answer("cluster", "--csv-file", path, "--features", "a,b,c,d", "--scale", "none",
                       "--k", str(k), "--truth", "kind")
        near(f"inertia, {k}", found["inertia"], inertia, 3 if k == 2 else 4)
        near(f"silhouette, {k}", found["silhouette"], width, 4)
        near(f"adjusted Rand, {k}", found["adjusted_rand"], agreement, 4)
        same(f"sizes, {k}", sum(c["size"] for c in found["clusters"]), 150)
    standard = answer("cluster", "--csv-file", path, "--features", "a,b,c,d", "--k", "3",
                      "--truth", "kind")
    near("standardised silhouette", standard["silhouette"], 0.4599, 4)
    near("standardised inertia", standard["inertia"], 139.82, 2)
    near("standardised adjusted Rand", standard["adjusted_rand"], 0.6201, 4)
    auto = answer("cluster", "--csv-file", path, "--features", "a,b,c,d")
    again = answer("cluster", "--csv-file", path, "--features", "a,b,c,d")
    same("number found", auto["k"], 2)
    same("the same again", auto, again)
    run("cluster", "--csv-file", path, "--features", "a,nothing", status=2)
    run("cluster", "--csv-file", path, "--features", "a", "--k", "0", status=2)
    run("cluster", "--truth", "kind", status=2)


# ---- Affinity ----

def baskets(folder):
    """Categories in the baskets of the Complete Journey, counted here a second time."""
    path = os.path.join(DATA, "complete_journey")
    if not os.path.isdir(path):
        return skip(f"Complete Journey: it is not in {DATA}")
    mall = os.path.join(folder, "journey.mall")
    run("init", mall, "--timezone", "UTC")
    run("-m", mall, "import", "receipts", os.path.join(path, "transactions.csv"), "--map",
        "complete-journey")
    category = {}
    with open(os.path.join(path, "products.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            category[row["product_id"]] = row["product_category"]
    having = defaultdict(set)
    with open(os.path.join(path, "transactions.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            having[row["basket_id"]].add(category.get(row["product_id"], ""))
    one, both = Counter(), Counter()
    for things in having.values():
        things.discard("")
        one.update(things)
        both.update(itertools.combinations(sorted(things), 2))
    found = answer("-m", mall, "affinity", "--by", "basket", "--limit", "0")
    same("baskets", found["units"], len(having))
    same("baskets published", found["units"], 47243)
    pairs = {tuple(sorted((p["a"], p["b"]))): p for p in found["pairs"]}
    same("pairs", {k: p["both"] for k, p in pairs.items()}, dict(both))
    for (a, b), pair in list(pairs.items())[:200]:
        lift = both[a, b] * len(having) / (one[a] * one[b])
        same("lift", abs(pair["lift"] / lift - 1) < 1e-9, True)
    some = answer("-m", mall, "affinity", "--by", "basket", "--limit", "0", "--min-support", "0.001")
    same("min support", len(some["pairs"]), sum(n >= 47.243 for n in both.values()))
    run("-m", mall, "affinity", "--of", "shop", "--by", "basket", status=2)
    run("-m", mall, "affinity", "--of", "colour", status=2)


# ---- Who may see what ----

def roles(folder):
    mall = os.path.join(folder, "demo.mall")
    run("-m", mall, "demo", "--members", "900", "--days", "100", "--no-console")
    run("-m", mall, "principal", "add", "ana", "analyst")
    run("-m", mall, "principal", "add", "tec", "technician")
    whole = answer("-m", mall, "affinity", "--of", "shop", "--limit", "0")
    masked = answer("--as", "ana", "-m", mall, "affinity", "--of", "shop", "--limit", "0")
    same("small pairs are hidden", min((p["both"] for p in masked["pairs"]), default=10) >= 10, True)
    same("and counted", len(masked["pairs"]) + masked["hidden"], len(whole["pairs"]))
    for command in ("affinity", "value", "cluster"):
        run("--as", "tec", "-m", mall, command, status=4)
    top = answer("--as", "ana", "-m", mall, "value", "--top", "3")["top"]
    same("pseudonyms", all(row["subject"].startswith("P-") for row in top), True)
    run("--as", "ana", "-m", mall, "cluster", "--k", "3", "--save", "x", status=4)
    found = answer("-m", mall, "cluster", "--k", "3", "--save", "kind", "--list", "all")
    sizes = Counter(row["cluster"] for row in found["people"])
    same("lists", [sizes[c["cluster"]] for c in found["clusters"]],
         [c["size"] for c in found["clusters"]])
    for cluster in found["clusters"]:
        count = answer("-m", mall, "segment", "count", f"label:kind-{cluster['cluster']}")
        same("kept as a label", count["count"], cluster["size"])
    part = answer("-m", mall, "cluster", "--k", "2", "--segment", "label:kind-1")
    same("among a segment", part["rows"], found["clusters"][0]["size"])
    run("-m", mall, "verify")


with tempfile.TemporaryDirectory() as place:
    cdnow(place)
    iris(place)
    baskets(place)
    roles(place)
finish()
