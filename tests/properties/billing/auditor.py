"""Owns a plain auditor of invoices: dictionaries of what happened, from which documents are computed in another way.

Does not use any code of billing. Amounts are fractions of a currency unit.
"""

from collections import defaultdict
from datetime import date
from fractions import Fraction

Rate = Fraction
Sums = dict[Rate, Fraction]
Total = tuple[str, date, Fraction, Fraction]  # kind, month, net, tax


def month_of(day: date) -> date:
    return day.replace(day=1)


def round_cent(amount: Fraction) -> Fraction:
    """To whole cents, half away from zero."""
    cents = int(abs(amount) * 100 + Fraction(1, 2))
    return Fraction(cents if amount >= 0 else -cents, 100)


class Auditor:
    """``used`` and ``corrected`` are by month; a correction names the day whose charge it corrects."""

    def __init__(self) -> None:
        self.rates: dict[date, Rate] = {}
        self.used: dict[date, list[tuple[date, Fraction]]] = defaultdict(list)
        self.corrected: dict[date, list[tuple[date, Fraction]]] = defaultdict(list)

    def use(self, day: date, amount: Fraction) -> None:
        self.used[month_of(day)].append((day, amount))

    def correct(self, today: date, charge_day: date, amount: Fraction) -> None:
        self.corrected[month_of(today)].append((charge_day, amount))

    def rate_on(self, day: date) -> Rate:
        return self.rates[max(start for start in self.rates if start <= day)]

    def list_totals(self, until: date) -> list[Total]:
        """The documents of all months until then, in order."""
        credited: dict[date, Sums] = defaultdict(lambda: defaultdict(Fraction))
        found: list[Total] = []
        for month in sorted({*self.used, *self.corrected}):
            if month <= until:
                found += self._list_month(month, credited)
        return found

    def _list_month(self, month: date, credited: dict[date, Sums]) -> list[Total]:
        own = self._sum(self.used[month])
        earlier: dict[date, Sums] = defaultdict(lambda: defaultdict(Fraction))
        for day, amount in self.corrected[month]:
            if month_of(day) == month:
                own[self.rate_on(day)] -= amount
            else:
                earlier[month_of(day)][self.rate_on(day)] += amount
        both = defaultdict(Fraction, own)
        for sums in earlier.values():
            for rate, amount in sums.items():
                both[rate] -= amount
        net, tax = sum(both.values()), sum(round_cent(rate * base) for rate, base in both.items())
        if net >= 0 and net + tax >= 0:
            return [("INVOICE", month, net, tax)]
        notes = [self._credit(month, of, sums, credited[of]) for of, sums in sorted(earlier.items())]
        if not self.used[month]:
            return notes
        tax = sum(round_cent(rate * base) for rate, base in own.items())
        return [("INVOICE", month, sum(own.values()), tax), *notes]

    def _sum(self, amounts: list[tuple[date, Fraction]]) -> Sums:
        sums: Sums = defaultdict(Fraction)
        for day, amount in amounts:
            sums[self.rate_on(day)] += amount
        return sums

    def _credit(self, month: date, of: date, sums: Sums, before: Sums) -> Total:
        """The taxes of all credit notes of an invoice are together those of their sum."""
        tax = Fraction(0)
        for rate, amount in sums.items():
            tax += round_cent(rate * (before[rate] + amount)) - round_cent(rate * before[rate])
            before[rate] += amount
        return ("CREDIT_NOTE", month, sum(sums.values(), Fraction(0)), tax)
