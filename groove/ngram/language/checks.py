"""What a groove model file must keep to before it is believed.

What belongs here: limits and ranges. What does not: reading (:mod:`groove.ngram.language.codec`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from groove.core.models import ModelError
from groove.ngram.corpus.conditions import parent
from groove.ngram.language.context import CHAINS, FEATURE_BITS, RUN_CLASSES
from groove.ngram.language.counts import SYMBOL_BITS
from groove.ngram.language.estimate import CODES_PER_BIT, MAX_CODE
from groove.ngram.language.labels import LABEL_FEATURES, LABELS_CHAIN

Array = NDArray[Any]

MAX_BYTES = 512 * 2**20
MAX_UNPACKED_BYTES = 4 * 2**30
#: A good file unpacks to some tens of times its size; one that claims thousands is a bomb.
MAX_RATIO = 2000
MAX_CARD_BYTES = 64 * 2**20
MAX_COLUMNS = 512
MAX_ITEMS = 2**28
MAX_LABELS = SYMBOL_BITS
MAX_CONDITIONS = 1 << 20
MAX_ORDER = max(len(LABEL_FEATURES), *(len(features) for features in CHAINS.values()))

_TYPES = {"int32": 4, "int64": 8, "float32": 4, "float64": 8, "uint16": 2, "uint8": 1, "object": 1}
_ROUNDING = 1e-6


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ModelError(f"not a groove model file: {what}")


def size(length: int) -> None:
    """Refuse more bytes than any model has."""
    _require(length <= MAX_BYTES, f"{length} bytes, {MAX_BYTES} are the most")


def header(metadata: pq.FileMetaData) -> None:
    """Refuse a Parquet header that claims too much."""
    _require(metadata.num_rows == 1, f"{metadata.num_rows} rows instead of one")
    _require(metadata.num_row_groups == 1, "more than one row group")
    _require(metadata.num_columns <= MAX_COLUMNS, f"{metadata.num_columns} columns")
    _require(
        metadata.serialized_size <= MAX_CARD_BYTES, f"a card of {metadata.serialized_size} bytes"
    )
    packed = unpacked = 0
    for number in range(metadata.num_columns):
        column = metadata.row_group(0).column(number)
        _require(column.num_values <= MAX_ITEMS, f"a list of {column.num_values} values")
        packed += max(1, column.total_compressed_size)
        unpacked += column.total_uncompressed_size
    _require(unpacked <= MAX_UNPACKED_BYTES, f"it claims {unpacked} bytes unpacked")
    _require(unpacked <= MAX_RATIO * packed, "it claims to be packed beyond belief")


def card(found: Any, of_format: int) -> None:
    """Refuse a card that lacks something or states what cannot be."""
    _require(isinstance(found, dict), "its card is no mapping")
    if found.get("format") != of_format:
        raise ModelError(f"groove model of format {found.get('format')}; this reads {of_format}")
    labels, conditions = found["labels"], found["conditions"]
    _require(_texts(labels) and 1 <= len(labels) <= MAX_LABELS, f"1 to {MAX_LABELS} labels")
    _require(len(set(labels)) == len(labels), "two labels of one name")
    _require(_texts(conditions) and 1 <= len(conditions) <= MAX_CONDITIONS, "its conditions")
    _require(conditions[0] == "" and len(set(conditions)) == len(conditions), "its conditions")
    _require(all(name and parent(name) != name for name in conditions[1:]), "its conditions")
    order, share, chains = found["order"], found["share"], found["chains"]
    _require(type(order) is int and 0 <= order <= MAX_ORDER, f"order {order}")
    _require(isinstance(share, int | float) and 0 <= share <= 1, f"share {share}")
    _require(_texts(chains) and 1 <= len(chains) <= len(CHAINS), "its chains")
    _require(len(set(chains)) == len(chains) and set(chains) <= set(CHAINS), f"chains {chains}")
    _require(found["label_chain"] == LABELS_CHAIN, "its chain over labels")
    _require(isinstance(found["card"], dict) and "forms" in found["card"], "a card without forms")
    listed = found["columns"]
    _require(isinstance(listed, dict) and 0 < len(listed) <= MAX_COLUMNS, "its list of columns")
    for name, claim in listed.items():
        kind, length = claim
        _require(kind in _TYPES, f"column {name} of type {kind}")
        _require(type(length) is int and 0 <= length <= MAX_ITEMS, f"{length} values in {name}")


def claims(file: pq.ParquetFile, listed: Mapping[str, Any]) -> None:
    """Refuse columns that are not those the card lists, or are of other types or lengths."""
    found = {field.name: field.type for field in file.schema_arrow}
    missing, unknown = sorted(set(listed) - set(found)), sorted(set(found) - set(listed))
    if missing or unknown:
        raise ModelError(f"a groove model with columns missing {missing} or unknown {unknown}")
    group = file.metadata.row_group(0)
    values = {
        group.column(number).path_in_schema.partition(".")[0]: group.column(number).num_values
        for number in range(group.num_columns)
    }
    for name, (kind, length) in listed.items():
        inner = str(getattr(found[name], "value_type", "no list"))
        same = {"float": "float32", "double": "float64", "string": "object"}.get(inner, inner)
        _require(same == kind, f"column {name} holds {inner}, its card says {kind}")
        # An empty list is written as one missing value.
        _require(values[name] == max(1, length), f"column {name} has {values[name]} values")


def lengths(columns: Mapping[str, Array], listed: Mapping[str, Any]) -> None:
    """Refuse columns of other lengths than the card lists."""
    for name, (_, length) in listed.items():
        _require(len(columns[name]) == length, f"column {name} has {len(columns[name])} values")


def keys_of(columns: Mapping[str, Array], name: str) -> NDArray[np.int64]:
    """Return the keys of a level: what they back off to, and the feature that they add."""
    parent = columns[f"{name}_parent"].astype(np.int64)
    feature: NDArray[np.int64] = columns[f"{name}_feature"].astype(np.int64)
    return parent << FEATURE_BITS | feature


def values(found: Mapping[str, Any], columns: Mapping[str, Array]) -> None:
    """Refuse numbers that no model has: not finite, out of range, out of order."""
    labels, order = len(found["labels"]), found["order"]
    for name, array in columns.items():
        if array.dtype.kind == "f":
            _require(bool(np.isfinite(array).all()), f"{name} has a value that is no number")
    rates, chains = columns["label_rates"], len(found["chains"]) + 1
    _require(len(rates) == labels and bool(((rates > 0) & (rates < 1)).all()), "label_rates")
    for name, parts in (("weights", chains), ("given_weights", 2 * chains)):
        weights = columns[name]
        _require(len(weights) == RUN_CLASSES * parts and bool((weights >= 0).all()), name)
        sums = weights.reshape(-1, parts).sum(axis=1)
        _require(bool((np.abs(sums - 1) < _ROUNDING).all()), f"{name} that do not sum to 1")
    _loops(found, columns, labels)
    conditions = len(found["conditions"])
    for name in found["chains"]:
        _chain(columns, name, min(order, len(CHAINS[name])), 1 << labels, conditions)
    _chain(columns, LABELS_CHAIN, len(LABEL_FEATURES), 2, conditions)


def _loops(found: Mapping[str, Any], columns: Mapping[str, Array], labels: int) -> None:
    bars, form = columns["loop_bars"], columns["loop_form"].reshape(-1, 4).astype(np.int64)
    symbols = columns["loop_symbols"]
    _require(bool((bars >= 1).all()) and int(bars.sum(dtype=np.int64)) == len(form), "loop_bars")
    _require(bool((form >= 1).all()) and bool((form[:, 3] <= 4096).all()), "loop_form")
    _require(int(form[:, 3].sum()) == len(symbols), "loop_symbols")
    _require(bool(((symbols >= 0) & (symbols < 1 << labels)).all()), "loop_symbols")
    _require(len(columns["loop_paths"]) == len(bars), "loop_paths")
    for name in ("licenses", "sources"):
        runs = found["loops"][name]
        _require(
            all(type(times) is int and 0 < times <= len(bars) for _, times in runs), f"loop {name}"
        )
        _require(sum(times for _, times in runs) == len(bars), f"loop {name}")
    starts = [
        int(start)
        for listed in found["card"]["forms"].values()
        for one in listed
        for start in one["starts"]
    ]
    _require(all(1 <= start < len(form) for start in starts), "a lead-in outside the loops")


def _chain(
    columns: Mapping[str, Array], name: str, order: int, outcomes: int, conditions: int
) -> None:
    contexts = 0
    for k in range(order + 1):
        keys = _level(columns, f"{name}_any{k}", outcomes)
        if k:
            _require(bool((keys >> FEATURE_BITS < contexts).all()), f"{name}_any{k}_keys")
        else:
            _require(len(keys) == 1 and keys[0] == 0, f"{name}_any0_keys")
        contexts = len(keys)
        if f"{name}_given{k}_parent" in columns:
            keys = _level(columns, f"{name}_given{k}", outcomes)
            condition = keys & (1 << FEATURE_BITS) - 1
            _require(bool((keys >> FEATURE_BITS < contexts).all()), f"{name}_given{k}_keys")
            within = (condition >= 1) & (condition < conditions)
            _require(bool(within.all()), f"{name}_given{k}_keys")
        else:
            _require(
                f"{name}_given0_parent" not in columns, f"column {name}_given{k}_parent is missing"
            )


def _level(columns: Mapping[str, Array], name: str, outcomes: int) -> Array:
    feature = columns[f"{name}_feature"]
    _require(bool(((feature >= 0) & (feature < 1 << FEATURE_BITS)).all()), f"{name}_feature")
    keys, sizes = keys_of(columns, name), columns[f"{name}_sizes"].astype(np.int64)
    symbol = columns[f"{name}_symbol"].astype(np.int64)
    code = columns[f"{name}_code"]
    _require(bool((keys >= 0).all()) and bool((np.diff(keys) > 0).all()), f"{name}_keys, unsorted")
    _require(len(sizes) == len(keys) and bool((sizes >= 0).all()), f"{name}_sizes")
    _require(int(sizes.sum()) == len(symbol) == len(code), f"{name}_sizes")
    _require(bool(((symbol >= 0) & (symbol < outcomes)).all()), f"{name}_symbol, out of range")
    context = np.repeat(np.arange(len(keys)), sizes)
    rising = np.diff(context << SYMBOL_BITS | symbol) > 0
    _require(bool(rising.all()), f"{name}_symbol, unsorted")
    _require(bool(((code >= 0) & (code <= MAX_CODE)).all()), f"{name}_code, out of range")
    held = np.bincount(context, weights=np.exp2(-code / CODES_PER_BIT), minlength=len(keys))
    _require(bool((held < 1 + _ROUNDING).all()), f"{name}_code, probabilities over 1")
    return keys


def _texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)
