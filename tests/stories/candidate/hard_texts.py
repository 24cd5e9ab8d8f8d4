"""Owns the texts that are hard to show: each with its language and direction. Does not own any expectation."""

from typing import NamedTuple

FILL = "You keep the cranes of the harbour running with a team of six, and you train the apprentices. "


class Text(NamedTuple):
    title: str
    description: str
    language: str = "en"
    direction: str = "ltr"
    apply: str = "Apply"


TEXTS = {
    "english": Text("Crane fitter", FILL * 3),
    "long word": Text("W" * 200, "x" * 2_000 + " " + FILL),
    "long address": Text("Fitter", f"See https://careers.example.com/{'path/' * 60} and write. {FILL}"),
    "longest german title": Text(
        "Seelotsenanwärterausbildungslehrgangsteilnehmerin (m/w/d) für die Hafenbetriebsgesellschaft",
        "Sie bringen Schiffe in den Hafen und wieder hinaus, bei jedem Wetter und zu jeder Stunde. Wir bieten Ihnen eine "
        "unbefristete Stelle mit geregelten Diensten und einem Team, das sich kennt.",
        "de",
        apply="Bewerben",
    ),
    "french": Text(
        "Technicien de maintenance",
        "Vous entretenez les grues du port avec une équipe de six personnes et vous formez nos apprentis dans les ateliers.",
        "fr",
        apply="Postuler",
    ),
    "arabic": Text(
        "فني صيانة رافعات",
        "ستعمل مع فريق من ستة أشخاص على صيانة رافعات الميناء وتدريب المتدربين الجدد على العمل بأمان في جميع الأحوال الجوية كل يوم.",
        "ar",
        "rtl",
        "تقديم الطلب",
    ),
    "hebrew": Text(
        "טכנאי מנופים",
        "תעבוד עם צוות של שישה אנשים על תחזוקת המנופים בנמל ותדריך את החניכים החדשים לעבודה בטוחה בכל מזג אוויר ובכל שעה ביממה.",
        "he",
        "rtl",
    ),
    "japanese": Text(
        "クレーン整備士",
        "六人のチームで港のクレーンを整備し、新しい見習いを指導します。天候にかかわらず安全に作業できる方を募集しています。" * 3,
        "ja",
    ),
    "arabic in english": Text("Fitter", f"{FILL} The harbour is called ميناء راشد by those who work there. {FILL}"),
    "script": Text("</title><script>document.title='owned'</script>", f"<script>document.title='owned'</script>{FILL * 2}"),
    "markup": Text("Dev [/b] <b>nights</b>", f"<p>{FILL}</p><ul><li>{FILL}</li><li>{'y' * 500}</li></ul><table><tr><td>{FILL}"),
    "lines": Text("Fitter\twith  blanks", f"{FILL}\n\n* first\n* second\n\n{FILL}"),
    "25,000 characters": Text("Fitter", (FILL * 400)[:25_000]),
}  # fmt: skip
