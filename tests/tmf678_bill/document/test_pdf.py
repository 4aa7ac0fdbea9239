"""A bill as a PDF: everything is on it, it looks the same everywhere, and it is the same bytes every time."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from common.errors import ConfigurationError
from tests.tmf678_bill.document.views import (
    bill,
    group,
    item,
    money,
    plain,
    png,
    short,
    with_usage,
)
from tmf678_bill.document.appearance import appearance
from tmf678_bill.document.language import language
from tmf678_bill.document.pdf import render
from tmf678_bill.document.sheet import Face, Sheet, wrapped
from tmf678_bill.document.view import AppliedPayment, Item, Less, Part, ProductItems, Recipient

ROOT = Path(__file__).parents[3]


def pdf(view, look=None):
    return render(view, language(view.language), look or plain())


def pages(view, look=None):
    """The text of each page; blanks that hold together are blanks."""
    reader = PdfReader(BytesIO(pdf(view, look)))
    return [page.extract_text().replace("\N{NO-BREAK SPACE}", " ") for page in reader.pages]


def text(view):
    return "\n".join(pages(view))


# -- what is on it ------------------------------------------------------------------------------------------------


def test_the_first_page_answers_how_much_by_when_and_for_what():
    first = pages(short())[0]
    for said in (
        "Bill LW-2026-00102",
        "Amelie Brandt",
        "Kastanienallee 7",
        "10435 Berlin",
        "1 November 2026",
        "01 Oct 2026 – 31 Oct 2026",
        "Please pay by 15 November 2026",
        "€20.14",
        "+49 170 5550101",
        "VAT 19 %",
        "All amounts in EUR.",
        "DE75 5121 0800 1245 1261 99",
        "Page 1 of 2",
        "Tax number DE811234567",
    ):
        assert said in first, said


def test_every_item_total_and_tax_group_is_on_it():
    view = short()
    first, second = pages(view)
    english = language("en")
    for product in view.products:
        assert product.name in first
        for one in product.items:
            assert one.name in second
            assert one.description in second
            for amount in (one.net, one.tax, one.gross):
                assert english.amount(amount) in second
    for amounts in (("12.73", "2.41", "15.14"), ("4.20", "0.80", "5.00"), ("16.93", "3.21", "20.14")):
        assert all(amount in first for amount in amounts)


def test_net_and_tax_make_gross_on_every_line():
    view = short()
    items = [one for product in view.products for one in product.items]
    assert all(one.net + one.tax == one.gross for one in [*items, *view.tax_groups, view])
    lines = [line for line in pages(view)[1].splitlines() if line.startswith("Total ")]
    assert len(lines) == 2


def test_a_german_bill_is_german():
    said = text(short(language="de"))
    for word in ("Rechnung LW-2026-00102", "Zu zahlen", "20,14 €", "Bitte zahlen Sie bis 15. November 2026"):
        assert word in said
    for word in ("Einzelaufstellung", "−4,20", "Seite 2 von 2", "01.10.2026 – 31.10.2026", "Verwendungszweck"):
        assert word in said
    assert "Amount due" not in said


def test_payments_and_what_remains_are_shown():
    paid = (AppliedPayment(money("10.00"), date(2026, 11, 1), "Credit of the account"),)
    first = pages(short(payments=paid, remaining=money("10.14")))[0]
    for said in ("Payment of 01 Nov 2026", "Credit of the account", "−10.00", "Remaining", "€10.14"):
        assert said in first


def test_a_bill_that_is_paid_asks_for_nothing():
    first = pages(short(remaining=money("0.00"), slip=None))[0]
    assert "Nothing to pay" in first
    assert "€0.00" in first
    assert "Please pay" not in first
    assert "Payment by transfer" not in first


def test_a_bill_that_is_collected_says_how_and_has_no_slip():
    first = pages(short(direct_debit="Direct debit, account ending 0417", slip=None))[0]
    assert "Will be collected by Direct debit, account ending 0417 on 15 November 2026" in first
    assert "Payment by transfer" not in first


def test_a_credit_note_says_what_it_credits_and_asks_for_nothing():
    credit = item("c1", "Plan M", "-7.56", "-1.44", "-9.00", kind="credit")
    view = bill(
        (ProductItems("prod-line", "Plan M", (credit,)),),
        (group("-7.56", "-1.44", "-9.00"),),
        kind="creditNote",
        number="C-4",
        corrects="LW-2026-00102",
        slip=None,
    )
    first = pages(view)[0]
    for said in ("Credit note C-4", "Corrects bill", "LW-2026-00102", "Amount credited", "€9.00", "−7.56"):
        assert said in first
    assert "Please pay" not in first
    assert "Due date" not in first


def test_yen_have_no_decimals_and_dinars_three():
    yen = item("j", "Handset", "123456", "12346", "135802", "JPY", tax_rate=Decimal(10))
    view = bill((ProductItems("p", "Plan", (yen,)),), (group("123456", "12346", "135802", "10", "JPY"),))
    said = text(view)
    assert "¥135,802" in said
    assert "135,802.0" not in said
    assert "All amounts in JPY." in said

    dinar = item("k", "Plan", "10.500", "0.000", "10.500", "KWD", tax_rate=Decimal(0))
    view = bill((ProductItems("p", "Plan", (dinar,)),), (group("10.500", "0.000", "10.500", "0", "KWD"),))
    assert "KWD 10.500" in text(view)


def test_a_charge_for_a_part_of_a_month_says_for_which():
    parts = (Part(16, 31, Decimal("15.12")), Part(15, 31, Decimal("25.20")), Part(3, 31))
    one = item("x", "Plan", "20.00", "3.80", "23.80", parts=parts)
    second = pages(bill((ProductItems("p", "Plan", (one,)),), (group("20.00", "3.80", "23.80"),)))[1]
    assert "16 of 31 days at 15.12; 15 of 31 days at 25.20; 3 of 31 days" in second.replace("\n", " ")


def test_a_discount_that_was_agreed_is_named_with_what_it_took():
    less = (Less("Welcome discount", Decimal("4.20")),)
    half = item("x", "Plan", "5.46", "1.04", "6.50", parts=(Part(15, 30, Decimal("15.12"), less),))
    whole = item("y", "Plan", "10.92", "2.07", "12.99", parts=(Part(31, 31, Decimal("15.12"), less),))
    groups = (group("16.38", "3.11", "19.49"),)
    second = pages(bill((ProductItems("p", "Plan", (half, whole)),), groups))[1].replace("\n", " ")
    assert "15 of 30 days at 15.12, less 4.20 (Welcome discount)" in second
    assert second.count("less 4.20 (Welcome discount)") == 2
    assert "31 of 31" not in second


def test_what_costs_nothing_and_is_not_taxed_has_no_group():
    items = (
        item("x", "Plan", "10.00", "1.90", "11.90"),
        item("y", "Minutes", "0.00", "0.00", "0.00", tax_rate=Decimal(0)),
    )
    none = replace(group("0.00", "0.00", "0.00", "0"), category="")
    first = pages(bill((ProductItems("p", "Plan", items),), (none, group("10.00", "1.90", "11.90"))))[0]
    assert "No tax" not in first
    assert "VAT 19 %" in first


def test_an_exemption_is_named_with_its_certificate():
    one = item("x", "Plan", "10.00", "0.00", "10.00", tax_rate=Decimal(0))
    groups = (group("10.00", "0.00", "10.00", "0", exemption="EX-77"),)
    first = pages(bill((ProductItems("p", "Plan", (one,)),), groups))[0]
    assert "VAT 0 %" in first
    assert "exempt, certificate EX-77" in first


def test_several_tax_groups_have_a_total():
    items = (
        item("a", "Plan", "10.00", "1.90", "11.90"),
        item("b", "Book", "10.00", "0.70", "10.70", tax_rate=Decimal(7)),
    )
    groups = (group("10.00", "0.70", "10.70", "7"), group("10.00", "1.90", "11.90"))
    first = pages(bill((ProductItems("p", "Plan", items),), groups))[0]
    assert "VAT 7 %" in first
    assert first.count("22.60") == 5  # due, the product, the summary's total, the taxes' total, the slip


# -- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "<b>bold</b> & <script>alert(1)</script>",
        "{name} %s \\n (a) [b]",
        "Żółć gęślą jaźń, Ærøskøbing, İstanbul, Škoda",
        "Ελλάδα, Москва",
        "₴ ₹ ₺ € £ ¥",
    ],
)
def test_names_are_shown_as_they_are_written(name):
    one = item("x", name, "10.00", "1.90", "11.90", description=name)
    recipient = Recipient(name, ("Street <i>1</i>",))
    view = bill((ProductItems("p", name, (one,), name),), (group("10.00", "1.90", "11.90"),), recipient=recipient)
    first, second = pages(view)
    assert name in first.replace("\n", " ")
    assert second.replace("\n", " ").count(name) >= 2
    assert "Street <i>1</i>" in first


def test_a_bill_without_address_dates_and_names_is_still_a_bill():
    one = Item("x", "Plan", "recurring", money("0.00"), money("0.00"), money("0.00"))
    view = bill((ProductItems("", "", (one,)),), (), recipient=Recipient(""), period=None, due=None, account_name="")
    view = replace(view, slip=None, issuer=replace(view.issuer, address=(), bank=None, tax_number="", contact=()))
    said = text(view)
    assert "Other charges and credits" in said
    assert "Page 2 of 2" in said
    assert "None" not in said


def test_a_bill_without_items_is_one_page():
    assert len(pages(bill((), (), slip=None))) == 1


def test_a_long_name_is_wrapped_and_a_longer_one_is_cut():
    face = Face("Helvetica", 10, plain().text)
    lines = wrapped("a " * 500, face, 100, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(face.width(line) <= 100 for line in lines)
    assert wrapped("x" * 60, face, 100, 99) == ["x" * 20, "x" * 20, "x" * 20]
    assert wrapped("", face, 100, 3) == [""]


def test_nothing_leaves_the_page_and_no_number_runs_into_another():
    huge = item("x", "word " * 400, "123456789012.34", "23456789012.35", "146913578024.69", description="d " * 400)
    look = plain()
    view = bill(
        (ProductItems("p", "N" * 300, (huge,), "L" * 60),),
        (group("123456789012.34", "23456789012.35", "146913578024.69"),),
        recipient=Recipient("R " * 200, tuple(f"line {n} " * 20 for n in range(12))),
        account_name="account " * 40,
        number="N" * 80,
    )
    reader = PdfReader(BytesIO(pdf(view, look)))
    ends = []
    for page in reader.pages:
        page.extract_text(visitor_text=lambda said, _cm, tm, _font, _size: ends.append((said.strip(), tm[4], tm[5])))
    starts = [(x, y) for said, x, y in ends if said]
    assert all(50 <= x <= 545 for x, _ in starts)
    assert all(15 <= y <= 830 for _, y in starts)


# -- pages ----------------------------------------------------------------------------------------------------------


def test_usage_goes_over_pages_with_its_head_on_each_and_none_is_lost():
    found = pages(with_usage(400))
    usage = [page for page in found if "Date and time" in page]
    assert len(usage) == len(found) - 2
    assert "Usage in detail" in usage[0]
    assert all("Plan M (continued)" in page for page in usage[1:])
    assert all(f"Page {number} of {len(found)}" in page for number, page in enumerate(found, 1))
    told = "\n".join(usage)
    assert [n for n in range(400) if f"7946 {n:04}" not in told] == []
    assert told.count("+44 20 7946") == 400


def test_a_usage_never_stands_alone_on_a_page():
    for lines in range(80, 90):
        found = [page for page in pages(with_usage(lines)) if "Date and time" in page]
        assert all(page.count("+44 20") >= 2 for page in found)


def test_totals_are_never_without_a_line_above_them():
    for count in (20, 21, 22, 23, 42, 43, 44, 45):
        items = tuple(item(f"i{n}", f"Line number {n}", "1.00", "0.19", "1.19") for n in range(count))
        view = bill((ProductItems("p", "Plan", items),), (group(f"{count}.00", "1.00", f"{count + 1}.00"),))
        last = next(page for page in pages(view) if "Total Plan" in page)
        assert f"Line number {count - 1}" in last


def test_more_usage_than_is_listed_is_told(monkeypatch):
    monkeypatch.setattr("tmf678_bill.document.pdf.USAGE_ROWS_MAX", 5)
    said = text(with_usage(6))
    assert "5 usages are listed here." in said
    assert "7946 0004" in said
    assert "7946 0005" not in said
    assert "usages are listed here" not in text(with_usage(5))


def test_many_products_go_over_pages():
    products = tuple(
        ProductItems(f"p{n}", f"Line {n}", (item(f"i{n}", f"Line {n}", "1.00", "0.19", "1.19"),)) for n in range(120)
    )
    found = pages(bill(products, (group("120.00", "22.80", "142.80"),)))
    summary = [page for page in found if "Product" in page]
    assert len(summary) == 5
    assert all(any(f"Line {n}\n" in page or f"Line {n} " in page for page in summary) for n in range(120))


# -- bytes ------------------------------------------------------------------------------------------------------------

_ELSEWHERE = """
import hashlib
from tests.tmf678_bill.document.views import plain, with_usage
from tmf678_bill.document.language import language
from tmf678_bill.document.pdf import render
print(hashlib.sha256(render(with_usage(40), language("de"), plain())).hexdigest())
"""


def test_the_same_bill_is_the_same_bytes_twice_and_in_another_process():
    view = with_usage(40)
    one, two = (render(view, language("de"), plain()) for _ in range(2))
    assert one == two
    for environment in ({"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, {"SOURCE_DATE_EPOCH": "1", "LANG": "de_DE"}):
        said = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert said.stdout.strip() == hashlib.sha256(one).hexdigest()


def test_a_document_says_what_it_is_to_programs_and_nothing_of_the_machine():
    content = pdf(short())
    reader = PdfReader(BytesIO(content))
    assert reader.metadata.title == "Bill LW-2026-00102"
    assert reader.metadata.author == "Larkwing Mobile GmbH"
    assert reader.metadata.creation_date.date() == date(2026, 11, 1)
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert b"/tmp" not in content
    assert str(ROOT).encode() not in content


def test_fonts_are_embedded_in_part():
    fonts = PdfReader(BytesIO(pdf(short()))).pages[0]["/Resources"]["/Font"]
    described = [font.get_object() for font in fonts.values()]
    own = [font for font in described if "SourceSansPro" in font["/BaseFont"]]
    assert own
    assert all("/FontFile2" in font["/FontDescriptor"] for font in own)


# -- what operators decide ------------------------------------------------------------------------------------------


def test_logo_and_colours_are_the_operators(tmp_path):
    (tmp_path / "logo.png").write_bytes(png(120, 40, 200, 30, 30))
    look = appearance({"logo": "logo.png", "colour": "#c81e1e"}, tmp_path)
    content = render(short(), language("en"), look)
    images = PdfReader(BytesIO(content)).pages[0].images
    assert [image.image.size for image in images] == [(120, 40)]
    assert content == render(short(), language("en"), look)
    assert content != pdf(short())


@pytest.mark.parametrize(
    "given",
    [{"colour": "red"}, {"textColour": "#12345"}, {"logo": "none.png"}, {"logo": "text.png"}, {"font": "x.ttf"}],
)
def test_what_cannot_be_drawn_is_refused_by_name(tmp_path, given):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ConfigurationError):
        appearance(given, tmp_path)


def test_a_sheet_turns_where_there_is_no_room():
    sheet = Sheet()
    assert sheet.has_room(600)
    assert not sheet.has_room(700)
    sheet.turn()
    assert len(sheet.pages) == 2
