# Everything begins with a bare Python 3.11+ and make; `.venv` is made on the way.

PYTHON ?= python3
RUN := $(PYTHON) config/bootstrap.py run
DEV := $(PYTHON) config/bootstrap.py dev

# The pinned zone data, never the machine's: older data has Almaty at +6.
export PYTHONTZPATH :=
export PYTHONPATH := $(CURDIR)

.PHONY: help run manage reset test test-long check format lock messages opening-morning bench mutants
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z%-]*\):.*## /\1\t/p' Makefile | expand -t 20

run: ## start the whole demo; Ctrl-C stops it
	@exec $(RUN) python -m config.supervisor

manage: ## ARGS="verify --campaign 2027": a command inside the demo that runs
	@exec $(RUN) python -m config.supervisor.command $(ARGS)

reset: ## forget all data of this checkout
	@exec $(RUN) python -m config.supervisor.reset

# The counter has settings of its own and needs no server, so its tests are a run of their own.
COUNTER_TESTS := $(DEV) python -m pytest -o addopts=-ra --ds=config.settings.countertest -n 2 tests/counter

test: ## the test suite, in parallel, on servers of its own
	@$(COUNTER_TESTS)
	@exec $(DEV) python -m pytest -n 2 -m "not slow" $(ARGS)

test-long: ## with the thousand kills, the soak, the whole matrix
	@$(COUNTER_TESTS)
	@exec $(DEV) python -m pytest -n 2 $(ARGS)

mutants: ## ROOM=placement|arrival|draw|claims: is every small change of a pure room noticed?
	@exec $(DEV) python -m tests.mutation $(ROOM) $(ARGS)

check: ## format, lint, types, layers, migrations, translations, deployment, tests
	@exec $(DEV) python -m config.check
	@$(MAKE) --no-print-directory test

format: ## write the code as `make check` wants it
	@$(DEV) ruff format .
	@$(DEV) ruff check --fix .

lock: ## pin every dependency anew, with hashes and without any index address
	@exec $(DEV) bash requirements/lock.sh

messages: ## list what is not translated yet, then compile the catalogues
	@$(DEV) python manage.py check_translations
	@$(DEV) python manage.py compile_translations

opening-morning: ## the story of the morning everything fails; exit 0 only if nothing was lost
	@exec $(DEV) python -m tests.opening_morning $(ARGS)

bench: ## all figures
	@exec $(DEV) python -m tests.bench $(ARGS)

bench-%:
	@exec $(DEV) python -m tests.bench $* $(ARGS)
