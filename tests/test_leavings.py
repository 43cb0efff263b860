"""What the best trial left in the namespace, and what is freed of it."""

import gc
import weakref

import numpy as np

from jtune.storage.leavings import WeakBindings
from jtune.trials.namespace import Bindings


class Model:
    """Something large."""


def left(**bound):
    namespace = dict(bound)
    return WeakBindings(Bindings(bound, frozenset({"old"}))), namespace


def test_bindings_come_back_while_they_are_there():
    kept, namespace = left(model=Model(), x=1.5, name="a", none=None, data=np.ones(3), history=[1, 2])
    kept.let_go(namespace)
    assert kept.bindings() == Bindings(namespace, frozenset({"old"}))


def test_objects_are_freed_as_soon_as_the_user_deletes_them():
    kept, namespace = left(model=Model(), x=1)
    seen = weakref.ref(namespace["model"])
    gc.disable()
    try:
        del namespace["model"]
        assert seen() is None
    finally:
        gc.enable()
    assert kept.bindings() is None


def test_containers_are_freed_after_the_cell_that_deletes_or_rebinds_them():
    for change in (lambda names: names.pop("models"), lambda names: names.update(models=[])):
        kept, namespace = left(models=[Model()])
        seen = weakref.ref(namespace["models"][0])
        change(namespace)
        kept.let_go(namespace)
        gc.collect()
        assert seen() is None
        assert kept.bindings() is None


def test_numbers_come_back_though_they_were_rebound():
    kept, namespace = left(x=1, y="text")
    namespace["x"] = 5
    kept.let_go(namespace)
    assert kept.bindings().bound == {"x": 1, "y": "text"}
