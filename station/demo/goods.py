"""The returns of the demo: believable goods, some in trouble; equal for equal seeds."""

import random
from dataclasses import dataclass
from enum import StrEnum

from returnbench.inspect.case import AnnouncedReturn, ExpectedLine, Mass
from returnbench.inspect.check_digits import gs1_check, s10_check
from returnbench.inspect.codes import ArrivalType, ClaimedReason

SHOP = "demo-shop"


class Trouble(StrEnum):
    """What is the matter with a parcel of the demo."""

    NONE = "nothing is the matter"
    MISSING = "an item is missing"
    SWAPPED = "an item was swapped"
    BROKEN = "the parcel is torn and an item fell out"
    UNANNOUNCED = "nobody announced it"
    FREIGHT_COLLECT = "it comes freight collect"
    REFUNDED = "the buyer already has the money"
    WORN = "an item comes back soiled"
    DEFECT = "an item has a maker's defect"


FIRST_ROUND = (
    Trouble.NONE,
    Trouble.MISSING,
    Trouble.NONE,
    Trouble.FREIGHT_COLLECT,
    Trouble.SWAPPED,
    Trouble.NONE,
    Trouble.REFUNDED,
    Trouble.BROKEN,
    Trouble.NONE,
    Trouble.UNANNOUNCED,
    Trouble.WORN,
    Trouble.DEFECT,
)
"""The order in which a newcomer meets them; later rounds are shuffled."""


@dataclass(frozen=True, slots=True)
class Article:
    """Something the demo shop sells. Masses in grams, price in cents."""

    sku: str
    title: str
    category: str
    grams: int
    sd_grams: float
    cents: int
    has_serial: bool = False


ARTICLES = (
    Article("TS-BLU-M", "T-shirt blue M", "apparel", 182, 2.5, 1990),
    Article("SW-GRY-L", "Sweater grey L", "apparel", 468, 6.0, 5490),
    Article("JE-BLK-32", "Jeans black 32", "apparel", 612, 8.0, 6990),
    Article("SO-WOOL-42", "Wool socks 42", "apparel", 74, 1.2, 1290),
    Article("SH-RUN-43", "Running shoes 43", "apparel", 715, 9.0, 9990),
    Article("MUG-RED", "Mug red", "home", 341, 3.5, 1290),
    Article("LAMP-DSK", "Desk lamp", "home", 1240, 9.0, 4590),
    Article("PAN-24", "Frying pan 24 cm", "home", 986, 7.0, 3990),
    Article("HDPH-BT", "Headphones wireless", "electronics", 254, 1.5, 12990, True),
    Article("PHN-64", "Phone 64 GB", "electronics", 388, 1.8, 34900, True),
    Article("WATCH-S", "Sports watch", "electronics", 143, 1.0, 19900, True),
    Article("KB-MECH", "Keyboard", "electronics", 893, 5.0, 8990, True),
    Article("BOOK-ATL", "Atlas, hardcover", "books", 1420, 11.0, 4900),
    Article("BOOK-NOV", "Novel, paperback", "books", 312, 4.0, 1290),
    Article("CRM-50", "Face cream 50 ml", "cosmetics", 128, 1.0, 2490),
    Article("PERF-30", "Perfume 30 ml", "cosmetics", 196, 1.4, 5990),
)

PACKAGING = (("padded bag", 34, 2.5, 500), ("box S", 118, 5.0, 1400), ("box M", 236, 8.0, 99_999))
"""Name, grams, standard deviation in grams, and the contents in grams up to which it is used."""

_CLAIMS = (
    ClaimedReason.CHANGED_MIND,
    ClaimedReason.SIZE_SMALL,
    ClaimedReason.SIZE_LARGE,
    ClaimedReason.NOT_AS_DESCRIBED,
    ClaimedReason.DEFECTIVE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that really lies in the parcel."""

    title: str
    code: str
    mg: int
    line_ref: str | None


@dataclass(frozen=True, slots=True)
class DemoParcel:
    """A parcel as it really is, which the bench has to find out."""

    number: int
    waybill: str
    carrier: str
    trouble: Trouble
    advice: AnnouncedReturn | None
    units: tuple[Unit, ...]
    packaging_mg: int
    troubled_line: str | None

    @property
    def gross_mg(self) -> int:
        """What the parcel weighs, in milligrams."""
        return self.packaging_mg + sum(unit.mg for unit in self.units)

    @property
    def foreign_code(self) -> str | None:
        """The code of the unit that lies there instead of another."""
        return next((unit.code for unit in self.units if unit.line_ref is None), None)


def demo_parcels(count: int, seed: int) -> tuple[DemoParcel, ...]:
    """``count`` parcels; the same for the same ``seed``, whatever ``count`` is."""
    return tuple(
        _parcel(number, trouble, seed) for number, trouble in enumerate(_troubles(count, seed))
    )


def prices(parcels: tuple[DemoParcel, ...]) -> dict[str, dict[str, int]]:
    """What the shop sold the lines for: return to line to cents a unit."""
    cents = {article.sku: article.cents for article in ARTICLES}
    return {
        parcel.advice.rma: {line.line_ref: cents[line.sku] for line in parcel.advice.lines}
        for parcel in parcels
        if parcel.advice
    }


def _troubles(count: int, seed: int) -> list[Trouble]:
    rng = random.Random(f"troubles {seed}")
    order = list(FIRST_ROUND)
    while len(order) < count:
        another = list(FIRST_ROUND)
        rng.shuffle(another)
        order += another
    return order[:count]


def _parcel(number: int, trouble: Trouble, seed: int) -> DemoParcel:
    rng = random.Random(f"parcel {seed} {number}")
    carrier, waybill = _waybill(rng)
    lines = _lines(rng, trouble, number)
    packaging, packaging_mg = _packaging(rng, lines)
    advice = AnnouncedReturn(
        rma=f"RMA{seed % 1000:03d}{number:05d}",
        shop=SHOP,
        order_ref=f"SO-{rng.randrange(100_000, 1_000_000)}",
        waybill=waybill,
        carrier=carrier,
        lines=lines,
        arrival=ArrivalType.ANNOUNCED,
        claimed_reason=rng.choice(_CLAIMS),
        packaging_mass=packaging,
        freight_collect=trouble is Trouble.FREIGHT_COLLECT,
        already_refunded=trouble is Trouble.REFUNDED,
    )
    units, troubled = _contents(rng, lines, trouble)
    announced = trouble is not Trouble.UNANNOUNCED
    return DemoParcel(
        number,
        waybill,
        carrier,
        trouble,
        advice if announced else None,
        units,
        packaging_mg,
        troubled,
    )


def _waybill(rng: random.Random) -> tuple[str, str]:
    digits = "".join(rng.choices("0123456789", k=13))
    carrier = rng.choice(("YTO", "SF", "JT", "EMS"))
    if carrier == "EMS":
        return carrier, f"EA{digits[:8]}{s10_check(digits[:8])}CN"
    prefix = {"YTO": "YT", "SF": "SF", "JT": "JT"}[carrier]
    return carrier, prefix + digits


def _lines(rng: random.Random, trouble: Trouble, number: int) -> tuple[ExpectedLine, ...]:
    needs_company = trouble in (Trouble.MISSING, Trouble.SWAPPED, Trouble.BROKEN, Trouble.WORN)
    articles = rng.sample(
        ARTICLES, k=rng.choice((2, 3)) if needs_company else rng.choice((1, 1, 2, 3))
    )
    if trouble is Trouble.SWAPPED and not any(article.has_serial for article in articles):
        articles[0] = rng.choice([article for article in ARTICLES if article.has_serial])
    return tuple(
        _line(rng, position, article, number) for position, article in enumerate(articles, start=1)
    )


def _line(rng: random.Random, position: int, article: Article, number: int) -> ExpectedLine:
    quantity = 1 if article.has_serial else rng.choice((1, 1, 1, 2))
    serials = (f"SN{number:04d}{position}{rng.randrange(10_000, 100_000)}",)
    return ExpectedLine(
        line_ref=f"L{position}",
        sku=article.sku,
        title=article.title,
        category=article.category,
        quantity=quantity,
        unit_mass=Mass(article.grams * 1000, round(article.sd_grams * 1000)),
        unit_codes=(gtin(article),),
        serials=serials if article.has_serial else (),
    )


def gtin(article: Article) -> str:
    """The GTIN-13 printed on the article, from the range reserved for use inside a company."""
    body = f"20000000{ARTICLES.index(article) + 1:04d}"
    return f"{body}{gs1_check(body)}"


def _packaging(rng: random.Random, lines: tuple[ExpectedLine, ...]) -> tuple[Mass, int]:
    contents = sum(line.quantity * line.unit_mass.mean_mg for line in lines if line.unit_mass)
    _, grams, sd, _ = next(kind for kind in PACKAGING if contents <= kind[3] * 1000)
    mass = Mass(grams * 1000, round(sd * 1000))
    return mass, round(rng.gauss(mass.mean_mg, mass.sd_mg))


def _contents(
    rng: random.Random, lines: tuple[ExpectedLine, ...], trouble: Trouble
) -> tuple[tuple[Unit, ...], str | None]:
    units = [_unit(rng, line) for line in lines for _ in range(line.quantity)]
    if trouble in (Trouble.MISSING, Trouble.BROKEN):
        lost = max(range(len(units)), key=lambda index: units[index].mg)
        return tuple(unit for index, unit in enumerate(units) if index != lost), units[
            lost
        ].line_ref
    if trouble is Trouble.SWAPPED:
        index = next(i for i, unit in enumerate(units) if unit.code.startswith("SN"))
        taken = units[index]
        fake = f"SN9{rng.randrange(1_000_000, 10_000_000)}"
        units[index] = Unit(f"other {taken.title}", fake, round(taken.mg * 0.93), None)
        return tuple(units), taken.line_ref
    if trouble in (Trouble.WORN, Trouble.DEFECT):
        return tuple(units), lines[-1].line_ref
    return tuple(units), None


def _unit(rng: random.Random, line: ExpectedLine) -> Unit:
    assert line.unit_mass is not None
    mg = round(rng.gauss(line.unit_mass.mean_mg, line.unit_mass.sd_mg))
    code = line.serials[0] if line.serials else line.unit_codes[0]
    return Unit(line.title, code, mg, line.line_ref)
