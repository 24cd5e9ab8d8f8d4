"""Owns the words of documents in the buyer's language, and how dates and amounts are written in it. Pure.

Babel writes dates and amounts; how many decimal places an amount has is a rule of the money (``jobmeter.base.money``).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from jobmeter.base.money import minor_digits

LANGUAGES = ("en", "de", "fr", "nl", "es")
LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "nl": "nl_NL", "es": "es_ES"}
NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE = "\u202f", "\u00a0"
REPEATED_MAX = 4_096  # figures: the lines of a document have few prices
PERCENT_DIGITS = 4  # 21 % is 210_000 millionths

# Words in {braces} are parameters. Names of kinds, tax categories and counts are their keys in the code.
_TABLE = {
    "INVOICE": ("Invoice", "Rechnung", "Facture", "Factuur", "Factura"),
    "CREDIT_NOTE": ("Credit note", "Rechnungskorrektur", "Avoir", "Creditnota", "Factura rectificativa"),
    "STATEMENT": ("Statement", "Aufstellung", "Relevé", "Overzicht", "Extracto"),
    "draft": ("Draft", "Entwurf", "Brouillon", "Concept", "Borrador"),
    "issued": ("Issued", "Ausgestellt am", "Émise le", "Datum", "Fecha de emisión"),
    "period": ("Period (UTC)", "Zeitraum (UTC)", "Période (UTC)", "Periode (UTC)", "Periodo (UTC)"),
    "due": ("Due", "Fällig am", "Échéance", "Vervaldatum", "Vencimiento"),
    "order": ("Your order", "Ihre Bestellung", "Votre commande", "Uw bestelling", "Su pedido"),
    "corrects": ("Corrects", "Korrigiert", "Corrige", "Corrigeert", "Rectifica"),
    "corrects_line": (
        "corrects {number}, line {line}",
        "korrigiert {number}, Zeile {line}",
        "corrige {number}, ligne {line}",
        "corrigeert {number}, regel {line}",
        "rectifica {number}, línea {line}",
    ),
    "bill_to": ("Bill to", "Rechnungsempfänger", "Facturé à", "Factuur aan", "Facturar a"),
    "made_for": ("For", "Für", "Pour", "Voor", "Para"),
    "customer": ("Customer", "Kunde", "Client", "Klant", "Cliente"),
    "vat_number": ("VAT no.", "USt-IdNr.", "N° TVA", "Btw-nr.", "NIF-IVA"),
    "registration": ("Reg. no.", "Reg.-Nr.", "N° d'immatr.", "Reg.nr.", "N.º reg."),
    "line": ("#", "#", "#", "#", "#"),
    "date": ("Time (UTC)", "Zeit (UTC)", "Heure (UTC)", "Tijd (UTC)", "Hora (UTC)"),
    "job": ("Job", "Stelle", "Offre", "Vacature", "Oferta"),
    "contract": (
        "contract {contract}",
        "Vertrag {contract}",
        "contrat {contract}",
        "contract {contract}",
        "contrato {contract}",
    ),
    "quantity": ("Qty", "Menge", "Qté", "Aantal", "Cant."),
    "price": ("Price", "Preis", "Prix", "Prijs", "Precio"),
    "net": ("Net", "Netto", "Net", "Netto", "Neto"),
    "resale": ("Your price", "Ihr Preis", "Votre prix", "Uw prijs", "Su precio"),
    "total_net": ("Net", "Netto", "Total HT", "Totaal excl. btw", "Base imponible"),
    "total": ("Total", "Gesamt", "Total TTC", "Totaal", "Total"),
    "total_resale": ("Your total", "Ihr Gesamtpreis", "Votre total", "Uw totaal", "Su total"),
    "tax": (
        "VAT {rate} % on {base}",
        "USt. {rate} % auf {base}",
        "TVA {rate} % sur {base}",
        "Btw {rate} % over {base}",
        "IVA {rate} % sobre {base}",
    ),
    "pay_by": (
        "Please pay by {due}.",
        "Bitte zahlen Sie bis zum {due}.",
        "À régler au plus tard le {due}.",
        "Gelieve uiterlijk op {due} te betalen.",
        "Fecha límite de pago: {due}.",
    ),
    "prepaid": (
        "Paid with your credit",
        "Mit Ihrem Guthaben bezahlt",
        "Payé avec votre avoir",
        "Betaald met uw tegoed",
        "Pagado con su saldo",
    ),
    "payable": ("To pay", "Zu zahlen", "À payer", "Te betalen", "A pagar"),
    "prepaid_whole": (
        "Nothing is left to pay: your credit has paid this invoice.",
        "Es ist nichts mehr zu zahlen: Ihr Guthaben hat diese Rechnung bezahlt.",
        "Il ne reste rien à payer : votre avoir a réglé cette facture.",
        "Er hoeft niets meer betaald te worden: uw tegoed heeft deze factuur voldaan.",
        "No queda nada por pagar: su saldo ha pagado esta factura.",
    ),
    "reference": ("Reference", "Verwendungszweck", "Référence", "Betalingskenmerk", "Referencia"),
    "account_name": ("Account holder", "Kontoinhaber", "Titulaire", "Rekeninghouder", "Titular"),
    "iban": ("IBAN", "IBAN", "IBAN", "IBAN", "IBAN"),
    "bic": ("BIC", "BIC", "BIC", "BIC", "BIC"),
    "scan": (
        "Scan with your banking app",
        "Mit der Banking-App scannen",
        "À scanner avec votre application bancaire",
        "Scan met uw bankapp",
        "Escanee con la app de su banco",
    ),
    "credited": (
        "Nothing is payable: this amount is credited to you.",
        "Es ist nichts zu zahlen: Der Betrag wird Ihnen gutgeschrieben.",
        "Rien n'est à payer : ce montant vous est crédité.",
        "U hoeft niets te betalen: dit bedrag wordt u gecrediteerd.",
        "No hay nada que pagar: este importe se le abona.",
    ),
    "not_final": (
        "Days after {day} are not final.",
        "Tage nach dem {day} sind vorläufig.",
        "Les jours après le {day} sont provisoires.",
        "Dagen na {day} zijn voorlopig.",
        "Los días posteriores al {day} son provisionales.",
    ),
    "not_payable": (
        "This is not an invoice; nothing is payable.",
        "Dies ist keine Rechnung; es ist nichts zu zahlen.",
        "Ceci n'est pas une facture ; rien n'est à payer.",
        "Dit is geen factuur; u hoeft niets te betalen.",
        "Esto no es una factura; no hay nada que pagar.",
    ),
    "page": ("Page {page}", "Seite {page}", "Page {page}", "Pagina {page}", "Página {page}"),
    "page_of": (
        "Page {page} of {pages}",
        "Seite {page} von {pages}",
        "Page {page} sur {pages}",
        "Pagina {page} van {pages}",
        "Página {page} de {pages}",
    ),
    "summed_up": (
        "{count} lines, added up; the CSV file has each of them",
        "{count} Zeilen, zusammengefasst; die CSV-Datei enthält jede einzelne",
        "{count} lignes, regroupées ; le fichier CSV contient chacune d'elles",
        "{count} regels, samengevoegd; het CSV-bestand bevat ze allemaal",
        "{count} líneas, agrupadas; el archivo CSV contiene cada una",
    ),
    "mail_subject": (
        "{kind} {number} from {seller}",
        "{kind} {number} von {seller}",
        "{kind} {number} de {seller}",
        "{kind} {number} van {seller}",
        "{kind} {number} de {seller}",
    ),
    "mail_attached": (
        "{kind} {number} for {month} is attached.",
        "{kind} {number} für {month} ist angehängt.",
        "{kind} {number} pour {month} est en pièce jointe.",
        "{kind} {number} voor {month} is bijgevoegd.",
        "Se adjunta {kind} {number} de {month}.",
    ),
    "reminder_subject": (
        "Reminder {level}: {kind} {number} from {seller} is overdue",
        "{level}. Zahlungserinnerung: {kind} {number} von {seller}",
        "Rappel {level} : {kind} {number} de {seller} en retard de paiement",
        "Herinnering {level}: {kind} {number} van {seller} is vervallen",
        "Recordatorio {level}: {kind} {number} de {seller} está vencida",
    ),
    "reminder": (
        "{kind} {number} for {month} was due on {due} and is not paid in full.",
        "{kind} {number} für {month} war am {due} fällig und ist nicht vollständig bezahlt.",
        "{kind} {number} pour {month} était à régler le {due} et n'est pas entièrement payée.",
        "{kind} {number} voor {month} is op {due} vervallen en is niet volledig betaald.",
        "{kind} {number} de {month} venció el {due} y no está pagada por completo.",
    ),
    "days_overdue": (
        "Days overdue",
        "Tage überfällig",
        "Jours de retard",
        "Dagen te laat",
        "Días de retraso",
    ),
    "open_amount": ("Still open", "Noch offen", "Reste à payer", "Nog te betalen", "Pendiente"),
    "reminder_crossed": (
        "If you have paid in the meantime, please disregard this message.",
        "Falls Sie inzwischen bezahlt haben, betrachten Sie diese Nachricht bitte als gegenstandslos.",
        "Si vous avez payé entre-temps, veuillez ne pas tenir compte de ce message.",
        "Als u intussen hebt betaald, kunt u dit bericht als niet verzonden beschouwen.",
        "Si ya ha pagado, no tenga en cuenta este mensaje.",
    ),
    "receipt_subject": (
        "{kind} {number} from {seller} is paid",
        "{kind} {number} von {seller} ist bezahlt",
        "{kind} {number} de {seller} est payée",
        "{kind} {number} van {seller} is betaald",
        "{kind} {number} de {seller} está pagada",
    ),
    "receipt": (
        "{kind} {number} for {month}, {total}, is settled. Thank you.",
        "{kind} {number} für {month}, {total}, ist beglichen. Vielen Dank.",
        "{kind} {number} pour {month}, {total}, est soldée. Merci.",
        "{kind} {number} voor {month}, {total}, is voldaan. Dank u wel.",
        "{kind} {number} de {month}, {total}, está saldada. Gracias.",
    ),
    # kinds of lines
    "POSTING": ("Posting", "Anzeige", "Publication", "Plaatsing", "Publicación"),
    "RENEWAL": ("Renewal", "Verlängerung", "Renouvellement", "Verlenging", "Renovación"),
    "CLICKS": (
        "Apply clicks",
        "Bewerbungsklicks",
        "Clics de candidature",
        "Sollicitatieklikken",
        "Clics de solicitud",
    ),
    "CORRECTION": ("Correction", "Korrektur", "Correction", "Correctie", "Corrección"),
    "GOODWILL": ("Goodwill", "Kulanz", "Geste commercial", "Coulance", "Cortesía"),
    "TOP_UP": ("Top-up", "Aufladung", "Recharge", "Opwaardering", "Recarga"),
    "REFUND": ("Refund", "Erstattung", "Remboursement", "Terugbetaling", "Reembolso"),
    # reasons for a tax of zero; the account's own reason replaces them
    "E": ("Exempt from VAT", "Umsatzsteuerfrei", "Exonéré de TVA", "Vrijgesteld van btw", "Exento de IVA"),
    "AE": (
        "Reverse charge",
        "Steuerschuldnerschaft des Leistungsempfängers",
        "Autoliquidation",
        "Btw verlegd",
        "Inversión del sujeto pasivo",
    ),
    "K": (
        "Intra-Community supply",
        "Innergemeinschaftliche Lieferung",
        "Livraison intracommunautaire",
        "Intracommunautaire levering",
        "Entrega intracomunitaria",
    ),
    "G": (
        "Export outside the EU",
        "Ausfuhr in ein Drittland",
        "Exportation hors UE",
        "Uitvoer buiten de EU",
        "Exportación fuera de la UE",
    ),
    "O": (
        "Not subject to VAT",
        "Nicht steuerbar",
        "Hors champ de la TVA",
        "Niet aan btw onderworpen",
        "No sujeto a IVA",
    ),
    # counts of a statement
    "POSTINGS": ("Postings", "Anzeigen", "Publications", "Plaatsingen", "Publicaciones"),
    "RENEWALS": ("Renewals", "Verlängerungen", "Renouvellements", "Verlengingen", "Renovaciones"),
    "CLICKS_COUNT": (
        "Apply clicks",
        "Bewerbungsklicks",
        "Clics de candidature",
        "Sollicitatieklikken",
        "Clics de solicitud",
    ),
    "FREE_CLICKS": (
        "Clicks not charged",
        "Nicht berechnete Klicks",
        "Clics non facturés",
        "Niet berekende klikken",
        "Clics no facturados",
    ),
    "REFUSED_CLICKS": (
        "Invalid clicks",
        "Ungültige Klicks",
        "Clics invalides",
        "Ongeldige klikken",
        "Clics no válidos",
    ),
    "BASIC_JOBS": ("Basic jobs", "Basis-Anzeigen", "Offres de base", "Basisvacatures", "Ofertas básicas"),
    "SLOTS_USED": (
        "Slots in use",
        "Belegte Plätze",
        "Emplacements utilisés",
        "Gebruikte plaatsen",
        "Espacios en uso",
    ),
    "CREDITS_LEFT": (
        "Credits left",
        "Verbleibende Credits",
        "Crédits restants",
        "Resterende credits",
        "Créditos restantes",
    ),
}


def choose_language(wanted: str) -> str:
    """Returns the language of a document: ``de`` for ``de-AT``, English for one that has no texts here."""
    plain = wanted.replace("_", "-").partition("-")[0].lower()
    return plain if plain in LANGUAGES else LANGUAGES[0]


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> Mapping[str, str]:
    at = LANGUAGES.index(language)
    return MappingProxyType({key: texts[at] for key, texts in _TABLE.items()})


def choose_reason(category: str, reason: str, *, language: str) -> str:
    """The reason for a tax of zero: the operator's own words, or the usual ones in the language of the document."""
    usual = words_of(LANGUAGES[0])[category]
    return reason if reason and reason.casefold() != usual.casefold() else words_of(language)[category]


def write_day(day: date, language: str) -> str:
    return _plain(format_date(day, "long", locale=_locale(language)))


def write_month(month: date, language: str) -> str:
    return _plain(str(format_skeleton("yMMMM", month, locale=_locale(language))))


def write_time(moment: datetime, language: str) -> str:
    """The day and the minute of a line, in UTC."""
    utc = moment.astimezone(UTC)
    return f"{_write_short_day(utc.date(), language)} {utc:%H:%M}"


def write_days(first: datetime, last: datetime, language: str) -> str:
    """The days of a line of clicks, in UTC."""
    days = [_write_short_day(one.astimezone(UTC).date(), language) for one in (first, last)]
    return " \N{EN DASH} ".join(dict.fromkeys(days))


@lru_cache(maxsize=REPEATED_MAX)
def _write_short_day(day: date, language: str) -> str:
    return _plain(str(format_skeleton("yMd", day, locale=_locale(language))))


@lru_cache(maxsize=REPEATED_MAX)
def write_amount(amount_micros: int, currency: str, language: str) -> str:
    """An amount without its currency, with the currency's own number of decimal places."""
    digits = minor_digits(currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return _plain(format_decimal(Decimal(amount_micros).scaleb(-6), pattern, _locale(language)))


@lru_cache(maxsize=REPEATED_MAX)
def write_number(number: int, language: str) -> str:
    return _plain(format_decimal(number, "#,##0", _locale(language)))


def write_percent(rate_micros: int, language: str) -> str:
    """A tax rate without the sign: ``5.5`` for 55_000."""
    return _plain(
        format_decimal(Decimal(rate_micros).scaleb(-4), f"0.{'#' * PERCENT_DIGITS}", _locale(language))
    )


def write_country(code: str, language: str) -> str:
    """The country's name in the language; its code if Babel does not know it."""
    return str(_locale(language).territories.get(code, code))


@lru_cache(maxsize=len(LANGUAGES))
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def _plain(text: str) -> str:
    """Not every font has the narrow space that French numbers are grouped by."""
    return text.replace(NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE)
