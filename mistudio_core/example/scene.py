"""The fields of one sample story: who is in it, and every word that was chosen for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from mistudio_core.example import people
from mistudio_core.example.plot import listed
from mistudio_core.example.words import FRESH

_T = TypeVar("_T")

_ONES: Final = listed("""
    no, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen,
    seventeen, eighteen, nineteen
""")
_TENS: Final = listed("_, _, twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety")
_ANIMAL_SHARE: Final = 0.35  # of heroes and friends; the others are children
_DIGITS_SHARE: Final = 0.4  # of stories that write their numbers in digits


class Scene(dict[str, str]):
    """Gives a word for every field of a template, for `str.format_map`.

    A field of `FRESH` is chosen anew each time; any other is chosen once and then holds. A last digit
    2 or 3 names another entry of the same list, a capital letter capitalises, `{friend}` and `{elder}`
    say at the first mention who that is. A field that no list knows is a KeyError.
    """

    __slots__ = ("_lists", "_people", "_random")

    def __init__(
        self, random: Callable[[], float], lists: Mapping[str, tuple[str, ...]], *, first_person: bool
    ) -> None:
        """Cast the people and the numbers; `random` gives floats in [0, 1)."""
        super().__init__()
        self._random = random
        self._lists = lists
        self._people: dict[str, tuple[str, str, str]] = {}  # field of a first mention: who, name, what is said
        she = random() < 0.5
        self["trait"] = self._pick(people.TRAITS)
        self._cast_hero(she)
        self._cast_friend(not she, "my" if first_person else self["his"])
        self._cast_elder()
        self.update(self._pick(_NUMBERS))

    def __missing__(self, key: str) -> str:
        """Choose the word for a field that was not asked for before."""
        fresh = FRESH.get(key)
        if fresh is not None:
            return self._pick(fresh)
        if key[0].isupper():
            word = self[key[0].lower() + key[1:]]
            return word[0].upper() + word[1:]
        person = self._people.get(key)
        if person is not None:
            who, name, introduction = person
            self[who] = self[f"{who}_name"] = name
            return introduction
        base = key if key in self._lists else key.rstrip("23")
        taken = {self.get(base), self.get(base + "2"), self.get(base + "3")}
        self[key] = word = self._pick([option for option in self._lists[base] if option not in taken])
        return word

    def _pick(self, options: Sequence[_T]) -> _T:
        return options[int(self._random() * len(options))]

    def _cast_hero(self, she: bool) -> None:
        name, kind = self._name(she)
        self.update(people.SHE if she else people.HE)
        self._introduce("hero", name, name if kind in ("girl", "boy") else f"{name} the {kind}")
        self._people["a_hero"] = ("hero", name, f"a {self['trait']} {kind} named {name}")

    def _cast_friend(self, she: bool, whose: str) -> None:
        name, kind = self._name(she, taken=self._people["hero"][1])
        who = name if kind in ("girl", "boy") else f"{name} the {kind}"
        self._introduce("friend", name, f"{whose} {self._pick(people.RELATIONS)} {who}")
        for key, word in (people.SHE if she else people.HE).items():
            self["f" + key] = word

    def _cast_elder(self) -> None:
        pronouns = self._pick((people.SHE, people.HE))
        if self._random() < 0.6:
            name = f"{self._pick(people.TRADE_TITLES[pronouns['he']])} {self._pick(people.SURNAMES)}"
            full = f"{name} the {self._pick(people.TRADES)}"
        else:
            given = people.GIRLS if pronouns is people.SHE else people.BOYS
            full = name = f"{self._pick(people.FAMILY_TITLES[pronouns['he']])} {self._pick(given)}"
        self._introduce("elder", name, full)
        for key, word in pronouns.items():
            self["e" + key] = word

    def _introduce(self, who: str, name: str, full: str) -> None:
        """Let the field `who` say the full name first and the short one from then on."""
        self._people[who] = (who, name, full)
        self._people[f"{who}_name"] = (who, name, name)

    def _name(self, she: bool, taken: str = "") -> tuple[str, str]:
        """Return a name and what it belongs to: girl, boy or a kind of animal."""
        if self._random() < _ANIMAL_SHARE:
            return self._pick([name for name in people.PET_NAMES if name != taken]), self._pick(people.ANIMALS)
        return (self._pick(people.GIRLS), "girl") if she else (self._pick(people.BOYS), "boy")


def _in_words(number: int) -> str:
    """Return an English numeral for 0 <= number < 1000."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_ONES[hundreds]} hundred" + (f" and {_in_words(rest)}" if rest else "")


def _number_fields(n: int, k: int, write: Callable[[int], str]) -> dict[str, str]:
    """Return the numbers of a story, among which every sum is right."""
    values = {
        "n": n, "k": k, "rest": n - k, "sum": n + k, "times": n * k, "double": 2 * k, "fewer": n * k - 2,
        "age_old": 60 + k,
    }  # fmt: skip
    return {key: write(value) for key, value in values.items()}


def _all_numbers() -> tuple[dict[str, str], ...]:
    pairs = [(n, k) for n in range(7, 25) for k in range(3, n - 3)]
    digits_share = round(_DIGITS_SHARE * 10)
    return tuple(
        _number_fields(n, k, str if turn < digits_share else _in_words) for n, k in pairs for turn in range(10)
    )


_NUMBERS: Final = _all_numbers()
