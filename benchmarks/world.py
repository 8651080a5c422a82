"""The states of the world by their ISO 3166-1 codes, and their names in three languages."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale
from babel.core import get_global

LANGUAGES = ("en", "bn", "fr")
# The members of the United Nations, the Holy See and Palestine, in the order in which small graphs
# take them: about the number of missions that a state sends and receives.
_CODES = """
USA CHN FRA GBR DEU JPN RUS TUR ITA ESP BRA IND CAN KOR ARG MEX EGY ZAF POL NLD BEL CHE SWE SAU IRN
PAK IDN MYS CUB VEN ROU CZE HUN GRC PRT AUT DNK NOR FIN UKR AZE CHL PER COL NGA DZA MAR IRQ KWT QAT
ARE BGD THA VNM PHL SGP AUS NZL IRL ISR JOR LBN SYR LBY TUN SDN ETH KEN GHA CIV SEN CMR AGO COD TZA
UGA ZMB ZWE MOZ NAM BWA SRB HRV SVN SVK BGR BIH MKD ALB MNE LTU LVA EST BLR MDA GEO ARM KAZ UZB TKM
KGZ TJK AFG NPL LKA MMR KHM LAO PRK MNG BRN OMN YEM BHR CYP MLT LUX ISL VAT PSE URY PRY BOL ECU PAN
CRI NIC HND SLV GTM DOM HTI JAM TTO GUY SUR BLZ BHS BRB GAB COG GNQ TCD NER MLI BFA BEN TGO GIN GNB
SLE LBR GMB MRT CPV STP CAF SSD ERI DJI SOM RWA BDI MWI LSO SWZ MDG MUS SYC COM BTN MDV TLS PNG FJI
SLB VUT WSM TON KIR TUV NRU PLW FSM MHL ATG DMA GRD KNA LCA VCT AND MCO SMR LIE
"""
_COMMONWEALTH = """
ATG AUS BHS BGD BRB BLZ BWA BRN CMR CAN CYP DMA FJI GAB GMB GHA GRD GUY IND JAM KEN KIR LSO MWI
MYS MDV MLT MUS MOZ NAM NRU NZL NGA PAK PNG RWA KNA LCA VCT WSM SYC SLE SGP SLB ZAF LKA SWZ TZA
TGO TON TTO TUV UGA GBR VUT ZMB
"""
CODES = tuple(_CODES.split())
COMMONWEALTH = frozenset(_COMMONWEALTH.split())


@dataclass(frozen=True, slots=True)
class State:
    """A state: its codes of two and three letters, and its names by language."""

    alpha3: str
    alpha2: str
    names: dict[str, str]


def states(count: int) -> list[State]:
    """Return the first states of the list.

    Args:
        count: how many, at most 195.
    """
    territories = {language: Locale(language).territories for language in LANGUAGES}
    aliases = get_global("territory_aliases")
    found = []
    for alpha3 in CODES[:count]:
        alpha2 = aliases[alpha3][0]
        names = {language: territories[language][alpha2] for language in LANGUAGES}
        found.append(State(alpha3, alpha2, names))
    return found
