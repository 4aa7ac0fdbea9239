"""A bill as a PDF: a first page that answers how much, by when and for what; then the charges; then the usage.

The same view is the same bytes, whenever and wherever it is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from itertools import compress, groupby, islice

from common.domain.money import Money
from tmf678_bill.document.appearance import Appearance, Colour
from tmf678_bill.document.language import Language
from tmf678_bill.document.sheet import (
    LEFT,
    RIGHT,
    WIDTH,
    About,
    Box,
    Code,
    Face,
    Picture,
    Sheet,
    Text,
    clipped,
    font,
    wrapped,
    write,
)
from tmf678_bill.document.slip import epc_payload, iban_in_fours
from tmf678_bill.document.table import Column, Look, Row, Table
from tmf678_bill.document.view import BillView, Item, Part, ProductItems, TaxGroup, UsageRow

MEDIA_TYPE = "application/pdf"
# Lines of usage in one document (about 400 pages); the JSON document has all of them.
USAGE_ROWS_MAX = 20_000
# An envelope's window has room for so many lines of name and address.
_RECIPIENT_LINES_MAX = 8
_CONTACT_LINES_MAX = 7
_WINDOW_WIDTH, _WINDOW_TOP = 240.0, 128.0
_FACTS_LEFT, _FACTS_TOP = 340.0, 134.0
_TITLE = 264.0
_FOOT = 786.0
_USAGE_PAD = 2.6
# Charges begin on a page of their own, unless this much of a page after the first is free.
_CHARGES_ROOM = 240.0
# A blank that lines do not break at.
HOLDING = "\N{NO-BREAK SPACE}"
_GREY = Colour(0x6B, 0x70, 0x78)
_PALE_RULE = Colour(0xDD, 0xE0, 0xE5)
_BLACK = Colour(0, 0, 0)


@dataclass(frozen=True)
class Style:
    """The faces of a document in an operator's fonts and colours."""

    appearance: Appearance
    regular: str
    bold: str

    def body(self, size: float = 9) -> Face:
        return Face(self.regular, size, self.appearance.text)

    def strong(self, size: float = 9) -> Face:
        return Face(self.bold, size, self.appearance.text)

    def quiet(self, size: float = 8) -> Face:
        return Face(self.regular, size, _GREY)

    def title(self, size: float) -> Face:
        return Face(self.bold, size, self.appearance.primary)

    def table(self, pad: float = 4.5) -> Look:
        return Look(
            pad=pad,
            head=Face(self.bold, 8, _GREY),
            body=self.body(),
            strong=self.strong(),
            note=self.quiet(),
            rule=_PALE_RULE,
            strong_rule=self.appearance.primary.paler(4),
        )


def render(view: BillView, language: Language, appearance: Appearance) -> bytes:
    """The bill as a PDF of one page or more."""
    style = Style(appearance, font(appearance.font), font(appearance.bold_font))
    sheet = Sheet()
    first_page(sheet, view, language, style)
    charges(sheet, view, language, style)
    usage(sheet, view, language, style)
    _feet(sheet, view, language, style)
    about = About(
        title=f"{_title(view, language)} {view.number}",
        author=view.issuer.name,
        subject=view.account_name or view.account,
        language=language.code,
        made=view.issued,
    )
    return write(sheet.pages, about)


# -- the first page -----------------------------------------------------------------------------------------------


def first_page(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    _letterhead(sheet, view, style)
    _recipient(sheet, view, style)
    end = _facts(sheet, view, language, style)
    sheet.y = max(end + 20, _TITLE)
    sheet.put(Text(LEFT, sheet.y, f"{_title(view, language)} {view.number}", style.title(19)))
    sheet.y += 14
    _amount_due(sheet, view, language, style)
    _summary(sheet, view, language, style)
    _taxes(sheet, view, language, style)
    _slip(sheet, view, language, style)


def _letterhead(sheet: Sheet, view: BillView, style: Style) -> None:
    sheet.put(Box(0, 0, WIDTH, 7, style.appearance.primary))
    if style.appearance.logo is not None:
        sheet.put(Picture(LEFT, 34, 170, 46, style.appearance.logo))
    else:
        face = style.title(19)
        sheet.put(Text(LEFT, 58, clipped(view.issuer.name, face, 260), face))
    face = style.quiet(8)
    lines = [view.issuer.name, *view.issuer.address, *view.issuer.contact][:_CONTACT_LINES_MAX]
    for place, line in enumerate(lines):
        sheet.put(Text(RIGHT, 42 + place * face.leading, clipped(line, face, 200), face, "right"))


def _recipient(sheet: Sheet, view: BillView, style: Style) -> None:
    small, body = style.quiet(6.5), style.body(10)
    sender = " · ".join([view.issuer.name, *view.issuer.address])
    sheet.put(Text(LEFT, _WINDOW_TOP, clipped(sender, small, _WINDOW_WIDTH), small))
    sheet.put(Box(LEFT, _WINDOW_TOP + 3, _WINDOW_WIDTH, 0, _PALE_RULE))
    lines = wrapped(view.recipient.name, body, _WINDOW_WIDTH, 2)
    for line in view.recipient.address:
        lines += wrapped(line, body, _WINDOW_WIDTH, 2)
    if len(lines) > _RECIPIENT_LINES_MAX:
        rest = ", ".join(lines[_RECIPIENT_LINES_MAX - 1 :])
        lines = [*lines[: _RECIPIENT_LINES_MAX - 1], clipped(rest, body, _WINDOW_WIDTH)]
    for place, line in enumerate(lines):
        sheet.put(Text(LEFT, _WINDOW_TOP + 20 + place * 13.2, line, body))


def _facts(sheet: Sheet, view: BillView, language: Language, style: Style) -> float:
    """The numbers and dates beside the address; where they end."""
    is_bill = view.kind == "bill"
    facts = [
        (language.text("number_bill" if is_bill else "number_credit_note"), view.number),
        (language.text("corrects"), view.corrects),
        (language.text("issued"), language.day(view.issued)),
        (language.text("period"), language.span(view.period) if view.period else ""),
        (language.text("due"), language.day(view.due) if view.due and is_bill else ""),
        (language.text("account"), view.account_name or view.account),
        (language.text("customer_tax_number"), view.recipient.tax_number),
    ]
    label, value, y = style.quiet(8.5), style.body(8.5), _FACTS_TOP
    for name, said in facts:
        if not said:
            continue
        sheet.put(Text(_FACTS_LEFT, y, name, label))
        for line in wrapped(said, value, RIGHT - _FACTS_LEFT - label.width(name) - 10, 3):
            sheet.put(Text(RIGHT, y, line, value, "right"))
            y += value.leading
        y += 3.2
    return y


def _amount_due(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """The one amount that matters, and what to do about it."""
    height, pad = 46.0, 14.0
    is_bill, primary = view.kind == "bill", style.appearance.primary
    sheet.put(Box(LEFT, sheet.y, RIGHT - LEFT, height, primary.paler(9), radius=4))
    if not is_bill:
        sheet.put(Box(LEFT, sheet.y, RIGHT - LEFT, height, primary, is_filled=False, line=1, radius=4))
    label, told = _asked(view, language)
    shown = view.remaining if is_bill else abs(view.gross)
    amount = style.title(22)
    text = language.money(shown)
    sheet.put(Text(LEFT + pad, sheet.y + 21, label, style.strong(11)))
    room = RIGHT - LEFT - 3 * pad - amount.width(text)
    sheet.put(Text(LEFT + pad, sheet.y + 35, clipped(told, style.quiet(9), room), style.quiet(9)))
    sheet.put(Text(RIGHT - pad, sheet.y + 31.5, text, amount, "right"))
    sheet.y += height + 14


def _asked(view: BillView, language: Language) -> tuple[str, str]:
    if view.kind == "creditNote":
        return language.text("credited"), language.text("credit_explained")
    if view.remaining.amount <= 0:
        return language.text("nothing_due"), ""
    due = "" if view.due is None else language.day(view.due)
    if view.direct_debit:
        name = "paid_by_debit_on" if due else "paid_by_debit"
        return language.text("amount_due"), language.text(name, method=view.direct_debit, date=due)
    return language.text("amount_due"), language.text("pay_by", date=due) if due else ""


def _summary(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """What each product comes to, what was paid, what remains."""
    columns = [Column(language.text("product")), *_money_columns(language)]
    rows = [
        Row((_product_name(product, language), *_sums(product, language)), notes=_labels(product))
        for product in view.products
    ]
    total = [view.net, view.tax, view.gross]
    paid = [
        Row((_payment_name(payment.on, language), "", "", language.amount(-payment.amount)), (payment.reference,))
        for payment in view.payments
    ]
    sums = [Row((language.text("total"), *map(language.amount, total)), is_strong=True, is_kept=bool(paid))]
    if paid:
        sums += [replace(row, is_kept=True) for row in paid]
        sums.append(Row((language.text("remaining"), "", "", language.amount(view.remaining)), is_strong=True))
    note = language.text("currency_note", currency=view.currency)
    _table(sheet, columns, style).draw(
        [*_kept_to_next(rows), *sums], language.text("summary"), language.text("summary"), note
    )
    sheet.y += 12


def _taxes(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    if not view.tax_groups:
        return
    columns = [Column(language.text("tax_group")), *_money_columns(language)]
    rows = []
    for group in _taxed(view):
        category = language.tax_categories.get(group.category, group.category) or language.text("no_tax")
        name = f"{category} {language.percentage(group.rate)}"
        notes = (language.text("exempt", number=group.exemption),) if group.exemption else ()
        rows.append(Row((name, *map(language.amount, (group.net, group.tax, group.gross))), notes, is_kept=True))
    if len(rows) > 1:
        total = map(language.amount, (view.net, view.tax, view.gross))
        rows.append(Row((language.text("total"), *total), is_strong=True))
    _table(sheet, columns, style).draw(rows, language.text("taxes"), language.text("taxes"))
    sheet.y += 14


def _slip(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """How to pay by transfer, for people and for their telephones."""
    slip = view.slip
    if slip is None or slip.amount.amount <= 0:
        return
    bank = slip.bank
    said = [
        (language.text("holder"), bank.holder),
        (language.text("iban"), iban_in_fours(bank.iban)),
        (language.text("bic" if bank.bic else "bank"), " · ".join(part for part in (bank.bic, bank.name) if part)),
        (language.text("reference"), slip.reference),
        (language.text("to_pay"), language.money(slip.amount)),
        (language.text("due"), language.day(slip.due) if slip.due else ""),
    ]
    shown = [(name, value) for name, value in said if value]
    payload = epc_payload(slip)
    side = 88.0 if payload else 0.0
    height = max(30 + 13.5 * len(shown), side + 24 if payload else 0)
    if not sheet.has_room(height):
        sheet.turn()
    sheet.put(Box(LEFT, sheet.y, RIGHT - LEFT, height, style.appearance.primary.paler(6), is_filled=False, radius=4))
    pad, y = 14.0, sheet.y + 19
    sheet.put(Text(LEFT + pad, y, language.text("transfer"), style.strong(10.5)))
    widest = max(style.quiet(8.5).width(name) for name, _ in shown) + 16
    room = RIGHT - LEFT - 3 * pad - widest - side
    for name, value in shown:
        y += 13.5
        sheet.put(Text(LEFT + pad, y, name, style.quiet(8.5)))
        sheet.put(Text(LEFT + pad + widest, y, clipped(value, style.body(9.5), room), style.body(9.5)))
    if payload:
        left = RIGHT - pad - side
        sheet.put(Code(left, sheet.y + 7, side, payload, _BLACK))
        sheet.put(Text(left + side / 2, sheet.y + side + 17, language.text("scan"), style.quiet(8), "centre"))
    sheet.y += height + 16


# -- charges ------------------------------------------------------------------------------------------------------


def charges(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """Every item, by product."""
    if not view.products:
        return
    if len(sheet.pages) > 1 and sheet.has_room(_CHARGES_ROOM):
        sheet.y += 14
    else:
        sheet.turn()
    _heading(sheet, language.text("charges"), language.text("currency_note", currency=view.currency), style)
    items = [item for product in view.products for item in product.items]
    columns = [
        Column(language.text("charge")),
        Column(language.text("quantity"), 58, "right"),
        Column(language.text("unit_price"), 54, "decimal", language.decimal),
        Column(language.text("rate"), 38, "right"),
        Column(language.text("net"), 52, "right"),
        Column(language.text("tax"), 48, "right"),
        Column(language.text("gross"), 54, "right"),
    ]
    # What no charge has is no column.
    said = [any(_item_row(item, language).cells[place] for item in items) for place in range(len(columns))]
    for product in view.products:
        name = _product_name(product, language)
        rows = [_item_row(item, language) for item in product.items]
        sums = (language.text("subtotal", product=name), "", "", "", *_sums(product, language))
        table = [*_kept_to_next(rows), Row(sums, is_strong=True)]
        shown = [replace(row, cells=tuple(compress(row.cells, said))) for row in table]
        again = language.text("continued", name=name)
        _table(sheet, list(compress(columns, said)), style).draw(shown, name, again, product.label)
        sheet.y += 16


def _item_row(item: Item, language: Language) -> Row:
    kind = language.kinds.get(item.kind, "")
    span = language.span(item.span) if item.span else ""
    count = _count(item.usages, language) if item.usages else ""
    parts = "; ".join(_days(part, item.net.currency, language) for part in item.parts)
    notes = (" · ".join(part for part in (kind, span, count) if part), parts, item.description)
    quantity = unit_price = ""
    if item.quantity is not None:
        quantity = language.quantity(item.quantity, item.unit)
    if item.unit_price is not None:
        unit_price = language.amount(Money(item.unit_price, item.net.currency))
    rate = "" if item.tax_rate is None else language.percentage(item.tax_rate)
    amounts = map(language.amount, (item.net, item.tax, item.gross))
    return Row((item.name, quantity, unit_price, rate, *amounts), notes)


def _days(part: Part, currency: str, language: Language) -> str:
    """Which days at which price, less which discounts; of a whole period its columns say the days and the price."""
    less = [
        language.text("less", amount=language.amount(Money(one.amount, currency)), name=one.name) for one in part.less
    ]
    days = f"{part.days}", f"{part.of}"
    if part.price is None:
        return ", ".join([language.text("days", days=days[0], of=days[1]), *less])
    if part.is_whole and less:
        return ", ".join(less)
    price = language.amount(Money(part.price, currency))
    return ", ".join([language.text("days_at", days=days[0], of=days[1], price=price), *less])


def _count(usages: int, language: Language) -> str:
    return (
        language.text("one_usage") if usages == 1 else language.text("usages", count=f"{usages}").replace(" ", HOLDING)
    )


def _taxed(view: BillView) -> list[TaxGroup]:
    """The groups that say something: what costs nothing and has no category is left out, unless there is no other."""
    said = [one for one in view.tax_groups if one.category or one.exemption or one.net.amount or one.gross.amount]
    return said or list(view.tax_groups)


# -- usage --------------------------------------------------------------------------------------------------------


def usage(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """Every usage behind the charges, by product and time."""
    rows = iter(view.usage())
    shown = list(islice(rows, USAGE_ROWS_MAX))
    if not shown:
        return
    is_cut = next(rows, None) is not None
    sheet.turn()
    _heading(sheet, language.text("usage"), language.text("usage_note"), style)
    columns = [
        Column(language.text("date_time"), 104),
        Column(language.text("usage_type"), 76),
        Column(language.text("description")),
        Column(language.text("quantity"), 80, "right"),
        Column(f"{language.text('amount')} ({view.currency})", 84, "right"),
    ]
    named = {product.id: product for product in view.products}
    for id, group in groupby(shown, key=lambda row: row.product):
        product = named.get(id)
        name = _product_name(product, language) if product else id
        table = Table(sheet, columns, style.table(pad=_USAGE_PAD))
        again = language.text("continued", name=name)
        lines = _kept_at_ends(_usage_row(row, view.currency, language) for row in group)
        table.draw(lines, name, again, product.label if product else "")
        sheet.y += 16
    if is_cut:
        sheet.put(Text(LEFT, sheet.y + 4, language.text("usage_cut", count=f"{USAGE_ROWS_MAX}"), style.quiet(9)))


def _usage_row(row: UsageRow, currency: str, language: Language) -> Row:
    return Row(
        (
            language.moment(row.at),
            language.usage_types.get(row.usage_type, row.usage_type),
            row.description,
            language.quantity(row.quantity, row.unit),
            language.usage_amount(row.amount, currency),
        )
    )


# -- what pages have in common ------------------------------------------------------------------------------------


def _feet(sheet: Sheet, view: BillView, language: Language, style: Style) -> None:
    """The head of the pages after the first, and the foot of all."""
    face, issuer = style.quiet(7.5), view.issuer
    tax = f"{language.text('tax_number')} {issuer.tax_number}" if issuer.tax_number else ""
    first = " · ".join(part for part in (issuer.name, *issuer.address) if part)
    bank = issuer.bank
    account = "" if bank is None or not bank.iban else f"{language.text('iban')} {iban_in_fours(bank.iban)}"
    second = " · ".join(part for part in (tax, issuer.register, account) if part)
    title = f"{_title(view, language)} {view.number}"
    for place, page in enumerate(sheet.pages):
        if place:
            page += [
                Box(0, 0, WIDTH, 7, style.appearance.primary),
                Text(LEFT, 46, title, style.title(9)),
                Text(RIGHT, 46, clipped(view.recipient.name, style.quiet(9), 260), style.quiet(9), "right"),
                Box(LEFT, 54, RIGHT - LEFT, 0, _PALE_RULE),
            ]
        number = language.text("page", page=f"{place + 1}", pages=f"{len(sheet.pages)}")
        room = RIGHT - LEFT - face.width(number) - 20
        page += [
            Box(LEFT, _FOOT, RIGHT - LEFT, 0, _PALE_RULE),
            Text(LEFT, _FOOT + 13, clipped(first, face, room), face),
            Text(LEFT, _FOOT + 13 + face.leading, clipped(second, face, room), face),
            Text(RIGHT, _FOOT + 13, number, face, "right"),
        ]


def _heading(sheet: Sheet, title: str, note: str, style: Style) -> None:
    sheet.put(Text(LEFT, sheet.y, title, style.title(14)), Text(RIGHT, sheet.y, note, style.quiet(8), "right"))
    sheet.y += 18


def _table(sheet: Sheet, columns: list[Column], style: Style) -> Table:
    return Table(sheet, columns, style.table())


def _money_columns(language: Language) -> list[Column]:
    return [Column(language.text(name), 78, "right") for name in ("net", "tax", "gross")]


def _title(view: BillView, language: Language) -> str:
    return language.text("bill" if view.kind == "bill" else "credit_note")


def _product_name(product: ProductItems, language: Language) -> str:
    return product.name or (product.id if product.id else language.text("other_charges"))


def _labels(product: ProductItems) -> tuple[str, ...]:
    return (product.label,) if product.label else ()


def _sums(product: ProductItems, language: Language) -> tuple[str, str, str]:
    items = product.items
    net, tax, gross = (
        reduce(Money.__add__, amounts)
        for amounts in ([i.net for i in items], [i.tax for i in items], [i.gross for i in items])
    )
    return language.amount(net), language.amount(tax), language.amount(gross)


def _payment_name(on: date | None, language: Language) -> str:
    return language.text("payment") if on is None else language.text("payment_on", date=language.short_day(on))


def _kept_to_next(rows: list[Row]) -> list[Row]:
    """The last row stays with the total below it."""
    return [*rows[:-1], *(replace(row, is_kept=True) for row in rows[-1:])]


def _kept_at_ends(rows: Iterable[Row]) -> Iterator[Row]:
    """The first two and the last two rows stay together, so that no page has a single one."""
    held: list[Row] = []
    place = 0
    for row in rows:
        held.append(row)
        if len(held) > 2:
            yield replace(held.pop(0), is_kept=place == 0)
            place += 1
    if held:
        yield replace(held[0], is_kept=len(held) > 1)
        yield from held[1:]
