"""Words for generated things, in English, Bengali and French."""

from __future__ import annotations

from benchmarks.world import COMMONWEALTH, State


def kind_of(sender: State, receiver: State) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the kind of a diplomatic mission, and words for it and for its head."""
    if sender.alpha3 == "VAT":
        head = ("Apostolic nuncio", "পোপের দূত", "Nonce apostolique")
        return "ApostolicNunciature", ("Nunciature", "অ্যাপোস্টলিক নানসিয়েচার", "Nonciature"), head
    if {sender.alpha3, receiver.alpha3} <= COMMONWEALTH:
        head = ("High Commissioner", "হাইকমিশনার", "Haut-commissaire")
        return "HighCommission", ("High Commission", "হাইকমিশন", "Haut-commissariat"), head
    return "Embassy", ("Embassy", "দূতাবাস", "Ambassade"), ("Ambassador", "রাষ্ট্রদূত", "Ambassadeur")


def directed(words: tuple[str, ...], sender: State, receiver: State) -> dict[str, str]:
    """Return labels of what one state has in another."""
    one, other, (english, bangla, french) = sender.names, receiver.names, words
    return {
        "en": f"{english} of {one['en']}, {other['en']}",
        "bn": f"{bangla}: {one['bn']}, {other['bn']}",
        "fr": f"{french} : {one['fr']}, {other['fr']}",
    }


def between(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Return labels of the relations of two states."""
    return {
        "en": f"{one['en']}-{other['en']} relations",
        "bn": f"{one['bn']}–{other['bn']} সম্পর্ক",
        "fr": f"Relations : {one['fr']} et {other['fr']}",
    }
