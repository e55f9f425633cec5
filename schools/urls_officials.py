"""Pages of education departments, under /<language>/officials/."""

from django.urls import path, re_path

from schools.views import deciding, downloads, officials, owed

app_name = "officials"

_DISTRICT = r"^districts/(?P<kato>[0-9]{9})/"
_PROPOSAL = _DISTRICT + r"proposals/(?P<proposal>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"
_LIST = r"^rosters/(?P<school>[0-9]{12})/(?P<language>[a-z]{2})/"
_CHILD = r"(?P<application>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"

urlpatterns = [
    path("", officials.start, name="start"),
    path("password/", officials.password, name="password"),
    path("search/", officials.search, name="search"),
    path("cases/", officials.cases, name="cases"),
    re_path(_DISTRICT + r"$", officials.district, name="district"),
    re_path(_DISTRICT + r"round/$", deciding.round_page, name="round"),
    re_path(_DISTRICT + r"round/propose/$", deciding.propose, name="propose"),
    re_path(_PROPOSAL + r"sign/$", deciding.sign, name="sign"),
    re_path(_PROPOSAL + r"take-back/$", deciding.take_back, name="take_back"),
    re_path(_DISTRICT + r"closing-code/$", deciding.closing_code, name="closing_code"),
    re_path(_DISTRICT + r"stopped/$", deciding.stopped, name="stopped"),
    re_path(_DISTRICT + r"held/$", owed.held, name="held"),
    re_path(_DISTRICT + r"must-act/$", owed.must_act, name="must_act"),
    re_path(_DISTRICT + r"late/$", owed.harmed, name="harmed"),
    re_path(_LIST + r"$", officials.roster, name="roster"),
    re_path(_LIST + r"print/$", officials.roster_on_paper, name="roster_on_paper"),
    re_path(_LIST + r"roster\.csv$", downloads.roster_csv, name="roster_csv"),
    re_path(_LIST + r"places/$", owed.places, name="places"),
    re_path(_LIST + _CHILD + r"grant/$", owed.grant, name="grant"),
    re_path(_LIST + _CHILD + r"annul/$", owed.annul, name="annul"),
]
