"""Owns the currencies: the codes of ISO 4217 and how many decimal places each has. Pure.

A rule of the money, and therefore a table of our own: locale data of a library changes with its version.
Does not own amounts (``money``) or how a currency is shown to people.
"""

# List one of ISO 4217, published on 1 January 2026, by its minor units.
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

# Withdrawn currencies, precious metals and codes without a minor unit: earlier versions accepted them for contracts,
# which keep the decimal places that they had. No new contract is opened in one.
_FORMER_NONE = "ADP BYR ESP ITL LUF MGF MRO SLL STD TMM TRL ZMK ZWD"
_FORMER_TWO = """
    AFA ALK ANG AOK AON AOR ARA ARL ARM ARP ATS AZM BAD BAN BEC BEF BEL BGL BGM BGN BGO BOL BOP BRB
    BRC BRE BRN BRR BRZ BUK BYB CLE CNH CNX CSD CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB FIM FRF GEK
    GHC GNS GQE GRD GWE GWP HRD HRK IEP ILP ILR ISJ KRH KRO LTL LTT LUC LUL LVL LVR MAF MCF MDC MKN
    MLF MTL MTP MVP MXP MZE MZM NIC NLG PEI PES PLZ PTE RHD ROL RUR SDD SDP SIT SKK SRG SUR TJR TPE
    UAK UGS USS UYP VEB VEF VNN XAG XAU XBA XBB XBC XBD XDR XEU XFO XFU XPD XPT XRE XSU XTS XUA XXX
    YDD YUD YUM YUN YUR ZAL ZRN ZRZ ZWL ZWR
"""

CURRENT_DIGITS = {
    code: digits
    for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
FORMER_DIGITS = {
    code: digits for digits, codes in ((0, _FORMER_NONE), (2, _FORMER_TWO)) for code in codes.split()
}
KNOWN_DIGITS = FORMER_DIGITS | CURRENT_DIGITS
