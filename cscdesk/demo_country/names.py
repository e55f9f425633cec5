"""Names of people who do not exist: Kazakh and Russian, with the forms that gender asks for."""

from dataclasses import dataclass
from random import Random
from typing import Final

FEMALE: Final = "female"
MALE: Final = "male"


@dataclass(frozen=True, slots=True)
class Name:
    """A full name as in official papers."""

    family: str
    given: str
    patronymic: str

    def __str__(self) -> str:
        return f"{self.family} {self.given} {self.patronymic}".rstrip()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KAZAKH_FAMILIES: Final = _words(
    "Ахметов Оспанов Сейітов Нұрланов Жұмабаев Қасымов Ибраев Мұратов Серіков Тұрсынов Бекенов Әлімбеков "
    "Сәрсенов Қалиев Темірханов Байжанов Досжанов Есенов Жақсылықов Кенжебаев Мәмбетов Нұрпейісов Омаров "
    "Рахымов Сағынбаев Төлеуов Үмбетов Шәкенов Ыбыраев Әбдірахманов Бәйменов Ғабдуллин Дүйсенов Есжанов "
    "Жанұзақов Қонысбаев Мырзабеков Өтепов Смағұлов Тілеубаев"
)
_KAZAKH_UNCHANGED: Final = (
    "Әбілда",
    "Бейсен",
    "Жаңабай",
    "Қанатұлы",
    "Нұрғали",
    "Сансызбай",
    "Төлеген",
    "Шаймерден",
)
_KAZAKH_FATHERS: Final = _words(
    "Нұрлан Серік Ерлан Бауыржан Марат Қанат Асқар Дәурен Талғат Мұрат Болат Ержан Арман Қайрат Данияр Самат "
    "Азамат Олжас Рустам Жандос Бекзат Әділет Нұржан Мейрам Әлібек Ғалым Руслан Тимур Думан Айдос"
)
_KAZAKH_BOYS: Final = _words(
    "Алихан Әлинұр Санжар Ерасыл Нұрислам Айсұлтан Мансұр Рамазан Амир Дінмұхаммед Арсен Ақжол Бекарыс Батыр "
    "Темірлан Олжас Мирас Ислам Жәнібек Ерхан Дарын Әмірхан Бейбарыс Заңғар Кемел Нұртас Сұлтан Тоқтар Хамза Шыңғыс"
)
_KAZAKH_GIRLS: Final = _words(
    "Айзере Асылым Медина Аяулым Раяна Томирис Кәусар Айша Інжу Амина Аружан Дильназ Жансая Мерей Нұрай Сафия "
    "Сезім Аяла Ботакөз Гүлім Еркежан Зере Кәмила Қарақат Мөлдір Нәзік Рамина Тоғжан Ұлдана Хадиша"
)
_KAZAKH_MOTHERS: Final = _words(
    "Айгерім Динара Гүлнәр Әсел Жанар Алия Сәуле Мәдина Назгүл Айнұр Бота Гаухар Дана Зарина Индира Қарлығаш "
    "Лаура Мөлдір Нұргүл Перизат Салтанат Толқын Ұлжан Шолпан"
)
_RUSSIAN_FAMILIES: Final = _words(
    "Иванов Петров Сидоров Кузнецов Смирнов Попов Васильев Соколов Михайлов Новиков Фёдоров Морозов Волков "
    "Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров "
    "Зайцев Соловьёв Борисов Яковлев Романовский Вишневский Заречный Луговой"
)
_RUSSIAN_UNCHANGED: Final = ("Шевчук", "Бондаренко", "Ткаченко", "Вагнер", "Миллер", "Ли", "Ким", "Седых")
_RUSSIAN_FATHERS: Final = {
    "Андрей": "Андреев", "Сергей": "Сергеев", "Дмитрий": "Дмитриев", "Алексей": "Алексеев", "Иван": "Иванов",
    "Максим": "Максимов", "Евгений": "Евгеньев", "Павел": "Павлов", "Виктор": "Викторов", "Олег": "Олегов",
    "Роман": "Романов", "Николай": "Николаев", "Владимир": "Владимиров", "Антон": "Антонов", "Игорь": "Игорев",
}  # fmt: skip
_RUSSIAN_BOYS: Final = _words(
    "Артём Максим Иван Михаил Александр Матвей Лев Кирилл Тимофей Даниил Илья Никита Егор Роман Ярослав Степан"
)
_RUSSIAN_GIRLS: Final = _words(
    "София Анна Мария Ева Виктория Полина Алиса Варвара Дарья Ксения Милана Арина Екатерина Вероника Злата Майя"
)
_RUSSIAN_MOTHERS: Final = _words(
    "Наталья Елена Ольга Ирина Светлана Юлия Татьяна Екатерина Анастасия Марина Оксана Людмила Вера Инна Жанна Алла"
)


def family_form(family: str, gender: str) -> str:
    """The family name as a woman or a man bears it: Ахметов, Ахметова; Заречный, Заречная; Ким, Ким."""
    if gender == MALE:
        return family
    for ending, of_a_woman in (("ский", "ская"), ("ной", "ная"), ("вой", "вая"), ("ный", "ная")):
        if family.endswith(ending):
            return family.removesuffix(ending) + of_a_woman
    if family.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return f"{family}а"
    return family


def kazakh_patronymic(father: str, gender: str) -> str:
    """Серікұлы, Серікқызы."""
    return father + ("ұлы" if gender == MALE else "қызы")


def russian_patronymic(father: str, gender: str) -> str:
    """Андреевич, Андреевна."""
    return _RUSSIAN_FATHERS[father] + ("ич" if gender == MALE else "на")


@dataclass(frozen=True, slots=True)
class FamilyNames:
    """The names of one family; its children bear the father's family name and patronymic."""

    is_kazakh: bool
    family: str
    mother: Name
    father: Name

    def child(self, random: Random, gender: str, *, but_not: str = "") -> Name:
        """A child's name, another one than `but_not`."""
        boys, girls = (_KAZAKH_BOYS, _KAZAKH_GIRLS) if self.is_kazakh else (_RUSSIAN_BOYS, _RUSSIAN_GIRLS)
        names = boys if gender == MALE else girls
        given = tuple(name for name in names if name != but_not) if but_not else names
        patronymic = kazakh_patronymic if self.is_kazakh else russian_patronymic
        return Name(
            family_form(self.family, gender),
            given[int(random.random() * len(given))],
            patronymic(self.father.given, gender),
        )


def family_names(random: Random) -> FamilyNames:
    """Names of two parents; about three families of four are Kazakh."""

    def one_of(names: tuple[str, ...]) -> str:
        return names[int(random.random() * len(names))]

    is_kazakh = random.random() < 0.74
    fathers = _KAZAKH_FATHERS if is_kazakh else tuple(_RUSSIAN_FATHERS)
    changing, unchanged = (
        (_KAZAKH_FAMILIES, _KAZAKH_UNCHANGED) if is_kazakh else (_RUSSIAN_FAMILIES, _RUSSIAN_UNCHANGED)
    )
    family = one_of(unchanged) if random.random() < 0.15 else one_of(changing)
    patronymic = kazakh_patronymic if is_kazakh else russian_patronymic
    mothers = _KAZAKH_MOTHERS if is_kazakh else _RUSSIAN_MOTHERS
    return FamilyNames(
        is_kazakh=is_kazakh,
        family=family,
        mother=Name(family_form(family, FEMALE), one_of(mothers), patronymic(one_of(fathers), FEMALE)),
        father=Name(family, one_of(fathers), patronymic(one_of(fathers), MALE)),
    )
