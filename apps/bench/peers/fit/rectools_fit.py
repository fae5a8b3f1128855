"""The RecTools peer of `speed fit --peer rectools`: its SASRec with full softmax, of the same sizes, one epoch per round.

One argument, the settings as JSON. The last event of each user with three or more is for test and is not read; the one before
is for validation. A round gives the validation NDCG@10 over all users and items, and the milliseconds of training alone.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import rectools  # noqa: E402
import torch  # noqa: E402
from pytorch_lightning import Trainer, seed_everything  # noqa: E402
from rectools import Columns  # noqa: E402
from rectools.dataset import Dataset  # noqa: E402
from rectools.models import SASRecModel  # noqa: E402
from rounds import serve_rounds  # noqa: E402

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
seed_everything(settings["seed"], verbose=False)

log = pd.read_csv(settings["path"]).sort_values(["user_id", "timestamp"], kind="stable")
left = log.groupby("user_id").cumcount(ascending=False)
long = log.groupby("user_id")["item_id"].transform("size") >= 3
held = log[long & (left == 1)]
train = log[~(long & (left < 2))]
dataset = Dataset.construct(
    pd.DataFrame(
        {
            Columns.User: train["user_id"],
            Columns.Item: train["item_id"],
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(train["timestamp"], unit="s"),
        }
    )
)


def trainer():
    return Trainer(
        max_epochs=1,
        min_epochs=1,
        accelerator="cpu",
        devices=1,
        deterministic=True,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )


model = SASRecModel(
    n_factors=settings["width"],
    n_blocks=settings["layers"],
    n_heads=settings["heads"],
    dropout_rate=settings["dropout"],
    session_max_len=settings["window"],
    batch_size=settings["batch"],
    lr=settings["lr"],
    loss="softmax",
    epochs=1,
    dataloader_num_workers=0,
    verbose=0,
    recommend_torch_device="cpu",
    get_trainer_func=trainer,
)


def ndcg():
    # Items that no train user chose cannot be recommended; users without a known event cannot be asked.
    users = held["user_id"].to_numpy()
    lists = model.recommend(users=users, dataset=dataset, k=10, filter_viewed=False, on_unsupported_targets="ignore")
    found = lists.merge(held, left_on=[Columns.User, Columns.Item], right_on=["user_id", "item_id"])
    return float((1 / np.log2(found[Columns.Rank] + 1)).sum() / len(users))


def make():
    started = time.perf_counter()
    model.fit_partial(dataset, min_epochs=1, max_epochs=1)
    ms = 1000 * (time.perf_counter() - started)
    return [ndcg(), ms]


serve_rounds(make, 1, rectools=rectools.__version__, torch=torch.__version__)
