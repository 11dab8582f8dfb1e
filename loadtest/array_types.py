"""Types of the columns that a run's requests are kept in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
"""Indices into a table of labels; -1 where there is none."""
Flags = NDArray[np.bool_]
"""One truth value per row; also used to select rows."""
Indices = NDArray[np.intp]
"""Positions of rows."""
Times = NDArray[np.floating[Any]]
"""Times in seconds."""
