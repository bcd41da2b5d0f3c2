"""Every type of action has its handler and its place in the order."""

from __future__ import annotations

from typing import get_args

from provision.actions import Action, UnpackTree
from provision.execute.handlers import HANDLERS
from provision.plan.order import ORDER


def test_each_type_of_action_has_exactly_one_handler_but_trees_which_become_others() -> None:
    assert sorted(handler.action.__name__ for handler in HANDLERS) == sorted(
        action.__name__ for action in get_args(Action) if action is not UnpackTree
    )


def test_each_type_of_action_has_its_place_in_the_order() -> None:
    assert set(ORDER) == set(get_args(Action))
