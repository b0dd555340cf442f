"""Sets of things that are connected with each other, directly or by others."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Member = TypeVar("Member", bound=Hashable)


class ConnectedSets(Generic[Member]):
    """Disjoint sets that grow together (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[Member, Member] = {}

    def find(self, member: Member) -> Member:
        """Return the one member that stands for the whole set of `member`."""
        root = member
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(member, member)) != root:
            self._parents[member], member = root, parent
        return root

    def join(self, one: Member, other: Member) -> None:
        """Let both be in one set."""
        first, second = self.find(one), self.find(other)
        self._parents.setdefault(first, first)
        self._parents[second] = first

    def sets(self) -> list[list[Member]]:
        """Return the sets of what was joined, each in the order in which its members came."""
        found: dict[Member, list[Member]] = {}
        for member in self._parents:
            found.setdefault(self.find(member), []).append(member)
        return list(found.values())
