"""The polars peer of `speed data --peer polars`: reads a log into sorted codes and leaves one event per user out.

One argument, the path of the log: a CSV or Parquet file with the columns user_id, item_id and timestamp. Ids are coded in
their order by an Enum, which is polars' way for many repeated texts.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

import polars as pl  # noqa: E402
from rounds import serve_rounds  # noqa: E402

path = sys.argv[1]
texts = {"user_id": pl.String, "item_id": pl.String}


def read():
    if path.endswith(".parquet"):
        return pl.read_parquet(path).with_columns(pl.col("item_id").cast(pl.String))
    return pl.read_csv(path, schema_overrides=texts)


def codes(column, number):
    """The codes of ids in the order of their texts or their numbers."""
    ids = column.unique()
    ids = ids.cast(pl.Int64).sort().cast(pl.String) if number else ids.sort()
    return column.cast(pl.Enum(ids)).to_physical().cast(pl.Int32)


def make():
    log = read()
    log = pl.DataFrame(
        {
            "user": codes(log["user_id"], False),
            "item": codes(log["item_id"], True),
            "time": log["timestamp"].cast(pl.Float64),
        }
    ).sort(["user", "time"], maintain_order=True)
    user = log["user"]
    lengths = user.rle().struct.field("len")
    ends = lengths.cum_sum()
    long = lengths >= 3
    test = (ends.filter(long) - 1).cast(pl.Int32)
    validation = test - 1
    event = pl.int_range(len(log), dtype=pl.Int32, eager=True)
    held = pl.DataFrame({"event": pl.concat([test, validation])})
    train = pl.DataFrame({"event": event}).join(held, on="event", how="anti", maintain_order="left")["event"]
    # The set of each row: its event, its user, and whether it is the last of its user in the set.
    sets = []
    for rows in (train, validation, test):
        of = user.gather(rows)
        sets.append((rows, of, (of != of.shift(-1)).fill_null(True).cast(pl.UInt8)))
    at = event.cast(pl.Int64)
    ids = (log["item"].cast(pl.Int64) * (at % 97)).sum()
    times = ((log["time"] % 1000) * (at % 89)).sum()
    return [ids, times, *((rows % 1009).cast(pl.Int64).sum() for rows, _, _ in sets)]


serve_rounds(make, 1, polars=pl.__version__)
