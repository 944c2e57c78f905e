"""The last sorted results, as row numbers: a sort costs the same for any page, so its further pages are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

import numpy as np
import numpy.typing as npt

MOST_ROWS: Final = 2_000_000
"""Of a larger dataset every page is sorted anew: an order takes four bytes a row."""
_KEPT: Final = 4

_lock = threading.Lock()
_orders: OrderedDict[Hashable, npt.NDArray[np.int32]] = OrderedDict()


def kept_order(key: Hashable) -> npt.NDArray[np.int32] | None:
    """Return the order that was kept for a key, or None."""
    with _lock:
        if key in _orders:
            _orders.move_to_end(key)
        return _orders.get(key)


def keep_order(key: Hashable, make: Callable[[], npt.NDArray[np.int64]]) -> npt.NDArray[np.int32]:
    """Make the order for a key and keep it; equal keys must mean equal orders, of rows below `MOST_ROWS`."""
    order = make().astype(np.int32)
    with _lock:
        _orders[key] = order
        while len(_orders) > _KEPT:
            _orders.popitem(last=False)
    return order
