# `make demo` shows it, `make test` checks it, `make install` prepares .venv alone.
# A second call of any of them finds its stamp and starts at once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
VIDEOS ?=
TESTS_AT_ONCE ?= 2
ARCH := $(shell uname -m)

# annoy compiles itself for the processor it is built on unless told otherwise, and then dies on an
# older one.  x86-64-v2 is what every processor since 2009 has.
ANNOY_FLAGS := -D_CRT_SECURE_NO_WARNINGS,-DANNOYLIB_MULTITHREADED_BUILD,-O3,-ffast-math,-fno-associative-math,-std=c++14
ifeq ($(ARCH),x86_64)
ANNOY_FLAGS := $(ANNOY_FLAGS),-march=x86-64-v2
endif

# The page: its sources, and what is built of them into the wheel.
WEB := daemon/web
PAGE := daemon/cbvird/page

# A service, a client and their children are started some hundreds of times by the tests: what they import is
# compiled once, also where the environment says that no compiled file is to be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install hooks demo test pytest test-without-torch test-page test-slow lint types bench torture peers constraints man deb page page-same clean help

help:
	@echo "make demo [VIDEOS=folder]   install, index sample films, ask with a picture, show the answer"
	@echo "make install                prepare .venv with cbvird and cbvirctl, without PyTorch"
	@echo "make hooks                  install the pre-commit hooks"
	@echo "make test                   ruff, mypy --strict, pytest"
	@echo "make test-page              the page in a real browser (needs npm and Chromium, else it says so)"
	@echo "make page                   build the page anew from daemon/web (needs npm)"
	@echo "make man                    man pages and completion anew, from the commands"
	@echo "make deb [WHEELS=folder]    a Debian package in build/, without a network if the wheels are there"
	@echo "make test-without-torch     the service where PyTorch is not installed"
	@echo "make test-slow              the tests that take minutes, and properties with many examples"
	@echo "make peers                  install what bench.clips --peers and bench.neighbours compare with"
	@echo "make torture                kills, faults, fuzzing, load, a soak: is anything lost? (hours)"
	@echo "make bench                  every benchmark, one after the other (run it alone)"

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cbvir needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	touch $@

# A wheel of annoy in pip's cache may have been compiled for another processor: build it afresh.
$(VENV)/.annoy: $(VENV)/.python constraints.txt
	ANNOY_COMPILER_ARGS="$(ANNOY_FLAGS)" $(PIP) install --no-cache-dir --no-binary annoy -c constraints.txt annoy
	touch $@

$(VENV)/.installed: $(VENV)/.annoy pyproject.toml constraints.txt
	@echo "Installing cbvir and what it stands on"
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the checks need (PyTorch is large: this takes a few minutes the first time)"
	$(PIP) install -c constraints.txt -e '.[test,torch]'
	touch $@

install: $(VENV)/.installed

hooks: $(VENV)/.installed-test
	$(BIN)/pre-commit install

demo: install
	$(BIN)/python tests/demo.py $(if $(VIDEOS),--videos '$(VIDEOS)')

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

test: lint
	$(MAKE) --no-print-directory -j 2 types pytest

# Two at once, for most of a test is waiting; each file in one process, for its tests share what is dear.
# The longest files come first (tests/conftest.py), not those of most tests.
pytest: $(VENV)/.installed-test
	$(BIN)/pytest -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

# The service as it is installed without the extra: its processes cannot import PyTorch.
test-without-torch: $(VENV)/.installed-test
	$(BIN)/pytest --without-torch tests/daemon/test_service.py tests/daemon/test_first_start.py tests/embed/test_without_torch.py

test-slow: $(VENV)/.installed-test
	$(BIN)/pytest -m slow --timeout 1800 -o faulthandler_timeout=1860
	$(BIN)/pytest -m 'hypothesis and not slow' --hypothesis-profile thorough --timeout 1800

# npm is needed by those alone who change the page: what it builds is committed.
$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

page: $(WEB)/node_modules/.installed
	cd $(WEB) && npm run --silent types && npm run --silent build

page-same: $(WEB)/node_modules/.installed
	rm -rf build/page
	cd $(WEB) && npm run --silent build -- --logLevel warn --emptyOutDir --outDir ../../build/page
	diff -r build/page $(PAGE) || { echo "daemon/cbvird/page is not what daemon/web builds: make page"; exit 1; }

ifneq ($(and $(shell command -v npm),$(shell command -v chromium chromium-browser google-chrome)),)
test-page: $(VENV)/.installed-test page-same
	cd $(WEB) && npm run --silent types && npm run --silent test
	cd tests && ../$(BIN)/python -m page $(NAMES)
else
test-page:
	@echo "SKIPPED: npm or Chromium is not installed (Debian: apt-get install nodejs npm chromium)"
endif

# Compiled from source; Debian needs cmake, pkg-config, python3-dev and FFmpeg's headers for it:
# libavcodec-dev libavformat-dev libavdevice-dev libavutil-dev libswscale-dev libswresample-dev libavfilter-dev
peers: $(VENV)/.installed-test
	$(PIP) install -c constraints.txt -e '.[peers]'

# Kills, other faults, mutated files, requests, fuzzing, load and a soak. Hours.
torture: $(VENV)/.installed-test
	cd tests && ../$(BIN)/python -m torture

bench: $(VENV)/.installed-test
	cd tests && ../$(BIN)/python -m bench

# Where keys, their defaults and their explanations come from.
SETTINGS := $(addprefix daemon/cbvird/config/,sections.py settings.py template.py web.py) \
	$(addprefix cbvir_core/,embed/runtime.py index/options.py keyframes/options.py search/options.py search/shortlist.py)

# Generated from the settings, so that every key is there with its default.
config.toml: $(SETTINGS) $(VENV)/.installed
	$(BIN)/python -m cbvird.config.template > $@.new && mv $@.new $@

# Man pages and completion, made of the commands; what is made is committed, for the wheel brings it along.
man: $(VENV)/.installed-test
	$(BIN)/python -m packages.manual share

# A Debian package in build/, for the Python of this Debian. Without WHEELS pip fetches what it needs; with
# WHEELS=folder, as build/wheels is afterwards, no network is asked.
WHEELS ?=
deb: $(VENV)/.installed
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)} \
	ANNOY_COMPILER_ARGS="$(ANNOY_FLAGS)" $(BIN)/python -m packages.deb --into build $(if $(WHEELS),--wheels '$(WHEELS)')

# The versions that were tested, from the environment that tested them.
constraints: $(VENV)/.installed-test
	$(PIP) freeze --exclude-editable | grep -viE '^(nvidia|cuda|triton|pip=|setuptools=)' > constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
