"""Lexical spaces, values and order of XML Schema 1.1's datatypes."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.rdf.datatypes import compare, is_ill_typed
from kg_server.rdf.namespaces import RDF, XSD

WELL_TYPED = {
    "string": ("", "a\nb"),
    "boolean": ("true", "false", "0", "1"),
    "decimal": ("1", "-.5", "+1.", "00.10"),
    "integer": ("-0", "+7", "007", "9" * 5000),
    "nonPositiveInteger": ("-0", "0", "+0", "-7"),
    "negativeInteger": ("-1",),
    "nonNegativeInteger": ("-0", "18446744073709551616"),
    "positiveInteger": ("+1", "01"),
    "long": ("-9223372036854775808", "9223372036854775807"),
    "int": ("2147483647",),
    "short": ("-32768",),
    "byte": ("-128", "127", "+0127"),
    "unsignedLong": ("18446744073709551615",),
    "unsignedInt": ("4294967295",),
    "unsignedShort": ("65535",),
    "unsignedByte": ("-0", "255"),
    "float": ("INF", "-INF", "+INF", "NaN", "1e39", ".5E-3", "1."),
    "double": ("1E400", "-0", "0.1"),
    "date": ("0000-02-29", "-0044-03-15", "12023-02-03", "2004-02-29+14:00", "2000-02-29Z"),
    "time": ("24:00:00", "24:00:00.000Z", "23:59:59.123456789-13:59", "00:00:00"),
    "dateTime": ("2020-01-01T24:00:00Z", "-0004-02-29T00:00:00", "99999-12-31T23:59:59.9+14:00"),
    "dateTimeStamp": ("2020-01-01T00:00:00Z",),
    "gYear": ("0000", "-0044", "12023", "2004Z", "2004-05:00"),
    "gYearMonth": ("2004-12", "-0001-01Z"),
    "gMonth": ("--01", "--12Z"),
    "gMonthDay": ("--02-29", "--12-31+01:00"),
    "gDay": ("---31", "---01Z"),
    "duration": ("P1Y", "-P1Y2M3DT4H5M6.7S", "PT0S", "P1DT1S", "P13M"),
    "yearMonthDuration": ("P1Y", "-P14M"),
    "dayTimeDuration": ("P1D", "PT36H", "-PT.0S".replace(".0", "0.0")),
    "hexBinary": ("", "0aFF"),
    "base64Binary": ("", "YQ==", "YWI=", "YWJj", "Y W J j", "YQ = ="),
    "anyURI": ("", "a b", "https://e.org/é"),
    "language": ("en", "de-CH-1996", "x-klingon"),
    "normalizedString": (" a  b ", ""),
    "token": ("a b", ""),
    "NMTOKEN": ("1-a:b", "é"),
    "Name": (":a", "_a.b-c"),
    "NCName": ("a.b", "_1", "été"),
    "QName": ("not judged at all",),
}
ILL_TYPED = {
    "boolean": ("yes", "True", "", " true"),
    "decimal": ("1e3", ".", "INF", "1,5", "1_0"),
    "integer": ("1.0", " 1", "1 ", "1_000", "١", "--1", ""),
    "nonPositiveInteger": ("1",),
    "negativeInteger": ("-0", "0"),
    "nonNegativeInteger": ("-1",),
    "positiveInteger": ("0", "-0"),
    "long": ("9223372036854775808",),
    "int": ("-2147483649",),
    "short": ("32768",),
    "byte": ("128", "200"),
    "unsignedLong": ("18446744073709551616", "-1"),
    "unsignedInt": ("4294967296",),
    "unsignedShort": ("65536",),
    "unsignedByte": ("300",),
    "float": ("inf", "-Infinity", "nan", "1e", "0x1p3", "+NaN", ""),
    "double": ("inf", "Infinity", "1_0.0", " 1e0", "1e1.5"),
    "date": ("2005-02-29", "1900-02-29", "-0001-02-29", "20-01-01", "2004-2-9", "02023-01-01"),
    "time": ("24:00:01", "24:30:00", "12:00", "12:00:60", "12:00:00+14:01", "12:00:00.Z"),
    "dateTime": ("2020-01-01", "2020-01-01 00:00:00", "2020-01-01T00:00", "2020-04-31T00:00:00"),
    "dateTimeStamp": ("2020-01-01T00:00:00",),
    "gYear": ("44", "02004", "2004-01", "+2004", "20O4"),
    "gYearMonth": ("2004-9", "2004-13", "2004"),
    "gMonth": ("--00", "--13", "01", "--01--"),
    "gMonthDay": ("--02-30", "--04-31", "-02-01", "--2-1"),
    "gDay": ("---32", "---00", "--01"),
    "duration": ("P", "PT", "P1YT", "P-1Y", "1Y", "P1S", "P1.5Y", "PT1.S", "p1y"),
    "yearMonthDuration": ("P1D", "PT1S", "P", "P1Y1D"),
    "dayTimeDuration": ("P1Y", "P1M", "P"),
    "hexBinary": ("0", "0g", "0a f"),
    "base64Binary": ("Y", "YQ", "YQ=", "YR==", "YWK= ", "Y-Q=", "=="),
    "language": ("en_GB", "", "toolonglanguage", "en-", "e1"),
    "normalizedString": ("a\tb", "a\n"),
    "token": (" a", "a ", "a  b", "a\tb"),
    "NMTOKEN": ("", "a b", "a,b"),
    "Name": ("1a", "-a", ""),
    "NCName": ("a:b", "1a", ".a"),
}


def pairs(table):
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), pairs(WELL_TYPED))
def test_what_xml_schema_allows_is_well_typed(name, text):
    assert not is_ill_typed(text, XSD + name)


@pytest.mark.parametrize(("name", "text"), pairs(ILL_TYPED))
def test_what_xml_schema_does_not_allow_is_ill_typed(name, text):
    assert is_ill_typed(text, XSD + name)


def test_every_datatype_that_rdf_recommends_is_known():
    names = set(WELL_TYPED) - {"QName"}

    assert len(names) == 39  # RDF 1.1 Concepts §5.1, the table
    assert names - set(ILL_TYPED) == {"string", "anyURI"}


@pytest.mark.parametrize(
    ("name", "text", "is_wrong"),
    [
        ("XMLLiteral", "a <b xmlns='urn:x'>c</b> d", False),
        ("XMLLiteral", "a <b>", True),
        ("XMLLiteral", "</x><x>", True),
        ("XMLLiteral", "<k:b/>", True),
        ("XMLLiteral", '<b xmlns="urn:x" xmlns="urn:x"/>', True),
        ("JSON", '{"a": [1, null]}', False),
        ("JSON", "{'a': NaN}", True),
        ("JSON", "NaN", True),
        ("HTML", "<br>", False),
        ("langString", "a", False),
    ],
)
def test_literals_of_rdfs_own_datatypes_are_judged_too(name, text, is_wrong):
    assert is_ill_typed(text, RDF + name) is is_wrong


ORDER = [
    (("1", "integer"), -1, ("2", "decimal")),
    (("7", "byte"), 0, ("7.0", "double")),
    (("9" * 5000, "integer"), 1, ("1e300", "double")),
    (("0.1", "decimal"), 0, ("0.1", "float")),
    (("0.1", "float"), 1, ("0.1", "double")),
    (("9007199254740993", "integer"), 1, ("9007199254740992", "integer")),
    (("INF", "float"), 0, ("INF", "double")),
    (("NaN", "double"), None, ("NaN", "double")),
    (("NaN", "float"), None, ("1", "integer")),
    (("-0", "double"), 0, ("0", "integer")),
    (("true", "boolean"), 1, ("0", "boolean")),
    (("true", "boolean"), None, ("1", "integer")),
    (("a", "string"), -1, ("b", "token")),
    (("Z", "string"), -1, ("a", "string")),
    (("a", "string"), None, ("1", "integer")),
    (("200", "byte"), None, ("1", "integer")),
    (("a", "anyURI"), None, ("b", "anyURI")),
    (("00", "hexBinary"), None, ("01", "hexBinary")),
    (("-0044-03-15", "date"), -1, ("0000-01-01", "date")),
    (("12023-01-01", "date"), 1, ("9999-12-31", "date")),
    (("-0001-12-31", "date"), -1, ("0000-01-01", "date")),
    (("2020-01-01", "date"), None, ("2020-01-01T00:00:00", "dateTime")),
    (("2020-01-01", "date"), None, ("2020", "gYear")),
    (("2020-01-01T24:00:00", "dateTime"), 0, ("2020-01-02T00:00:00", "dateTime")),
    (("2020-12-31T24:00:00Z", "dateTimeStamp"), 0, ("2021-01-01T00:00:00Z", "dateTime")),
    (("24:00:00", "time"), 0, ("00:00:00", "time")),
    (("2020-07-01T12:00:00", "dateTime"), 1, ("2020-06-01T11:00:00Z", "dateTime")),
    (("2020-07-01T12:00:00", "dateTime"), None, ("2020-07-01T12:00:00Z", "dateTime")),
    (("2020-07-01T12:00:00", "dateTime"), None, ("2020-07-01T22:00:00-04:00", "dateTime")),
    (("2020-07-01T12:00:00", "dateTime"), -1, ("2020-07-01T22:00:01-04:00", "dateTime")),
    (("2020-07-01T12:00:00Z", "dateTime"), 0, ("2020-07-01T14:00:00+02:00", "dateTime")),
    (("2020-07-01T12:00:00.1", "dateTime"), 1, ("2020-07-01T12:00:00.09999999999", "dateTime")),
    (("2020-07-01+14:00", "date"), -1, ("2020-07-01-14:00", "date")),
    (("2020-07-01", "date"), None, ("2020-07-01Z", "date")),
    (("2020-07-02", "date"), 1, ("2020-07-01Z", "date")),
    (("12:00:00+01:00", "time"), -1, ("12:00:00Z", "time")),
    (("12:00:00", "time"), None, ("13:00:00Z", "time")),
    (("1944", "gYear"), -1, ("12023", "gYear")),
    (("-0044", "gYear"), -1, ("0044", "gYear")),
    (("2004-02", "gYearMonth"), -1, ("2004-03", "gYearMonth")),
    (("--02-29", "gMonthDay"), -1, ("--03-01", "gMonthDay")),
    (("---31", "gDay"), 1, ("---30", "gDay")),
    (("--02", "gMonth"), None, ("---02", "gDay")),
    (("P1Y", "duration"), 0, ("P12M", "yearMonthDuration")),
    (("P1D", "dayTimeDuration"), 0, ("PT24H", "duration")),
    (("P1M", "duration"), None, ("P30D", "duration")),
    (("P1M", "duration"), -1, ("P32D", "duration")),
    (("-P1Y", "duration"), -1, ("P0M", "duration")),
    (("PT0.10S", "duration"), -1, ("PT0.100000000000000000000000000000001S", "duration")),
]


@pytest.mark.parametrize(("one", "order", "other"), ORDER)
def test_values_are_in_the_order_of_xml_schema_and_xpath(one, order, other):
    left, right = ((text, XSD + name) for text, name in (one, other))

    assert compare(left, right) == order
    assert compare(right, left) == (order if order is None else -order)


def test_literals_of_other_datatypes_have_no_order():
    assert compare(("1", "https://e.org/units"), ("2", "https://e.org/units")) is None
    assert compare(("a", RDF + "langString"), ("b", XSD + "string")) is None


@given(st.dates(), st.dates())
def test_dates_are_in_the_order_that_python_gives_them(one, other):
    expected = (one > other) - (one < other)

    assert compare(literal(one, "date"), literal(other, "date")) == expected


zones = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
moments = st.datetimes(
    datetime.datetime(2, 1, 1),  # hypothesis adds the zone
    datetime.datetime(9998, 1, 1),
    timezones=zones,
)


@given(moments, moments)
def test_points_in_time_are_in_the_order_that_python_gives_them(one, other):
    expected = (one > other) - (one < other)

    assert compare(literal(one, "dateTime"), literal(other, "dateTime")) == expected


@given(moments, moments)
def test_a_zone_left_out_keeps_the_order_or_takes_it_away(one, other):
    whole = compare(literal(one, "dateTime"), literal(other, "dateTime"))
    local = compare(literal(one.replace(tzinfo=None), "dateTime"), literal(other, "dateTime"))

    assert local in (whole, None)


def literal(value, name):
    return value.isoformat(), XSD + name


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers())
def test_numbers_are_in_their_order_whatever_their_datatypes(one, other):
    expected = (one > other) - (one < other)

    assert compare((f"{one:f}", f"{XSD}decimal"), (str(other), f"{XSD}integer")) == expected


@given(st.text(), st.sampled_from(sorted(set(WELL_TYPED) | {"nothing"})))
def test_a_value_that_can_be_compared_is_well_typed(text, name):
    literal = (text, XSD + name)

    if compare(literal, literal) is not None:
        assert not is_ill_typed(*literal)
