"""Kits of all kinds in one list, on sides of a split: what shares a sound is on one side.

What belongs here: naming, grouping and fetching kits. What does not: how each kind is made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from groove.core.digest import digest, sha256
from groove.core.splits import assign, merge_groups
from groove.drums.kitplayer.kit import Kit, KitError, completed
from groove.drums.kitplayer.recorded import kits_of_folder
from groove.drums.kitplayer.soundfonts import kits_of_soundfont
from groove.drums.kitplayer.synthesised import synthesised_kit

#: Computed kits that are kept; they are quick to make and large.
_KEPT = 12


@dataclass
class KitShelf:
    """Kits to play on, and their sides.

    Attributes
    ----------
    given
        Kits of folders and soundfonts.
    computed
        Seeds of computed kits.
    refused
        What could not be used: ``(file, reason)``.
    """

    given: list[Kit] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    _made: OrderedDict[int, Kit] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self.given) + len(self.computed)

    def kit(self, place: int) -> Kit:
        """Return a kit; what it lacks, a computed kit of its own lends it."""
        if place >= len(self.given):
            return self._computed(self.computed[place - len(self.given)])
        kit = self.given[place]
        lender = int(digest("lender", kit.name)[:7], 16)
        return completed(kit, self._computed(lender), same_class=False)

    def sides(self, held_out: float, salt: str) -> list[str]:
        """Return the side of each kit.

        Parameters
        ----------
        held_out
            Share of kits that training does not hear; half of them are for validation.
        salt
            Another one gives other sides.
        """
        prints = [_prints(kit) for kit in self.given]
        first: dict[str, int] = {}
        joined = list(range(len(prints)))
        # Kits that share a sound, directly or over others, are one group; so is a soundfont.
        for place, marks in enumerate(prints):
            for mark in marks:
                other = first.setdefault(mark, place)
                if joined[other] != joined[place]:
                    old, new = joined[place], joined[other]
                    joined = [new if group == old else group for group in joined]
        fonts = [None if kit.recorded else kit.source for kit in self.given]
        groups = merge_groups(joined, fonts)
        names = [self.given[groups.index(group)].name for group in groups]
        names += [f"computed {seed}" for seed in self.computed]
        return assign(names, held_out / 2, held_out / 2, f"kits {salt}") if names else []

    def _computed(self, seed: int) -> Kit:
        kit = self._made.pop(seed, None) or synthesised_kit(seed)
        self._made[seed] = kit
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return kit


def shelf(
    folders: Sequence[Path] = (),
    soundfonts: Sequence[Path] = (),
    synthesised: int = 0,
    *,
    seed: int = 0,
    license: str = "",  # noqa: A002  # the field's word
    least_labels: int = 3,
) -> KitShelf:
    """Return the kits of folders of one-shots, of soundfonts, and computed ones.

    Parameters
    ----------
    folders, soundfonts
        Where from.
    synthesised
        Number of computed kits.
    seed
        Of the computed kits: others have others.
    license
        Of kits that state none.
    least_labels
        A folder's kit with fewer labels is no kit.

    Raises
    ------
    KitError
        If there is no kit at all, or two have one name.
    OSError
        If a file or folder cannot be read.
    """
    found = KitShelf(computed=[seed * 1_000_000 + number for number in range(synthesised)])
    for folder in folders:
        kits, refused = kits_of_folder(folder, least_labels=least_labels)
        found.refused += refused
        found.given += [replace(kit, license=kit.license or license) for kit in kits]
    for path in soundfonts:
        if not path.is_file():
            raise FileNotFoundError(2, "is not there", str(path))
        found.given += kits_of_soundfont(path, license)
    names = [kit.name for kit in found.given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise KitError(f"two kits are called {twice[0]!r}: rename a folder")
    if not len(found):
        raise KitError("no kit: give --kits, --soundfont or --synthesised")
    return found


def _prints(kit: Kit) -> set[str]:
    """Return what tells a kit's sounds: the same file in two kits has the same."""
    return {
        sha256(hit.samples.tobytes())
        for drums in kit.drums.values()
        for drum in drums
        for layer in drum
        for hit in layer.hits
    }
