"""The pages of this tree: they are there, their links lead somewhere, and they say what they must."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = ['architecture', 'concepts', 'configuration', 'api', 'setup', 'testing', 'packaging', 'plugin-tutorial', 'abi']
PAGES = sorted([ROOT / 'README.md', *(ROOT / 'docs').glob('*.md'), *(ROOT / 'plugins').glob('*/README.md')])


def test_pages_exist():
    """Row 37."""
    assert {f'{name}.md' for name in NAMES} <= {page.name for page in PAGES}
    assert (ROOT / 'README.md').stat().st_size > 0 and (ROOT / 'LICENSE').read_text().startswith('MIT License')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_nothing_is_registered_anywhere(page):
    """Row 37: services are started by the bundle, not registered with another program."""
    assert not re.findall(r'(?i)[^\n]*(?:launcher|lifecycle manager|self-?regist|registration|registers? (?:itself|with))[^\n]*',
                          page.read_text())


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page):
    text = re.sub(r'(?ms)^```.*?^```$', '', page.read_text())
    for target in re.findall(r'\]\(([^)#\s]+)', text):
        assert '://' in target or (page.parent / target).exists(), target


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_is_linked(page):
    if page.parent.name == 'docs':
        assert f'docs/{page.name}' in (ROOT / 'README.md').read_text()


def test_what_is_shared_is_told():
    """Row 41: in one process services share their end and their environment."""
    text = (ROOT / 'docs' / 'architecture.md').read_text()
    shared = text[text.index('## What is shared inside one process'):]
    for word in ('failure domain', 'environment', 'File descriptors', 'allocator'):
        assert re.search(rf'\*\*[^*]*{word}[^*]*\*\*', shared), word
