"""Windows counted on many machines and added to the report of one: the protocol, and engines in a file each (layer 5)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.distributed.protocol import count_partition, merge_partitions, merge_windows, reduce

__all__ = ["count_partition", "merge_partitions", "merge_windows", "reduce"]

_PROTOCOL = "driftwatch.distributed.protocol"
__getattr__, __dir__ = attach(__name__, dict.fromkeys(__all__, _PROTOCOL))
