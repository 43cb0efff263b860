"""Files that a cell reads by a literal path: which are inputs, and what is said of them."""

import ast
import os

import pytest

from jtune.trials.files import mentions_in

MENTIONS = [
    ("pd.read_csv('a.csv')", "a.csv", "", ""),
    ("pd.read_csv(filepath_or_buffer='a.csv', sep=';')", "a.csv", "", ""),
    ("open('a.txt').read()", "a.txt", "", ""),
    ("open('a.txt', 'r')", "a.txt", "", ""),
    ("with open('a.txt', mode='w') as f: f.write('b.txt')", "", "a.txt b.txt", ""),
    ("gzip.open('a.gz', 'rt')", "a.gz", "", ""),
    ("np.load('x/a.npy')['b.c']", "x/a.npy", "", "b.c"),
    ("Path('x') / 'a.txt'", "", "", "x/a.txt"),
    ("(Path('x') / 'y' / 'a.txt').read_text()", "x/y/a.txt", "", ""),
    ("Path('a.txt').write_text('')", "", "a.txt", ""),
    ("Path('a.txt').open('w')", "", "a.txt", ""),
    ("Path('a.txt').open()", "a.txt", "", ""),
    ("json.load(open(os.path.join('x', 'a.json')))", "x/a.json", "", ""),
    ("pd.read_csv(folder / 'a.csv')", "", "", "a.csv"),
    ("df.to_csv('a.csv')", "", "a.csv", ""),
    ("torch.save(model, 'a.pt')", "", "a.pt", ""),
    ("path = 'a.csv'\ndf = pd.read_csv(path)", "a.csv", "", "a.csv"),
    ("path = 'a.csv'\ndf.to_csv(path)", "", "a.csv", "a.csv"),
    ("train('a.csv')", "", "", "a.csv"),
    ("for name in ['a.csv', 'b.csv']: train(name)", "", "", "a.csv b.csv"),
    ("get_ipython().run_line_magic('run', 'a.py')", "", "", "a.py"),
    ("SVC(kernel='rbf')", "", "", ""),
    ("'two\\nlines.'", "", "", ""),
]


@pytest.mark.parametrize(("source", "read", "written", "mentioned"), MENTIONS)
def test_mentions(source, read, written, mentioned):
    found = mentions_in(ast.parse(source))
    assert (set(read.split()), set(written.split())) == (set(found.read) - found.written, set(found.written))
    assert set(mentioned.split()) == set(found.mentioned)


CELL = "%%tune {name} -n {n} --sampler random --seed 1\nx = 1.0  # tune: -3..3\n{before}\n{call}  # tune: minimize"


@pytest.fixture(scope="module")
def notebook(shared_kernel):
    def tune(name, call, before="", n=2):
        return shared_kernel.run(CELL.format(name=name, call=call, before=before, n=n))

    shared_kernel.tune = tune
    shared_kernel.run("from pathlib import Path\nimport numpy as np")
    return shared_kernel


WAYS = {
    "read in the cell": ("", "x * float(open('{f}').read())", ""),
    "name in the cell": ("", "x * float(Path(path).read_text())", "path = '{f}'"),
    "given to a function": ("def read(path): return float(open(path).read())", "x * read('{f}')", ""),
    "read by a function": ("def read(): return float(np.loadtxt('{f}'))", "x * read()", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_other_content_of_a_file_starts_a_new_study_and_names_it(notebook, way):
    file = way.replace(" ", "_") + ".txt"
    earlier, call, before = (text.format(f=file) for text in WAYS[way])
    (notebook.folder / file).write_text("1")
    notebook.run(earlier)
    name = file.removesuffix(".txt")
    notebook.tune(name, call, before)
    os.utime(notebook.folder / file, (1, 1))
    assert "new study" not in notebook.tune(name, call, before, n=3)
    (notebook.folder / file).write_text("2")
    assert f"{name}: {file} changed, a new study is started\n" in notebook.tune(name, call, before)


def test_file_that_a_module_reads_is_followed(notebook):
    (notebook.folder / "reader.py").write_text("def read(): return float(open('of_module.txt').read())")
    (notebook.folder / "of_module.txt").write_text("1")
    notebook.tune("of_module", "x * reader.read()", "import reader")
    (notebook.folder / "of_module.txt").write_text("2")
    assert "of_module: of_module.txt changed, a new study" in notebook.tune(
        "of_module", "x * reader.read()", "import reader"
    )


@pytest.mark.parametrize(
    "write",
    ["open('{f}', 'w').write(str(x));", "np.savetxt('{f}', [x]);", "keep('{f}', x)", "path = '{f}'; keep(path, x)"],
)
def test_files_that_the_cell_writes_are_no_inputs(notebook, write):
    name = "writes_" + "".join(filter(str.isalpha, write))
    notebook.run("def keep(path, x):\n    with open(path, 'w') as file: file.write(str(x))")
    for n in (3, 4, 5, 6):
        said = notebook.tune(name, "x", write.format(f=f"{name}.txt"), n=n)
        assert "a new study" not in said
        assert "in place" not in said
    assert (notebook.folder / f"{name}.txt").exists()


def test_large_file_is_followed_by_its_date_and_that_is_said_once(notebook):
    with open(notebook.folder / "large.bin", "wb") as file:
        file.truncate(100 * 2**20)
    call = "x * len(open('large.bin', 'rb').read(1))"
    assert "large: large.bin is large, so it is followed by its date\n" in notebook.tune("large", call)
    said = notebook.tune("large", call, n=3)
    assert "large.bin is large" not in said
    assert "a new study" not in said
    os.utime(notebook.folder / "large.bin", (1, 1))
    assert "large: large.bin changed, a new study is started\n" in notebook.tune("large", call)
