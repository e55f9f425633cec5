#!/usr/bin/env python3
"""
Check the draw of the admission to first grade yourself. Needs Python 3.9 or later, nothing else.

    python3 verify_draw.py days.json                                     every day shown so far
    python3 verify_draw.py days.json --date 2027-04-01 --token 3f…       and your own child's number
    python3 verify_draw.py --opens 2027-04-01 --chain-end … --date 2027-04-01 --s … --v … [--token …]
                                                                         one day, typed by hand

days.json is offered for download on the page of the draw; the token stands on the page of your own
application. Nothing is sent anywhere: this program only reads, computes and prints.
--lang kk, ru or en chooses the language. Exit code 0: everything agrees. 1: something does not.

What is checked (‖ means "followed by", with nothing in between):

  chain    Before the opening the end of a chain was published. The secret s of the day with index k
           (0 on the opening day, counted in calendar days), hashed k + 1 times with SHA-256, is that end.
           So every s was fixed before the opening, and nobody could find it from the end.
  missing  Where a secret was missing, SHA-256("draw/missing/1" ‖ date ‖ last s shown ‖ v) took its place,
           in public; before any s was shown the chain's end stands for the last one.
  seed     SHA-256("draw/1" ‖ date ‖ s ‖ v): "draw/1" and the date (YYYY-MM-DD) in ASCII, s as 32 bytes,
           the public value v of the day in UTF-8.
  number   SHA-256(seed ‖ token), both as 32 bytes. The child with the smaller number goes first.
"""

import argparse
import datetime
import hashlib
import json
import sys
from collections import namedtuple
from pathlib import Path

WORDS = {
    "commitment": {
        "kk": "Өтініш қабылдау басталғанға дейін жарияланған тізбек соңы",
        "ru": "Конец цепочки, опубликованный до начала приёма",
        "en": "End of the chain, published before the opening",
    },
    "day": {"kk": "Күн", "ru": "День", "en": "Day"},
    "secret": {"kk": "Күннің құпия мәні s", "ru": "Секретное значение дня s", "en": "Secret of the day s"},
    "public": {"kk": "Ашық мән v", "ru": "Открытое значение v", "en": "Public value v"},
    "hashed": {"kk": "{n} рет SHA-256", "ru": "SHA-256, {n} раз", "en": "SHA-256, {n} times"},
    "in chain": {
        "kk": "сәйкес: s алдын ала бекітілген тізбектен алынған",
        "ru": "совпадает: s взято из цепочки, закреплённой заранее",
        "en": "agrees: s is from the chain that was fixed beforehand",
    },
    "replaced": {
        "kk": "Құпия мән болмады; оның орнына баршаға ашық есептелген мән алынды",
        "ru": "Секретного значения не было; вместо него взято значение, вычисленное открыто",
        "en": "The secret was missing; a value computed in public took its place",
    },
    "as computed": {"kk": "сәйкес", "ru": "совпадает", "en": "agrees"},
    "seed": {"kk": "Күннің жеребе негізі", "ru": "Основа жеребьёвки дня", "en": "Seed of the day"},
    "token": {"kk": "Баланың белгісі", "ru": "Метка ребёнка", "en": "Token of the child"},
    "number": {
        "kk": "Баланың жеребедегі нөмірі",
        "ru": "Номер ребёнка в жеребьёвке",
        "en": "The child's number in the draw",
    },
    "smaller first": {
        "kk": "Нөмірі кішірек бала алда тұрады.",
        "ru": "Раньше идёт ребёнок с меньшим номером.",
        "en": "The child with the smaller number goes first.",
    },
    "no days": {
        "kk": "Әзірге бірде-бір күннің жеребесі өткен жоқ: тексеретін ештеңе жоқ.",
        "ru": "Жеребьёвки пока не было ни за один день: проверять нечего.",
        "en": "No day has been drawn yet: there is nothing to check.",
    },
    "all agrees": {"kk": "Барлығы сәйкес келеді.", "ru": "Всё совпадает.", "en": "Everything agrees."},
    "fault": {"kk": "СӘЙКЕС ЕМЕС", "ru": "НЕ СОВПАДАЕТ", "en": "DOES NOT AGREE"},
    "not in chain": {
        "kk": "{date}: s жарияланған тізбектен емес.",
        "ru": "{date}: s не из опубликованной цепочки.",
        "en": "{date}: s is not from the published chain.",
    },
    "wrong replacement": {
        "kk": "{date}: болмаған құпия мәннің орнына басқа мән алынған.",
        "ru": "{date}: вместо недостающего секретного значения взято не то.",
        "en": "{date}: what took the place of the missing secret is another value.",
    },
    "wrong seed": {
        "kk": "{date}: жарияланған жеребе негізі есептелгеннен өзгеше.",
        "ru": "{date}: опубликованная основа жеребьёвки отличается от вычисленной.",
        "en": "{date}: the published seed differs from the computed one.",
    },
    "gap": {
        "kk": "{date}: бұл күн жетіспейді, немесе күндердің реті дұрыс емес.",
        "ru": "{date}: этого дня не хватает, или дни идут не по порядку.",
        "en": "{date}: this day is missing, or the days are not in order.",
    },
    "beyond": {
        "kk": "{date}: бұл күн тізбекке сыймайды.",
        "ru": "{date}: этот день за пределами цепочки.",
        "en": "{date}: this day lies beyond the chain.",
    },
    "bad hex": {
        "kk": "«{name}»: 0–9 және a–f таңбаларынан тұратын 64 белгі керек.",
        "ru": "«{name}»: нужны 64 знака 0–9 и a–f.",
        "en": "“{name}”: 64 characters 0–9 and a–f are needed.",
    },
    "bad date": {
        "kk": "«{name}»: күн ЖЖЖЖ-АА-КК түрінде керек.",
        "ru": "«{name}»: нужна дата в виде ГГГГ-ММ-ДД.",
        "en": "“{name}”: a date as YYYY-MM-DD is needed.",
    },
    "bad text": {
        "kk": "«{name}»: оқылатын мәтін керек.",
        "ru": "«{name}»: нужен читаемый текст.",
        "en": "“{name}”: readable text is needed.",
    },
    "bad file": {
        "kk": "Файл оқылмады, немесе бұл жеребе бетінің days.json файлы емес: {name}",
        "ru": "Файл не читается, или это не days.json со страницы жеребьёвки: {name}",
        "en": "The file cannot be read, or is not the days.json of the draw's page: {name}",
    },
    "no such day": {
        "kk": "{date}: бұл күннің жеребесі көрсетілмеген.",
        "ru": "{date}: жеребьёвка этого дня не показана.",
        "en": "{date}: no draw is shown for this day.",
    },
    "date needed": {
        "kk": "--token бар болса, --date та керек: балаңыздың жеребе күні.",
        "ru": "Вместе с --token нужна --date: день жеребьёвки вашего ребёнка.",
        "en": "With --token also --date is needed: the day of your child's draw.",
    },
    "by hand": {
        "kk": "Не days.json файлы, не --opens, --chain-end, --date, --s және --v керек.",
        "ru": "Нужен файл days.json или все пять: --opens, --chain-end, --date, --s, --v.",
        "en": "Either the file days.json is needed, or all five: --opens, --chain-end, --date, --s, --v.",
    },
}


Draw = namedtuple("Draw", "opens chain_end chain_length days")
Day = namedtuple("Day", "date s v is_replacement seed")


class DoesNotAgree(Exception):
    """Something is not as it was published, or cannot be read; its words are a key of WORDS."""

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


def sha256(data):
    return hashlib.sha256(data).digest()


def seed_of(date, s, v):
    return sha256(b"draw/1" + date.isoformat().encode("ascii") + s + v.encode("utf-8"))


def replacement_of(date, last_shown, v):
    return sha256(b"draw/missing/1" + date.isoformat().encode("ascii") + last_shown + v.encode("utf-8"))


def number_of(seed, token):
    return sha256(seed + token)


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    options = arguments()

    def say(key, **facts):
        return WORDS[key][options.lang].format(**facts)

    try:
        check(published(options), options, say)
    except DoesNotAgree as fault:
        print(f"\n{say('fault')}: {say(fault.key, **fault.facts)}", file=sys.stderr)
        return 1
    print(f"\n{say('all agrees')}")
    return 0


def check(draw, options, say):
    """Check every day, print each step, and compute the own number where a token is given."""
    token = None if options.token is None else hex32(options.token, "--token")
    wanted = None if options.date is None else day(options.date, "--date")
    if token is not None and wanted is None:
        raise DoesNotAgree("date needed")
    print(f"{say('commitment')}\n  {draw.chain_end.hex()}")
    if not draw.days:
        print(f"\n{say('no days')}")
    seeds, last_shown = {}, draw.chain_end
    for shown in draw.days:
        check_day(draw, shown, last_shown, say)
        last_shown = last_shown if shown.is_replacement else shown.s
        seeds[shown.date] = seed_of(shown.date, shown.s, shown.v)
        print(f"  {say('seed')}: SHA-256(draw/1 ‖ {shown.date} ‖ s ‖ v)\n    {seeds[shown.date].hex()}")
        if shown.seed is not None and shown.seed != seeds[shown.date]:
            raise DoesNotAgree("wrong seed", date=shown.date)
    if wanted is not None and wanted not in seeds:
        raise DoesNotAgree("no such day", date=wanted)
    if token is not None:
        print(f"\n{say('token')}\n  {token.hex()}")
        print(f"{say('number')}, {wanted}: SHA-256({seeds[wanted].hex()} ‖ {token.hex()})")
        print(f"  {number_of(seeds[wanted], token).hex()}\n{say('smaller first')}")


def check_day(draw, shown, last_shown, say):
    """Whether s of one day is what it had to be: a link of the chain, or the replacement of a missing one."""
    date, s, v = shown.date, shown.s, shown.v
    print(f"\n{say('day')} {date}\n  {say('secret')}\n    {s.hex()}\n  {say('public')}\n    {v}")
    index = (date - draw.opens).days
    if index >= draw.chain_length:
        raise DoesNotAgree("beyond", date=date)
    if shown.is_replacement:
        print(f"  {say('replaced')}:\n    SHA-256(draw/missing/1 ‖ {date} ‖ {last_shown.hex()} ‖ {v})")
        if replacement_of(date, last_shown, v) != s:
            raise DoesNotAgree("wrong replacement", date=date)
        print(f"    = {s.hex()}: {say('as computed')}")
        return
    link = s
    for _ in range(index + 1):
        link = sha256(link)
    print(f"  {say('hashed', n=index + 1)}\n    {link.hex()}")
    if link != draw.chain_end:
        raise DoesNotAgree("not in chain", date=date)
    print(f"    {say('in chain')}")


def published(options):
    """What was published: from the file, or typed by hand for one day."""
    if options.file is not None:
        return in_file(options.file)
    if None in (options.opens, options.chain_end, options.date, options.s, options.v):
        raise DoesNotAgree("by hand")
    opens, date = day(options.opens, "--opens"), day(options.date, "--date")
    if date < opens:
        raise DoesNotAgree("gap", date=date)
    shown = Day(date, hex32(options.s, "--s"), readable(options.v, "--v"), is_replacement=False, seed=None)
    return Draw(opens, hex32(options.chain_end, "--chain-end"), (date - opens).days + 1, [shown])


def in_file(name):
    """The draw as the page offers it for download."""
    try:
        data = json.loads(Path(name).read_text(encoding="utf-8"))
        draw = Draw(
            day(data["opens"], "opens"), hex32(data["chain_end"], "chain_end"), int(data["chain_length"]), []
        )
        for one in data["days"]:
            date, s, seed = day(one["date"], "date"), hex32(one["s"], "s"), hex32(one["seed"], "seed")
            draw.days.append(Day(date, s, readable(one["v"], "v"), bool(one["is_replacement"]), seed))
    except (OSError, ValueError, OverflowError, KeyError, TypeError, RecursionError):
        raise DoesNotAgree("bad file", name=name) from None
    # Seeds are made in the order of days, none left out: the secret of a day tells those before it.
    for index, shown in enumerate(draw.days):
        if (shown.date - draw.opens).days != index:
            raise DoesNotAgree("gap", date=draw.opens + datetime.timedelta(days=index))
    return draw


def hex32(text, name):
    try:
        data = bytes.fromhex(text)
    except (TypeError, ValueError):
        data = b""
    if len(data) != 32:
        raise DoesNotAgree("bad hex", name=name)
    return data


def readable(text, name):
    try:
        text.encode("utf-8")
    except (AttributeError, UnicodeEncodeError):
        raise DoesNotAgree("bad text", name=name) from None
    return text


def day(text, name):
    try:
        return datetime.date(*map(int, text.split("-")))
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise DoesNotAgree("bad date", name=name) from None


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("file", nargs="?", help="days.json from the page of the draw")
    parser.add_argument("--lang", choices=("kk", "ru", "en"), default="kk")
    parser.add_argument("--token", help="the token of your child, 64 characters")
    parser.add_argument("--date", help="the day of your child's draw, YYYY-MM-DD")
    parser.add_argument("--opens", help="the opening day, YYYY-MM-DD")
    parser.add_argument("--chain-end", help="the published end of the chain, 64 characters")
    parser.add_argument("--s", help="the secret of the day, 64 characters")
    parser.add_argument("--v", help="the public value of the day")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
