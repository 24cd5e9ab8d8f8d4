"""Owns the language of a job page: which one a text is written in, and the page's own words in it. Pure.

Does not own a translation of the job: its text is shown as it was posted.
"""

import re
import unicodedata
from typing import NamedTuple

CHARACTERS_READ_MAX = 3_000
WORDS_MIN = 2
_WORD = re.compile(r"[^\W\d_]+")


class Words(NamedTuple):
    """The page's own words. ``posted_by`` and ``ask`` have one gap: for a name, which may be ``employer``.

    ``statuses`` are the values of ``employmentStatus``, in the order of ``STATUSES``.
    """

    apply: str
    kind: str
    pay: str
    posted: str
    apply_until: str
    over: str
    posted_by: str
    ask: str
    employer: str
    statuses: tuple[str, ...]


STATUSES = ("FULL_TIME", "PART_TIME", "CONTRACT", "INTERNSHIP", "TEMPORARY", "VOLUNTEER")
# fmt: off
_TABLE = {
    "en": ("Apply", "Kind", "Pay", "Posted", "Apply until", "This job no longer accepts applications.",
                "Posted by {}", "Please ask {} how to apply.", "the employer",
                ("Full time", "Part time", "Contract", "Internship", "Temporary", "Volunteer")),
    "de": ("Bewerben", "Art", "Gehalt", "Veröffentlicht", "Bewerben bis", "Für diese Stelle kann man sich nicht mehr bewerben.",
                "Veröffentlicht von {}", "Bitte fragen Sie bei {} nach, wie man sich bewirbt.", "dem Arbeitgeber",
                ("Vollzeit", "Teilzeit", "Auf Vertragsbasis", "Praktikum", "Befristet", "Ehrenamtlich")),
    "fr": ("Postuler", "Type", "Salaire", "Publiée", "Postuler avant", "Cette offre n'accepte plus de candidatures.",
                "Publiée par {}", "Veuillez demander à {} comment postuler.", "l'employeur",
                ("Temps plein", "Temps partiel", "Contrat", "Stage", "Temporaire", "Bénévolat")),
    "es": ("Solicitar", "Tipo", "Salario", "Publicado", "Solicitar hasta", "Este empleo ya no acepta solicitudes.",
                "Publicado por {}", "Pregunte a {} cómo solicitar este empleo.", "la empresa",
                ("Jornada completa", "Media jornada", "Por contrato", "Prácticas", "Temporal", "Voluntariado")),
    "it": ("Candidati", "Tipo", "Retribuzione", "Pubblicato", "Candidati entro", "Questa offerta non accetta più candidature.",
                "Pubblicato da {}", "Per candidarsi, contattare {}.", "l'azienda",
                ("Tempo pieno", "Part-time", "Contratto", "Stage", "Temporaneo", "Volontariato")),
    "nl": ("Solliciteren", "Soort", "Salaris", "Geplaatst", "Solliciteren tot", "Op deze vacature kun je niet meer solliciteren.",
                "Geplaatst door {}", "Vraag {} hoe je kunt solliciteren.", "de werkgever",
                ("Voltijd", "Deeltijd", "Contract", "Stage", "Tijdelijk", "Vrijwillig")),
    "pt": ("Candidatar-se", "Tipo", "Salário", "Publicada", "Candidatar-se até", "Esta vaga já não aceita candidaturas.",
                "Publicada por {}", "Contacte {} para saber como se candidatar.", "a empresa",
                ("Tempo integral", "Meio período", "Contrato", "Estágio", "Temporário", "Voluntário")),
    "pl": ("Aplikuj", "Rodzaj", "Wynagrodzenie", "Opublikowano", "Aplikuj do", "Ta oferta nie przyjmuje już zgłoszeń.",
                "Opublikowane przez: {}", "Aby aplikować, skontaktuj się z: {}.", "pracodawcą",
                ("Pełny etat", "Część etatu", "Kontrakt", "Staż", "Praca tymczasowa", "Wolontariat")),
    "sv": ("Ansök", "Typ", "Lön", "Publicerad", "Ansök senast", "Det går inte längre att söka det här jobbet.",
                "Publicerad av {}", "Fråga {} hur du ansöker.", "arbetsgivaren",
                ("Heltid", "Deltid", "Konsultuppdrag", "Praktik", "Vikariat", "Ideellt")),
    "ar": ("تقديم الطلب", "النوع", "الراتب", "تاريخ النشر", "آخر موعد", "لم تعد هذه الوظيفة تقبل الطلبات.",
                "نشرها {}", "يُرجى سؤال {} عن طريقة التقديم.", "صاحب العمل",
                ("دوام كامل", "دوام جزئي", "عقد", "تدريب", "مؤقت", "تطوع")),
}
WORDS = {language: Words._make(words) for language, words in _TABLE.items()}
# Frequent words that are rare in the other languages of the table.
_FREQUENT = {
    "en": "the and of to with for you we our your will are this from have an as be or",
    "de": "und der die das mit für wir sie ist ein eine von den im auf zu bei werden oder ihre",
    "fr": "et les des vous nous pour dans est une avec sur votre notre du au aux qui vos nos ou",
    "es": "y los las para con una por del el que tu nuestro como tus más o se nuestra al",
    "it": "e di il per con che gli della nel una sono alla dei delle ti nostro tuo anche le",
    "nl": "en het een van je voor met wij jij op zijn bij als onze ons naar ook dat jouw",
    "pt": "e os para com uma do da em no na você nossa que dos das ao nosso sua mais",
    "pl": "i w z na do oraz jest dla się pracy nie od przez lub nasz naszego po o praca",
    "sv": "och att för med som du vi är på av det har till hos vår dig ditt om ett",
}
# fmt: on
_WORDS_OF = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}
_SCRIPTS = {
    "ARABIC": "ar", "HEBREW": "he", "CYRILLIC": "ru", "GREEK": "el", "HANGUL": "ko",
    "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "THAI": "th", "DEVANAGARI": "hi",
}  # fmt: skip
_RIGHT_TO_LEFT = {"ar", "he"}
DEFAULT = "en"


def find_language(text: str) -> str:
    """Returns the language of the text by its script and its frequent words; English if nothing decides."""
    words = _WORD.findall(text[:CHARACTERS_READ_MAX].lower())
    if not words:
        return DEFAULT
    scripts = [_find_script(word) for word in words]
    foreign = [script for script in scripts if script]
    if len(foreign) * 2 > len(words):
        # Japanese is written with Chinese characters too, but never with these alone.
        return "ja" if "ja" in foreign else max(set(foreign), key=foreign.count)
    # Different words are counted: a single one, such as the letter of a name, decides nothing however often it occurs.
    found = set(words)
    counts = {language: len(found & known) for language, known in _WORDS_OF.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= WORDS_MIN else DEFAULT


def _find_script(word: str) -> str:
    name = unicodedata.name(word[0], "")
    return next((language for script, language in _SCRIPTS.items() if name.startswith(script)), "")


def find_direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def find_words(language: str) -> Words:
    """Returns the page's words in the language, in English if they are not known in it."""
    return WORDS.get(language, WORDS[DEFAULT])
