"""The last sorted results, as row numbers: a sort costs the same for any page, so it is cached for further pages."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

import numpy as np
import numpy.typing as npt

MOST_ROWS: Final = 2_000_000
"""Of a larger dataset every page is sorted again: an order takes four bytes a row."""
_CACHED: Final = 4

_lock = threading.Lock()
_orders: OrderedDict[Hashable, npt.NDArray[np.int32]] = OrderedDict()


def cached_order(key: Hashable) -> npt.NDArray[np.int32] | None:
    """Return the cached order of a key, or None."""
    with _lock:
        if key in _orders:
            _orders.move_to_end(key)
        return _orders.get(key)


def cache_order(key: Hashable, make: Callable[[], npt.NDArray[np.int64]]) -> npt.NDArray[np.int32]:
    """Compute the order for a key and cache it; equal keys must mean equal orders, of rows below `MOST_ROWS`."""
    order = make().astype(np.int32)
    with _lock:
        _orders[key] = order
        while len(_orders) > _CACHED:
            _orders.popitem(last=False)
    return order
